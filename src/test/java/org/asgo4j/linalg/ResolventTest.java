// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.linalg;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.asgo4j.testing.Guarded;
import org.asgo4j.testing.Matrices;
import org.asgo4j.testing.Seeds;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** C + α·(T + σI)⁻¹ against a dense inverse in float64, in its lower triangle only. */
class ResolventTest {
    private static final double U = ElementType.FLOAT32.unitRoundoff();
    private static final int[] ORDERS = {1, 2, 3, 16, 33, 131};

    private static Stream<Arguments> namesAndGaps() {
        return OpenBackends.names().flatMap(name -> Stream.of(0, 5).map(gap -> Arguments.of(name, gap)));
    }

    @ParameterizedTest
    @MethodSource("namesAndGaps")
    void addsADenseInverse(BackendName name, int gap) {
        long seed = Seeds.next();
        for (int order : ORDERS) {
            for (double shift : new double[] {10, 1e-2, 1e-5}) {
                double[][] t = positive(order, seed);
                check(name, gap, t, 0.7, shift, seed);
                check(name, gap, t, -3, shift, seed);
            }
        }
    }

    /** Zeros beside the diagonal cut T into blocks; between blocks the inverse is zero. */
    @ParameterizedTest
    @MethodSource("org.asgo4j.linalg.OpenBackends#names")
    void blocksAndBadScales(BackendName name) {
        long seed = Seeds.next();
        double[][] t = positive(40, seed);
        for (int i : new int[] {0, 7, 8, 38}) t[i][i + 1] = t[i + 1][i] = 0;
        check(name, 0, t, 1, 1e-3, seed);
        for (int i = 0; i < 40; i++) {
            for (int j = 0; j < 40; j++) t[i][j] = (float) (t[i][j] * scale(i) * scale(j));
        }
        check(name, 0, t, 1, 1e-4, seed);
    }

    /** From 1 to 1e-2 and back again, and sudden steps. */
    private static double scale(int i) {
        return i % 9 == 4 ? 1e-2 : Math.pow(10, -2 * Math.sin(i * Math.PI / 40));
    }

    /**
     * LᵀL of a bidiagonal L, so that T is positive definite; its entries rounded to float32 stay so with the shift.
     */
    private static double[][] positive(int order, long seed) {
        var random = new SplittableRandom(seed);
        double[] d = random.doubles(order, 0.1, 1).toArray();
        double[] e = random.doubles(order, -0.5, 0.5).toArray();
        double[][] t = new double[order][order];
        for (int i = 0; i < order; i++) {
            t[i][i] = (float) (d[i] * d[i] + (i == 0 ? 0 : e[i - 1] * e[i - 1]));
            if (i + 1 < order) t[i][i + 1] = t[i + 1][i] = (float) (d[i] * e[i]);
        }
        return t;
    }

    private static void check(BackendName name, int gap, double[][] t, double alpha, double shift, long seed) {
        int n = t.length;
        double[][] x = inverse(t, shift);
        double[][] old = Matrices.randomArray(n, n, seed);
        for (int i = 0; i < n; i++) {
            for (int j = i + 1; j < n; j++) old[i][j] = Double.NaN;
        }
        try (Backend backend = Backends.open(name); Arena arena = Arena.ofConfined()) {
            Guarded c = Guarded.of(arena, ElementType.FLOAT32, n + gap, old);
            Guarded diagonal = Guarded.allocate(arena, ElementType.FLOAT32, 1, n, n);
            Guarded beside = Guarded.allocate(arena, ElementType.FLOAT32, 1, n, n); // its last entry stays undefined
            for (int i = 0; i < n; i++) {
                diagonal.matrix().set(0, i, t[i][i]);
                if (i + 1 < n) beside.matrix().set(0, i, t[i][i + 1]);
            }
            backend.addResolvent(alpha, shift, diagonal.matrix(), beside.matrix(), c.matrix(),
                    backend.eighWorkspace(arena, ElementType.FLOAT32, n));
            double largest = 0;
            for (int i = 0; i < n; i++) largest = Math.max(largest, Math.abs(alpha) * x[i][i]);
            String what = "%s order=%d gap=%d α=%s σ=%s seed=%d".formatted(name, n, gap, alpha, shift, seed);
            for (int i = 0; i < n; i++) {
                for (int j = 0; j < n; j++) {
                    if (j > i) {
                        assertTrue(Double.isNaN(c.matrix().get(i, j)), what + " wrote above the diagonal");
                        continue;
                    }
                    // A factor and a product are rounded at each row below the diagonal, then the sum; elements below
                    // 2⁻⁸⁰ of the largest may be left out.
                    double tolerance = (2 * (i - j) + 2) * U * Math.abs(alpha * x[i][j]) + 2 * U + 1e-12 * largest;
                    assertEquals(old[i][j] + alpha * x[i][j], c.matrix().get(i, j), tolerance,
                            what + " at " + i + "," + j);
                }
            }
            assertEquals("", c.damage() + diagonal.damage() + beside.damage(), what);
        }
    }

