// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.optim;

import java.util.Locale;

/**
 * What one {@link Optimizer#step} did. The optimizer owns one report and fills it anew at each step; copy what you
 * keep.
 *
 * {@snippet file="TrainingExamplesTest.java" region="report"}
 */
public final class StepReport {
    private final RootCounts before = new RootCounts();
    private final RootCounts after = new RootCounts();
    private long step;
    private double gradientNorm;
    private double clipFactor;
    private double updateRatio;
    private boolean skipped;
    private long skippedSteps;
    private long nanoseconds;

    StepReport() {}

    /** The counts as they were before this step, and where those after it go. */
    RootCounts begin() {
        before.set(after);
        after.clear();
        return after;
    }

    void fill(long newStep, double norm, double factor, double ratio, long elapsed) {
        step = newStep;
        gradientNorm = norm;
        clipFactor = factor;
        updateRatio = ratio;
        skipped = false;
        nanoseconds = elapsed;
    }

    void fillSkipped(long lastStep, double norm, long elapsed) {
        before.set(after);
        fill(lastStep, norm, 1, Double.NaN, elapsed);
        skipped = true;
        skippedSteps++;
    }

    /** The counts after a state was loaded, so that the next step is compared with those. */
    RootCounts reset(long newSkippedSteps) {
        skippedSteps = newSkippedSteps;
        after.clear();
        return after;
    }

    /** The number of steps taken, this one included unless it was skipped. */
    public long step() {
        return step;
    }

    /**
     * The global norm √Σ‖G‖_F² before clipping, of gradients that are scaled as {@link Optimizer#step(double)} says;
     * NaN or infinite on a step that was skipped for a NaN or infinity.
     */
    public double gradientNorm() {
        return gradientNorm;
    }

    /** The factor on all gradients: 1, or clipNorm/gradientNorm if that is smaller. */
    public double clipFactor() {
        return clipFactor;
    }

    /**
     * ‖ΔW‖_F/‖W‖_F over all weights together, where ΔW is what this step changed, decay included; NaN at a step at
     * which updates were not measured ({@link OptimizerConfig#observeEvery}) or that was skipped, infinite if all
     * weights were zero.
     */
    public double updateRatio() {
        return updateRatio;
    }

    /** Whether the step was skipped because a gradient was not finite, or too large for its rule. */
    public boolean skipped() {
        return skipped;
    }

    /** The number of steps skipped so far. */
    public long skippedSteps() {
        return skippedSteps;
    }

    /** The number of inverse roots (or eigenbases) computed in this step. */
    public long refreshes() {
        return after.refreshes - before.refreshes;
    }

    /** The number of roots (or eigenbases) in this step that failed as configured and succeeded in float64. */
    public long rootRetries() {
        return after.retries - before.retries;
    }

    /** Roots (or eigenbases) in this step that failed altogether, so that the last good one stayed in use. */
    public long rootsKept() {
        return after.kept - before.kept;
    }

    /** The most steps between the gram matrix of a root in use and now; 0 unless roots are asynchronous. */
    public long staleness() {
        return after.staleness;
    }

    /**
     * The largest condition number of a gram matrix, damping included, at its last root; NaN if no method saw one, as
     * those of products alone and {@link RootMethod#ZOLOTAREV} don't. {@link RootMethod#TRIDIAGONAL} knows it within
     * 2 %; SOAP's, of matrices without damping and at most 1/(k·u), is that of the diagonal in the basis.
     */
    public double condition() {
        return after.condition;
    }

    /** The wall time of this step in nanoseconds. */
    public long nanoseconds() {
        return nanoseconds;
    }

    /** One line with everything that is known, in the same form everywhere. Allocates, unlike the step itself. */
    @Override
    public String toString() {
        return String.format(Locale.ROOT,
                "step %d%s: gradient norm %.4g, clip factor %.4g%s%s, %d roots (%d in float64, %d kept), staleness %d, "
                        + "%.3f ms",
                step, skipped ? " (skipped)" : "", gradientNorm, clipFactor, measured("update ratio %.4g", updateRatio),
                measured("condition %.3g", condition()), refreshes(), rootRetries(), rootsKept(), staleness(),
                nanoseconds / 1e6);
    }

    private static String measured(String format, double value) {
        return Double.isNaN(value) ? "" : String.format(Locale.ROOT, ", " + format, value);
    }
}
