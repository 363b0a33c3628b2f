package org.asgo4j.train;

import java.io.IOException;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/**
 * Writes the metrics of one run as CSV, a line per row. Every row is handed to the operating system at once, so a run
 * that is killed leaves all its rows. Numbers have a decimal point whatever the machine's language; {@code val_loss} is
 * empty where it was not evaluated.
 */
final class MetricsFile implements AutoCloseable {
    /** The first line. */
    static final String HEADER = "step,tokens,train_loss,val_loss,learning_rate,seconds,tokens_per_second,optimizer_ms";

    private final Writer out;

    private MetricsFile(Writer out) {
        this.out = out;
    }

    /** Creates the file, or empties it, and writes the header. */
    static MetricsFile create(Path file) throws IOException {
        MetricsFile metrics = new MetricsFile(Files.newBufferedWriter(file));
        metrics.writeLine(HEADER);
        return metrics;
    }

    /** Appends a row. */
    void append(MetricsRow row) throws IOException {
        String validation = row.validationLoss().isPresent() ? loss(row.validationLoss().getAsDouble()) : "";
        writeLine(String.format(Locale.ROOT, "%d,%d,%s,%s,%.6g,%.3f,%.1f,%.3f",
                row.step(), row.tokens(), loss(row.trainLoss()), validation,
                row.learningRate(), row.seconds(), row.tokensPerSecond(), row.optimizerMillis()));
    }

    @Override
    public void close() throws IOException {
        out.close();
    }

    private static String loss(double value) {
        return String.format(Locale.ROOT, "%.6f", value);
    }

    private void writeLine(String line) throws IOException {
        out.write(line + "\n");
        out.flush();
    }
}
