// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.linalg;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * The inverse of Cholesky's factor, in place on the lower triangle of an n×n float64 matrix without gaps (Golub and Van
 * Loan, Matrix Computations, 4th edition, sections 4.2 and 3.1): what the reference backend has in place of LAPACK's
 * potrf and trtri.
 */
final class Cholesky {

    private Cholesky() {}

    /**
     * A ← L⁻¹ for A = LLᵀ.
     *
     * @throws NativeCallException if A is not positive definite to working precision
     */
    static void invertFactor(int n, MemorySegment a) {
        for (int j = 0; j < n; j++) {
            for (int i = j; i < n; i++) {
                double sum = get(a, n, i, j);
                for (int k = 0; k < j; k++) sum -= get(a, n, i, k) * get(a, n, j, k);
                if (i == j) {
                    if (!(sum > 0)) throw NativeCallException.notPositiveDefinite("Cholesky");
                    set(a, n, j, j, Math.sqrt(sum));
                } else {
                    set(a, n, i, j, sum / get(a, n, j, j));
                }
            }
        }
        for (int j = 0; j < n; j++) { // column j of the inverse, from its diagonal down
            set(a, n, j, j, 1 / get(a, n, j, j));
            for (int i = j + 1; i < n; i++) {
                double sum = 0;
                for (int k = j; k < i; k++) sum -= get(a, n, i, k) * get(a, n, k, j);
                set(a, n, i, j, sum / get(a, n, i, i));
            }
        }
    }

    static double get(MemorySegment a, int n, int i, int j) {
        return a.getAtIndex(ValueLayout.JAVA_DOUBLE, (long) i * n + j);
    }

    static void set(MemorySegment a, int n, int i, int j, double value) {
        a.setAtIndex(ValueLayout.JAVA_DOUBLE, (long) i * n + j, value);
    }
}
