// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.optim;

import java.lang.foreign.Arena;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.ElementType;
import org.asgo4j.linalg.Matrix;
import org.asgo4j.linalg.Side;
import org.asgo4j.linalg.Transpose;
import org.asgo4j.optim.Workspace.Slot;

/**
 * One side of {@link Soap}: a gram matrix L of the gradients and a basis Q that follows its eigenvectors down a
 * {@link RootLadder}, or the identity where that side is too long. Borrows its memory.
 */
final class SoapBasis implements RootLadder.Derived {
    /** L is not rooted; eigenvalues below rounding level count as that. */
    private static final Damping NONE = Damping.absolute(0);

    private final Backend backend;
    private final Side side;
    private final int order; // k
    private final Matrix gram; // L, k×k, lower triangle; null for the identity
    private final Matrix vectors; // Q, k×k, rows q_i; null for the identity
    private final RootLadder ladder;
    private final int[] inOrder; // 0 … k−1
    private final int[] sorted; // the rows of Q before it was renewed, as they come after it
    private boolean renewed; // since hold()

    SoapBasis(Backend backend, Arena arena, SoapConfig config, Side side, int rows, int cols, WeightName weight) {
        this.backend = backend;
        this.side = side;
        this.order = side == Side.LEFT ? rows : cols;
        boolean identity = order > config.maxOrder();
        this.gram = identity ? null : backend.allocate(arena, order, order);
        this.vectors = identity ? null : backend.allocate(arena, order, order);
        this.ladder = new RootLadder(backend, gram, side, weight);
        this.inOrder = new int[order];
        this.sorted = new int[order];
        for (int i = 0; i < order; i++) inOrder[i] = sorted[i] = i;
    }

    private boolean isIdentity() {
        return gram == null;
    }

    /** Whether there is to be a basis, and has been no gradient to make it of. */
    boolean isMissing() {
        return !isIdentity() && ladder.counts.refreshes == 0;
    }

    void reserve(Workspace workspace) {
        if (!isIdentity()) reserve(workspace, ElementType.FLOAT32);
    }

    private void reserve(Workspace workspace, ElementType precision) {
        workspace.reserve(Slot.VECTORS, precision, order, order);
        workspace.reserve(Slot.POWER, precision, order, order);
        workspace.reserve(Slot.EIGENVALUES, precision, 1, order);
        workspace.reserveEigh(precision, order);
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

    /** From here on the basis is as it is, until it is {@link #refresh}ed. */
    void hold() {
        renewed = false;
    }

    /** Q ← the eigenvectors of L the first time, of descending eigenvalues; later turned after L by one QR. */
    void refresh(long taken, double unit, Workspace workspace) {
        if (!isIdentity()) ladder.refresh(this, taken, unit, workspace);
    }

    @Override
    public boolean derive(long taken, double unit, Workspace workspace) {
        renew(gram, vectors, unit, workspace);
        return true;
    }

    @Override
    public void deriveInFloat64(double unit) {
        try (Arena arena = Arena.ofConfined()) {
            Matrix wideGram = backend.allocate(arena, ElementType.FLOAT64, order, order);
            Matrix wideVectors = backend.allocate(arena, ElementType.FLOAT64, order, order);
            backend.copy(gram, wideGram);
            backend.copy(vectors, wideVectors);
            var workspace = new Workspace(backend);
            reserve(workspace, ElementType.FLOAT64);
            workspace.allocate(arena);
            renew(wideGram, wideVectors, unit, workspace);
        }
    }

    /** Renews Q from L and Q in the precision of these copies of them. */
    private void renew(Matrix l, Matrix q, double unit, Workspace workspace) {
        Matrix rows = workspace.get(Slot.POWER, l.type(), order, order);
        Matrix basis = workspace.get(Slot.VECTORS, l.type(), order, order);
        Matrix eigenvalues = workspace.get(Slot.EIGENVALUES, l.type(), 1, order);
        boolean first = isMissing();
        if (first) decompose(l, rows, eigenvalues, workspace);
        else iterate(l, q, rows, basis, eigenvalues);
        EigenInverseRoot.requireFinite(eigenvalues);
        backend.gather(sorted, inOrder, rows, basis);
        if (!first) backend.orthonormalize(basis, workspace.eigh(l.type())); // Q ← the orthonormal rows of Z
        Eigenbasis.requireFinite(backend, basis);
        EigenInverseRoot.noteRange(eigenvalues, NONE, unit, ladder.report);
        backend.copy(basis, vectors);
        renewed = true;
    }

    private void decompose(Matrix l, Matrix rows, Matrix eigenvalues, Workspace workspace) {
        ladder.report.begin(RootMethod.EIGEN);
        backend.copy(l, rows);
        backend.eigh(rows, eigenvalues, workspace.eigh(l.type()));
        for (int i = 0; i < order; i++) sorted[i] = order - 1 - i;
    }

    /** Z ← Q·L, one step of orthogonal iteration, λ_i ← q_i·L·q_iᵀ, and how to sort them. */
    private void iterate(Matrix l, Matrix q, Matrix z, Matrix scratch, Matrix eigenvalues) {
        ladder.report.begin(RootMethod.QR);
        backend.symm(Side.RIGHT, l, q, z);
        backend.gemm(Transpose.NONE, Transpose.TRANSPOSED, 1, z, q, 0, scratch);
        backend.diagonal(scratch, eigenvalues);
        sort(eigenvalues);
    }

    /** Sorts descending; equal ones keep their order. They are nearly in order from the last time. */
    private void sort(Matrix eigenvalues) {
        for (int i = 0; i < order; i++) {
            double value = eigenvalues.get(0, i);
            int j = i;
            while (j > 0 && eigenvalues.get(0, sorted[j - 1]) < value) {
                sorted[j] = sorted[j - 1];
                j--;
            }
            sorted[j] = i;
        }
    }

    /** Q is only ever replaced. */
    @Override
    public boolean isLost() {
        return false;
    }

    /** There is no P to measure. */
    @Override
    public double residual() {
        return Double.NaN;
    }

    @Override
    public String advice() {
        return "Leave this side as it is (SoapConfig.withMaxOrder(%d)), or lower the learning rate if gradients grow"
                .formatted(order - 1);
    }

    /** Whether Q changed since {@link #hold}. */
    boolean isRenewed() {
        return renewed;
    }

    /** For each row of Q its index at {@link #hold}. */
    int[] order() {
        return renewed ? sorted : inOrder;
    }

    /** L in another unit. */
    void rescale(double factor) {
        if (!isIdentity()) GradientScale.multiply(backend, factor * factor, gram);
    }

    RootCounts counts() {
        return ladder.counts;
    }

    void describe(StateFields fields) {
        if (isIdentity()) return;
        ladder.counts.describe(fields);
        fields.triangle("gram", gram);
        fields.matrix("basis", vectors);
    }
}
