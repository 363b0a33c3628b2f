// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.optim;

import static org.asgo4j.optim.Checks.require;

/**
 * The hyper-parameters of {@link Shampoo} (Gupta, Koren, Singer 2018), as the ASGO code has them for its baseline.
 * Learning rate and weight decay belong to the group.
 *
 * {@snippet file="RuleExamplesTest.java" region="shampoo"}
 *
 * @param beta1 decay of the momentum, in [0, 1); 0 is no momentum
 * @param beta2 decay of both gram matrices and of the second moment, in [0, 1)
 * @param damping what is added to L, R and the second moment: {@link Damping#absolute} as published, which stops
 *     training where gradients are far smaller than √ε, or {@link Damping#relative}, where the mean of the second
 *     moment stands for its λ_max
 * @param root how the roots are taken
 * @param refreshInterval the roots are computed every this many steps, the first included; 1 is every step, as
 *     published
 */
public record ShampooConfig(double beta1, double beta2, Damping damping, FourthRoot root, int refreshInterval) {

    /** The learning rate η published with ASGO. */
    public static final float PUBLISHED_LEARNING_RATE = 5e-3f;

    /** The decoupled weight decay λ published with ASGO. */
    public static final float PUBLISHED_WEIGHT_DECAY = 0.1f;

    private static final double PUBLISHED_BETA1 = 0.9;
    private static final double PUBLISHED_BETA2 = 0.999;
    private static final double PUBLISHED_EPSILON = 1e-10;

    /** Checks the values. */
    public ShampooConfig {
        require(beta1 >= 0 && beta1 < 1, "beta1 must be in [0, 1), got %s", beta1);
        require(beta2 >= 0 && beta2 < 1, "beta2 must be in [0, 1), got %s", beta2);
        require(damping != null, "damping must not be null");
        require(damping.isShift(), "damping of Shampoo must be ABSOLUTE or RELATIVE, got %s", damping.kind());
        require(root != null, "root must not be null");
        require(refreshInterval >= 1, "refreshInterval must be at least 1 step, got %s", refreshInterval);
    }

    /** β 0.9/0.999, ε 1e-10, Newton's iteration at every step: the baseline of the ASGO code. */
    public static ShampooConfig published() {
        return new ShampooConfig(
                PUBLISHED_BETA1, PUBLISHED_BETA2, Damping.absolute(PUBLISHED_EPSILON), FourthRoot.COUPLED_NEWTON, 1);
    }

    /** This configuration with other decays. */
    public ShampooConfig withBetas(double newBeta1, double newBeta2) {
        return new ShampooConfig(newBeta1, newBeta2, damping, root, refreshInterval);
    }

    /** This configuration with another decay of the momentum. */
    public ShampooConfig withBeta1(double newBeta1) {
        return withBetas(newBeta1, beta2);
    }

    /** This configuration with another decay of the gram matrices. */
    public ShampooConfig withBeta2(double newBeta2) {
        return withBetas(beta1, newBeta2);
    }

    /** This configuration with another damping. */
    public ShampooConfig withDamping(Damping newDamping) {
        return new ShampooConfig(beta1, beta2, newDamping, root, refreshInterval);
    }

    /** This configuration with roots taken another way. */
    public ShampooConfig withRoot(FourthRoot newRoot) {
        return new ShampooConfig(beta1, beta2, damping, newRoot, refreshInterval);
    }

    /** This configuration with roots every {@code steps} steps. */
    public ShampooConfig withRefreshInterval(int steps) {
        return new ShampooConfig(beta1, beta2, damping, root, steps);
    }
}
