// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.optim;

import java.lang.foreign.Arena;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.ElementType;
import org.asgo4j.linalg.Matrix;
import org.asgo4j.linalg.Side;
import org.asgo4j.optim.Workspace.Slot;

/** Both moments of one weight (or one row block) under {@link Soap} and the bases they are kept in. */
final class SoapState extends RuleState implements GradientScale.Held {
    private static final NormLimit NORM_LIMIT = NormLimit.inUnits("SOAP");

    private final SoapConfig config;
    private final GradientScale scale;
    private final SoapBasis left; // L/unit², m×m
    private final SoapBasis right; // R/unit², n×n
    private final Matrix firstMoment; // M'/unit, m×n, in the basis
    private final Matrix secondMoment; // V'/unit², m×n, in the basis
    private final Matrix energy; // Σ V'/unit², 1×1

    SoapState(Backend backend, Arena arena, SoapConfig config, int rows, int cols) {
        super(backend, rows, cols);
        this.config = config;
        this.scale = new GradientScale(backend);
        this.left = new SoapBasis(backend, arena, config, Side.LEFT, rows, cols, weightName());
        this.right = new SoapBasis(backend, arena, config, Side.RIGHT, rows, cols, weightName());
        this.firstMoment = backend.allocate(arena, rows, cols);
        this.secondMoment = backend.allocate(arena, rows, cols);
        this.energy = backend.allocateHost(arena, ElementType.FLOAT64, 1, 1);
    }

    @Override
    void reserve(Workspace workspace) {
        workspace.reserve(Slot.UPDATE, ElementType.FLOAT32, rows, cols);
        workspace.reserve(Slot.PRODUCT, ElementType.FLOAT32, rows, cols);
        workspace.reserve(Slot.SCALED_GRADIENT, ElementType.FLOAT32, rows, cols);
        left.reserve(workspace);
        right.reserve(workspace);
    }

    @Override
    void apply(
            Matrix weight, Matrix gradient, double gradientScale, float learningRate, float weightDecay,
            Workspace workspace) {
        double norm = gradientScale * Math.sqrt(sumOfSquares(gradient));
        scale.follow(norm, this);
        Matrix g = workspace.get(Slot.SCALED_GRADIENT, ElementType.FLOAT32, rows, cols);
        scale.scale(gradient, gradientScale, g);
        left.accumulate(g, config.beta2()); //  L ← β₂L + (1−β₂)GGᵀ  m×m
        right.accumulate(g, config.beta2()); // R ← β₂R + (1−β₂)GᵀG  n×n
        long t = steps();
        if (t == 0 || left.isMissing() || right.isMissing()) { // the first gradient makes the basis and moves nothing
            if (norm == 0) return; //                            zeros would make one that no later gradient has
            left.refresh(t, scale.unit(), workspace);
            right.refresh(t, scale.unit(), workspace);
            return;
        }
        double relative = norm / scale.unit();
        energy.set(0, 0, config.beta2() * energy.get(0, 0) + (1 - config.beta2()) * relative * relative);
        Matrix update = adam(g, workspace);
        Descent.norm(backend, update, "SOAP", t + 1);
        double correction = Math.sqrt(1 - Math.pow(config.beta2(), t)) / (1 - Math.pow(config.beta1(), t));
        // Before the weight is changed, which it must not be if a basis fails for good.
        if (t % config.refreshInterval() == 0) turn(t, workspace);
        Descent.step(backend, weight, update, correction, learningRate, weightDecay);
    }

    /** The update of Adam's moments in the basis, out of it; without bias correction. The gradient is overwritten. */
    private Matrix adam(Matrix g, Workspace workspace) {
        Matrix product = workspace.get(Slot.PRODUCT, ElementType.FLOAT32, rows, cols);
        Matrix rotated = workspace.get(Slot.UPDATE, ElementType.FLOAT32, rows, cols);
        double mean = energy.get(0, 0) / rows / cols;
        float inside = (float) config.damping().inside(mean, scale.unit());
        float outside = (float) config.damping().outside(scale.unit());
        double beta1 = config.beta1();
        double beta2 = config.beta2();

        left.enter(g, product);
        right.enter(product, rotated); //                                               G' ← Q_L·G·Q_Rᵀ          m×n
        backend.axpby((float) (1 - beta1), rotated, (float) beta1, firstMoment); //       M' ← β₁M' + (1−β₁)G'
        backend.addSquares((float) (1 - beta2), rotated, (float) beta2, secondMoment); // V' ← β₂V' + (1−β₂)G'∘G'
        backend.divideByRoot(firstMoment, secondMoment, inside, outside, g); //           N ← M'/(√V' + ε)
        left.leave(g, product);
        right.leave(product, rotated); //                                               U ← Q_Lᵀ·N·Q_R           m×n
        return rotated;
    }

    /**
     * Turns both bases, and takes the moments along: M' by rotation, V' as it is, in the new order. Also where one side
     * fails for good, so that moments and bases always belong together.
     */
    private void turn(long t, Workspace workspace) {
        Matrix product = workspace.get(Slot.PRODUCT, ElementType.FLOAT32, rows, cols);
        Matrix moment = workspace.get(Slot.SCALED_GRADIENT, ElementType.FLOAT32, rows, cols);
        left.leave(firstMoment, product);
        right.leave(product, moment);
        left.hold();
        right.hold();
        try {
            left.refresh(t, scale.unit(), workspace);
            right.refresh(t, scale.unit(), workspace);
        } finally {
            if (left.isRenewed() || right.isRenewed()) {
                left.enter(moment, product);
                right.enter(product, firstMoment);
                backend.copy(secondMoment, product);
                backend.gather(left.order(), right.order(), product, secondMoment);
            }
        }
    }

    @Override
    public double largestSquare() {
        return Math.max(backend.sumOfSquares(firstMoment), energy.get(0, 0));
    }

    @Override
    public void rescale(double factor) {
        GradientScale.multiply(backend, factor, firstMoment);
        GradientScale.multiply(backend, factor * factor, secondMoment);
        energy.set(0, 0, energy.get(0, 0) * factor * factor);
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
        fields.matrix("first_moment", firstMoment);
        fields.matrix("second_moment", secondMoment);
        fields.matrix("energy", energy);
        left.describe(fields.part("left"));
        right.describe(fields.part("right"));
    }

    @Override
    void addCounts(RootCounts sum) {
        sum.add(left.counts());
        sum.add(right.counts());
    }
}
