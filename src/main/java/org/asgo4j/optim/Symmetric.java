// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.optim;

import java.lang.foreign.Arena;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.ElementType;
import org.asgo4j.linalg.Matrix;
import org.asgo4j.linalg.Side;
import org.asgo4j.linalg.Transpose;

/** Small things to do with symmetric matrices of which the lower triangle is stored. */
final class Symmetric {
    /**
     * Power iterations for λ_max. From the diagonal as start, 16 leave the estimate within a few per cent even where
     * the two largest eigenvalues are close, and then either serves; damping needs no more.
     */
    private static final int POWER_ITERATIONS = 16;

    private Symmetric() {}

    /** Both triangles in float64. */
    static Matrix full(Backend backend, Arena arena, Matrix lower) {
        Matrix result = backend.allocate(arena, ElementType.FLOAT64, lower.rows(), lower.rows());
        backend.copy(lower, result);
        backend.symmetrize(result);
        return result;
    }

    /** m ← m + shift·I. */
    static void addToDiagonal(Matrix m, double shift) {
        for (int i = 0; i < m.rows(); i++) m.set(i, i, m.get(i, i) + shift);
    }

    /** ‖I − M‖_F. */
    static double distanceFromIdentity(Matrix m) {
        double sum = 0;
        for (int i = 0; i < m.rows(); i++) {
            for (int j = 0; j < m.cols(); j++) {
                double d = (i == j ? 1 : 0) - m.get(i, j);
                sum += d * d;
            }
        }
        return Math.sqrt(sum);
    }

    /**
     * ‖I − PVP‖_F/√k.
     *
     * @param gram V, k×k of either type; lower triangle read
     * @param root P, k×k float64; read
     */
    static double residual(Backend backend, Arena arena, Matrix gram, Matrix root) {
        int order = gram.rows();
        Matrix v = full(backend, arena, gram);
        Matrix pv = backend.allocate(arena, ElementType.FLOAT64, order, order);
        Matrix pvp = backend.allocate(arena, ElementType.FLOAT64, order, order);
        backend.gemm(Transpose.NONE, Transpose.NONE, 1, root, v, 0, pv);
        backend.gemm(Transpose.NONE, Transpose.NONE, 1, pv, root, 0, pvp);
        return distanceFromIdentity(pvp) / Math.sqrt(order);
    }

    /** ‖M‖_F of a symmetric matrix, lower triangle read. */
    static double norm(Matrix lower) {
        double sum = 0;
        for (int i = 0; i < lower.rows(); i++) {
            for (int j = 0; j < i; j++) sum += 2 * lower.get(i, j) * lower.get(i, j);
            sum += lower.get(i, i) * lower.get(i, i);
        }
        return Math.sqrt(sum);
    }

    /**
     * λ_max of a positive semidefinite matrix by power iteration from its diagonal: a lower bound, of 0 only for a
     * matrix of zeros. NaN if the diagonal has one.
     *
     * @param lower k×k; lower triangle read
     * @param x k×1 of its type; overwritten
     * @param y k×1 of its type; overwritten
     */
    static double largestEigenvalue(Backend backend, Matrix lower, Matrix x, Matrix y) {
        int order = lower.rows();
        double norm = 0;
        double trace = 0;
        for (int i = 0; i < order; i++) {
            x.set(i, 0, lower.get(i, i));
            norm += lower.get(i, i) * lower.get(i, i);
            trace += lower.get(i, i);
        }
        norm = Math.sqrt(norm);
        if (!(norm > 0)) return norm;
        // Σλ² ≤ λ_max·Σλ, for the diagonal may be orthogonal to the eigenvector, as that of [1 −1; −1 1] is.
        double largest = norm(lower) * (norm(lower) / trace);
        for (int n = 0; n < POWER_ITERATIONS && norm > 0; n++) {
            for (int i = 0; i < order; i++) x.set(i, 0, x.get(i, 0) / norm);
            backend.symm(Side.LEFT, lower, x, y);
            norm = 0;
            for (int i = 0; i < order; i++) {
                norm += y.get(i, 0) * y.get(i, 0);
                x.set(i, 0, y.get(i, 0));
            }
            norm = Math.sqrt(norm);
            largest = Math.max(largest, norm);
        }
        return largest;
    }

    /**
     * P = SᵀS, or a product that passes through every element, so a NaN or infinity anywhere shows on its diagonal.
     */
    static void requireFiniteRoot(Matrix root) {
        for (int i = 0; i < root.rows(); i++) {
            double value = root.get(i, i);
            if (!Double.isFinite(value)) {
                throw new RootFailure("diagonal element %d of the root is %s".formatted(i + 1, value));
            }
        }
    }
}
