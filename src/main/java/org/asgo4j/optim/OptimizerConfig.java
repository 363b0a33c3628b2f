package org.asgo4j.optim;

import static org.asgo4j.optim.Checks.require;

/**
 * What an {@link Optimizer} does with all gradients together.
 *
 * @param clipNorm gradients are scaled down to this global norm; positive infinity never clips
 * @param nonFinite what a NaN or infinity in a gradient does
 */
public record OptimizerConfig(double clipNorm, NonFinitePolicy nonFinite) {
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
    }

    /** Clipping at global norm 1.0, as published; a non-finite gradient throws. */
    public static OptimizerConfig published() {
        return new OptimizerConfig(PUBLISHED_CLIP_NORM, NonFinitePolicy.THROW);
    }
}
