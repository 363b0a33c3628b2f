// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.optim;

import java.lang.foreign.Arena;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.ElementType;
import org.asgo4j.linalg.Matrix;
import org.asgo4j.optim.Workspace.Slot;

/** Momentum and preconditioner of one weight (or one row block) under {@link Asgo}. */
final class AsgoState extends RuleState implements GradientScale.Held {
    private final AsgoConfig config;
    private final int rows;
    private final int cols;
    private final Matrix momentum; // M/unit, m×n
    private final Preconditioner preconditioner; // V/unit², P·unit
    private final GradientScale unit;

    AsgoState(Backend backend, Arena arena, AsgoConfig config, int rows, int cols) {
        super(backend, rows, cols);
        this.config = config;
        this.rows = rows;
        this.cols = cols;
        this.momentum = backend.allocate(arena, rows, cols);
        this.unit = new GradientScale(backend);
        this.preconditioner = config.eigenvalueCorrection()
                ? new EigenbasisPreconditioner(backend, arena, config, rows, cols, weightName())
                : new RootPreconditioner(backend, arena, config, rows, cols, weightName());
    }

    @Override
    void reserve(Workspace workspace) {
        workspace.reserve(Slot.UPDATE, ElementType.FLOAT32, rows, cols);
        if (config.nesterov()) workspace.reserve(Slot.DIRECTION, ElementType.FLOAT32, rows, cols);
        preconditioner.reserve(workspace, rows, cols);
    }

    @Override
    void apply(
            Matrix weight, Matrix gradient, double gradientScale, float learningRate, float weightDecay,
            Workspace workspace) {
        double gradientNorm = Math.sqrt(sumOfSquares(gradient));
        unit.follow(gradientScale * gradientNorm, this);
        Matrix g = gradient;
        double scale = gradientScale / unit.unit(); // c
        if (GradientScale.outOfRange(gradientNorm)) { // its squares would leave float32
            g = workspace.get(Slot.UPDATE, ElementType.FLOAT32, rows, cols); // of which U is made when G has been used
            unit.scale(gradient, gradientScale, g);
            scale = 1;
        }
        step(weight, g, scale, learningRate, weightDecay, workspace);
    }

    private void step(Matrix weight, Matrix g, double c, float learningRate, float weightDecay, Workspace workspace) {
        Matrix update = workspace.get(Slot.UPDATE, ElementType.FLOAT32, rows, cols);
        float keep = (float) config.beta1();
        float fresh = (float) ((1 - config.beta1()) * c);

        Matrix direction = momentum;
        if (config.nesterov()) { //                               M as below, N ← β₁M + (1−β₁)cG
            direction = workspace.get(Slot.DIRECTION, ElementType.FLOAT32, rows, cols);
            backend.lookAhead(fresh, g, keep, momentum, direction);
        } else {
            backend.axpby(fresh, g, keep, momentum); //           M ← β₁M + (1−β₁)cG     m×n
        }
        if (config.gramSource() == GramSource.GRADIENT) accumulate(g, c * c, workspace);
        else accumulate(direction, 1, workspace); //              V ← β₂V + (1−β₂)c²GGᵀ  k×k
        preconditioner.refresh(steps(), unit.unit(), workspace); // P ← V^(−1/2)         k×k
        preconditioner.apply(direction, g, c, update, workspace); // U ← PN or NP        m×n
        double length = config.scaling().factor(Descent.norm(backend, update, "ASGO", steps() + 1), rows, cols);
        Descent.step(backend, weight, update, length, learningRate, weightDecay); // W ← (1−ηλ)W − ηU
    }

    private void accumulate(Matrix x, double square, Workspace workspace) {
        boolean sum = config.accumulation() == Accumulation.SUM;
        double keep = sum ? 1 : config.beta2();
        double add = sum ? 1 : 1 - config.beta2();
        preconditioner.accumulate(x, keep, add * square, workspace);
    }

    @Override
    public double largestSquare() {
        return Math.max(backend.sumOfSquares(momentum), preconditioner.trace());
    }

    @Override
    public void rescale(double factor) {
        GradientScale.multiply(backend, factor, momentum);
        preconditioner.rescale(factor);
    }

    @Override
    void describe(StateFields fields) {
        unit.describe(fields);
        fields.matrix("momentum", momentum);
        preconditioner.describe(fields);
    }

    @Override
    void addCounts(RootCounts sum) {
        sum.add(preconditioner.ladder.counts);
    }

    @Override
    void settle() {
        preconditioner.settle();
    }
}
