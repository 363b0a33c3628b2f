// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.optim;

import static org.asgo4j.optim.Checks.require;

/**
 * The hyper-parameters of {@link Lion} (Chen et al., arXiv 2302.06675). Learning rate and weight decay belong to the
 * group; the paper takes η 3–10 times smaller than AdamW's, and λ as many times larger.
 *
 * {@snippet file="RuleExamplesTest.java" region="lion"}
 *
 * @param beta1 weight of the momentum in the update's direction, in [0, 1)
 * @param beta2 decay of the momentum, in [0, 1)
 */
public record LionConfig(double beta1, double beta2) {
    private static final double PUBLISHED_BETA1 = 0.9;
    private static final double PUBLISHED_BETA2 = 0.99;

    /** Checks the values. */
    public LionConfig {
        require(beta1 >= 0 && beta1 < 1, "beta1 must be in [0, 1), got %s", beta1);
        require(beta2 >= 0 && beta2 < 1, "beta2 must be in [0, 1), got %s", beta2);
    }

    /** β 0.9/0.99. */
    public static LionConfig published() {
        return new LionConfig(PUBLISHED_BETA1, PUBLISHED_BETA2);
    }

    /** This configuration with other decays. */
    public LionConfig withBetas(double newBeta1, double newBeta2) {
        return new LionConfig(newBeta1, newBeta2);
    }

    /** This configuration with another weight of the momentum in the update's direction. */
    public LionConfig withBeta1(double newBeta1) {
        return withBetas(newBeta1, beta2);
    }

    /** This configuration with another decay of the momentum. */
    public LionConfig withBeta2(double newBeta2) {
        return withBetas(beta1, newBeta2);
    }
}
