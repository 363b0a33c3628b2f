// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The table of seconds to a loss, from metrics as {@code train} writes them. */
class SecondsToLossTest {
    private static final double[] LOSSES = {2, 1.5};
    private static final MetricsRow.Dynamics DYNAMICS = new MetricsRow.Dynamics(Double.NaN, 1, Double.NaN, 0, 0);

    @TempDir
    Path folder;

    @Test
    void theFirstEvaluationAtOrBelowCounts() throws IOException {
        Path run = folder.resolve("run");
        write(run.resolve("asgo"), row(100, 2.5, 3), row(150, Double.NaN, 4), row(200, 2, 6), row(300, 1.4, 9),
                row(400, 1.6, 12));
        write(run.resolve("adamw"), row(100, 2.6, 2), row(400, 1.8, 8));
        assertEquals("""
                | | 2.0 | 1.5 | at the end |
                | --- | --- | --- | --- |
                | adamw | 8.0 s (step 400) | – | 1.800, 8.0 s (step 400) |
                | asgo | 6.0 s (step 200) | 9.0 s (step 300) | 1.600, 12.0 s (step 400) |
                """, SecondsToLoss.table(LOSSES, List.of(run)));
    }

    @Test
    void severalRunsAreNamed() throws IOException {
        Path first = folder.resolve("seed1");
        Path second = folder.resolve("seed2");
        write(first.resolve("asgo"), row(100, 1.9, 3));
        write(second.resolve("asgo"), row(100, Double.NaN, 3));
        String table = SecondsToLoss.table(LOSSES, List.of(first, second));
        assertTrue(table.contains("| asgo, seed1 | 3.0 s (step 100) | – |"), table);
        assertTrue(table.contains("| asgo, seed2 | – | – | |"), table);
    }

    @Test
    void aFolderWithoutMetricsIsNamed() {
        var thrown = assertThrows(
                IllegalArgumentException.class, () -> SecondsToLoss.table(LOSSES, List.of(folder)));
        assertTrue(thrown.getMessage().startsWith(folder.toString()), thrown.getMessage());
    }

    private static void write(Path optimizer, MetricsRow... rows) throws IOException {
        Files.createDirectories(optimizer);
        try (MetricsFile file = MetricsFile.create(optimizer.resolve("metrics.csv"))) {
            for (MetricsRow row : rows) file.append(row);
        }
    }

    private static MetricsRow row(int step, double validationLoss, double seconds) {
        var taken = Double.isNaN(validationLoss) ? OptionalDouble.empty() : OptionalDouble.of(validationLoss);
        return new MetricsRow(step, step, 1, taken, 0.01, seconds, 1, 1, DYNAMICS);
    }
}
