// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.optim;

import static org.asgo4j.optim.Checks.require;

/**
 * The hyper-parameters of {@link Sgd}. Learning rate and weight decay belong to the group.
 *
 * {@snippet file="RuleExamplesTest.java" region="sgd"}
 *
 * @param momentum μ, in [0, 1); 0 is plain gradient descent, which keeps no state
 * @param nesterov whether the step looks ahead; needs a momentum
 */
public record SgdConfig(double momentum, boolean nesterov) {
    private static final double COMMON_MOMENTUM = 0.9;

    /** Checks the values. */
    public SgdConfig {
        require(momentum >= 0 && momentum < 1, "momentum must be in [0, 1), got %s", momentum);
        require(!nesterov || momentum > 0, "nesterov needs a momentum above 0, got %s", momentum);
    }

    /** Momentum 0.9, as nearly everyone uses it, without Nesterov. */
    public static SgdConfig common() {
        return new SgdConfig(COMMON_MOMENTUM, false);
    }

    /** This configuration with another momentum. */
    public SgdConfig withMomentum(double newMomentum) {
        return new SgdConfig(newMomentum, nesterov);
    }

    /** This configuration with or without Nesterov's momentum. */
    public SgdConfig withNesterov(boolean newNesterov) {
        return new SgdConfig(momentum, newNesterov);
    }
}
