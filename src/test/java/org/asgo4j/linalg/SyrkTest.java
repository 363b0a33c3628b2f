// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.linalg;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.foreign.Arena;
import java.util.function.Supplier;
import org.asgo4j.testing.Guarded;
import org.asgo4j.testing.Matrices;
import org.asgo4j.testing.Seeds;
import org.asgo4j.testing.Tolerance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The lower triangle of C ← α·op(A)·op(A)ᵀ + β·C; of the NaN in the strict upper triangle nothing gets there. */
class SyrkTest {
    /** The order of C and the length of the sums. */
    private static final int[][] SIZES = {
        {1, 1}, {1, 9}, {9, 1}, {2, 3}, {16, 16}, {17, 31}, {64, 65}, {65, 7}, {53, 59}, {129, 70}, {70, 257},
        {33, 770}, {385, 3}
    };

    /** α and β, exact in float32; the third is an accumulation with a decay. */
    private static final double[][] FACTORS = {{1, 0}, {1, 1}, {0.25, 0.75}, {-0.5, -0.5}, {0, 0.5}, {0, 0}};

    @ParameterizedTest
    @MethodSource("org.asgo4j.linalg.OpenBackends#productsAndTypes")
    void agreesWithTheDefinition(Supplier<Backend> open, ElementType type) {
        long seed = Seeds.next();
        try (Backend backend = open.get()) {
            checkAll(backend, type, seed);
        }
    }

    private static void checkAll(Backend backend, ElementType type, long seed) {
        for (int[] size : SIZES) {
            for (double[] factors : FACTORS) {
                for (Transpose transpose : Transpose.values()) {
                    check(backend, type, size[0], size[1], factors, transpose, 0, seed);
                    check(backend, type, size[0], size[1], factors, transpose, 3, seed);
                }
            }
        }
    }

    private static void check(Backend backend, ElementType type, int order, int length, double[] factors,
            Transpose transpose, int gap, long seed) {
        double[][] op = Matrices.randomArray(order, length, seed);
        double[][] old = Matrices.randomArray(order, order, seed + 1);
        double[][] stored = transpose == Transpose.NONE ? op : Matrices.transpose(op);
        String what = "%s %s order=%d length=%d α=%s β=%s %s gap=%d seed=%d".formatted(
                backend.name(), type, order, length, factors[0], factors[1], transpose, gap, seed);
        try (Arena arena = Arena.ofConfined()) {
            Guarded a = Guarded.of(arena, type, stored[0].length + gap, stored);
            Guarded c = Guarded.allocate(arena, type, order, order, order + gap);
            if (factors[1] != 0) {
                for (int i = 0; i < order; i++) {
                    for (int j = 0; j <= i; j++) c.matrix().set(i, j, old[i][j]);
                }
            }

            backend.syrk(transpose, factors[0], a.matrix(), factors[1], c.matrix());

            double[][] product = Matrices.product(op, Matrices.transpose(op));
            for (int i = 0; i < order; i++) {
                for (int j = 0; j <= i; j++) {
                    double expected = factors[0] * product[i][j] + factors[1] * old[i][j];
                    assertEquals(expected, c.matrix().get(i, j), Tolerance.product(length, type), what);
                }
            }
            assertEquals("", a.damage() + c.damage(), what);
        }
    }
}
