// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.examples.comparison;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Results as text: a table for people, and all points for programs. */
final class ResultTables {
    private static final String HEAD = """
            | optimizer | learning rate | training loss | validation loss | accuracy | µs gradient | µs step |
            | --- | --- | --- | --- | --- | --- | --- |
            """;

    private ResultTables() {}

    /** A Markdown table: means over the seeds, least and most in brackets. */
    static String markdown(List<Result> results) {
        var text = new StringBuilder(HEAD);
        for (Result result : results) {
            Result.Spread accuracy = result.atEnd(point -> 100 * point.validation().accuracy());
            text.append(String.format(Locale.ROOT, "| %s | %s%s | %s | %s | %s | %.0f | %.0f |%n",
                    result.contender().label(),
                    result.learningRateText(),
                    result.atEdge() ? " (edge)" : "",
                    loss(result.atEnd(point -> point.training().loss())),
                    loss(result.atEnd(point -> point.validation().loss())),
                    Double.isNaN(accuracy.mean())
                            ? "–"
                            : String.format(Locale.ROOT, "%.1f %% (%.1f–%.1f)", accuracy.mean(), accuracy.least(),
                                    accuracy.most()),
                    result.spread(Curve::gradientMicros).mean(),
                    result.spread(Curve::stepMicros).mean()));
        }
        return text.toString();
    }

    private static String loss(Result.Spread spread) {
        return String.format(Locale.ROOT, "%.4f (%.4f–%.4f)", spread.mean(), spread.least(), spread.most());
    }

    /** Every point of every curve. */
    static void writeCsv(Path file, List<Result> results) throws IOException {
        List<String> lines = new ArrayList<>();
        lines.add("optimizer,learning_rate,run,step,training_loss,validation_loss,validation_accuracy");
        for (Result result : results) {
            for (int run = 0; run < result.curves().size(); run++) {
                for (Curve.Point point : result.curves().get(run).points()) {
                    lines.add(String.format(Locale.ROOT, "%s,%s,%d,%d,%.6g,%.6g,%.4f", result.contender().label(),
                            result.learningRate(), run + 1, point.step(), point.training().loss(),
                            point.validation().loss(), point.validation().accuracy()));
                }
            }
        }
        Files.write(file, lines);
    }
}
