// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.optim;

import static org.asgo4j.optim.Checks.require;

/**
 * What an {@link Optimizer} does with all gradients together.
 *
 * {@snippet file="TrainingExamplesTest.java" region="config"}
 *
 * @param clipNorm gradients are scaled down to this global norm; positive infinity never clips
 * @param nonFinite what a NaN or infinity in a gradient does
 * @param observeEvery at every so many steps the length of the update is measured, for {@link StepReport#updateRatio};
 *     it takes three more passes over each weight. 0 never does
 */
public record OptimizerConfig(double clipNorm, NonFinitePolicy nonFinite, int observeEvery) {
    private static final double PUBLISHED_CLIP_NORM = 1.0;

    /** What a NaN or infinity in a gradient does. */
    public enum NonFinitePolicy {
        /** The step throws {@link NonFiniteGradientException} before anything is changed. */
        THROW,
        /** The step changes nothing and counts itself as skipped; the schedule does not advance. */
        SKIP
    }

    /** Checks the values. */
    public OptimizerConfig {
        require(clipNorm > 0, "clipNorm must be positive, got %s", clipNorm);
        require(nonFinite != null, "nonFinite must not be null");
        require(observeEvery >= 0, "observeEvery must be at least 0 steps, got %s", observeEvery);
    }

    /** Clipping at global norm 1.0, as published; a non-finite gradient throws; updates are not measured. */
    public static OptimizerConfig published() {
        return new OptimizerConfig(PUBLISHED_CLIP_NORM, NonFinitePolicy.THROW, 0);
    }

    /** This configuration with another clipping norm. */
    public OptimizerConfig withClipNorm(double norm) {
        return new OptimizerConfig(norm, nonFinite, observeEvery);
    }

    /** This configuration with another policy for gradients that are not finite. */
    public OptimizerConfig withNonFinite(NonFinitePolicy policy) {
        return new OptimizerConfig(clipNorm, policy, observeEvery);
    }

    /** This configuration with updates measured at every {@code steps} steps. */
    public OptimizerConfig withObserveEvery(int steps) {
        return new OptimizerConfig(clipNorm, nonFinite, steps);
    }
}
