// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.optim;

import static org.asgo4j.optim.Checks.require;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.asgo4j.linalg.Matrix;

/** What must hold between the groups of one {@link Optimizer}, and of their memory. */
final class GroupChecks {

    private GroupChecks() {}

    /**
     * That there are some, that names differ, that no weight shares memory with another or with a gradient, and that
     * its rule can take it.
     */
    static void check(List<ParameterGroup> groups) {
        require(!groups.isEmpty(), "optimizer: there must be at least one group");
        List<Parameter> all = groups.stream().flatMap(group -> group.parameters().stream()).toList();
        Set<String> names = new HashSet<>();
        List<Piece> pieces = new ArrayList<>();
        for (Parameter p : all) {
            require(names.add(p.name()), "optimizer: two parameters are named '%s'", p.name());
            requireOpen(p, "weight", p.weight());
            requireOpen(p, "gradient", p.gradient());
            require(!p.weight().segment().isReadOnly(),
                    "optimizer: memory of weight '%s' is read-only, but it is written", p.name());
            pieces.add(new Piece(p, true));
            pieces.add(new Piece(p, false));
        }
        checkDisjoint(pieces);
        for (ParameterGroup group : groups) {
            for (Parameter p : group.parameters()) {
                group.rule().requireOrders("parameter '" + p.name() + "'", p.blocks(), p.weight().cols());
            }
        }
    }

    private static void requireOpen(Parameter p, String role, Matrix m) {
        if (m.segment().scope().isAlive()) return;
        throw new IllegalStateException("optimizer: memory of %s '%s' is closed".formatted(role, p.name()));
    }

    /** The memory of a weight or gradient. */
    private record Piece(Parameter parameter, boolean isWeight) {
        Matrix matrix() {
            return isWeight ? parameter.weight() : parameter.gradient();
        }

        long start() {
            return matrix().segment().address();
        }

        long end() {
            Matrix m = matrix();
            return start() + ((m.rows() - 1L) * m.rowStride() + m.cols()) * m.type().byteSize();
        }
    }

    /** By address: each is compared with those only that begin before it ends. */
    private static void checkDisjoint(List<Piece> pieces) {
        pieces.sort(Comparator.comparingLong(Piece::start));
        for (int i = 0; i < pieces.size(); i++) {
            Piece first = pieces.get(i);
            for (int j = i + 1; j < pieces.size() && pieces.get(j).start() < first.end(); j++) {
                Piece second = pieces.get(j);
                boolean written = first.isWeight || second.isWeight;
                if (!written || !first.matrix().overlaps(second.matrix())) continue;
                Piece weight = first.isWeight ? first : second;
                Piece other = first.isWeight ? second : first;
                throw new IllegalArgumentException("optimizer: weight '%s' overlaps %s '%s'".formatted(
                        weight.parameter.name(), other.isWeight ? "weight" : "gradient", other.parameter.name()));
            }
        }
    }

    /** Any worker may step any parameter; a confined arena would fail at whichever step first meets another thread. */
    static void checkShared(List<ParameterGroup> groups) {
        Thread another = new Thread();
        for (ParameterGroup group : groups) {
            for (Parameter p : group.parameters()) {
                boolean shared = p.weight().segment().isAccessibleBy(another)
                        && p.gradient().segment().isAccessibleBy(another);
                require(shared, "optimizer: memory of parameter '%s' is confined to a thread; several workers need "
                        + "a shared arena (Arena.ofShared())", p.name());
            }
        }
    }
}
