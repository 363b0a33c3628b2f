// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.optim;

import static org.asgo4j.optim.Checks.require;

/**
 * The hyper-parameters of {@link Dasgo} (An et al., arXiv 2503.20762). Learning rate and weight decay belong to the
 * group.
 *
 * {@snippet file="RuleExamplesTest.java" region="dasgo"}
 *
 * @param beta1 decay of the momentum, in [0, 1); 0 is no momentum
 * @param beta2 decay of the sums of squares, in [0, 1)
 * @param epsilon added to the sums of squares under the root, at least 0. It is absolute: where gradients are far
 *     smaller than √ε the rule is momentum with scaled updates.
 * @param side whose norms are gathered: RIGHT the columns', as published, LEFT the rows', AUTO the smaller side's
 * @param scaling the length of an update
 */
public record DasgoConfig(
        double beta1, double beta2, double epsilon, PreconditionerSide side, UpdateScaling scaling) {

    /** The published learning rate η. */
    public static final float PUBLISHED_LEARNING_RATE = 0.01f;

    /** The published decoupled weight decay λ. */
    public static final float PUBLISHED_WEIGHT_DECAY = 0.1f;

    private static final double PUBLISHED_BETA1 = 0.9;
    private static final double PUBLISHED_BETA2 = 0.95;
    private static final double PUBLISHED_EPSILON = 1e-8;

    /** Checks the values. */
    public DasgoConfig {
        require(beta1 >= 0 && beta1 < 1, "beta1 must be in [0, 1), got %s", beta1);
        require(beta2 >= 0 && beta2 < 1, "beta2 must be in [0, 1), got %s", beta2);
        require(epsilon >= 0 && epsilon <= Float.MAX_VALUE, "epsilon must be finite and at least 0, got %s", epsilon);
        require(side != null, "side must not be null");
        require(scaling != null, "scaling must not be null");
    }

    /** β 0.9/0.95, ε 1e-8, the columns' norms, RMS 0.2: as the ASGO code has it. */
    public static DasgoConfig published() {
        return new DasgoConfig(
                PUBLISHED_BETA1, PUBLISHED_BETA2, PUBLISHED_EPSILON, PreconditionerSide.RIGHT, UpdateScaling.RMS);
    }

    /** This configuration with other decays. */
    public DasgoConfig withBetas(double newBeta1, double newBeta2) {
        return new DasgoConfig(newBeta1, newBeta2, epsilon, side, scaling);
    }

    /** This configuration with another decay of the momentum. */
    public DasgoConfig withBeta1(double newBeta1) {
        return withBetas(newBeta1, beta2);
    }

    /** This configuration with another decay of the sums of squares. */
    public DasgoConfig withBeta2(double newBeta2) {
        return withBetas(beta1, newBeta2);
    }

    /** This configuration with another ε. */
    public DasgoConfig withEpsilon(double newEpsilon) {
        return new DasgoConfig(beta1, beta2, newEpsilon, side, scaling);
    }

    /** This configuration with another side. */
    public DasgoConfig withSide(PreconditionerSide newSide) {
        return new DasgoConfig(beta1, beta2, epsilon, newSide, scaling);
    }

    /** This configuration with another update scaling. */
    public DasgoConfig withScaling(UpdateScaling newScaling) {
        return new DasgoConfig(beta1, beta2, epsilon, side, newScaling);
    }
}
