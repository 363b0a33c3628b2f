// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.optim;

import java.lang.foreign.Arena;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.ElementType;
import org.asgo4j.linalg.Matrix;
import org.asgo4j.linalg.Side;
import org.asgo4j.optim.Workspace.Slot;

/**
 * Momentum and squared norms of one weight (or one row block) under {@link Dasgo}. The norms are float64, so that
 * squares of every gradient that float32 can express are in range.
 */
final class DasgoState extends RuleState {
    private static final NormLimit NORM_LIMIT = NormLimit.ofMomentum("DASGO");

    private final DasgoConfig config;
    private final Side side;
    private final Matrix momentum; // M, m×n
    private final Matrix squares; // v, 1×m or 1×n

    DasgoState(Backend backend, Arena arena, DasgoConfig config, int rows, int cols) {
        super(backend, rows, cols);
        this.config = config;
        this.side = Preconditioner.side(config.side(), rows, cols);
        this.momentum = backend.allocate(arena, rows, cols);
        int order = Preconditioner.order(config.side(), rows, cols);
        this.squares = backend.allocateHost(arena, ElementType.FLOAT64, 1, order);
    }

    @Override
    void reserve(Workspace workspace) {
        workspace.reserve(Slot.UPDATE, ElementType.FLOAT32, rows, cols);
        workspace.reserve(Slot.EIGENVALUES, ElementType.FLOAT32, 1, squares.cols());
    }

    @Override
    void apply(
            Matrix weight, Matrix gradient, double gradientScale, float learningRate, float weightDecay,
            Workspace workspace) {
        Matrix update = workspace.get(Slot.UPDATE, ElementType.FLOAT32, rows, cols);
        Matrix factors = workspace.get(Slot.EIGENVALUES, ElementType.FLOAT32, 1, squares.cols());
        double fresh = (1 - config.beta1()) * gradientScale;
        double add = (1 - config.beta2()) * gradientScale * gradientScale;

        backend.axpby((float) fresh, gradient, (float) config.beta1(), momentum); // M ← β₁M + (1−β₁)cG          m×n
        backend.gramDiagonal(side, add, gradient, config.beta2(), squares); //       v ← β₂v + (1−β₂)c²·diag(GᵀG)
        double largest = fill(factors); //                                           d ← (v+ε)^(−1/2)/largest
        backend.copy(momentum, update);
        if (side == Side.LEFT) {
            backend.scaleRows(factors, update); //                                   U ← diag(d)·M               m×n
        } else {
            backend.scaleCols(factors, update); //                                   U ← M·diag(d)               m×n
        }
        double norm = Descent.norm(backend, update, "DASGO", steps() + 1);
        boolean over = isOver(norm, gradient);
        double length = over ? 0 : largest * config.scaling().factor(largest * norm, rows, cols);
        Descent.step(backend, weight, update, length, learningRate, weightDecay);
    }

    /**
     * Sets each factor to (v_j + ε)^(−1/2) divided by the largest of them, 0 where v_j + ε is 0: float32 need not hold
     * the factors themselves.
     *
     * @return the largest factor; 0 if all are 0
     */
    private double fill(Matrix factors) {
        double smallest = Double.POSITIVE_INFINITY;
        for (int j = 0; j < squares.cols(); j++) {
            double damped = squares.get(0, j) + config.epsilon();
            if (damped > 0) smallest = Math.min(smallest, damped);
        }
        for (int j = 0; j < squares.cols(); j++) {
            double damped = squares.get(0, j) + config.epsilon();
            factors.set(0, j, damped > 0 ? Math.sqrt(smallest / damped) : 0);
        }
        return 1 / Math.sqrt(smallest);
    }

    @Override
    NormLimit normLimit() {
        return NORM_LIMIT;
    }

    @Override
    void describe(StateFields fields) {
        fields.matrix("momentum", momentum);
        fields.matrix("squares", squares);
    }
}
