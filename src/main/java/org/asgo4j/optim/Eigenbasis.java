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
    private final Matrix eigenvalues; // 1×k

    /** Room for order {@code order}; undefined until {@link #decompose}. */
    Eigenbasis(Backend backend, Arena arena, Matrix gram) {
        this.backend = backend;
        this.vectors = backend.allocate(arena, gram.type(), gram.rows(), gram.rows());
        this.eigenvalues = backend.allocate(arena, gram.type(), 1, gram.rows());
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
        requireFinite(q);
        // Descending, so that QR later lets the large ones lead, as orthogonal iteration needs.
        for (int i = 0; i < order; i++) {
            eigenvalues.set(0, i, lambda.get(0, order - 1 - i));
            for (int j = 0; j < order; j++) vectors.set(i, j, q.get(order - 1 - i, j));
        }
    }

    /**
     * Q ← the orthonormal rows of Q·V, one step of orthogonal iteration, and λ_i ← q_iᵀVq_i: two symm and one QR. On
     * failure both stay as they were.
     */
    void turn(Matrix gram, Workspace workspace) {
        Matrix q = workspace.get(Slot.VECTORS, gram.type(), gram.rows(), gram.rows());
        backend.symm(Side.RIGHT, gram, vectors, q); //            Z ← QV
        backend.orthonormalize(q, workspace.eigh(gram.type())); // Q ← the orthonormal rows of Z
        requireFinite(q);
        backend.copy(q, vectors);
        project(gram, workspace);
    }

    /** Throws if an element is NaN or infinite: those of unit vectors can't overflow a sum. */
    static void requireFinite(Matrix unitVectors) {
        double sum = 0;
        for (int i = 0; i < unitVectors.rows(); i++) {
            for (int j = 0; j < unitVectors.cols(); j++) sum += unitVectors.get(i, j);
        }
        if (!Double.isFinite(sum)) throw new RootFailure("the eigenvectors are not finite");
    }

    /** λ_i ← q_iᵀVq_i: one symm. On failure they stay as they were. */
    void project(Matrix gram, Workspace workspace) {
        int order = gram.rows();
        Matrix product = workspace.get(Slot.VECTORS, gram.type(), order, order);
        Matrix lambda = workspace.get(Slot.EIGENVALUES, gram.type(), 1, order);
        backend.symm(Side.RIGHT, gram, vectors, product);
        for (int i = 0; i < order; i++) {
            double dot = 0;
            for (int j = 0; j < order; j++) dot += product.get(i, j) * vectors.get(i, j);
            lambda.set(0, i, dot);
        }
        EigenInverseRoot.requireFinite(lambda);
        backend.copy(lambda, eigenvalues);
    }

    /**
     * √(‖B‖_F² − ‖diag B‖²)/‖B‖_F for B = QVQᵀ, whose diagonal {@link #project} has taken: how far Q is from V's
     * eigenvectors. ‖B‖_F is ‖V‖_F, so B itself is never formed.
     */
    double offDiagonality(Matrix gram) {
        double all = 0;
        double diagonal = 0;
        for (int i = 0; i < gram.rows(); i++) {
            for (int j = 0; j < i; j++) all += 2 * gram.get(i, j) * gram.get(i, j);
            all += gram.get(i, i) * gram.get(i, i);
            diagonal += eigenvalues.get(0, i) * eigenvalues.get(0, i);
        }
        return all == 0 ? 0 : Math.sqrt(Math.max(0, all - diagonal) / all);
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
