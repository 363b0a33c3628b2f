// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.optim;

import java.lang.foreign.Arena;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.Matrix;
import org.asgo4j.linalg.Side;
import org.asgo4j.optim.Workspace.Slot;

/**
 * An orthonormal basis that is kept near the eigenvectors of a moving gram matrix V: rows q_i of Q, and the diagonal of
 * B = QVQᵀ as eigenvalues. Borrows its memory; in the gram matrix's precision.
 */
final class Eigenbasis {
    private final Backend backend;
    private final Matrix vectors; //     Q, k×k, eigenvectors as rows, of descending eigenvalues when decomposed
    private final Matrix eigenvalues; // 1×k, in this computer's memory
    private final int[] reversed; //     k−1 … 0
    private final int[] inOrder; //      0 … k−1

    /** Room for order {@code order}; undefined until {@link #decompose}. */
    Eigenbasis(Backend backend, Arena arena, Matrix gram) {
        this.backend = backend;
        this.vectors = backend.allocate(arena, gram.type(), gram.rows(), gram.rows());
        this.eigenvalues = backend.allocateHost(arena, gram.type(), 1, gram.rows());
        this.reversed = new int[gram.rows()];
        this.inOrder = new int[gram.rows()];
        for (int i = 0; i < inOrder.length; i++) {
            inOrder[i] = i;
            reversed[i] = inOrder.length - 1 - i;
        }
    }

    void reserve(Workspace workspace) {
        int order = vectors.rows();
        workspace.reserve(Slot.VECTORS, vectors.type(), order, order);
        workspace.reserve(Slot.EIGENVALUES, vectors.type(), 1, order);
        workspace.reserveEigh(vectors.type(), order);
    }

    Matrix vectors() {
        return vectors;
    }

    Matrix eigenvalues() {
        return eigenvalues;
    }

    /**
     * Q, λ ← the eigendecomposition of V. On failure both stay as they were.
     *
     * @throws RootFailure if the result is not finite
     * @throws org.asgo4j.linalg.NativeCallException if LAPACK fails
     */
    void decompose(Matrix gram, Workspace workspace) {
        int order = gram.rows();
        Matrix q = workspace.get(Slot.VECTORS, gram.type(), order, order);
        Matrix lambda = workspace.get(Slot.EIGENVALUES, gram.type(), 1, order);
        backend.copy(gram, q);
        backend.eigh(q, lambda, workspace.eigh(gram.type()));
        EigenInverseRoot.requireFinite(lambda);
        requireFinite(backend, q);
        // Descending, so that QR later lets the large ones lead, as orthogonal iteration needs.
        for (int i = 0; i < order; i++) eigenvalues.set(0, i, lambda.get(0, order - 1 - i));
        backend.gather(reversed, inOrder, q, vectors);
    }

    /**
     * Q ← the orthonormal rows of Q·V, one step of orthogonal iteration, and λ_i ← q_iᵀVq_i: two symm and one QR. On
     * failure both stay as they were.
     */
    void turn(Matrix gram, Workspace workspace) {
        Matrix q = workspace.get(Slot.VECTORS, gram.type(), gram.rows(), gram.rows());
        backend.symm(Side.RIGHT, gram, vectors, q); //            Z ← QV
        backend.orthonormalize(q, workspace.eigh(gram.type())); // Q ← the orthonormal rows of Z
        requireFinite(backend, q);
        backend.copy(q, vectors);
        project(gram, workspace);
    }

    /** Throws if an element is NaN or infinite. */
    static void requireFinite(Backend backend, Matrix unitVectors) {
        if (backend.firstNonFinite(unitVectors) >= 0) throw new RootFailure("the eigenvectors are not finite");
    }

    /** λ_i ← q_iᵀVq_i: one symm. On failure they stay as they were. */
    void project(Matrix gram, Workspace workspace) {
        int order = gram.rows();
        Matrix product = workspace.get(Slot.VECTORS, gram.type(), order, order);
        Matrix lambda = workspace.get(Slot.EIGENVALUES, gram.type(), 1, order);
        backend.symm(Side.RIGHT, gram, vectors, product);
        backend.rowDots(product, vectors, lambda);
        EigenInverseRoot.requireFinite(lambda);
        backend.copy(lambda, eigenvalues);
    }

    /**
     * √(‖B‖_F² − ‖diag B‖²)/‖B‖_F for B = QVQᵀ, whose diagonal {@link #project} has taken: how far Q is from V's
     * eigenvectors. ‖B‖_F is ‖V‖_F, so B itself is never formed.
     */
    double offDiagonality(Matrix gram) {
        double all = backend.sumOfSquaresOfSymmetric(gram);
        double diagonal = 0;
        for (int i = 0; i < gram.rows(); i++) diagonal += eigenvalues.get(0, i) * eigenvalues.get(0, i);
        return all == 0 ? 0 : Math.sqrt(Math.max(0, all - diagonal) / all);
    }

    /** Whether V was zero, of which any basis is one. */
    boolean isOfZeros() {
        for (int i = 0; i < eigenvalues.cols(); i++) {
            if (eigenvalues.get(0, i) != 0) return false;
        }
        return true;
    }

    /** V is now held in another unit: λ ← factor²·λ. */
    void rescale(double factor) {
        for (int i = 0; i < eigenvalues.cols(); i++) {
            eigenvalues.set(0, i, eigenvalues.get(0, i) * factor * factor);
        }
    }

    void describe(StateFields fields) {
        fields.matrix("basis", vectors);
        fields.matrix("basis_eigenvalues", eigenvalues);
    }
}
