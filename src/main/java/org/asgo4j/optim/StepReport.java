package org.asgo4j.optim;

/**
 * What one {@link Optimizer#step} did. The optimizer owns one report and fills it anew at each step; copy what you
 * keep.
 */
public final class StepReport {
    private long step;
    private double gradientNorm;
    private double clipFactor;
    private boolean skipped;
    private long skippedSteps;
    private long refreshes;
    private long nanoseconds;

    StepReport() {}

    void fill(long newStep, double norm, double factor, boolean wasSkipped, long roots, long elapsed) {
        step = newStep;
        gradientNorm = norm;
        clipFactor = factor;
        skipped = wasSkipped;
        if (wasSkipped) skippedSteps++;
        refreshes = roots;
        nanoseconds = elapsed;
    }

    /** The number of steps taken, this one included unless it was skipped. */
    public long step() {
        return step;
    }

    /** The global norm √Σ‖G‖_F² before clipping; NaN or infinite on a skipped step. */
    public double gradientNorm() {
        return gradientNorm;
    }

    /** The factor on all gradients: 1, or clipNorm/gradientNorm if that is smaller. */
    public double clipFactor() {
        return clipFactor;
    }

    /** Whether the step was skipped because a gradient was not finite. */
    public boolean skipped() {
        return skipped;
    }

    /** The number of steps skipped so far. */
    public long skippedSteps() {
        return skippedSteps;
    }

    /** The number of inverse roots computed in this step. */
    public long refreshes() {
        return refreshes;
    }

    /** The wall time of this step in nanoseconds. */
    public long nanoseconds() {
        return nanoseconds;
    }
}
