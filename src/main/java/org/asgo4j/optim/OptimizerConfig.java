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
 * @param zeroGradients what a gradient does whose elements are all zero
 */
public record OptimizerConfig(
        double clipNorm, NonFinitePolicy nonFinite, int observeEvery, ZeroGradientPolicy zeroGradients) {
    private static final double PUBLISHED_CLIP_NORM = 1.0;

    /** What a NaN or infinity in a gradient does, and a gradient that is too large for its rule. */
    public enum NonFinitePolicy {
        /** The step throws {@link NonFiniteGradientException} before anything is changed. */
        THROW,
        /** The step changes nothing and counts itself as skipped; the schedule does not advance. */
        SKIP
    }

    /** What a gradient does whose elements are all zero, as that of an expert without tokens or of a frozen layer. */
    public enum ZeroGradientPolicy {
        /**
         * It is a gradient like any other. The momentum decays and its direction stays, so that a rule whose updates
         * have one length whatever the momentum's (ASGO, DASGO, Muon, Lion) moves the weight as far as before; weight
         * decay goes on. Where momentum or gram matrix have decayed so far that float32 would hold little but their
         * rounding, the update is zero, Lion's aside: after some 1,000 such steps with the published β (800 under Muon
         * and DASGO), 100 with β₂ = 0.5, and at once if the gram matrix is that of the last gradient alone.
         */
        STEP,
        /**
         * The parameter is left out of the step: weight and state stay as they are, as those that have no gradient do
         * in PyTorch.
         */
        SKIP
    }

    /** Checks the values. */
    public OptimizerConfig {
        require(clipNorm > 0, "clipNorm must be positive, got %s", clipNorm);
        require(nonFinite != null, "nonFinite must not be null");
        require(observeEvery >= 0, "observeEvery must be at least 0 steps, got %s", observeEvery);
        require(zeroGradients != null, "zeroGradients must not be null");
    }

    /**
     * Clipping at global norm 1.0, as published; a non-finite gradient throws; updates are not measured; gradients of
     * zeros are stepped.
     */
    public static OptimizerConfig published() {
        return new OptimizerConfig(PUBLISHED_CLIP_NORM, NonFinitePolicy.THROW, 0, ZeroGradientPolicy.STEP);
    }

    /** This configuration with another clipping norm. */
    public OptimizerConfig withClipNorm(double norm) {
        return new OptimizerConfig(norm, nonFinite, observeEvery, zeroGradients);
    }

    /** This configuration with another policy for gradients that are not finite. */
    public OptimizerConfig withNonFinite(NonFinitePolicy policy) {
        return new OptimizerConfig(clipNorm, policy, observeEvery, zeroGradients);
    }

    /** This configuration with updates measured at every {@code steps} steps. */
    public OptimizerConfig withObserveEvery(int steps) {
        return new OptimizerConfig(clipNorm, nonFinite, steps, zeroGradients);
    }

    /** This configuration with another policy for gradients of zeros. */
    public OptimizerConfig withZeroGradients(ZeroGradientPolicy policy) {
        return new OptimizerConfig(clipNorm, nonFinite, observeEvery, policy);
    }
}
