// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.optim;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.BackendName;
import org.asgo4j.linalg.ElementType;

/**
 * What one worker steps at a time: one parameter, or, on a GPU, several whose roots are computed together. Together are
 * weights with a root of products only, of one order and precision, that lie on the GPU with their gradients: of others
 * there would have to be room for many at a time.
 */
final class Wave {
    /** Elements of a stack of matrices: 14 of order 768, 3 of order 1600; more would only take memory. */
    private static final long MOST_ELEMENTS = 1 << 23;

    final Stepped[] members;
    final RootBatch roots; // null for a parameter alone

    private record Kind(int order, ElementType precision) {}

    private Wave(Stepped[] members, RootBatch roots) {
        this.members = members;
        this.roots = roots;
    }

    /** Shares the parameters out, the costly first. */
    static Wave[] of(Backend backend, Stepped[] largestFirst) {
        Map<Kind, List<Stepped>> together = new LinkedHashMap<>();
        List<Wave> waves = new ArrayList<>();
        for (Stepped each : largestFirst) {
            Kind kind = kind(backend, each);
            if (kind == null) waves.add(new Wave(new Stepped[] {each}, null));
            else together.computeIfAbsent(kind, any -> new ArrayList<>()).add(each);
        }
        together.forEach((kind, members) -> waves.addAll(cut(backend, members, most(kind))));
        waves.sort((a, b) -> Double.compare(b.cost(), a.cost()));
        return waves.toArray(Wave[]::new);
    }

    /** What must agree for roots to be computed together; null for a parameter alone. */
    private static Kind kind(Backend backend, Stepped each) {
        if (backend.name() != BackendName.CUDA || Conveyor.carries(backend, each.parameter)) return null;
        if (!(each.state instanceof AsgoState state) || state.batched() == null) return null;
        return new Kind(state.gram().rows(), state.gram().type());
    }

    private static int most(Kind kind) {
        return (int) Math.max(1, MOST_ELEMENTS / ((long) kind.order * kind.order));
    }

    /** Waves of nearly equal length. */
    private static List<Wave> cut(Backend backend, List<Stepped> members, int most) {
        List<Wave> waves = new ArrayList<>();
        int count = Math.ceilDiv(members.size(), most);
        for (int i = 0; i < count; i++) {
            int from = (int) ((long) members.size() * i / count);
            int to = (int) ((long) members.size() * (i + 1) / count);
            Stepped[] part = members.subList(from, to).toArray(Stepped[]::new);
            AsgoState[] states = Arrays.stream(part).map(each -> (AsgoState) each.state).toArray(AsgoState[]::new);
            waves.add(new Wave(part, part.length == 1 ? null : new RootBatch(backend, states)));
        }
        return waves;
    }

    private double cost() {
        return Arrays.stream(members).mapToDouble(each -> each.cost).sum();
    }

    void reserve(Workspace workspace) {
        if (roots != null) roots.reserve(workspace);
    }

    /** Whether the next step computes the members' roots together. */
    boolean isTogether() {
        return roots != null && roots.isDue();
    }
}
