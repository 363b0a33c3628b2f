// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.bench;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.Matrix;
import org.asgo4j.linalg.Side;
import org.asgo4j.linalg.Transpose;
import org.asgo4j.optim.Parameter;

/**
 * The products of a step with the root by PolarExpress, on numbers that mean nothing: GGᵀ by syrk, 37 of order k, PM by
 * symm. Nothing waits before the end.
 */
final class GpuFloor {
    /** Of ten steps with three products each in one way or another: see PolarExpressInverseRoot. */
    private static final int PRODUCTS = 37;

    /** Rows of a product that are held against its definition. */
    private static final int PROBED_ROWS = 2;

    /** Standard deviations of a sum of rounding errors: more than it comes to once in 10¹⁰ sums. */
    private static final double LIKELY = 8;

    private static final long SEED = 3;

    /** Weights of one order: their factors stand one below the other. */
    private record Group(int order, int count, Matrix a, Matrix b, Matrix c) {}

    private final Backend backend;
    private final List<Parameter> parameters;
    private final Map<Parameter, Group> groups = new LinkedHashMap<>();
    private final List<Group> all = new ArrayList<>();
    private final List<Matrix> updates = new ArrayList<>();

    GpuFloor(Backend backend, Arena arena, List<Parameter> parameters) {
        this.backend = backend;
        this.parameters = parameters;
        Map<Integer, Integer> counts = new LinkedHashMap<>();
        for (Parameter p : parameters) counts.merge(order(p), 1, Integer::sum);
        counts.forEach((order, count) -> {
            Matrix[] stacks = new Matrix[3];
            for (int i = 0; i < stacks.length; i++) stacks[i] = backend.allocate(arena, order * count, order);
            all.add(new Group(order, count, random(stacks[0], 0), random(stacks[1], 1), stacks[2]));
        });
        for (Parameter p : parameters) {
            groups.put(p, all.stream().filter(g -> g.order == order(p)).findFirst().orElseThrow());
            updates.add(backend.allocate(arena, p.weight().rows(), p.weight().cols()));
        }
    }

    private static int order(Parameter p) {
        return Math.min(p.weight().rows(), p.weight().cols());
    }

    private Matrix random(Matrix m, int stream) {
        var random = new SplittableRandom(SEED + stream);
        try (Arena scratch = Arena.ofConfined()) {
            Matrix host = backend.allocateHost(scratch, m.rows(), m.cols());
            for (int i = 0; i < m.rows(); i++) {
                for (int j = 0; j < m.cols(); j++) host.set(i, j, random.nextDouble(-1, 1));
            }
            backend.copy(host, m);
        }
        return m;
    }

    /** Every product by a call of its own. */
    void plain() {
        gramsAndUpdates();
        for (Group g : all) {
            for (int n = 0; n < PRODUCTS; n++) {
                for (int i = 0; i < g.count; i++) {
                    backend.gemm(Transpose.NONE, Transpose.NONE, 1, block(g.a, i, g), block(g.b, i, g), 0,
                            block(g.c, i, g));
                }
            }
        }
        backend.synchronize();
    }

    private static Matrix block(Matrix m, int i, Group g) {
        return m.rowBlock(i * g.order, g.order);
    }

    /** Those of one order by one call. */
    void batched() {
        gramsAndUpdates();
        for (Group g : all) {
            for (int n = 0; n < PRODUCTS; n++) backend.gemmBlocks(g.count, 1, g.a, g.b, 0, g.c);
        }
        backend.synchronize();
    }

    private void gramsAndUpdates() {
        for (int i = 0; i < parameters.size(); i++) {
            Matrix gradient = parameters.get(i).gradient();
            Group g = groups.get(parameters.get(i));
            boolean wide = gradient.rows() <= gradient.cols();
            backend.syrk(wide ? Transpose.NONE : Transpose.TRANSPOSED, 1, gradient, 0, block(g.c, 0, g));
            backend.symm(wide ? Side.LEFT : Side.RIGHT, block(g.a, 0, g), gradient, updates.get(i));
        }
    }

    /** The first rows of each product against their definition in float64. */
    void verify() {
        batched();
        for (Group g : all) {
            try (Arena scratch = Arena.ofConfined()) {
                Matrix a = onHost(g.a, scratch);
                Matrix b = onHost(g.b, scratch);
                Matrix c = onHost(g.c, scratch);
                for (int i = 0; i < g.count; i++) probe(g.order, block(a, i, g), block(b, i, g), block(c, i, g));
            }
        }
    }

    private Matrix onHost(Matrix m, Arena scratch) {
        Matrix host = backend.allocateHost(scratch, m.rows(), m.cols());
        backend.copy(m, host);
        return host;
    }

    private static void probe(int order, Matrix a, Matrix b, Matrix c) {
        double tolerance = LIKELY * Math.sqrt(order) * c.type().unitRoundoff() * Math.sqrt(order);
        for (int i = 0; i < Math.min(order, PROBED_ROWS); i++) {
            for (int j = 0; j < order; j++) {
                double sum = 0;
                for (int l = 0; l < order; l++) sum += a.get(i, l) * b.get(l, j);
                if (Math.abs(c.get(i, j) - sum) <= tolerance) continue;
                throw new IllegalStateException("product of order %d is %.9g at (%d, %d), must be %.9g"
                        .formatted(order, c.get(i, j), i, j, sum));
            }
        }
    }
}
