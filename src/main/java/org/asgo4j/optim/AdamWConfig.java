// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.optim;

import static org.asgo4j.optim.Checks.require;

/**
 * The hyper-parameters of {@link AdamW} (Loshchilov and Hutter 2019). Learning rate and weight decay belong to the
 * group.
 *
 * {@snippet file="RuleExamplesTest.java" region="adamw"}
 *
 * @param beta1 decay of the first moment, in [0, 1)
 * @param beta2 decay of the second moment, in [0, 1)
 * @param epsilon added to the root of the second moment, positive also as a float: it alone keeps finite what becomes
 *     of elements whose gradients are zeros, or so small that their squares are
 */
public record AdamWConfig(double beta1, double beta2, double epsilon) {
    private static final double PUBLISHED_BETA1 = 0.9;
    private static final double PUBLISHED_BETA2 = 0.95;
    private static final double PUBLISHED_EPSILON = 1e-8;

    /** Checks the values. */
    public AdamWConfig {
        require(beta1 >= 0 && beta1 < 1, "beta1 must be in [0, 1), got %s", beta1);
        require(beta2 >= 0 && beta2 < 1, "beta2 must be in [0, 1), got %s", beta2);
        require((float) epsilon > 0 && epsilon <= Float.MAX_VALUE,
                "epsilon must be finite and positive as a float, got %s", epsilon);
    }

    /** β 0.9/0.95, ε 1e-8: what the ASGO code gives 1-D parameters and embeddings. */
    public static AdamWConfig published() {
        return new AdamWConfig(PUBLISHED_BETA1, PUBLISHED_BETA2, PUBLISHED_EPSILON);
    }

    /** This configuration with other decays. */
    public AdamWConfig withBetas(double newBeta1, double newBeta2) {
        return new AdamWConfig(newBeta1, newBeta2, epsilon);
    }

    /** This configuration with another decay of the first moment. */
    public AdamWConfig withBeta1(double newBeta1) {
        return withBetas(newBeta1, beta2);
    }

    /** This configuration with another decay of the second moment. */
    public AdamWConfig withBeta2(double newBeta2) {
        return withBetas(beta1, newBeta2);
    }

    /** This configuration with another ε. */
    public AdamWConfig withEpsilon(double newEpsilon) {
        return new AdamWConfig(beta1, beta2, newEpsilon);
    }
}
