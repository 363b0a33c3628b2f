// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.testing;

import org.asgo4j.linalg.ElementType;

/**
 * Bounds on rounding errors, from the length of the sums and the unit roundoff u (Higham, Accuracy and Stability of
 * Numerical Algorithms, 2nd edition).
 */
public final class Tolerance {
    /** Factor of n·u in the backward error of a symmetric eigensolver; LAPACK's own tests accept 50 with 2u for u. */
    private static final double EIGEN_FACTOR = 10;

    private Tolerance() {}

    /**
     * The error of a sum of {@code k} products of factors of magnitude ≤ 1, computed in {@code type} in any order, with
     * scaling by α and addition of β·c (magnitudes ≤ 1): γ(k+3)·(k+1), section 3.1.
     */
    public static double product(int k, ElementType type) {
        return gamma(k + 3, type) * (k + 1);
    }

    /** γ(n) = nu/(1−nu): the relative error that n roundings in {@code type} can add up to. */
    public static double gamma(int n, ElementType type) {
        double nu = n * type.unitRoundoff();
        return nu / (1 - nu);
    }

    /**
     * The largest entry of A − Qᵀ·diag(w)·Q relative to ‖A‖, and of Q·Qᵀ − I, for computed eigenvectors Q and
     * eigenvalues w of a symmetric n×n matrix.
     */
    public static double eigen(int n, ElementType type) {
        return EIGEN_FACTOR * (n + 1) * type.unitRoundoff();
    }
}
