// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.examples.comparison;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;

/** Results as text: a table for people, and all points for programs. */
final class ResultTables {
    private static final String HEAD = """
            | optimizer | learning rate | training loss | more than %1$s's | validation loss | more than %1$s's \
            | accuracy | µs gradient | µs step |
            | --- | --- | --- | --- | --- | --- | --- | --- | --- |
            """;

    private ResultTables() {}

    /** A Markdown table: means over the seeds with their standard errors, and differences to the first result. */
    static String markdown(List<Result> results) {
        Result first = results.getFirst();
        var text = new StringBuilder(HEAD.formatted(first.choice().contender().label()));
        for (Result result : results) text.append(row(result, first));
        return text.toString();
    }

    private static String row(Result result, Result first) {
        Choice choice = result.choice();
        Estimate accuracy = result.atEnd(point -> 100 * point.validation().accuracy());
        return String.format(Locale.ROOT, "| %s | %s%s%s | %s | %s | %s | %.0f | %.0f |%n",
                choice.contender().label(),
                choice.learningRateText(),
                choice.atEdge() ? " (edge)" : "",
                result.diverged() > 0 ? " (%d diverged)".formatted(result.diverged()) : "",
                losses(result, first, point -> point.training().loss()),
                losses(result, first, point -> point.validation().loss()),
                Double.isNaN(accuracy.mean()) ? "–" : text("%.1f ± %.1f %%", accuracy),
                result.gradientMicros(),
                result.stepMicros());
    }

    private static String losses(Result result, Result first, ToDoubleFunction<Curve.Point> loss) {
        return text("%.5f ± %.5f", result.atEnd(loss)) + " | "
                + (result == first ? "–" : text("%+.5f ± %.5f", result.atEndMoreThan(first, loss)));
    }

    private static String text(String format, Estimate estimate) {
        return String.format(Locale.ROOT, format, estimate.mean(), estimate.standardError()).replace('-', '−');
    }

    /** Every point of every curve; runs of the same number are of the same seed. */
    static void writeCsv(Path file, List<Result> results) throws IOException {
        List<String> lines = new ArrayList<>();
        lines.add("optimizer,learning_rate,run,step,training_loss,validation_loss,validation_accuracy");
        for (Result result : results) {
            Choice choice = result.choice();
            for (int run = 0; run < result.curves().size(); run++) {
                for (Curve.Point point : result.curves().get(run).points()) {
                    lines.add(String.format(Locale.ROOT, "\"%s\",%s,%d,%d,%.6g,%.6g,%.4f", choice.contender().label(),
                            choice.learningRate(), run + 1, point.step(), point.training().loss(),
                            point.validation().loss(), point.validation().accuracy()));
                }
            }
        }
        Files.write(file, lines);
    }
}
