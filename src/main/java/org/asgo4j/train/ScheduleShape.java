// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.train;

import org.asgo4j.optim.Schedule;
import org.asgo4j.optim.Schedule.WarmupStableDecay.Decay;

/** How the learning rate moves over a training, before its peak and length are known. */
public enum ScheduleShape {
    /** As published with ASGO: warm-up over the first tenth, then a cosine to 0.02 of the peak. */
    COSINE,
    /** The peak at every step. */
    CONSTANT,
    /** Warm-up over the first tenth, the peak, and over the last fifth down to 0 as 1 − √progress. */
    WSD,
    /** Up over the first 30 %, then down to nothing, as torch's OneCycleLR. */
    ONE_CYCLE,
    /** Warm-up over the first tenth, then a fall with the inverse square root of the step. */
    INVERSE_SQRT;

    /** Of the steps, as in the published schedule. */
    private static final int WARMUP_DIVISOR = 10;

    /** The share that was enough in Hägele et al., arXiv 2405.18392. */
    private static final float DECAY_FRACTION = 0.2f;

    /**
     * The schedule of this shape.
     *
     * @param peak the largest learning rate
     * @param steps the steps of the whole training
     */
    Schedule of(float peak, int steps) {
        int warmup = steps / WARMUP_DIVISOR;
        return switch (this) {
            case COSINE -> Schedule.published(peak, steps);
            case CONSTANT -> Schedule.constant(peak);
            case WSD -> Schedule.warmupStableDecay(peak, warmup, steps, DECAY_FRACTION, Decay.ONE_MINUS_SQRT);
            case ONE_CYCLE -> Schedule.oneCycle(peak, steps);
            case INVERSE_SQRT -> Schedule.inverseSquareRoot(peak, Math.max(1, warmup));
        };
    }
}
