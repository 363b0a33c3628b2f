package org.asgo4j.train;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.Workers;
import org.asgo4j.optim.Optimizer;
import org.asgo4j.optim.OptimizerConfig;
import org.asgo4j.optim.StepReport;

/** The loop: batch, forward and backward, optimizer step, a report now and then. One model, one optimizer. */
final class Trainer {
    /** Reports without a validation loss, over a whole training: enough for a smooth curve. */
    private static final int REPORTS = 200;

    /** The listener hears of a step after at least this time, often enough to be watched; and of every validation. */
    private static final long LISTENER_NANOS = 200_000_000;

    private static final double NANOS_PER_SECOND = 1e9;
    private static final double NANOS_PER_MILLI = 1e6;

    private final TrainConfig config;
    private final OptimizerChoice choice;
    private final Batches batches;
    private final Evaluation evaluation;
    private final TrainListener listener;
    private final List<MetricsRow> rows = new ArrayList<>();
    private final int tokensPerStep;

    private long trainingNanos;
    private long optimizerNanos;
    private long evaluationNanos;
    private int evaluations;
    private int reportedStep;
    private long reportedNanos;
    private int shownStep;
    private long shownNanos;

    /** Trains on {@code split}'s tokens with {@code choice}; reports to {@code listener}. */
    Trainer(TrainConfig config, OptimizerChoice choice, TokenSplit split, TrainListener listener) {
        this.config = config;
        this.choice = choice;
        this.listener = listener;
        batches = new Batches(split.training(), config.batch(), config.context(), config.seed());
        evaluation = new Evaluation(split.validation(), config.batch(), config.context());
        tokensPerStep = config.batch() * config.context();
    }

    /** Trains {@code parameters} in place and writes a row per report to {@code metrics}. */
    TrainResult run(Backend backend, Workers workers, GptParameters parameters, MetricsFile metrics)
            throws IOException {
        int[] inputs = new int[tokensPerStep];
        int[] targets = new int[tokensPerStep];
        double validationLoss = Double.NaN;
        try (var gpt = new Gpt(backend, workers, parameters, config.batch());
                var optimizer = new Optimizer(
                        backend, workers, OptimizerConfig.published(), choice.groups(parameters, config.steps()))) {
            for (int step = 1; step <= config.steps(); step++) {
                long start = System.nanoTime();
                batches.next(inputs, targets);
                double trainLoss = gpt.forwardBackward(inputs, targets);
                StepReport report = optimizer.step();
                optimizerNanos += report.nanoseconds();
                trainingNanos += System.nanoTime() - start;

                boolean evaluate = step % config.evalEvery() == 0 || step == config.steps();
                if (evaluate) validationLoss = evaluate(gpt, step);
                var taken = evaluate ? OptionalDouble.of(validationLoss) : OptionalDouble.empty();
                if (evaluate || step % Math.max(1, config.steps() / REPORTS) == 0) {
                    float learningRate = optimizer.groups().getFirst().schedule().learningRate(step);
                    report(step, trainLoss, taken, learningRate, metrics);
                }
                if (evaluate || trainingNanos - shownNanos >= LISTENER_NANOS) show(step, trainLoss, taken);
            }
        }
        double seconds = trainingNanos / NANOS_PER_SECOND;
        return new TrainResult(
                choice.algorithm().label(),
                config.steps(),
                validationLoss,
                seconds,
                (double) config.steps() * tokensPerStep / seconds,
                optimizerNanos / NANOS_PER_MILLI / config.steps());
    }

    private void report(
            int step, double trainLoss, OptionalDouble validationLoss, float learningRate, MetricsFile metrics)
            throws IOException {
        double seconds = trainingNanos / NANOS_PER_SECOND;
        double recentSeconds = (trainingNanos - reportedNanos) / NANOS_PER_SECOND;
        double tokensPerSecond = (double) (step - reportedStep) * tokensPerStep / recentSeconds;
        var row = new MetricsRow(
                step,
                (long) step * tokensPerStep,
                trainLoss,
                validationLoss,
                learningRate,
                seconds,
                tokensPerSecond,
                optimizerNanos / NANOS_PER_MILLI / step);
        rows.add(row);
        metrics.append(row);
        reportedStep = step;
        reportedNanos = trainingNanos;
    }

    private void show(int step, double trainLoss, OptionalDouble validationLoss) {
        double recentSeconds = (trainingNanos - shownNanos) / NANOS_PER_SECOND;
        double tokensPerSecond = (double) (step - shownStep) * tokensPerStep / recentSeconds;
        shownStep = step;
        shownNanos = trainingNanos;
        listener.progress(step, config.steps(), trainLoss, validationLoss, tokensPerSecond, secondsLeft(step));
    }

    /** The rest at the pace so far, with the evaluations still to come once the first has shown how long one takes. */
    private double secondsLeft(int step) {
        int stepsLeft = config.steps() - step;
        double training = (double) trainingNanos / step * stepsLeft;
        int evaluationsLeft = Math.ceilDiv(config.steps(), config.evalEvery()) - evaluations;
        double evaluating = evaluations == 0 ? 0 : (double) evaluationNanos / evaluations * evaluationsLeft;
        return (training + evaluating) / NANOS_PER_SECOND;
    }

    private double evaluate(Gpt gpt, int step) {
        listener.validating(step, config.steps());
        long start = System.nanoTime();
        double loss = evaluation.loss(gpt);
        evaluationNanos += System.nanoTime() - start;
        evaluations++;
        if (!Double.isFinite(loss)) {
            throw new ArithmeticException("validation loss of %s is %s at step %d: the training has diverged"
                    .formatted(choice.algorithm().label(), loss, step));
        }
        return loss;
    }

    /** The reports so far, as the plot draws them. */
    LossCurve curve() {
        return new LossCurve(choice.algorithm().label(), rows);
    }
}
