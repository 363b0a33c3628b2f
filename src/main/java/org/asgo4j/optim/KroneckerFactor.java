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
 * One side of {@link Shampoo}: a gram matrix of the gradients and its inverse fourth root, with the ladder that a
 * failing root goes down. Borrows its memory.
 */
final class KroneckerFactor implements RootLadder.Derived {
    private final Backend backend;
    private final Side side;
    private final ShampooConfig config;
    private final InverseFourthRoot inverseRoot;
    private final Matrix gram; // L or R, k×k, lower triangle
    private final Matrix root; // k×k, lower triangle
    private final RootLadder ladder;
    private boolean rootMissing; // not in the file, or of zeros

    /** For gradients of {@code rows × cols}. Gram matrix and root start as zeros. */
    KroneckerFactor(
            Backend backend, Arena arena, ShampooConfig config, Side side, int rows, int cols, WeightName weight) {
        this.backend = backend;
        this.side = side;
        this.config = config;
        this.inverseRoot = new InverseFourthRoot(backend, config.damping(), config.root(), ElementType.FLOAT32);
        int order = side == Side.LEFT ? rows : cols;
        this.gram = backend.allocate(arena, order, order);
        this.root = backend.allocate(arena, order, order);
        this.ladder = new RootLadder(backend, gram, side, weight);
    }

    void reserve(Workspace workspace) {
        inverseRoot.reserve(workspace, gram.rows());
        workspace.reserve(Slot.CANDIDATE, ElementType.FLOAT32, gram.rows(), gram.rows());
    }

    /** L ← keep·L + (1−keep)·GGᵀ, or R with GᵀG. */
    void accumulate(Matrix gradient, double keep) {
        backend.syrk(side == Side.LEFT ? Transpose.NONE : Transpose.TRANSPOSED, 1 - keep, gradient, keep, gram);
    }

    /** Takes the root anew, if that is due or there is none. */
    void refresh(long taken, double unit, Workspace workspace) {
        if (rootMissing || taken % config.refreshInterval() == 0) ladder.refresh(this, taken, unit, workspace);
    }

    @Override
    public boolean derive(long taken, double unit, Workspace workspace) {
        Matrix candidate = workspace.get(Slot.CANDIDATE, ElementType.FLOAT32, gram.rows(), gram.rows());
        inverseRoot.compute(gram, unit, candidate, ladder.report, workspace);
        use(candidate);
        return true;
    }

    @Override
    public void deriveInFloat64(double unit) {
        try (Arena arena = Arena.ofConfined()) {
            Matrix candidate = backend.allocate(arena, gram.rows(), gram.rows());
            var eigen = new InverseFourthRoot(backend, config.damping(), FourthRoot.EIGEN, ElementType.FLOAT64);
            var workspace = new Workspace(backend);
            eigen.reserve(workspace, gram.rows());
            workspace.allocate(arena);
            eigen.compute(gram, unit, candidate, ladder.report, workspace);
            use(candidate);
        }
    }

    private void use(Matrix candidate) {
        Symmetric.requireFiniteRoot(backend, candidate);
        backend.copy(candidate, root);
        rootMissing = trace() == 0; // the root of zeros must not last until the next one is due
    }

    @Override
    public boolean isLost() {
        return rootMissing;
    }

    /** Of P = X², X the fourth root. */
    @Override
    public double residual() {
        try (Arena arena = Arena.ofConfined()) {
            Matrix x = Symmetric.full(backend, arena, root);
            Matrix square = backend.allocate(arena, ElementType.FLOAT64, gram.rows(), gram.rows());
            backend.gemm(Transpose.NONE, Transpose.NONE, 1, x, x, 0, square);
            return Symmetric.residual(backend, arena, gram, square);
        }
    }

    @Override
    public String advice() {
        return "Damp it more (Damping.relative(1e-4)), or lower the learning rate if gradients grow";
    }

    /** Y ← L^(−1/4)·X, or X·R^(−1/4). */
    void apply(Matrix x, Matrix y) {
        backend.symm(side, root, x, y);
    }

    /** The gram matrix in another unit. The root may stay: grafting cancels its length. */
    void rescale(double factor) {
        GradientScale.multiply(backend, factor * factor, gram);
    }

    /** The gram matrix's trace: the mean of ‖G‖_F². */
    double trace() {
        return backend.trace(gram);
    }

    RootCounts counts() {
        return ladder.counts;
    }

    void describe(StateFields fields) {
        ladder.counts.describe(fields);
        fields.triangle("gram", gram);
        rootMissing = !fields.derivedTriangle("root", root, !rootMissing);
    }
}
