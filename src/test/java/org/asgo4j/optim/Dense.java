// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.optim;

import java.lang.foreign.Arena;
import java.util.Random;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.BackendName;
import org.asgo4j.linalg.Backends;
import org.asgo4j.linalg.ElementType;
import org.asgo4j.linalg.Matrix;

/** Small dense float64 algebra on heap arrays, written to be obviously right: what the tests compare with. */
final class Dense {
    /** The eigensolver behind {@link #inverseSquareRoot} and friends: plain Java, float64. */
    private static final Backend REFERENCE = Backends.open(BackendName.REFERENCE);

    private Dense() {}

    /** Entries uniform in (−1, 1). */
    static double[][] random(int rows, int cols, Random random) {
        double[][] a = new double[rows][cols];
        for (double[] row : a) {
            for (int j = 0; j < cols; j++) row[j] = (float) (2 * random.nextDouble() - 1);
        }
        return a;
    }

    static double[][] of(Matrix m) {
        double[][] a = new double[m.rows()][m.cols()];
        for (int i = 0; i < m.rows(); i++) {
            for (int j = 0; j < m.cols(); j++) a[i][j] = m.get(i, j);
        }
        return a;
    }

    static void set(Matrix m, double[][] a) {
        for (int i = 0; i < m.rows(); i++) {
            for (int j = 0; j < m.cols(); j++) m.set(i, j, a[i][j]);
        }
    }

    static double[][] transpose(double[][] a) {
        double[][] t = new double[a[0].length][a.length];
        for (int i = 0; i < a.length; i++) {
            for (int j = 0; j < a[0].length; j++) t[j][i] = a[i][j];
        }
        return t;
    }

    static double[][] times(double[][] a, double[][] b) {
        double[][] c = new double[a.length][b[0].length];
        for (int i = 0; i < a.length; i++) {
            for (int l = 0; l < b.length; l++) {
                for (int j = 0; j < b[0].length; j++) c[i][j] += a[i][l] * b[l][j];
            }
        }
        return c;
    }

    /** a + factor·b. */
    static double[][] plus(double[][] a, double factor, double[][] b) {
        double[][] c = new double[a.length][a[0].length];
        for (int i = 0; i < a.length; i++) {
            for (int j = 0; j < a[0].length; j++) c[i][j] = a[i][j] + factor * b[i][j];
        }
        return c;
    }

    static double[][] scaled(double factor, double[][] a) {
        return plus(new double[a.length][a[0].length], factor, a);
    }

    static double[][] identity(int n) {
        double[][] a = new double[n][n];
        for (int i = 0; i < n; i++) a[i][i] = 1;
        return a;
    }

    static double norm(double[][] a) {
        double sum = 0;
        for (double[] row : a) {
            for (double x : row) sum += x * x;
        }
        return Math.sqrt(sum);
    }

    /** ‖a − b‖_F / ‖b‖_F. */
    static double relativeDifference(double[][] a, double[][] b) {
        return norm(plus(a, -1, b)) / norm(b);
    }

    /** tr(AᵀB). */
    static double inner(double[][] a, double[][] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            for (int j = 0; j < a[0].length; j++) sum += a[i][j] * b[i][j];
        }
        return sum;
    }

    /** Eigenvalues of a symmetric matrix, ascending. */
    static double[] eigenvalues(double[][] a) {
        return eigen(a)[0][0];
    }

    /** {@code [0][0]} eigenvalues ascending, {@code [1]} eigenvectors as rows. */
    private static double[][][] eigen(double[][] a) {
        int n = a.length;
        try (Arena arena = Arena.ofConfined()) {
            Matrix m = REFERENCE.allocate(arena, ElementType.FLOAT64, n, n);
            Matrix w = REFERENCE.allocate(arena, ElementType.FLOAT64, 1, n);
            set(m, a);
            REFERENCE.eigh(m, w, REFERENCE.eighWorkspace(arena, ElementType.FLOAT64, n));
            return new double[][][] {of(w), of(m)};
        }
    }

    /** Σ f(λ_i)·q_i·q_iᵀ with f(λ) = λ^(−1/2). */
    static double[][] inverseSquareRoot(double[][] a) {
        double[][][] eigen = eigen(a);
        double[][] q = eigen[1];
        double[][] scaled = new double[q.length][];
        for (int i = 0; i < q.length; i++) {
            double factor = 1 / Math.sqrt(eigen[0][0][i]);
            scaled[i] = java.util.Arrays.stream(q[i]).map(x -> x * factor).toArray();
        }
        return times(transpose(q), scaled);
    }

    /** The largest singular value. */
    static double operatorNorm(double[][] a) {
        double[] values = eigenvalues(times(transpose(a), a));
        return Math.sqrt(Math.max(0, values[values.length - 1]));
    }

    /** A random orthogonal n×n matrix: Gram–Schmidt, twice for orthogonality to rounding. */
    static double[][] orthogonal(int n, Random random) {
        double[][] q = random(n, n, random);
        for (int i = 0; i < n; i++) {
            for (int pass = 0; pass < 2; pass++) {
                for (int j = 0; j < i; j++) {
                    double dot = 0;
                    for (int l = 0; l < n; l++) dot += q[i][l] * q[j][l];
                    for (int l = 0; l < n; l++) q[i][l] -= dot * q[j][l];
                }
            }
            double length = norm(new double[][] {q[i]});
            for (int l = 0; l < n; l++) q[i][l] /= length;
        }
        return q;
    }

    /** M ← values, wherever M lies. */
    static void write(Backend backend, double[][] values, Matrix m) {
        if (!m.isOnDevice()) {
            set(m, values);
            return;
        }
        try (Arena arena = Arena.ofConfined()) {
            Matrix host = backend.allocateHost(arena, m.rows(), m.cols());
            set(host, values);
            backend.copy(host, m);
        }
    }

    /** M's values, wherever it lies. */
    static double[][] read(Backend backend, Matrix m) {
        if (!m.isOnDevice()) return of(m);
        try (Arena arena = Arena.ofConfined()) {
            Matrix host = backend.allocateHost(arena, m.rows(), m.cols());
            backend.copy(m, host);
            return of(host);
        }
    }
}
