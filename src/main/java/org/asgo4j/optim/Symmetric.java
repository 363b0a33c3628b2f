// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.optim;

import java.lang.foreign.Arena;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.ElementType;
import org.asgo4j.linalg.Matrix;
import org.asgo4j.linalg.Transpose;

/** Small things to do with symmetric matrices of which the lower triangle is stored. */
final class Symmetric {
    /** A root whose diagonal is smaller has elements at its own rounding level, 2^−24 of it, that are not normal. */
    private static final double SMALLEST_ROOT = 0x1p-100;

    private Symmetric() {}

    /** Both triangles in float64. */
    static Matrix full(Backend backend, Arena arena, Matrix lower) {
        Matrix result = backend.allocate(arena, ElementType.FLOAT64, lower.rows(), lower.rows());
        backend.copy(lower, result);
        backend.symmetrize(result);
        return result;
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
        return Math.sqrt(backend.squaredDistanceFromIdentity(pvp)) / Math.sqrt(order);
    }

    /** ‖M‖_F of a symmetric matrix, lower triangle read. */
    static double norm(Backend backend, Matrix lower) {
        return Math.sqrt(backend.sumOfSquaresOfSymmetric(lower));
    }

    /**
     * P = SᵀS, or a product that passes through every element, so a NaN or infinity anywhere shows on its diagonal.
     */
    static void requireFiniteRoot(Backend backend, Matrix root) {
        if (Double.isFinite(backend.trace(root))) return; // float32 can't overflow the sum
        double[] diagonal = diagonal(backend, root);
        for (int i = 0; i < diagonal.length; i++) {
            if (!Double.isFinite(diagonal[i])) {
                throw new RootFailure("diagonal element %d of the root is %s".formatted(i + 1, diagonal[i]));
            }
        }
    }

    /** P ← factor·P, lower triangle; whether float32 holds it there: of one that underflows no NaN would tell. */
    static boolean rescaleRoot(Backend backend, double factor, Matrix root) {
        backend.multiplyLower(factor, root);
        double trace = backend.trace(root); // of a positive semidefinite matrix the diagonal is largest
        return trace >= SMALLEST_ROOT * root.rows() && Double.isFinite(trace);
    }

    /** The diagonal in an array, for a message. */
    static double[] diagonal(Backend backend, Matrix a) {
        try (Arena arena = Arena.ofConfined()) {
            Matrix d = backend.allocateHost(arena, a.type(), 1, a.rows());
            backend.diagonal(a, d);
            double[] values = new double[a.rows()];
            for (int i = 0; i < values.length; i++) values[i] = d.get(0, i);
            return values;
        }
    }
}
