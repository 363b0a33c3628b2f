// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.optim;

import static org.asgo4j.optim.Checks.require;

/**
 * The learning rate of each step.
 *
 * <p>The records here are the usual schedules; they compare by value and print what they hold. Any other is a lambda,
 * which says nothing about itself: {@code step -> 0.01f / (1 + step / 1000)}. An {@link Optimizer} asks once per step
 * and group, and refuses what is not finite and at least 0 before it changes anything.
 *
 * {@snippet file="TrainingExamplesTest.java" region="schedules"}
 */
@FunctionalInterface
public interface Schedule {

    /**
     * The learning rate η of one step: the same for the same step, and cheap, since it is asked for at every step.
     *
     * @param step counted from 1
     * @return η, finite and at least 0
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
     * Warm-up, plateau, decay: {@code peak} up to the last tenth or so of the steps, then down to 0 in the given shape.
     *
     * @param peak the largest learning rate
     * @param warmupSteps the steps of the linear warm-up
     * @param totalSteps the steps of the whole training
     * @param decayFraction the share of the steps that decay, in (0, 1]; 0.1 to 0.2 are usual
     * @param decay the shape of the decay
     */
    static Schedule warmupStableDecay(
            float peak, long warmupSteps, long totalSteps, float decayFraction, WarmupStableDecay.Decay decay) {
        require(decayFraction > 0 && decayFraction <= 1, "decayFraction must be in (0, 1], got %s", decayFraction);
        long decaySteps = Math.max(1, Math.round((double) decayFraction * totalSteps));
        return new WarmupStableDecay(peak, warmupSteps, decaySteps, totalSteps, decay, 0);
    }

    /**
     * One cycle with the values torch's OneCycleLR starts from: up from peak/25 over the first 30 % of the steps, down
     * to peak/250 000.
     *
     * @param peak the largest learning rate
     * @param totalSteps the steps of the whole training
     */
    static Schedule oneCycle(float peak, long totalSteps) {
        return new OneCycle(peak, totalSteps, OneCycle.USUAL_RISE, OneCycle.USUAL_INITIAL_DIVISOR,
                OneCycle.USUAL_FINAL_DIVISOR);
    }

    /**
     * Linear warm-up, then a fall with the inverse square root of the step, without an end.
     *
     * @param peak the largest learning rate
     * @param warmupSteps the steps of the warm-up, at least 1
     */
    static Schedule inverseSquareRoot(float peak, long warmupSteps) {
        return new InverseSquareRoot(peak, warmupSteps);
    }

