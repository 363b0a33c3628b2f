// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.train;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** What came of the optimizers that have ended, read from their folders one after the other. */
final class Results {
    private final TrainConfig config;
    private final Training.Pictures pictures;
    private final List<TrainOutcome> outcomes = new ArrayList<>();
    private final List<LossCurve> curves = new ArrayList<>();

    Results(TrainConfig config, Training.Pictures pictures) {
        this.config = config;
        this.pictures = pictures;
    }

    /** One per optimizer that was read. */
    List<TrainOutcome> outcomes() {
        return outcomes;
    }

    /** Adds an optimizer that has ended, and its curve if it trained to the last step. */
    TrainOutcome read(OptimizerChoice choice) throws IOException {
        var folder = new OptimizerFolder(config.out(), choice);
        String label = choice.algorithm().label();
        TrainOutcome outcome = folder.hasFailed()
                ? TrainFailure.read(folder.failure(), label)
                : trained(label, folder.metrics());
        outcomes.add(outcome);
        return outcome;
    }

    /** Metrics that a failing machine cut short keep nobody from training the other optimizers. */
    private TrainOutcome trained(String label, Path metrics) throws IOException {
        List<MetricsRow> rows;
        try {
            rows = Files.exists(metrics) ? MetricsFile.read(metrics) : List.of();
        } catch (IllegalArgumentException e) {
            return lost(label, 0, e.getMessage());
        }
        int reached = rows.isEmpty() ? 0 : rows.getLast().step();
        int steps = config.recipe().steps();
        if (reached < steps) return lost(label, reached, "%s ends at step %d of %d".formatted(metrics, reached, steps));
        curves.add(new LossCurve(label, rows));
        return result(label, rows.getLast());
    }

    private static TrainFailure lost(String label, int step, String problem) {
        return new TrainFailure(label, step, problem + ": the training ended, and its result is lost; the model beside "
                + "it is that of the last step");
    }

    /** As the last row of the metrics has it, so that a resumed run says the same of what was done before. */
    private static TrainResult result(String label, MetricsRow last) {
        return new TrainResult(
                label,
                last.step(),
                last.validationLoss().orElse(Double.NaN),
                last.seconds(),
                last.tokens() / last.seconds(),
                last.optimizerMillis());
    }

    /** Draws the curves so far. */
    void plot() {
        if (curves.isEmpty()) return;
        String title = "Character-level GPT on " + config.recipe().data().getFileName();
        pictures.draw(config.out(), title, curves);
    }
}
