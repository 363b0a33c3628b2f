// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.optim;

import static org.asgo4j.optim.Checks.require;

/**
 * The hyper-parameters of {@link Soap} (Vyas et al., arXiv 2409.11321). Learning rate and weight decay belong to the
 * group.
 *
 * {@snippet file="RuleExamplesTest.java" region="soap"}
 *
 * @param beta1 decay of the first moment, in [0, 1)
 * @param beta2 decay of the second moment and of both gram matrices, in [0, 1)
 * @param damping what keeps the division by √v finite: {@link Damping#outsideRoot} as published, 1/(√v + ε);
 *     {@link Damping#absolute}, 1/√(v + ε); or {@link Damping#relative}, 1/√(v + δ·mean v), the only one under which
 *     gradients of every scale train alike
 * @param refreshInterval the basis is turned after the gram matrices every this many steps
 * @param maxOrder the longest side that gets a basis; a longer one stays as it is
 */
public record SoapConfig(double beta1, double beta2, Damping damping, int refreshInterval, int maxOrder) {

    /** The published learning rate η. */
    public static final float PUBLISHED_LEARNING_RATE = 3e-3f;

    /** The published decoupled weight decay λ. */
    public static final float PUBLISHED_WEIGHT_DECAY = 0.01f;

    private static final double PUBLISHED_BETA = 0.95;
    private static final double PUBLISHED_EPSILON = 1e-8;
    private static final int PUBLISHED_INTERVAL = 10;
    private static final int PUBLISHED_MAX_ORDER = 10_000;

    /** Checks the values. */
    public SoapConfig {
        require(beta1 >= 0 && beta1 < 1, "beta1 must be in [0, 1), got %s", beta1);
        require(beta2 >= 0 && beta2 < 1, "beta2 must be in [0, 1), got %s", beta2);
        require(damping != null, "damping must not be null");
        require(damping.kind() != Damping.Kind.PSEUDO_INVERSE,
                "damping of SOAP must be OUTSIDE_ROOT, ABSOLUTE or RELATIVE, got %s", damping.kind());
        require(refreshInterval >= 1, "refreshInterval must be at least 1 step, got %s", refreshInterval);
        require(maxOrder >= 0, "maxOrder must be at least 0, got %s", maxOrder);
    }

    /** β 0.95/0.95, ε 1e-8 outside the root, a basis every 10 steps for sides up to 10,000. */
    public static SoapConfig published() {
        return new SoapConfig(
                PUBLISHED_BETA,
                PUBLISHED_BETA,
                Damping.outsideRoot(PUBLISHED_EPSILON),
                PUBLISHED_INTERVAL,
                PUBLISHED_MAX_ORDER);
    }

    /** This configuration with other decays. */
    public SoapConfig withBetas(double newBeta1, double newBeta2) {
        return new SoapConfig(newBeta1, newBeta2, damping, refreshInterval, maxOrder);
    }

    /** This configuration with another decay of the first moment. */
    public SoapConfig withBeta1(double newBeta1) {
        return withBetas(newBeta1, beta2);
    }

    /** This configuration with another decay of the second moment and the gram matrices. */
    public SoapConfig withBeta2(double newBeta2) {
        return withBetas(beta1, newBeta2);
    }

    /** This configuration with another damping. */
    public SoapConfig withDamping(Damping newDamping) {
        return new SoapConfig(beta1, beta2, newDamping, refreshInterval, maxOrder);
    }

    /** This configuration with a basis turned every {@code steps} steps. */
    public SoapConfig withRefreshInterval(int steps) {
        return new SoapConfig(beta1, beta2, damping, steps, maxOrder);
    }

    /** This configuration with bases for other sides: 0 is none, which leaves Adam. */
    public SoapConfig withMaxOrder(int newMaxOrder) {
        return new SoapConfig(beta1, beta2, damping, refreshInterval, newMaxOrder);
    }
}
