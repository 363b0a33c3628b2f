// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.optim;

import static org.asgo4j.optim.Checks.require;

/**
 * When {@link Asgo} computes a new root. The first step always does. Between refreshes the last root is used.
 *
 * <p>All but {@link Asynchronous} are deterministic: equal gradients give equal bits.
 *
 * {@snippet file="AsgoExamplesTest.java" region="refresh"}
 */
public sealed interface Refresh permits Refresh.Every, Refresh.EarlyThenEvery, Refresh.Adaptive, Refresh.Asynchronous {

    /** Every so many steps, the first included; 1 is every step, as published. */
    static Refresh every(int steps) {
        return new Every(steps);
    }

    /**
     * Every step in the first tenth of a training, where the gram matrix moves fastest and its accuracy matters most
     * (Eschenhagen et al., arXiv 2506.03595), then every {@code interval} steps.
     *
     * @param totalSteps the steps of the whole training
     * @param interval the steps between refreshes after the first tenth
     */
    static Refresh earlyThenEvery(long totalSteps, int interval) {
        return new EarlyThenEvery(Math.ceilDiv(totalSteps, EarlyThenEvery.EARLY_DIVISOR), interval);
    }

    /** {@link Adaptive} with the measured values of Eschenhagen et al.: tolerance 0.1, at most 50 steps. */
    static Refresh adaptive() {
        return new Adaptive(Adaptive.PUBLISHED_TOLERANCE, Adaptive.PUBLISHED_CAP);
    }

    /** {@link Asynchronous}: started every {@code interval} steps, waited for after {@code maxStaleness}. */
    static Refresh asynchronous(int interval, int maxStaleness) {
        return new Asynchronous(interval, maxStaleness);
    }

    /**
     * Every {@code interval} steps.
     *
     * @param interval at least 1
     */
    record Every(int interval) implements Refresh {
        /** Checks the value. */
        public Every {
            require(interval >= 1, "refresh interval must be at least 1 step, got %s", interval);
        }
    }

    /**
     * At each of the first {@code earlySteps} steps, then every {@code interval} steps.
     *
     * @param earlySteps at least 0
     * @param interval at least 1
     */
    record EarlyThenEvery(long earlySteps, int interval) implements Refresh {
        private static final long EARLY_DIVISOR = 10;

        /** Checks the values. */
        public EarlyThenEvery {
            require(earlySteps >= 0, "refresh: earlySteps must be at least 0, got %s", earlySteps);
            require(interval >= 1, "refresh interval must be at least 1 step, got %s", interval);
        }
    }

    /**
     * The eigenbasis Q is kept and, at every step, the eigenvalues are the diagonal of B = QVQᵀ (one symm, and a
     * syrk for the root), as long as √(‖B‖_F² − ‖diag B‖²) ≤ tolerance·‖B‖_F; else, or after {@code cap} steps, V is
     * decomposed anew (Eschenhagen et al., arXiv 2506.03595, equation 9). Needs {@link RootMethod#EIGEN} or
     * {@link RootMethod#QR}.
     *
     * @param tolerance in (0, 1)
     * @param cap the most steps between decompositions, at least 1
     */
    record Adaptive(double tolerance, int cap) implements Refresh {
        private static final double PUBLISHED_TOLERANCE = 0.1;
        private static final int PUBLISHED_CAP = 50;

        /** Checks the values. */
        public Adaptive {
            require(tolerance > 0 && tolerance < 1, "refresh: tolerance must be in (0, 1), got %s", tolerance);
            require(cap >= 1, "refresh: cap must be at least 1 step, got %s", cap);
        }
    }

    /**
     * Every {@code interval} steps V is copied and its root computed by a background thread while training goes on; the
     * new root is used from the first step that finds it ready. A step waits for it only when the root in use would
     * belong to a V more than {@code maxStaleness} steps old ({@link StepReport#staleness}); while V is zero, of which
     * there is no root to use, it may grow older. Which step first sees a root depends on timing, so two runs differ in
     * their last bits and a resumed run is not bit-exact. Memory must be in a shared arena. The background thread is
     * one more than the workers.
     *
     * @param interval at least 1
     * @param maxStaleness at least {@code interval}
     */
    record Asynchronous(int interval, int maxStaleness) implements Refresh {
        /** Checks the values. */
        public Asynchronous {
            require(interval >= 1, "refresh interval must be at least 1 step, got %s", interval);
            require(maxStaleness >= interval, "refresh: maxStaleness must be at least the interval %s, got %s",
                    interval, maxStaleness);
        }
    }

    /** Whether a step at which {@code taken} steps have been taken before computes a root, if that is known ahead. */
    default boolean isDue(long taken) {
        return switch (this) {
            case Every every -> taken % every.interval() == 0;
            case EarlyThenEvery early ->
                taken < early.earlySteps() || (taken - early.earlySteps()) % early.interval() == 0;
            case Adaptive adaptive -> true; //       looks at V at every step
            case Asynchronous asynchronous -> taken % asynchronous.interval() == 0;
        };
    }

    /** Roots per step in the long run, for cost estimates. */
    default double frequency() {
        return switch (this) {
            case Every every -> 1.0 / every.interval();
            case EarlyThenEvery early -> 1.0 / early.interval();
            case Adaptive adaptive -> 1;
            case Asynchronous asynchronous -> 0; //  another thread's
        };
    }
}
