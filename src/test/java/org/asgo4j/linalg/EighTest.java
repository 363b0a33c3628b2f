// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.linalg;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.util.Map;
import java.util.TreeMap;
import org.asgo4j.testing.Guarded;
import org.asgo4j.testing.Matrices;
import org.asgo4j.testing.Seeds;
import org.asgo4j.testing.Tolerance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A = Qᵀ·diag(w)·Q with orthonormal rows of Q and ascending w, reading one triangle, for kind and unkind matrices. */
class EighTest {
    private static final int[] ORDERS = {1, 2, 3, 5, 16, 33, 64};

    /** Elements between rows. */
    private static final int GAP = 2;

    @ParameterizedTest
    @MethodSource("org.asgo4j.linalg.OpenBackends#namesAndTypes")
    void decomposes(BackendName name, ElementType type) {
        long seed = Seeds.next();
        try (Backend backend = Backends.open(name); Arena arena = Arena.ofConfined()) {
            EighWorkspace workspace = backend.eighWorkspace(arena, type, ORDERS[ORDERS.length - 1]);
            for (int order : ORDERS) {
                symmetric(order, seed).forEach((kind, a) -> check(backend, type, kind, a, workspace, seed));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("org.asgo4j.linalg.OpenBackends#namesAndTypes")
    void workspaceOfExactlyThisOrderSuffices(BackendName name, ElementType type) {
        long seed = Seeds.next();
        try (Backend backend = Backends.open(name); Arena arena = Arena.ofConfined()) {
            for (int order : ORDERS) {
                EighWorkspace workspace = backend.eighWorkspace(arena, type, order);
                assertEquals(order, workspace.order());
                assertEquals(type, workspace.type());
                check(backend, type, "random", symmetric(order, seed).get("random"), workspace, seed);
            }
        }
    }

    /** Eigenvalues move by at most ‖E‖ when the matrix moves by E (Weyl), and both backends' errors are such an E. */
    @ParameterizedTest
    @MethodSource("org.asgo4j.linalg.OpenBackends#namesAndTypes")
    void eigenvaluesAreThoseOfTheReferenceInFloat64(BackendName name, ElementType type) {
        long seed = Seeds.next();
        try (Backend backend = Backends.open(name); Backend reference = Backends.open(BackendName.REFERENCE)) {
            symmetric(33, seed).forEach((kind, a) -> {
                double[] exact = eigenvalues(reference, ElementType.FLOAT64, rounded(type, a));
                double[] computed = eigenvalues(backend, type, a);
                for (int i = 0; i < exact.length; i++) {
                    assertEquals(exact[i], computed[i], Tolerance.eigen(33, type) * norm(a),
                            name + " " + type + " " + kind + " eigenvalue " + i + " seed=" + seed);
                }
            });
        }
    }

    @ParameterizedTest
    @MethodSource("org.asgo4j.linalg.OpenBackends#namesAndTypes")
    void extremeMagnitudesKeepTheirEigenvalues(BackendName name, ElementType type) {
        // [[2, 1], [1, 2]] has the eigenvalues 1 and 3; powers of two scale it without rounding, products would
        // overflow.
        int exponent = type == ElementType.FLOAT32 ? 100 : 900;
        try (Backend backend = Backends.open(name)) {
            for (double scale : new double[] {Math.scalb(1.0, exponent), Math.scalb(1.0, -exponent)}) {
                double[] w = eigenvalues(backend, type, new double[][] {{2 * scale, scale}, {scale, 2 * scale}});
                assertEquals(1, w[0] / scale, Tolerance.eigen(2, type) * 3, name + " " + type + " scale " + scale);
                assertEquals(3, w[1] / scale, Tolerance.eigen(2, type) * 3, name + " " + type + " scale " + scale);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("org.asgo4j.linalg.OpenBackends#namesAndTypes")
    void nonFiniteInputNeverGivesAPlausibleResult(BackendName name, ElementType type) {
        long seed = Seeds.next();
        try (Backend backend = Backends.open(name)) {
            for (int order : ORDERS) {
                for (double bad : new double[] {Double.NaN, Double.POSITIVE_INFINITY}) {
                    for (int row : new int[] {0, order / 2, order - 1}) {
                        double[][] a = Matrices.randomArray(order, order, seed);
                        a[row][row / 2] = bad;
                        assertTrue(throwsOrIsNotFinite(backend, type, a),
                                name + " " + type + " order=" + order + " " + bad + " in row " + row + " seed=" + seed);
                    }
                }
            }
        }
    }

    private static boolean throwsOrIsNotFinite(Backend backend, ElementType type, double[][] values) {
        int n = values.length;
        try (Arena arena = Arena.ofConfined()) {
            Matrix a = lowerTriangle(arena, type, values).matrix();
            Matrix w = backend.allocateHost(arena, type, 1, n);
            backend.eigh(a, w, backend.eighWorkspace(arena, type, n));
            return !Double.isFinite(norm(Matrices.toArray(a)) + norm(Matrices.toArray(w)));
        } catch (NativeCallException e) {
            return true;
        }
    }

    private static void check(Backend backend, ElementType type, String kind, double[][] values,
            EighWorkspace workspace, long seed) {
        int n = values.length;
        double[][] a = rounded(type, values);
        String what = "%s %s %s order=%d seed=%d".formatted(backend.name(), type, kind, n, seed);
        try (Arena arena = Arena.ofConfined()) {
            Guarded matrix = lowerTriangle(arena, type, a);
            Guarded eigenvalues = Guarded.allocate(arena, type, 1, n, n);

            backend.eigh(matrix.matrix(), eigenvalues.matrix(), workspace);

            double[] w = Matrices.toArray(eigenvalues.matrix())[0];
            double[][] q = Matrices.toArray(matrix.matrix());
            double[][] scaled = Matrices.toArray(matrix.matrix());
            double[][] identity = new double[n][n];
            for (int i = 0; i < n; i++) {
                identity[i][i] = 1;
                for (int j = 0; j < n; j++) scaled[i][j] *= w[i];
                assertTrue(i == 0 || w[i - 1] <= w[i], what + ": not ascending at " + i);
            }
            double[][] transposed = Matrices.transpose(q);
            double residual = Matrices.maxAbsDifference(Matrices.product(transposed, scaled), a);
            assertTrue(residual <= Tolerance.eigen(n, type) * norm(a), what + ": residual " + residual);
            double skew = Matrices.maxAbsDifference(Matrices.product(q, transposed), identity);
            assertTrue(skew <= Tolerance.eigen(n, type), what + ": not orthonormal by " + skew);
            assertEquals("", matrix.damage() + eigenvalues.damage(), what);
        }
    }

    private static double[] eigenvalues(Backend backend, ElementType type, double[][] a) {
        try (Arena arena = Arena.ofConfined()) {
            Matrix w = backend.allocateHost(arena, type, 1, a.length);
            backend.eigh(lowerTriangle(arena, type, a).matrix(), w, backend.eighWorkspace(arena, type, a.length));
            return Matrices.toArray(w)[0];
        }
    }

    /** The lower triangle; above it are NaN canaries. */
    private static Guarded lowerTriangle(Arena arena, ElementType type, double[][] a) {
        Guarded matrix = Guarded.allocate(arena, type, a.length, a.length, a.length + GAP);
        for (int i = 0; i < a.length; i++) {
            for (int j = 0; j <= i; j++) matrix.matrix().set(i, j, a[i][j]);
        }
        return matrix;
    }

    /** Symmetric matrices of one order by what makes them hard. */
    private static Map<String, double[][]> symmetric(int n, long seed) {
        double[][] g = Matrices.randomArray(n, n, seed);
        double[][] thin = Matrices.randomArray(n, Math.max(1, n / 4), seed + 1);
        double[][] random = new double[n][n];
        double[][] identity = new double[n][n];
        double[][] badlyScaled = new double[n][n];
        double[][] clustered = new double[n][n];
        double[][] gram = Matrices.product(g, Matrices.transpose(g));
        for (int i = 0; i < n; i++) {
            identity[i][i] = 1;
            for (int j = 0; j < n; j++) {
                random[i][j] = g[i][j] + g[j][i];
                badlyScaled[i][j] = gram[i][j] * scale(i, n) * scale(j, n);
                // All eigenvalues but one are 1, or differ from it by some roundings of float32.
                clustered[i][j] = (i == j ? 1 : 0) + thin[i][0] * thin[j][0] + gram[i][j] * 0x1p-22;
            }
        }
        Map<String, double[][]> result = new TreeMap<>();
        result.put("random", random);
        result.put("gram", gram);
        result.put("rank-deficient", Matrices.product(thin, Matrices.transpose(thin)));
        result.put("identity", identity);
        result.put("zeros", new double[n][n]);
        result.put("badly scaled", badlyScaled);
        result.put("clustered", clustered);
        return result;
    }

    /** From 1e−9 to 1e9 over the rows, so that the diagonal runs from 1e−18 to 1e18. */
    private static double scale(int row, int n) {
        return Math.pow(10, n == 1 ? -9 : -9 + 18.0 * row / (n - 1));
    }

    private static double[][] rounded(ElementType type, double[][] a) {
        try (Arena arena = Arena.ofConfined()) {
            return Matrices.toArray(Matrices.of(arena, type, a));
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
