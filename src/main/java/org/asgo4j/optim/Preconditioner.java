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
 * The gram matrix V of one weight's gradients, on one side of the weight, and what is derived from it (a root, or an
 * eigenbasis) down a {@link RootLadder}. Borrows its memory; everything is held in units of the state's gradient scale.
 */
abstract sealed class Preconditioner implements RootLadder.Derived
        permits RootPreconditioner, EigenbasisPreconditioner {
    final Backend backend;
    final Side side;
    final AsgoConfig config;
    final Matrix gram; // V, k×k, lower triangle
    final RootLadder ladder;

    /** For gradients of {@code rows × cols}. V starts as zeros. */
    Preconditioner(Backend backend, Arena arena, AsgoConfig config, int rows, int cols, WeightName weight) {
        this.backend = backend;
        this.config = config;
        this.side = side(config.side(), rows, cols);
        int order = order(config.side(), rows, cols);
        this.gram = backend.allocate(arena, config.root().precision(), order, order);
        this.ladder = new RootLadder(backend, gram, side, weight);
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
     * Renews what is derived from V, if that is due or there is none.
     *
     * @param taken steps taken before this one
     * @param unit the gradient scale V is held in
     */
    void refresh(long taken, double unit, Workspace workspace) {
        if (isLost() || config.refresh().isDue(taken)) ladder.refresh(this, taken, unit, workspace);
    }

    @Override
    public String advice() {
        return "Damp it more (Damping.relative(1e-4)), use roots in FLOAT64, or lower the learning rate if gradients "
                + "grow";
    }

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
        backend.multiplyLower(factor * factor, gram);
    }

    /** tr V = Σ‖G‖_F², weighted as V is. */
    final double trace() {
        return backend.trace(gram);
    }

    /** V ← 0, and what is averaged beside it likewise. */
    void end() {
        backend.fill(0, gram);
    }

    /** V and the counts. */
    void describe(StateFields fields) {
        ladder.counts.describe(fields);
        fields.triangle("gram", gram);
    }

    /** Waits for what is under way in the background. */
    void settle() {}
}