    /** (T + σI)⁻¹ by Gauss and Jordan without pivoting, in float64. */
    private static double[][] inverse(double[][] t, double shift) {
        int n = t.length;
        double[][] left = new double[n][];
        double[][] right = new double[n][n];
        for (int i = 0; i < n; i++) {
            left[i] = t[i].clone();
            left[i][i] += shift;
            right[i][i] = 1;
        }
        for (int p = 0; p < n; p++) {
            double pivot = left[p][p];
            for (int j = 0; j < n; j++) {
                left[p][j] /= pivot;
                right[p][j] /= pivot;
            }
            for (int i = 0; i < n; i++) {
                double factor = left[i][p];
                if (i == p || factor == 0) continue;
                for (int j = 0; j < n; j++) {
                    left[i][j] -= factor * left[p][j];
                    right[i][j] -= factor * right[p][j];
                }
            }
        }
        return right;
    }

    /** Far from the diagonal the inverse shrinks by 10 a row; what would become subnormal is left out. */
    @ParameterizedTest
    @MethodSource("org.asgo4j.linalg.OpenBackends#cpuNames")
    void decayingEntriesEndBeforeTheyAreSubnormal(BackendName name) {
        int order = 150;
        try (Backend backend = Backends.open(name); Arena arena = Arena.ofConfined()) {
            Matrix diagonal = backend.allocateHost(arena, 1, order);
            Matrix beside = backend.allocateHost(arena, 1, order);
            Matrix c = backend.allocateHost(arena, order, order);
            for (int i = 0; i < order; i++) {
                diagonal.set(0, i, 1);
                beside.set(0, i, 0.099);
            }
            backend.addResolvent(1, 0, diagonal, beside, c, backend.eighWorkspace(arena, ElementType.FLOAT32, order));
            int zeros = 0;
            for (int i = 0; i < order; i++) {
                for (int j = 0; j <= i; j++) {
                    float value = (float) c.get(i, j);
                    if (value == 0) zeros++;
                    else assertTrue(Math.abs(value) >= Float.MIN_NORMAL, i + "," + j + " is " + value);
                    // 0.1^(i−j) and 2^−80 ≈ 1e-24
                    if (i - j <= 20) assertTrue(value != 0, i + "," + j + " was left out");
                }
            }
            assertTrue(zeros > order * order / 4, zeros + " of " + order * (order + 1) / 2 + " left out");
        }
    }

    @ParameterizedTest
    @MethodSource("org.asgo4j.linalg.OpenBackends#names")
    void whatIsNotPositiveDefiniteIsRefused(BackendName name) {
        try (Backend backend = Backends.open(name); Arena arena = Arena.ofConfined()) {
            EighWorkspace workspace = backend.eighWorkspace(arena, ElementType.FLOAT32, 3);
            Matrix c = backend.allocateHost(arena, 3, 3);
            double[][][] refused = {
                {{-1, 1, 1}, {0, 0, 0}, {0}}, //     a negative element
                {{1, 1, 1}, {1, 0, 0}, {0}}, //      singular
                {{1, 1, 1}, {0.5, 2, 0}, {1}}, //    indefinite, shift and all
                {{1, Double.NaN, 1}, {0, 0, 0}, {0}}};
            for (double[][] each : refused) {
                Matrix diagonal = Matrices.of(arena, ElementType.FLOAT32, new double[][] {each[0]});
                Matrix beside = Matrices.of(arena, ElementType.FLOAT32, new double[][] {each[1]});
                var thrown = assertThrows(ArithmeticException.class,
                        () -> backend.addResolvent(1, each[2][0], diagonal, beside, c, workspace));
                assertTrue(thrown.getMessage().startsWith("addResolvent: T + shift·I is not positive definite: pivot "),
                        thrown.getMessage());
            }
        }
    }
}
