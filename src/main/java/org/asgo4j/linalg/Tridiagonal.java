// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.linalg;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.asgo4j.kernel.Kernels;

/**
 * Resolvents of symmetric positive definite tridiagonal matrices A = T + σI. With the pivots q of A's elimination from
 * the last row up, column c of X = A⁻¹ obeys X_ic = −(e_(i−1)/q_i)·X_(i−1)c below the diagonal, so a row of the lower
 * triangle is the row above it times one factor, and the diagonal is X_ii = 1/(p_i + q_i − a_i) with the pivots p from
 * the first row down (Meurant, <em>A review on the inverse of symmetric tridiagonal and block tridiagonal
 * matrices</em>, SIAM J. Matrix Anal. Appl. 13, 1992).
 */
final class Tridiagonal {
    /**
     * Elements of X this far below the largest possible one, α/σ-like, change no bit of a float32 sum; kept, they would
     * shrink row by row into subnormal numbers, on which this CPU is a hundred times slower.
     */
    private static final float NEGLIGIBLE = 0x1p-80f;

    private Tridiagonal() {}

    /** The bytes of scratch for order {@code n}: the pivots in float64 and a row in float32. */
    static long workBytes(int n) {
        return 2L * n * Double.BYTES + (long) n * Float.BYTES;
    }

    /** The lower triangle of c ← c + alpha·(T + shift·I)⁻¹; all shapes checked before. */
    static void addResolvent(
            Kernels kernels, double alpha, double shift, Matrix diagonal, Matrix beside, Matrix c, MemorySegment work) {
        int n = c.rows();
        for (int i = 0; i < n; i++) {
            double e = i == 0 ? 0 : at(beside, i - 1);
            setPivot(work, i, at(diagonal, i) + shift - (i == 0 ? 0 : e * e / pivot(work, i - 1)), i);
        }
        for (int i = n - 1; i >= 0; i--) {
            double e = at(beside, i);
            double up = i == n - 1 ? 0 : e * e / pivot(work, n + i + 1);
            setPivot(work, n + i, at(diagonal, i) + shift - up, i);
        }
        MemorySegment row = work;
        long rowFrom = 2L * n * Double.BYTES / Float.BYTES;
        int from = 0; // elements before it are negligible
        float largest = 0;
        for (int i = 0; i < n; i++) {
            if (i > 0) {
                float factor = (float) (-at(beside, i - 1) / pivot(work, n + i));
                long cFrom = (long) i * c.rowStride() + from;
                kernels.scaleAndAdd(factor, row, rowFrom + from, c.segment(), cFrom, i - from);
            }
            float onDiagonal = (float) (alpha
                    / (pivot(work, i) + pivot(work, n + i) - (at(diagonal, i) + shift)));
            row.setAtIndex(ValueLayout.JAVA_FLOAT, rowFrom + i, onDiagonal);
            long index = (long) i * c.rowStride() + i;
            float sum = c.segment().getAtIndex(ValueLayout.JAVA_FLOAT, index) + onDiagonal;
            c.segment().setAtIndex(ValueLayout.JAVA_FLOAT, index, sum);
            largest = Math.max(largest, Math.abs(onDiagonal));
            float negligible = NEGLIGIBLE * largest;
            while (from < i && Math.abs(row.getAtIndex(ValueLayout.JAVA_FLOAT, rowFrom + from)) < negligible) from++;
        }
    }

    private static double at(Matrix vector, int i) {
        return vector.segment().getAtIndex(ValueLayout.JAVA_FLOAT, i);
    }

    private static double pivot(MemorySegment work, int index) {
        return work.getAtIndex(ValueLayout.JAVA_DOUBLE, index);
    }

    private static void setPivot(MemorySegment work, int index, double value, int row) {
        if (!(value > 0)) {
            throw new ArithmeticException(
                    "addResolvent: T + shift·I is not positive definite: pivot " + value + " in row " + row);
        }
        work.setAtIndex(ValueLayout.JAVA_DOUBLE, index, value);
    }
}
