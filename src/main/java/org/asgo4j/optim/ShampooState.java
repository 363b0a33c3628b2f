// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.optim;

import java.lang.foreign.Arena;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.ElementType;
import org.asgo4j.linalg.Matrix;
import org.asgo4j.linalg.Side;
import org.asgo4j.optim.Workspace.Slot;

/** Momentum, second moment and both gram matrices of one weight (or one row block) under {@link Shampoo}. */
final class ShampooState extends RuleState implements GradientScale.Held {
    private static final NormLimit NORM_LIMIT = NormLimit.inUnits("Shampoo");

    private final ShampooConfig config;
    private final GradientScale scale;
    private final Matrix momentum; // M/unit, m×n
    private final Matrix secondMoment; // S/unit², m×n
    private final KroneckerFactor left; // L/unit², m×m
    private final KroneckerFactor right; // R/unit², n×n

    ShampooState(Backend backend, Arena arena, ShampooConfig config, int rows, int cols) {
        super(backend, rows, cols);
        this.config = config;
        this.scale = new GradientScale(backend);
        this.momentum = backend.allocate(arena, rows, cols);
        this.secondMoment = backend.allocate(arena, rows, cols);
        this.left = new KroneckerFactor(backend, arena, config, Side.LEFT, rows, cols, weightName());
        this.right = new KroneckerFactor(backend, arena, config, Side.RIGHT, rows, cols, weightName());
    }

    @Override
    void reserve(Workspace workspace) {
        workspace.reserve(Slot.UPDATE, ElementType.FLOAT32, rows, cols);
        workspace.reserve(Slot.PRODUCT, ElementType.FLOAT32, rows, cols);
        left.reserve(workspace);
        right.reserve(workspace);
    }

    @Override
    void apply(
            Matrix weight, Matrix gradient, double gradientScale, float learningRate, float weightDecay,
            Workspace workspace) {
        scale.follow(gradientScale * Math.sqrt(sumOfSquares(gradient)), this);
        Matrix update = workspace.get(Slot.UPDATE, ElementType.FLOAT32, rows, cols);
        Matrix g = update; // of which U is made when G has been used
        scale.scale(gradient, gradientScale, g);
        Matrix product = workspace.get(Slot.PRODUCT, ElementType.FLOAT32, rows, cols);
        float beta1 = (float) config.beta1();
        float beta2 = (float) config.beta2();

        backend.axpby((float) (1 - config.beta1()), g, beta1, momentum); //          M ← β₁M + (1−β₁)G       m×n
        backend.addSquares((float) (1 - config.beta2()), g, beta2, secondMoment); // S ← β₂S + (1−β₂)G∘G     m×n
        left.accumulate(g, config.beta2()); //                                       L ← β₂L + (1−β₂)GGᵀ     m×m
        right.accumulate(g, config.beta2()); //                                      R ← β₂R + (1−β₂)GᵀG     n×n
        left.refresh(steps(), scale.unit(), workspace); //                           L^(−1/4)                m×m
        right.refresh(steps(), scale.unit(), workspace); //                          R^(−1/4)                n×n
        left.apply(momentum, product);
        right.apply(product, update); //                                             U ← L^(−1/4)MR^(−1/4)   m×n
        double norm = Descent.norm(backend, update, "Shampoo", steps() + 1);
        backend.divideByRoot(momentum, secondMoment, (float) shift(), 0, product); // M/√(S+ε)               m×n
        double length = norm > 0 ? Math.sqrt(backend.sumOfSquares(product)) / norm : 0;
        Descent.step(backend, weight, update, length, learningRate, weightDecay);
    }

    /** ε of the second moment, in units; its mean is that of ‖G‖_F²/(mn). */
    private double shift() {
        return config.damping().shift(left.trace() / rows / cols, 0, scale.unit());
    }

    @Override
    public double largestSquare() {
        return Math.max(backend.sumOfSquares(momentum), left.trace());
    }

    @Override
    public void rescale(double factor) {
        GradientScale.multiply(backend, factor, momentum);
        GradientScale.multiply(backend, factor * factor, secondMoment);
        left.rescale(factor);
        right.rescale(factor);
    }

    @Override
    NormLimit normLimit() {
        return NORM_LIMIT;
    }

    @Override
    void describe(StateFields fields) {
        scale.describe(fields);
        fields.matrix("momentum", momentum);
        fields.matrix("second_moment", secondMoment);
        left.describe(fields.part("left"));
        right.describe(fields.part("right"));
    }

    @Override
    void addCounts(RootCounts sum) {
        sum.add(left.counts());
        sum.add(right.counts());
    }
}
