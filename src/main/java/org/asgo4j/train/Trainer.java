// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.train;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalDouble;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.Workers;
import org.asgo4j.optim.NonFiniteGradientException;
import org.asgo4j.optim.Optimizer;
import org.asgo4j.optim.StepReport;

/**
 * The loop: batch, forward and backward, optimizer step, a report now and then, a checkpoint now and then. One model,
 * one optimizer, from the start or from a checkpoint on.
 */
final class Trainer {
    /** Reports without a validation loss, over a whole training: enough for a smooth curve. */
    private static final int REPORTS = 200;

    private final TrainConfig config;
    private final Recipe recipe;
    private final OptimizerChoice choice;
    private final OptimizerFolder folder;
    private final Checkpoint.Subject subject;
    private final TrainListener listener;
    private final Batches batches;
    private final Evaluation evaluation;
    private final Pace pace;
    private final int reportEvery;
    private final int[] inputs;
    private final int[] targets;

    private long refreshes;

    /**
     * A trainer of the weights in {@code subject}, which begin as they are.
     *
     * @param folder gets metrics and checkpoints
     */
    Trainer(
            TrainConfig config,
            OptimizerChoice choice,
            OptimizerFolder folder,
            Checkpoint.Subject subject,
            TokenSplit split,
            TrainListener listener) {
        this.config = config;
        this.choice = choice;
        this.folder = folder;
        this.subject = subject;
        this.listener = listener;
        recipe = config.recipe();
        batches = new Batches(split.training(), recipe.batch(), recipe.context(), recipe.seed());
        evaluation = new Evaluation(split.validation(), recipe.batch(), recipe.context());
        pace = new Pace(recipe);
        inputs = new int[recipe.tokensPerStep()];
        targets = new int[recipe.tokensPerStep()];
        reportEvery = Math.max(1, recipe.steps() / REPORTS);
    }

    /**
     * Trains to the last step, and writes a row per report.
     *
     * @param checkpoint where to go on from
     * @return why it ended before, if it did
     */
    Optional<TrainFailure> run(Backend backend, Workers workers, Optional<Path> checkpoint) throws IOException {
        GptParameters parameters = subject.parameters();
        var groups = choice.groups(parameters, recipe.schedule(), recipe.steps());
        try (var gpt = new Gpt(backend, workers, parameters, recipe.batch());
                var optimizer = new Optimizer(backend, workers, Manifest.optimizerConfig(reportEvery), groups)) {
            int done = checkpoint.isPresent() ? restore(checkpoint.get(), optimizer) : 0;
            try (MetricsFile metrics = metrics(done)) {
                Optional<TrainFailure> failure = takeAll(done, gpt, optimizer, metrics);
                metrics.force(); // what says that this optimizer has ended comes after all rows
                return failure;
            }
        }
    }

    /** All steps that are left; a checkpoint of a state that is not finite ends them too. */
    private Optional<TrainFailure> takeAll(int done, Gpt gpt, Optimizer optimizer, MetricsFile metrics)
            throws IOException {
        for (int step = done + 1; step <= recipe.steps(); step++) {
            try {
                take(step, gpt, optimizer, metrics);
                if (isCheckpointDue(step)) save(step, optimizer, metrics);
            } catch (ArithmeticException e) {
                return Optional.of(new TrainFailure(subject.optimizer(), step, reason(e)));
            }
        }
        return Optional.empty();
    }

    private String reason(ArithmeticException e) {
        return e instanceof NonFiniteGradientException
                ? "training with %s at learning rate %s has diverged; try a lower --learning-rate: %s"
                        .formatted(subject.optimizer(), choice.learningRate(), e.getMessage())
                : e.getMessage();
    }

    private void take(int step, Gpt gpt, Optimizer optimizer, MetricsFile metrics) throws IOException {
        long start = System.nanoTime();
        batches.next(inputs, targets);
        double trainLoss = gpt.forwardBackward(inputs, targets);
        StepReport report = optimizer.step();
        pace.stepped(System.nanoTime() - start, report.nanoseconds());
        refreshes += report.refreshes();

        boolean evaluate = step % recipe.evalEvery() == 0 || step == recipe.steps();
        var taken = evaluate ? OptionalDouble.of(evaluate(gpt, step)) : OptionalDouble.empty();
        if (evaluate || step % reportEvery == 0) report(step, trainLoss, taken, report, metrics);
        if (evaluate || pace.isShowDue()) show(step, trainLoss, taken);
    }

    private int restore(Path checkpoint, Optimizer optimizer) throws IOException {
        Progress progress = Checkpoint.load(checkpoint, subject, optimizer);
        batches.resume(progress.position());
        pace.resume(progress);
        refreshes = progress.refreshes();
        listener.resumed(subject.optimizer(), progress.step(), checkpoint);
        return progress.step();
    }

    private MetricsFile metrics(int done) throws IOException {
        folder.removeLeftovers();
        return done == 0 ? MetricsFile.create(folder.metrics()) : MetricsFile.resume(folder.metrics(), done);
    }

    /** None at the last step: the model follows at once. */
    private boolean isCheckpointDue(int step) {
        return config.checkpointEvery() > 0 && step % config.checkpointEvery() == 0 && step < recipe.steps();
    }

    private void save(int step, Optimizer optimizer, MetricsFile metrics) throws IOException {
        metrics.force(); // a checkpoint has all rows before it
        var progress = new Progress(
                step, batches.position(), pace.trainingNanos(), pace.optimizerNanos(), pace.evaluationNanos(),
                refreshes);
        Checkpoint.write(folder.newCheckpoint(step), subject, optimizer, progress);
        folder.keepNewest(config.keep());
    }

    private void report(
            int step, double trainLoss, OptionalDouble validationLoss, StepReport report, MetricsFile metrics)
            throws IOException {
        var dynamics = new MetricsRow.Dynamics(
                report.updateRatio(), report.gradientNorm(), report.condition(), refreshes, report.skippedSteps());
        metrics.append(new MetricsRow(
                step,
                (long) step * recipe.tokensPerStep(),
                trainLoss,
                validationLoss,
                recipe.schedule().of(choice.learningRate(), recipe.steps()).learningRate(step),
                pace.seconds(),
                pace.reported(step),
                pace.optimizerMillis(step),
                dynamics));
    }

    private void show(int step, double trainLoss, OptionalDouble validationLoss) {
        double tokensPerSecond = pace.shown(step);
        listener.progress(
                step, recipe.steps(), trainLoss, validationLoss, tokensPerSecond, pace.secondsLeft(step));
    }

    private double evaluate(Gpt gpt, int step) {
        listener.validating(step, recipe.steps());
        long start = System.nanoTime();
        double loss = evaluation.loss(gpt);
        pace.evaluated(System.nanoTime() - start);
        if (!Double.isFinite(loss)) {
            throw new ArithmeticException("validation loss of %s is %s at step %d: the training has diverged"
                    .formatted(subject.optimizer(), loss, step));
        }
        return loss;
    }
}
