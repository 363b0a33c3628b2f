// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.linalg;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Eigendecomposition by cyclic Jacobi rotations (Golub and Van Loan, Matrix Computations, 4th edition, section 8.5):
 * slow, short, and as accurate as float64 allows.
 *
 * <p>Works on two n×n float64 matrices without gaps, one after the other in {@code work}: A, then Q.
 */
final class Jacobi {
    /** Cyclic Jacobi converges quadratically; orders up to thousands take about ten sweeps. */
    private static final int MAX_SWEEPS = 60;

    private Jacobi() {}

    /** The float64 elements of {@code work} for order {@code n}. */
    static long workLength(int n) {
        return 2L * n * n;
    }

    /**
     * Diagonalizes symmetric A (both triangles filled): its diagonal becomes the eigenvalues, row i of Q the
     * eigenvector of the i-th, and {@code ascending} the rows in ascending order of eigenvalue.
     *
     * @throws NativeCallException if it does not converge, as with every NaN off the diagonal
     */
    static void eigh(int n, MemorySegment work, MemorySegment ascending) {
        for (int i = 0; i < n; i++) {
            for (int j = 0; j < n; j++) setVector(work, n, i, j, i == j ? 1 : 0);
        }
        int sweep = 0;
        while (sweep(work, n)) {
            if (++sweep == MAX_SWEEPS) throw NativeCallException.notConverged("Jacobi", MAX_SWEEPS);
        }
        sort(work, n, ascending);
    }

    /** Rotates every off-diagonal pair once; false if none was above rounding. */
    private static boolean sweep(MemorySegment work, int n) {
        boolean rotated = false;
        for (int p = 0; p < n - 1; p++) {
            for (int q = p + 1; q < n; q++) {
                double apq = get(work, n, p, q);
                double app = get(work, n, p, p);
                double aqq = get(work, n, q, q);
                // Relative to the two diagonal entries, so that small eigenvalues keep their relative accuracy where
                // they can. Two roots, since a product may overflow; a NaN fails the comparison and so ends as not
                // converged.
                double magnitude = Math.sqrt(Math.abs(app)) * Math.sqrt(Math.abs(aqq));
                if (Math.abs(apq) <= ElementType.FLOAT64.unitRoundoff() * magnitude) continue;
                rotated = true;
                double theta = (aqq / 2 - app / 2) / apq;
                double t = Math.copySign(1, theta) / (Math.abs(theta) + Math.hypot(theta, 1));
                double c = 1 / Math.hypot(t, 1);
                rotate(work, n, p, q, c, t * c);
                set(work, n, p, p, app - t * apq);
                set(work, n, q, q, aqq + t * apq);
                set(work, n, p, q, 0);
                set(work, n, q, p, 0);
            }
        }
        return rotated;
    }

    private static void rotate(MemorySegment work, int n, int p, int q, double c, double s) {
        for (int i = 0; i < n; i++) {
            double aip = get(work, n, p, i);
            double aiq = get(work, n, q, i);
            set(work, n, p, i, c * aip - s * aiq);
            set(work, n, q, i, s * aip + c * aiq);
            set(work, n, i, p, c * aip - s * aiq);
            set(work, n, i, q, s * aip + c * aiq);
            double vp = vector(work, n, p, i);
            double vq = vector(work, n, q, i);
            setVector(work, n, p, i, c * vp - s * vq);
            setVector(work, n, q, i, s * vp + c * vq);
        }
    }

    /** Insertion sort of the diagonal's indices; order is at most a few hundred where this backend is used. */
    private static void sort(MemorySegment work, int n, MemorySegment ascending) {
        for (int i = 0; i < n; i++) {
            int at = i;
            for (; at > 0; at--) {
                int before = ascending.getAtIndex(ValueLayout.JAVA_INT, at - 1);
                if (get(work, n, before, before) <= get(work, n, i, i)) break;
                ascending.setAtIndex(ValueLayout.JAVA_INT, at, before);
            }
            ascending.setAtIndex(ValueLayout.JAVA_INT, at, i);
        }
    }

    /** a_ij. */
    static double get(MemorySegment work, int n, int i, int j) {
        return work.getAtIndex(ValueLayout.JAVA_DOUBLE, (long) i * n + j);
    }

    /** a_ij ← value. */
    static void set(MemorySegment work, int n, int i, int j, double value) {
        work.setAtIndex(ValueLayout.JAVA_DOUBLE, (long) i * n + j, value);
    }

    /** q_ij. */
    static double vector(MemorySegment work, int n, int i, int j) {
        return work.getAtIndex(ValueLayout.JAVA_DOUBLE, (long) n * n + (long) i * n + j);
    }

    private static void setVector(MemorySegment work, int n, int i, int j, double value) {
        work.setAtIndex(ValueLayout.JAVA_DOUBLE, (long) n * n + (long) i * n + j, value);
    }
}
