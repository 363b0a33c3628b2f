package org.asgo4j.optim;

import java.lang.foreign.Arena;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.ElementType;
import org.asgo4j.linalg.Matrix;
import org.asgo4j.linalg.Side;
import org.asgo4j.linalg.Transpose;
import org.asgo4j.optim.Workspace.Slot;

/**
 * One side of {@link Soap}: a gram matrix L of the gradients and a basis Q that follows its eigenvectors, or the
 * identity where that side is too long. Borrows its memory.
 */
final class SoapBasis {
    private final Backend backend;
    private final Side side;
    private final int order; // k
    private final Matrix gram; // L, k×k, lower triangle; null for the identity
    private final Matrix vectors; // Q, k×k, rows q_i; null for the identity
    private final int[] inOrder; // 0 … k−1
    private final int[] sorted; // the rows of Q before the last turn, as they come after it

    SoapBasis(Backend backend, Arena arena, SoapConfig config, Side side, int rows, int cols) {
        this.backend = backend;
        this.side = side;
        this.order = side == Side.LEFT ? rows : cols;
        boolean identity = order > config.maxOrder();
        this.gram = identity ? null : backend.allocate(arena, order, order);
        this.vectors = identity ? null : backend.allocate(arena, order, order);
        this.inOrder = new int[order];
        this.sorted = new int[order];
        for (int i = 0; i < order; i++) inOrder[i] = sorted[i] = i;
    }

    boolean isIdentity() {
        return gram == null;
    }

    void reserve(Workspace workspace) {
        if (isIdentity()) return;
        workspace.reserve(Slot.VECTORS, ElementType.FLOAT32, order, order);
        workspace.reserve(Slot.POWER, ElementType.FLOAT32, order, order);
        workspace.reserve(Slot.EIGENVALUES, ElementType.FLOAT32, 1, order);
        workspace.reserveEigh(ElementType.FLOAT32, order);
    }

    /** L ← keep·L + (1−keep)·GGᵀ, or GᵀG on the right. */
    void accumulate(Matrix gradient, double keep) {
        if (isIdentity()) return;
        backend.syrk(side == Side.LEFT ? Transpose.NONE : Transpose.TRANSPOSED, 1 - keep, gradient, keep, gram);
    }

    /** Y ← Q·X, or X·Qᵀ on the right: into the basis. */
    void enter(Matrix x, Matrix y) {
        if (isIdentity()) backend.copy(x, y);
        else if (side == Side.LEFT) backend.gemm(Transpose.NONE, Transpose.NONE, 1, vectors, x, 0, y);
        else backend.gemm(Transpose.NONE, Transpose.TRANSPOSED, 1, x, vectors, 0, y);
    }

    /** Y ← Qᵀ·X, or X·Q on the right: out of the basis. */
    void leave(Matrix x, Matrix y) {
        if (isIdentity()) backend.copy(x, y);
        else if (side == Side.LEFT) backend.gemm(Transpose.TRANSPOSED, Transpose.NONE, 1, vectors, x, 0, y);
        else backend.gemm(Transpose.NONE, Transpose.NONE, 1, x, vectors, 0, y);
    }

    /** Q ← the eigenvectors of L, of descending eigenvalues. */
    void decompose(Workspace workspace) {
        if (isIdentity()) return;
        Matrix ascending = workspace.get(Slot.VECTORS, ElementType.FLOAT32, order, order);
        Matrix eigenvalues = workspace.get(Slot.EIGENVALUES, ElementType.FLOAT32, 1, order);
        backend.copy(gram, ascending);
        backend.eigh(ascending, eigenvalues, workspace.eigh(ElementType.FLOAT32));
        for (int i = 0; i < order; i++) sorted[i] = order - 1 - i;
        backend.gather(sorted, inOrder, ascending, vectors);
    }

    /** Q ← the orthonormal rows of Q·L, after Q's rows are sorted by q·L·qᵀ, which {@link #order()} tells. */
    void turn(Workspace workspace) {
        if (isIdentity()) return;
        Matrix product = workspace.get(Slot.POWER, ElementType.FLOAT32, order, order);
        Matrix estimates = workspace.get(Slot.VECTORS, ElementType.FLOAT32, order, order);
        backend.symm(Side.RIGHT, gram, vectors, product); //                                      Z ← QL
        backend.gemm(Transpose.NONE, Transpose.TRANSPOSED, 1, product, vectors, 0, estimates); // QLQᵀ
        sort(estimates);
        backend.gather(sorted, inOrder, product, vectors);
        backend.orthonormalize(vectors, workspace.eigh(ElementType.FLOAT32)); //                  Q
    }

    /** Sorts by the diagonal, descending; equal ones keep their order. It is nearly in order from the last time. */
    private void sort(Matrix estimates) {
        for (int i = 0; i < order; i++) {
            double value = estimates.get(i, i);
            int j = i;
            while (j > 0 && estimates.get(sorted[j - 1], sorted[j - 1]) < value) {
                sorted[j] = sorted[j - 1];
                j--;
            }
            sorted[j] = i;
        }
    }

    /** For each row of Q its index before the last turn. */
    int[] order() {
        return sorted;
    }

    /** L in another unit. */
    void rescale(double factor) {
        if (!isIdentity()) GradientScale.multiply(backend, factor * factor, gram);
    }

    void describe(StateFields fields) {
        if (isIdentity()) return;
        fields.triangle("gram", gram);
        fields.matrix("basis", vectors);
    }
}