    private static void checkPeak(float peak) {
        require(peak >= 0 && peak < Float.POSITIVE_INFINITY,
                "peak learning rate must be finite and at least 0, got %s", peak);
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
            checkPeak(peak);
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

    /**
     * Linear warm-up over w steps, a plateau, and a decay over the last d of S steps (warm-up-stable-decay; Hu et al.,
     * arXiv 2404.06395), so that a plateau can be prolonged and any of its steps be the start of a decay. With p =
     * (step − 1 − (S − d))/d, the share of the decay that lies behind:
     *
     * <pre>
     * peak·step/w                      for step ≤ w
     * peak                             up to step S − d + 1
     * peak·(f + (1 − f)·decay(p))      up to step S
     * peak·f                           afterwards
     * </pre>
     *
     * @param peak the largest learning rate, finite and at least 0
     * @param warmupSteps w, in [0, S − d]
     * @param decaySteps d, in [1, S]
     * @param totalSteps S, at least 1
     * @param decay the shape, falling from 1 to 0
     * @param finalFraction f, in [0, 1]
     */
    record WarmupStableDecay(
            float peak, long warmupSteps, long decaySteps, long totalSteps, Decay decay, float finalFraction)
            implements
                Schedule {

        /** How the decay falls from 1 at p = 0 to 0 at p = 1. */
        public enum Decay {
            /** 1 − p. */
            LINEAR,
            /** 1 − √p, steep at first; the better of the two in Hägele et al., arXiv 2405.18392. */
            ONE_MINUS_SQRT;

            double at(double progress) {
                return 1 - (this == LINEAR ? progress : Math.sqrt(progress));
            }
        }

        /** Checks the values. */
        public WarmupStableDecay {
            checkPeak(peak);
            require(totalSteps >= 1, "totalSteps must be at least 1, got %s", totalSteps);
            require(decaySteps >= 1 && decaySteps <= totalSteps, "decaySteps must be in [1, %s], got %s", totalSteps,
                    decaySteps);
            require(warmupSteps >= 0 && warmupSteps <= totalSteps - decaySteps,
                    "warmupSteps must be in [0, %s], what %s decaySteps leave of %s totalSteps, got %s",
                    totalSteps - decaySteps, decaySteps, totalSteps, warmupSteps);
            require(decay != null, "decay must not be null");
            require(finalFraction >= 0 && finalFraction <= 1, "finalFraction must be in [0, 1], got %s", finalFraction);
        }

        @Override
        public float learningRate(long step) {
            if (step < warmupSteps) return (float) ((double) peak * step / warmupSteps);
            if (step > totalSteps) return peak * finalFraction;
            long decayed = step - 1 - (totalSteps - decaySteps);
            if (decayed <= 0) return peak;
            double left = decay.at((double) decayed / decaySteps);
            return (float) (peak * (finalFraction + (1 - finalFraction) * left));
        }
    }

    /**
     * One cycle (Smith and Topin, arXiv 1708.07120) as torch's OneCycleLR anneals it in two phases: with s = step − 1,
     * e = r·S − 1 and cosine(a, b, p) = b + (a − b)·(1 + cos(π·p))/2,
     *
     * <pre>
     * cosine(peak/i, peak, s/e)                            for s ≤ e
     * cosine(peak, peak/(i·f), (s − e)/(S − 1 − e))        up to step S
     * peak/(i·f)                                           afterwards
     * </pre>
     *
     * @param peak the largest learning rate, finite and at least 0
     * @param totalSteps S, at least 1
     * @param riseFraction r, the share of the steps that rise, in [0, 1] (torch: pct_start)
     * @param initialDivisor i, at least 1: the first rate is peak/i (torch: div_factor)
     * @param finalDivisor f, at least 1: the last rate is the first divided by f (torch: final_div_factor)
     */
    record OneCycle(float peak, long totalSteps, float riseFraction, float initialDivisor, float finalDivisor)
            implements
                Schedule {
        private static final float USUAL_RISE = 0.3f;
        private static final float USUAL_INITIAL_DIVISOR = 25;
        private static final float USUAL_FINAL_DIVISOR = 1e4f;

        /** Checks the values. */
        public OneCycle {
            checkPeak(peak);
            require(totalSteps >= 1, "totalSteps must be at least 1, got %s", totalSteps);
            require(riseFraction >= 0 && riseFraction <= 1, "riseFraction must be in [0, 1], got %s", riseFraction);
            require(initialDivisor >= 1 && initialDivisor < Float.POSITIVE_INFINITY,
                    "initialDivisor must be finite and at least 1, got %s", initialDivisor);
            require(finalDivisor >= 1 && finalDivisor < Float.POSITIVE_INFINITY,
                    "finalDivisor must be finite and at least 1, got %s", finalDivisor);
        }

        @Override
        public float learningRate(long step) {
            double first = (double) peak / initialDivisor;
            double last = first / finalDivisor;
            double s = step - 1;
            double top = (double) riseFraction * totalSteps - 1; // e; below 0 if the rise is shorter than one step
            if (s <= top) return top == 0 ? peak : (float) cosine(first, peak, s / top);
            double fall = totalSteps - 1 - top;
            return (float) cosine(peak, last, Math.min(1, (s - top) / fall));
        }

        private static double cosine(double from, double to, double progress) {
            return to + (from - to) * (1 + Math.cos(Math.PI * progress)) / 2;
        }
    }

    /**
     * Linear warm-up over w steps, then peak·√(w/step): peak·min(step/w, √(w/step)) (Vaswani et al., arXiv 1706.03762,
     * where peak is (d·w)^(−1/2)).
     *
     * @param peak the largest learning rate, finite and at least 0
     * @param warmupSteps w, at least 1; 1 is no warm-up
     */
    record InverseSquareRoot(float peak, long warmupSteps) implements Schedule {

        /** Checks the values. */
        public InverseSquareRoot {
            checkPeak(peak);
            require(warmupSteps >= 1, "warmupSteps must be at least 1, got %s", warmupSteps);
        }

        @Override
        public float learningRate(long step) {
            double share = (double) step / warmupSteps;
            return (float) (peak * Math.min(share, Math.sqrt(1 / share)));
        }
    }
}
