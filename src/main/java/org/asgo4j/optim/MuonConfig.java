// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.optim;

import static org.asgo4j.optim.Checks.require;

/**
 * The hyper-parameters of {@link Muon} (Jordan et al. 2024). Learning rate and weight decay belong to the group.
 *
 * {@snippet file="RuleExamplesTest.java" region="muon"}
 *
 * @param beta1 decay of the momentum, in [0, 1); 0 is no momentum
 * @param nesterov whether (1−β₁)G + β₁M is orthogonalized instead of M
 * @param iterations steps of the Newton–Schulz iteration, at least 1
 * @param scaling the length of an update
 */
public record MuonConfig(double beta1, boolean nesterov, int iterations, UpdateScaling scaling) {

    /** The learning rate η published with ASGO. */
    public static final float PUBLISHED_LEARNING_RATE = 0.01f;

    /** The decoupled weight decay λ published with ASGO. */
    public static final float PUBLISHED_WEIGHT_DECAY = 0.1f;

    private static final double PUBLISHED_BETA1 = 0.9;
    private static final int PUBLISHED_ITERATIONS = 5;

    /** Checks the values. */
    public MuonConfig {
        require(beta1 >= 0 && beta1 < 1, "beta1 must be in [0, 1), got %s", beta1);
        require(iterations >= 1, "iterations must be at least 1, got %s", iterations);
        require(scaling != null, "scaling must not be null");
    }

    /** β₁ 0.9 without Nesterov, five iterations, 0.2·√max(m,n): the baseline of the ASGO code. */
    public static MuonConfig published() {
        return new MuonConfig(PUBLISHED_BETA1, false, PUBLISHED_ITERATIONS, UpdateScaling.SPECTRAL);
    }

    /** This configuration with another decay of the momentum. */
    public MuonConfig withBeta1(double newBeta1) {
        return new MuonConfig(newBeta1, nesterov, iterations, scaling);
    }

    /** This configuration with or without Nesterov's momentum. */
    public MuonConfig withNesterov(boolean newNesterov) {
        return new MuonConfig(beta1, newNesterov, iterations, scaling);
    }

    /** This configuration with another number of iterations. */
    public MuonConfig withIterations(int newIterations) {
        return new MuonConfig(beta1, nesterov, newIterations, scaling);
    }

    /** This configuration with another update scaling. */
    public MuonConfig withScaling(UpdateScaling newScaling) {
        return new MuonConfig(beta1, nesterov, iterations, newScaling);
    }
}
