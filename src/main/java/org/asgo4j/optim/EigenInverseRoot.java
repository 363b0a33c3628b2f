package org.asgo4j.optim;

import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.ElementType;
import org.asgo4j.linalg.Matrix;
import org.asgo4j.linalg.Transpose;
import org.asgo4j.optim.Workspace.Slot;

/**
 * The root by eigendecomposition: V = Qᵀ·diag(λ)·Q, P = Qᵀ·diag(f(λ))·Q = SᵀS with S = diag(f(λ)^(1/2))·Q, one syevd
 * and one syrk. P is symmetric by construction. On a CPU syevd costs 5–7 products of its order, which beats every
 * product-only iteration that starts cold.
 */
final class EigenInverseRoot implements InverseRoot {
    private final Backend backend;
    private final Damping damping;
    private final ElementType precision;

    EigenInverseRoot(Backend backend, Damping damping, ElementType precision) {
        this.backend = backend;
        this.damping = damping;
        this.precision = precision;
    }

    @Override
    public void reserve(Workspace workspace, int order) {
        workspace.reserve(Slot.VECTORS, precision, order, order);
        workspace.reserve(Slot.EIGENVALUES, precision, 1, order);
        workspace.reserveEigh(precision, order);
        if (precision != ElementType.FLOAT32) workspace.reserve(Slot.ROOT, precision, order, order);
    }

    @Override
    public void compute(Matrix gram, double unit, Matrix root, Workspace workspace) {
        int order = gram.rows();
        Matrix vectors = workspace.get(Slot.VECTORS, precision, order, order);
        Matrix eigenvalues = workspace.get(Slot.EIGENVALUES, precision, 1, order);
        backend.copy(gram, vectors); // eigh overwrites what it decomposes
        backend.eigh(vectors, eigenvalues, workspace.eigh(precision)); //   Q, λ
        replaceByFactors(eigenvalues, unit); //                              λ_i ← f(λ_i)^(1/2)
        backend.scaleRows(eigenvalues, vectors); //                          S ← diag(f(λ)^(1/2))·Q
        if (precision == ElementType.FLOAT32) {
            backend.syrk(Transpose.TRANSPOSED, 1, vectors, 0, root); //      P ← SᵀS
        } else {
            Matrix wide = workspace.get(Slot.ROOT, precision, order, order);
            backend.syrk(Transpose.TRANSPOSED, 1, vectors, 0, wide);
            backend.copy(wide, root);
        }
    }

    private void replaceByFactors(Matrix eigenvalues, double unit) {
        int order = eigenvalues.cols();
        double largest = eigenvalues.get(0, order - 1);
        if (!Double.isFinite(largest)) {
            throw new ArithmeticException("largest eigenvalue of the gram matrix is " + largest + ", must be finite");
        }
        double floor = order * precision.unitRoundoff() * largest;
        for (int i = 0; i < order; i++) {
            double inverseRoot = damping.inverseRoot(eigenvalues.get(0, i), largest, floor, unit);
            eigenvalues.set(0, i, Math.sqrt(inverseRoot));
        }
    }
}
