// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.optim;

import java.lang.foreign.Arena;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.ElementType;
import org.asgo4j.linalg.Matrix;
import org.asgo4j.linalg.Side;
import org.asgo4j.linalg.Transpose;
import org.asgo4j.optim.Workspace.Slot;

/** The gram matrix V and its inverse root P: U = PN or NP. */
final class RootPreconditioner extends Preconditioner {
    private final InverseRoot inverseRoot;
    private final Matrix root; // P, k×k float32, both triangles: a product of any matrix is faster than one of half
    private final BackgroundRoot background; // null unless roots are asynchronous
    private boolean rootMissing; // not in the file, lost to a change of unit, or of zeros

    RootPreconditioner(Backend backend, Arena arena, AsgoConfig config, int rows, int cols, WeightName weight) {
        super(backend, arena, config, rows, cols, weight);
        this.inverseRoot = InverseRoots.of(backend, arena, config, gram);
        this.root = backend.allocate(arena, gram.rows(), gram.rows());
        this.background = config.refresh() instanceof Refresh.Asynchronous
                ? new BackgroundRoot(backend, arena, config, gram)
                : null;
    }

    @Override
    void reserve(Workspace workspace, int rows, int cols) {
        super.reserve(workspace, rows, cols);
        int order = gram.rows();
        inverseRoot.reserve(workspace);
        workspace.reserve(Slot.CANDIDATE, ElementType.FLOAT32, order, order);
    }

    @Override
    void refresh(long taken, double unit, Workspace workspace) {
        if (rootMissing) {
            ladder.refresh(this, taken, unit, workspace);
            if (background != null) {
                background.abandon();
                background.rootIsOf(taken);
            }
        } else if (background == null || ladder.counts.refreshes == 0) {
            super.refresh(taken, unit, workspace);
            if (background != null) background.rootIsOf(taken);
        } else {
            follow(taken, unit);
        }
        if (background != null) ladder.counts.staleness = background.staleness(taken);
    }

    /** The root where a {@link RootBatch} may find it with others at the step that needs it; else null. */
    BatchedRoot batchedRoot() {
        return background == null && inverseRoot instanceof BatchedRoot batched ? batched : null;
    }

    /** Whether the next {@link #refresh} needs a root, as far as is known before the gradient is. */
    boolean isDue(long taken) {
        return rootMissing || config.refresh().isDue(taken);
    }

    /** Lets the background thread do it; its event is the handing over, at the step that sees it. */
    private void follow(long taken, double unit) {
        RootCounts counts = ladder.counts;
        RefreshEvent event = RefreshEvent.start();
        long before = counts.refreshes + counts.kept;
        try {
            background.follow(taken, unit, gram, root, ladder);
        } catch (RootFailure inBackground) {
            if (ladder.fallBack(this, taken, unit, inBackground)) {
                counts.refreshes++;
                background.rootIsOf(taken);
            }
        }
        if (event != null && counts.refreshes + counts.kept > before) ladder.commit(event, this, taken, unit);
    }

    @Override
    public boolean isLost() {
        return rootMissing;
    }

    @Override
    public boolean derive(long taken, double unit, Workspace workspace) {
        Matrix candidate = workspace.get(Slot.CANDIDATE, ElementType.FLOAT32, gram.rows(), gram.rows());
        boolean anew = inverseRoot.compute(gram, unit, candidate, ladder.report, workspace);
        use(candidate);
        return anew;
    }

    private void use(Matrix candidate) {
        Symmetric.requireFiniteRoot(backend, candidate);
        backend.copy(candidate, root);
        backend.symmetrize(root);
        rootMissing = trace() == 0; // zeros have the root 0, which must not last until the next one is due
    }

    @Override
    public void deriveInFloat64(double unit) {
        int order = gram.rows();
        try (Arena arena = Arena.ofConfined()) {
            Matrix wide = backend.allocate(arena, ElementType.FLOAT64, order, order);
            Matrix candidate = backend.allocate(arena, order, order);
            var eigen = new EigenInverseRoot(backend, config.root().damping(), ElementType.FLOAT64, order);
            var workspace = new Workspace(backend);
            eigen.reserve(workspace);
            workspace.allocate(arena);
            backend.copy(gram, wide);
            eigen.compute(wide, unit, candidate, ladder.report, workspace);
            use(candidate);
        }
    }

    @Override
    public double residual() {
        try (Arena arena = Arena.ofConfined()) {
            return Symmetric.residual(backend, arena, gram, Symmetric.full(backend, arena, root));
        }
    }

    @Override
    void apply(Matrix direction, Matrix gradient, double scale, Matrix update, Workspace workspace) {
        boolean left = side == Side.LEFT;
        backend.gemm(
                Transpose.NONE, Transpose.NONE, 1, left ? root : direction, left ? direction : root, 0, update);
    }

    @Override
    void rescale(double factor) {
        super.rescale(factor);
        if (!Symmetric.rescaleRoot(backend, 1 / factor, root)) rootMissing = true;
        backend.symmetrize(root);
        inverseRoot.rescale(factor);
    }

    @Override
    void describe(StateFields fields) {
        super.describe(fields);
        rootMissing = !fields.derivedTriangle("root", root, !rootMissing);
        if (fields.loads() && !rootMissing) backend.symmetrize(root);
        inverseRoot.describe(fields);
        if (background != null) background.describe(fields);
    }

    @Override
    void settle() {
        if (background != null) background.settle();
    }
}
