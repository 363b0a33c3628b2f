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
 * weights with {@link BatchedRoot}s of one method and precision and of the same orders, that lie on the GPU with their
 * gradients: of others there would have to be room for many at a time. Of a weight with blocks, wherever it lies, the
 * blocks' roots are computed together too.
 */
final class Wave {
    /**
     * Elements: 14 matrices of order 768, 3 of order 1600; more would only take memory. Matrices: of some 32,000 and
     * more, users of cuSOLVER's batches report that it refuses them.
     */
    static final Capacity STACK = new Capacity(1 << 23, 1 << 14);

    final Stepped[] members;
    final RootBatch[] batches; // none where roots are computed one by one

    /** How many elements and matrices one stack of gram matrices may have. */
    record Capacity(long elements, long matrices) {
        /** So many times one gram matrix of each of these orders, at least once. */
        long of(List<Integer> orders) {
            long elementsOfEach = orders.stream().mapToLong(order -> (long) order * order).sum();
            return Math.max(1, Math.min(elements / elementsOfEach, matrices / orders.size()));
        }
    }

    /** What must agree for weights to be stepped together: of roots and, for each block, of orders. */
    private record Kind(Class<?> root, ElementType precision, List<Integer> orders) {
        static Kind of(List<AsgoState> states) {
            AsgoState first = states.getFirst();
            List<Integer> orders = states.stream().map(state -> state.gram().rows()).toList();
            return new Kind(first.batchedRoot().getClass(), first.gram().type(), orders);
        }
    }

    private Wave(Backend backend, Capacity stack, List<Stepped> members) {
        this.members = members.toArray(Stepped[]::new);
        this.batches = batches(backend, stack, members);
    }

    /** Shares the parameters out, the costly first. */
    static Wave[] of(Backend backend, Stepped[] largestFirst) {
        return of(backend, STACK, largestFirst);
    }

    static Wave[] of(Backend backend, Capacity stack, Stepped[] largestFirst) {
        Map<Kind, List<Stepped>> together = new LinkedHashMap<>();
        List<Wave> waves = new ArrayList<>();
        for (Stepped each : largestFirst) {
            List<AsgoState> states = batched(backend, each);
            boolean alone = states.isEmpty() || Conveyor.uploads(backend, each.parameter);
            if (alone) waves.add(new Wave(backend, stack, List.of(each)));
            else together.computeIfAbsent(Kind.of(states), any -> new ArrayList<>()).add(each);
        }
        together.forEach((kind, members) -> {
            for (List<Stepped> part : cut(members, stack.of(kind.orders))) waves.add(new Wave(backend, stack, part));
        });
        waves.sort((a, b) -> Double.compare(b.cost(), a.cost()));
        return waves.toArray(Wave[]::new);
    }

    /** The states with a gram matrix each whose roots may be computed together; none for a parameter without. */
    private static List<AsgoState> batched(Backend backend, Stepped each) {
        boolean batches = backend.name() == BackendName.CUDA && each.state instanceof Halves;
        return batches ? ((Halves) each.state).batched() : List.of();
    }

    /** A batch for each order, or several; none if each would be of a single root. */
    private static RootBatch[] batches(Backend backend, Capacity stack, List<Stepped> members) {
        Map<Integer, List<AsgoState>> ofOrder = new LinkedHashMap<>();
        for (Stepped each : members) {
            for (AsgoState state : batched(backend, each)) {
                ofOrder.computeIfAbsent(state.gram().rows(), any -> new ArrayList<>()).add(state);
            }
        }
        List<RootBatch> batches = new ArrayList<>();
        ofOrder.forEach((order, states) -> {
            for (List<AsgoState> part : cut(states, stack.of(List.of(order)))) {
                batches.add(RootBatch.of(backend, part.toArray(AsgoState[]::new)));
            }
        });
        boolean gains = batches.stream().anyMatch(batch -> batch.count() > 1);
        return gains ? batches.toArray(RootBatch[]::new) : new RootBatch[0];
    }

    /** Parts of nearly equal length. */
    private static <T> List<List<T>> cut(List<T> all, long most) {
        List<List<T>> parts = new ArrayList<>();
        long count = Math.ceilDiv(all.size(), most);
        for (long i = 0; i < count; i++) {
            parts.add(all.subList((int) (all.size() * i / count), (int) (all.size() * (i + 1) / count)));
        }
        return parts;
    }

    private double cost() {
        return Arrays.stream(members).mapToDouble(each -> each.cost).sum();
    }

    void reserve(Workspace workspace) {
        for (RootBatch batch : batches) {
            if (batch.count() > 1) batch.reserve(workspace);
        }
    }

    /** Whether the next step computes the members' roots together. */
    boolean isTogether() {
        for (Stepped each : members) {
            if (each.leftOut) return false;
        }
        for (RootBatch batch : batches) {
            if (!batch.isDue()) return false;
        }
        return batches.length > 0;
    }

    /** Renews all roots, between the two halves of the members' steps. */
    void refresh(Workspace workspace) {
        for (RootBatch batch : batches) batch.refresh(workspace);
    }
}
