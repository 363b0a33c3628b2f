package org.asgo4j.optim;

import static org.asgo4j.optim.Checks.require;

/** The learning rate of each step. */
public sealed interface Schedule permits Schedule.Constant, Schedule.WarmupCosine {

    /**
     * The learning rate η of one step.
     *
     * @param step counted from 1
     */
    float learningRate(long step);

    /** The same learning rate at every step. */
    static Schedule constant(float learningRate) {
        return new Constant(learningRate);
    }

    /**
     * The schedule published with ASGO: linear warm-up over the first tenth of the steps, then a cosine to 0.02·peak.
     *
     * @param peak the largest learning rate
     * @param totalSteps the steps of the whole training
     */
    static Schedule published(float peak, long totalSteps) {
        return new WarmupCosine(peak, totalSteps / WarmupCosine.PUBLISHED_WARMUP_DIVISOR, totalSteps,
                WarmupCosine.PUBLISHED_FINAL_FRACTION);
    }

    /**
     * η at every step.
     *
     * @param value η, finite and at least 0
     */
    record Constant(float value) implements Schedule {
        /** Checks the value. */
        public Constant {
            require(value >= 0 && value < Float.POSITIVE_INFINITY,
                    "learning rate must be finite and at least 0, got %s", value);
        }

        @Override
        public float learningRate(long step) {
            return value;
        }
    }

    /**
     * Linear warm-up from peak/w to peak over w steps, then peak·(f + (1−f)·(1 + cos(π·(s−w)/(S−w)))/2) with s =
     * step − 1; after S steps peak·f.
     *
     * @param peak the largest learning rate, finite and at least 0
     * @param warmupSteps w, in [0, totalSteps]
     * @param totalSteps S, at least 1
     * @param finalFraction f, in [0, 1]
     */
    record WarmupCosine(float peak, long warmupSteps, long totalSteps, float finalFraction) implements Schedule {
        private static final long PUBLISHED_WARMUP_DIVISOR = 10;
        private static final float PUBLISHED_FINAL_FRACTION = 0.02f;

        /** Checks the values. */
        public WarmupCosine {
            require(peak >= 0 && peak < Float.POSITIVE_INFINITY,
                    "peak learning rate must be finite and at least 0, got %s", peak);
            require(totalSteps >= 1, "totalSteps must be at least 1, got %s", totalSteps);
            require(warmupSteps >= 0 && warmupSteps <= totalSteps, "warmupSteps must be in [0, %s], got %s", totalSteps,
                    warmupSteps);
            require(finalFraction >= 0 && finalFraction <= 1, "finalFraction must be in [0, 1], got %s", finalFraction);
        }

        @Override
        public float learningRate(long step) {
            long s = step - 1;
            if (s < warmupSteps) {
                double first = 1.0 / warmupSteps;
                return (float) (peak * (first + (1 - first) * s / warmupSteps));
            }
            if (s >= totalSteps) return peak * finalFraction;
            double progress = (double) (s - warmupSteps) / (totalSteps - warmupSteps);
            return (float) (peak * (finalFraction + (1 - finalFraction) * (1 + Math.cos(Math.PI * progress)) / 2));
        }
    }
}
