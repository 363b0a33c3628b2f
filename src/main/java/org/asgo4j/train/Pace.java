// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.train;

/** Where a training's time goes, and how fast it is. Steps count; validations and checkpoints are kept apart. */
final class Pace {
    static final double NANOS_PER_SECOND = 1e9;
    static final double NANOS_PER_MILLI = 1e6;

    /** The listener hears of a step after at least this time, often enough to be watched; and of every validation. */
    private static final long SHOWN_NANOS = 200_000_000;

    private final Recipe recipe;
    private long trainingNanos;
    private long optimizerNanos;
    private long evaluationNanos;
    private int evaluations;
    private int reportedStep;
    private long reportedNanos;
    private int shownStep;
    private long shownNanos;

    Pace(Recipe recipe) {
        this.recipe = recipe;
    }

    /** Goes on from where a training was interrupted. */
    void resume(Progress progress) {
        trainingNanos = progress.trainingNanos();
        optimizerNanos = progress.optimizerNanos();
        evaluationNanos = progress.evaluationNanos();
        evaluations = progress.step() / recipe.evalEvery();
        reportedStep = progress.step();
        reportedNanos = trainingNanos;
        shownStep = progress.step();
        shownNanos = trainingNanos;
    }

    void stepped(long nanos, long inOptimizer) {
        trainingNanos += nanos;
        optimizerNanos += inOptimizer;
    }

    void evaluated(long nanos) {
        evaluationNanos += nanos;
        evaluations++;
    }

    long trainingNanos() {
        return trainingNanos;
    }

    long optimizerNanos() {
        return optimizerNanos;
    }

    long evaluationNanos() {
        return evaluationNanos;
    }

    double seconds() {
        return trainingNanos / NANOS_PER_SECOND;
    }

    /** Milliseconds of the optimizer in a step, the mean of all so far. */
    double optimizerMillis(int step) {
        return optimizerNanos / NANOS_PER_MILLI / step;
    }

    /** Tokens per second since the last call, or since the training went on. */
    double reported(int step) {
        double rate = rate(step - reportedStep, trainingNanos - reportedNanos);
        reportedStep = step;
        reportedNanos = trainingNanos;
        return rate;
    }

    boolean isShowDue() {
        return trainingNanos - shownNanos >= SHOWN_NANOS;
    }

    /** The same between two calls of this method. */
    double shown(int step) {
        double rate = rate(step - shownStep, trainingNanos - shownNanos);
        shownStep = step;
        shownNanos = trainingNanos;
        return rate;
    }

    private double rate(int steps, long nanos) {
        return (double) steps * recipe.tokensPerStep() / (nanos / NANOS_PER_SECOND);
    }

    /** The rest at the pace so far, with the evaluations still to come once the first has shown how long one takes. */
    double secondsLeft(int step) {
        double training = (double) trainingNanos / step * (recipe.steps() - step);
        int evaluationsLeft = Math.ceilDiv(recipe.steps(), recipe.evalEvery()) - evaluations;
        double evaluating = evaluations == 0 ? 0 : (double) evaluationNanos / evaluations * evaluationsLeft;
        return (training + evaluating) / NANOS_PER_SECOND;
    }
}
