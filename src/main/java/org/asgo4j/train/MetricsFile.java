// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.train;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;

/**
 * The metrics of one run as CSV, a line per row. Every row is handed to the operating system at once, so a run that is
 * killed leaves all its rows. Numbers have a decimal point whatever the machine's language; what was not evaluated,
 * measured or known is empty.
 */
final class MetricsFile implements AutoCloseable {
    /** The first line. */
    static final String HEADER = "step,tokens,train_loss,val_loss,learning_rate,seconds,tokens_per_second,optimizer_ms,"
            + "update_ratio,gradient_norm,condition,refreshes,skipped";

    private static final String SEPARATOR = ",";
    private static final int COLUMNS = HEADER.split(SEPARATOR).length;

    private final FileChannel out;

    private MetricsFile(FileChannel out) {
        this.out = out;
    }

    /** Creates the file, or empties it, and writes the header. */
    static MetricsFile create(Path file) throws IOException {
        FileChannel out = FileChannel.open(
                file, StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.TRUNCATE_EXISTING);
        MetricsFile metrics = new MetricsFile(out);
        metrics.writeLine(HEADER);
        return metrics;
    }

    /**
     * Continues a file after a step; the rows of later ones are cut off.
     *
     * @throws IllegalArgumentException if it is no file of this version
     */
    static MetricsFile resume(Path file, int step) throws IOException {
        var kept = new StringBuilder(HEADER + "\n");
        for (String line : lines(file)) {
            if (row(file, line).step() <= step) kept.append(line).append('\n');
        }
        WholeFile.write(file, kept.toString());
        return new MetricsFile(FileChannel.open(file, StandardOpenOption.WRITE, StandardOpenOption.APPEND));
    }

    /**
     * Reads all rows, rounded as they are in the file.
     *
     * @throws IllegalArgumentException if it is no file of this version
     */
    static List<MetricsRow> read(Path file) throws IOException {
        List<MetricsRow> rows = new ArrayList<>();
        for (String line : lines(file)) rows.add(row(file, line));
        return rows;
    }

    /** All lines but the header, and but a last one that a killed process did not end. */
    private static List<String> lines(Path file) throws IOException {
        String text = Files.readString(file);
        List<String> lines = text.substring(0, text.lastIndexOf('\n') + 1).lines().toList();
        if (lines.isEmpty() || !lines.getFirst().equals(HEADER)) {
            throw new IllegalArgumentException("%s begins with '%s', must begin with '%s'"
                    .formatted(file, lines.isEmpty() ? "" : lines.getFirst(), HEADER));
        }
        return lines.subList(1, lines.size());
    }

    private static MetricsRow row(Path file, String line) {
        List<String> all = List.of(line.split(SEPARATOR, -1));
        if (all.size() != COLUMNS) {
            throw new IllegalArgumentException(
                    "%s: a row has %d columns, must have %d: %s".formatted(file, all.size(), COLUMNS, line));
        }
        Iterator<String> cells = all.iterator();
        try {
            return new MetricsRow(
                    Integer.parseInt(cells.next()),
                    Long.parseLong(cells.next()),
                    number(cells.next()),
                    optional(cells.next()),
                    number(cells.next()),
                    number(cells.next()),
                    number(cells.next()),
                    number(cells.next()),
                    new MetricsRow.Dynamics(
                            number(cells.next()),
                            number(cells.next()),
                            number(cells.next()),
                            Long.parseLong(cells.next()),
                            Long.parseLong(cells.next())));
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("%s: a row is not of numbers: %s".formatted(file, line), e);
        }
    }

    private static OptionalDouble optional(String cell) {
        return cell.isEmpty() ? OptionalDouble.empty() : OptionalDouble.of(Double.parseDouble(cell));
    }

    private static double number(String cell) {
        return cell.isEmpty() ? Double.NaN : Double.parseDouble(cell);
    }

    /** Appends a row. */
    void append(MetricsRow row) throws IOException {
        String validation = row.validationLoss().isPresent() ? loss(row.validationLoss().getAsDouble()) : "";
        MetricsRow.Dynamics dynamics = row.dynamics();
        writeLine(String.join(SEPARATOR,
                String.format(Locale.ROOT, "%d,%d,%s,%s,%.6g,%.3f,%.1f,%.3f",
                        row.step(), row.tokens(), loss(row.trainLoss()), validation,
                        row.learningRate(), row.seconds(), row.tokensPerSecond(), row.optimizerMillis()),
                known(dynamics.updateRatio()), known(dynamics.gradientNorm()), known(dynamics.condition()),
                String.valueOf(dynamics.refreshes()), String.valueOf(dynamics.skipped())));
    }

    /** Has the rows so far survive a failure of the machine. */
    void force() throws IOException {
        out.force(false);
    }

    @Override
    public void close() throws IOException {
        out.close();
    }

    private static String loss(double value) {
        return String.format(Locale.ROOT, "%.6f", value);
    }

    private static String known(double value) {
        return Double.isNaN(value) ? "" : String.format(Locale.ROOT, "%.6g", value);
    }

    private void writeLine(String line) throws IOException {
        ByteBuffer bytes = ByteBuffer.wrap((line + "\n").getBytes(StandardCharsets.US_ASCII));
        while (bytes.hasRemaining()) out.write(bytes);
    }
}
