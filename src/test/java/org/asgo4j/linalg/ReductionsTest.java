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

/** QR and tridiagonal form: orthonormal rows, the promised structure, and the matrix back from its parts. */
class ReductionsTest {
    private static final int[] ORDERS = {1, 2, 3, 5, 16, 33, 64, 131};

    /** Elements between rows. */
    private static final int GAP = 2;

    @ParameterizedTest
    @MethodSource("org.asgo4j.linalg.OpenBackends#namesAndTypes")
    void orthonormalizeKeepsTheSpansOfLeadingRows(BackendName name, ElementType type) {
        long seed = Seeds.next();
        try (Backend backend = Backends.open(name); Arena arena = Arena.ofConfined()) {
            for (int n : ORDERS) {
                double[][] values = Matrices.randomArray(n, n, seed);
                Guarded a = Guarded.of(arena, type, n + GAP, values);
                backend.orthonormalize(a.matrix(), backend.eighWorkspace(arena, type, n));
                double[][] q = Matrices.toArray(a.matrix());
                String what = "%s %s order=%d seed=%d".formatted(name, type, n, seed);
                assertOrthonormal(q, type, what);
                double[][] r = Matrices.product(values, Matrices.transpose(q)); // A = R·Q, so R = A·Qᵀ
                double tolerance = Tolerance.eigen(n, type) * norm(values);
                for (int i = 0; i < n; i++) {
                    assertTrue(r[i][i] >= -tolerance, what + ": diagonal " + r[i][i]);
                    for (int j = i + 1; j < n; j++) assertEquals(0, r[i][j], tolerance, what);
                }
                assertEquals("", a.damage(), what);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("org.asgo4j.linalg.OpenBackends#namesAndTypes")
    void orthonormalizeIsDefinedForDeficientMatrices(BackendName name, ElementType type) {
        long seed = Seeds.next();
        int n = 17;
        double[][] thin = Matrices.randomArray(n, 3, seed);
        try (Backend backend = Backends.open(name); Arena arena = Arena.ofConfined()) {
            for (double[][] values : new double[][][] {
                new double[n][n], Matrices.product(thin, Matrices.transpose(thin))}) {
                Matrix a = Matrices.of(arena, type, values);
                backend.orthonormalize(a, backend.eighWorkspace(arena, type, n));
                assertOrthonormal(Matrices.toArray(a), type, name + " " + type + " seed=" + seed);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("org.asgo4j.linalg.OpenBackends#names")
    void tridiagonalFormGivesTheMatrixBack(BackendName name) {
        long seed = Seeds.next();
        ElementType type = ElementType.FLOAT32;
        try (Backend backend = Backends.open(name); Arena arena = Arena.ofConfined()) {
            for (int n : ORDERS) {
                double[][] g = Matrices.randomArray(n, n, seed);
                double[][] values = rounded(Matrices.product(g, Matrices.transpose(g)));
                Guarded a = Guarded.allocate(arena, type, n, n, n + GAP);
                for (int i = 0; i < n; i++) {
                    for (int j = 0; j <= i; j++) a.matrix().set(i, j, values[i][j]);
                }
                Guarded diagonal = Guarded.allocate(arena, type, 1, n, n);
                Guarded beside = Guarded.allocate(arena, type, 1, n, n);
                backend.tridiagonalize(a.matrix(), diagonal.matrix(), beside.matrix(),
                        backend.eighWorkspace(arena, type, n));

                String what = "%s order=%d seed=%d".formatted(name, n, seed);
                double[][] q = Matrices.toArray(a.matrix());
                assertOrthonormal(q, type, what);
                double[][] t = new double[n][n];
                for (int i = 0; i < n; i++) {
                    t[i][i] = diagonal.matrix().get(0, i);
                    if (i < n - 1) t[i][i + 1] = t[i + 1][i] = beside.matrix().get(0, i);
                }
                double[][] back = Matrices.product(Matrices.transpose(q), Matrices.product(t, q));
                double difference = Matrices.maxAbsDifference(back, values);
                assertTrue(difference <= Tolerance.eigen(n, type) * norm(values), what + ": " + difference);
                assertEquals("", a.damage() + diagonal.damage() + beside.damage(), what);
            }
        }
    }

    private static void assertOrthonormal(double[][] q, ElementType type, String what) {
        int n = q.length;
        double[][] identity = new double[n][n];
        for (int i = 0; i < n; i++) identity[i][i] = 1;
        double skew = Matrices.maxAbsDifference(Matrices.product(q, Matrices.transpose(q)), identity);
        assertTrue(skew <= Tolerance.eigen(n, type), what + ": not orthonormal by " + skew);
    }

    private static double[][] rounded(double[][] a) {
        try (Arena arena = Arena.ofConfined()) {
            return Matrices.toArray(Matrices.of(arena, ElementType.FLOAT32, a));
        }
    }

    private static double norm(double[][] a) {
        double sum = 0;
        for (double[] row : a) {
            for (double x : row) sum += x * x;
        }
        return Math.sqrt(sum);
    }
}
