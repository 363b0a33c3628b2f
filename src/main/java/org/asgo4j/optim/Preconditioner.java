package org.asgo4j.optim;

import java.lang.foreign.Arena;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.ElementType;
import org.asgo4j.linalg.Matrix;
import org.asgo4j.linalg.NativeCallException;
import org.asgo4j.linalg.Side;
import org.asgo4j.linalg.Transpose;
import org.asgo4j.optim.Workspace.Slot;

/**
 * The gram matrix V of one weight's gradients, on one side of the weight, and what is derived from it (a root, or an
 * eigenbasis), with the ladder that a failing derivation goes down: as configured → in float64 → the last good one, for
 * at most two refreshes in a row. Borrows its memory; everything is held in units of the state's gradient scale.
 */
abstract sealed class Preconditioner permits RootPreconditioner, EigenbasisPreconditioner {
    /** So many failed refreshes in a row end the training: the root in use would be ever older. */
    private static final int FAILURES_ALLOWED = 2;

    private static final System.Logger LOGGER = System.getLogger(Preconditioner.class.getName());

    final Backend backend;
    final Side side;
    final AsgoConfig config;
    final Matrix gram; // V, k×k, lower triangle
    final RootReport report = new RootReport();
    final RootCounts counts = new RootCounts();
    private final WeightName weight;

    /** For gradients of {@code rows × cols}. V starts as zeros. */
    Preconditioner(Backend backend, Arena arena, AsgoConfig config, int rows, int cols, WeightName weight) {
        this.backend = backend;
        this.config = config;
        this.weight = weight;
        this.side = side(config.side(), rows, cols);
        int order = order(config.side(), rows, cols);
        this.gram = backend.allocate(arena, config.root().precision(), order, order);
    }

    static Side side(PreconditionerSide side, int rows, int cols) {
        return switch (side) {
            case AUTO -> rows < cols ? Side.LEFT : Side.RIGHT; // a square weight is RIGHT, as published
            case LEFT -> Side.LEFT;
            case RIGHT -> Side.RIGHT;
        };
    }

    /** The order k of V: the weight's extent on the preconditioned side. */
    static int order(PreconditionerSide side, int rows, int cols) {
        return side(side, rows, cols) == Side.LEFT ? rows : cols;
    }

    void reserve(Workspace workspace, int rows, int cols) {
        ElementType precision = gram.type();
        if (precision != ElementType.FLOAT32) workspace.reserve(Slot.GRADIENT, precision, rows, cols);
    }

    /** V ← keep·V + add·XXᵀ (LEFT) or keep·V + add·XᵀX (RIGHT): one syrk. */
    final void accumulate(Matrix x, double keep, double add, Workspace workspace) {
        Matrix wide = x;
        if (gram.type() != ElementType.FLOAT32) {
            wide = workspace.get(Slot.GRADIENT, gram.type(), x.rows(), x.cols());
            backend.copy(x, wide);
        }
        backend.syrk(side == Side.LEFT ? Transpose.NONE : Transpose.TRANSPOSED, add, wide, keep, gram);
    }

    /**
     * Renews what is derived from V, if that is due.
     *
     * @param taken steps taken before this one
     * @param unit the gradient scale V is held in
     */
    void refresh(long taken, double unit, Workspace workspace) {
        if (config.refresh().isDue(taken)) deriveOrKeep(taken, unit, workspace);
    }

    /** One refresh, down the ladder. */
    final void deriveOrKeep(long taken, double unit, Workspace workspace) {
        RefreshEvent event = RefreshEvent.start();
        boolean renewed;
        try {
            renewed = derive(taken, unit, workspace);
            counts.keptInARow = 0;
        } catch (NativeCallException | RootFailure first) {
            renewed = fallBack(taken, unit, first);
        }
        if (renewed) counts.refreshes++;
        counts.condition = report.condition;
        if (event != null) commit(event, taken, unit, workspace);
    }

    final void commit(RefreshEvent event, long taken, double unit, Workspace workspace) {
        event.commit(weight, taken + 1, report, counts, unit, residual(workspace));
    }

    /** The lower rungs, after {@code first}; whether float64 gave what was wanted. */
    final boolean fallBack(long taken, double unit, RuntimeException first) {
        try {
            deriveInFloat64(unit);
            counts.retries++;
            counts.keptInARow = 0;
            return true;
        } catch (NativeCallException | RootFailure second) {
            if (!hasDerived() || counts.keptInARow == FAILURES_ALLOWED) {
                throw new RootFailedException(
                        weight.get(), taken + 1, counts.keptInARow + 1, gram, report, unit, first);
            }
            counts.kept++;
            counts.keptInARow++;
            LOGGER.log(System.Logger.Level.WARNING,
                    "asgo: the root of ''{0}'' failed at step {1} in both precisions, the last good one stays "
                            + "({2} of {3} in a row): {4}",
                    weight.get(), taken + 1, counts.keptInARow, FAILURES_ALLOWED, second.getMessage());
            return false;
        }
    }

    /** Whether something derived earlier can stay in use. */
    boolean hasDerived() {
        return counts.refreshes > 0;
    }

    /**
     * Derives anew, as configured. On failure what was derived before is unchanged.
     *
     * @return whether something was derived; false if the old one was found good enough
     */
    abstract boolean derive(long taken, double unit, Workspace workspace);

    /** Derives anew by eigendecomposition in float64; may allocate. On failure what was derived before is unchanged. */
    abstract void deriveInFloat64(double unit);

    /** ‖I − PVP‖_F/√k of what is in use; NaN if it has no such meaning. */
    abstract double residual(Workspace workspace);

    /**
     * U ← P·N (LEFT) or N·P (RIGHT).
     *
     * @param direction N, m×n; read
     * @param gradient G, m×n; read where eigenvalues are corrected
     * @param scale c: the gradient is c·G
     * @param update U, m×n; written
     */
    abstract void apply(Matrix direction, Matrix gradient, double scale, Matrix update, Workspace workspace);

    /** V ← factor²·V and what is derived from it likewise, for a power of two: exact but for underflow. */
    void rescale(double factor) {
        scaleLower(gram, factor * factor);
    }

    static void scaleLower(Matrix m, double factor) {
        for (int i = 0; i < m.rows(); i++) {
            for (int j = 0; j <= i; j++) m.set(i, j, m.get(i, j) * factor);
        }
    }

    /** tr V = Σ‖G‖_F², weighted as V is. */
    final double trace() {
        double trace = 0;
        for (int i = 0; i < gram.rows(); i++) trace += gram.get(i, i);
        return trace;
    }

    /** V and the counts. */
    void describe(StateFields fields) {
        counts.describe(fields);
        fields.triangle("gram", gram);
    }

    /** Waits for what is under way in the background. */
    void settle() {}
}
