// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.linalg;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import org.asgo4j.testing.Guarded;
import org.asgo4j.testing.Matrices;
import org.asgo4j.testing.Seeds;
import org.asgo4j.testing.Tolerance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** C ← A·B and C ← B·A for symmetric A, whose strict upper triangle holds NaN, as C does before. */
class SymmTest {
    /** Rows and columns of B and C. */
    private static final int[][] SIZES = {
        {1, 1}, {1, 9}, {9, 1}, {2, 3}, {16, 16}, {17, 31}, {64, 65}, {65, 7}, {53, 59}
    };

    @ParameterizedTest
    @MethodSource("org.asgo4j.linalg.OpenBackends#namesAndTypes")
    void agreesWithTheDefinitionAndReadsOneTriangle(BackendName name, ElementType type) {
        long seed = Seeds.next();
        try (Backend backend = Backends.open(name)) {
            for (int[] size : SIZES) {
                for (Side side : Side.values()) {
                    check(backend, type, side, size[0], size[1], 0, seed);
                    check(backend, type, side, size[0], size[1], 3, seed);
                }
            }
        }
    }

    private static void check(Backend backend, ElementType type, Side side, int rows, int cols, int gap, long seed) {
        int order = side == Side.LEFT ? rows : cols;
        double[][] symmetric = Matrices.randomArray(order, order, seed);
        double[][] b = Matrices.randomArray(rows, cols, seed + 1);
        try (Arena arena = Arena.ofConfined()) {
            Guarded a = Guarded.allocate(arena, type, order, order, order + gap);
            for (int i = 0; i < order; i++) {
                for (int j = 0; j <= i; j++) {
                    a.matrix().set(i, j, symmetric[i][j]);
                    symmetric[j][i] = symmetric[i][j];
                }
            }
            Guarded right = Guarded.of(arena, type, cols + gap, b);
            Guarded c = Guarded.allocate(arena, type, rows, cols, cols + gap);

            backend.symm(side, a.matrix(), right.matrix(), c.matrix());

            double[][] expected = side == Side.LEFT ? Matrices.product(symmetric, b) : Matrices.product(b, symmetric);
            double error = Matrices.maxAbsDifference(Matrices.toArray(c.matrix()), expected);
            String what = "%s %s %s %d×%d gap=%d seed=%d".formatted(backend.name(), type, side, rows, cols, gap, seed);
            assertTrue(error <= Tolerance.product(order, type), () -> what + ": error " + error);
            assertEquals("", a.damage() + right.damage() + c.damage(), what);
        }
    }
}
