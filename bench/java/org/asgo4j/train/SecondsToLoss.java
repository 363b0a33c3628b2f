// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.train;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Writes a table of the training seconds, evaluation left out, at which each optimizer of some {@code train} runs first
 * reached given validation losses. A loss counts from the first evaluation at or below it, so that {@code --eval-every}
 * is the resolution; nothing is interpolated.
 */
public final class SecondsToLoss {
    private static final String METRICS = "metrics.csv";

    private SecondsToLoss() {
    }

    /**
     * Prints the table.
     *
     * @param arguments validation losses, separated by commas, then at least one folder that {@code train} wrote
     * @throws IllegalArgumentException if a loss is no number, or a folder holds no metrics
     * @throws IOException if a file can't be read
     */
    public static void main(String... arguments) throws IOException {
        if (arguments.length < 2) {
            throw new IllegalArgumentException("expected LOSS,LOSS,… FOLDER…, got " + List.of(arguments));
        }
        double[] losses = Arrays.stream(arguments[0].split(",")).mapToDouble(Double::parseDouble).toArray();
        System.out.print(table(losses, Stream.of(arguments).skip(1).map(Path::of).toList()));
    }

    /** A row per optimizer and run, as Markdown: seconds and steps at each loss, and the last loss. */
    static String table(double[] losses, List<Path> runs) throws IOException {
        var text = new StringBuilder("| |");
        for (double loss : losses) text.append(" %s |".formatted(loss));
        text.append(" at the end |\n|").append(" --- |".repeat(losses.length + 2)).append('\n');
        for (Path run : runs) {
            for (Path metrics : metrics(run)) {
                String optimizer = metrics.getParent().getFileName().toString();
                String name = runs.size() == 1 ? optimizer : optimizer + ", " + run.getFileName();
                text.append(row(name, losses, MetricsFile.read(metrics)));
            }
        }
        return text.toString();
    }

    /** The metrics of a run's optimizers by name; a run has a folder for each. */
    private static List<Path> metrics(Path run) throws IOException {
        List<Path> found = new ArrayList<>();
        try (Stream<Path> folders = Files.list(run)) {
            folders.map(folder -> folder.resolve(METRICS)).filter(Files::isRegularFile).sorted().forEach(found::add);
        }
        if (found.isEmpty()) {
            throw new IllegalArgumentException("%s holds no folder with a %s, must be one that train wrote"
                    .formatted(run, METRICS));
        }
        return found;
    }

    private static String row(String name, double[] losses, List<MetricsRow> rows) {
        List<MetricsRow> evaluated = rows.stream().filter(row -> row.validationLoss().isPresent()).toList();
        var text = new StringBuilder("| " + name + " |");
        for (double loss : losses) {
            Optional<MetricsRow> first = evaluated.stream()
                    .filter(row -> row.validationLoss().getAsDouble() <= loss)
                    .findFirst();
            text.append(first.map(SecondsToLoss::when).orElse(" – |"));
        }
        if (evaluated.isEmpty()) return text.append(" |\n").toString();
        MetricsRow last = evaluated.getLast();
        return text.append(String.format(Locale.ROOT, " %.3f,", last.validationLoss().getAsDouble()))
                .append(when(last)).append('\n').toString();
    }

    private static String when(MetricsRow row) {
        return String.format(Locale.ROOT, " %.1f s (step %d) |", row.seconds(), row.step());
    }
}
