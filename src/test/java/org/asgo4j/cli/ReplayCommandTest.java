// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.asgo4j.io.Safetensors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The command replay as a process; what the optimizers compute is tested without one. */
class ReplayCommandTest {
    private static final Path GOLDEN = Path.of("src/test/resources/golden").toAbsolutePath();
    private static final int STEPS = 12;
    private static final String NUMBER = "\\d\\.\\de[+-]\\d\\d";
    private static final Pattern LINE = Pattern.compile("replay optimizer=(asgo|adamw) steps=12 "
            + "relative_difference_published=(" + NUMBER + ") relative_difference_exact=(none|" + NUMBER + ")");

    /** The goals of the project for a float64 root and for AdamW. */
    private static final double EXACT_TOLERANCE = 1e-4;

    private static final double ADAMW_TOLERANCE = 1e-5;

    @TempDir
    private Path folder;

    private Matcher replay(String name, String... more) {
        Stream<String> arguments = Stream.of("replay", GOLDEN.resolve(name).toString(), "--out", "out.safetensors");
        var result = new CliProcess(folder).run(Stream.concat(arguments, Stream.of(more)).toArray(String[]::new));
        assertEquals(0, result.status(), result::toString);
        Matcher line = LINE.matcher(result.out().getLast());
        assertTrue(line.matches(), result::toString);
        return line;
    }

    @Test
    void asgoFollowsTheExactTrajectoryAndWritesEveryWeight() throws IOException {
        double exact = Double.parseDouble(replay("asgo-16x48.safetensors").group(3));
        assertTrue(exact <= EXACT_TOLERANCE, () -> "relative difference " + exact);
        try (Safetensors written = Safetensors.open(folder.resolve("out.safetensors"))) {
            assertEquals("asgo", written.metadata().get("optimizer"));
            for (int t = 1; t <= STEPS; t++) {
                String name = "weight." + t;
                assertTrue(written.contains(name), () -> name + " is missing from " + written.names());
            }
        }
    }

    /** The exact weights of this file were made with a weight decay that its metadata does not say. */
    @Test
    void weightDecayCanBeGiven() {
        Matcher line = replay(
                "asgo-24x24.safetensors", "--root", "eigen", "--precision", "float64", "--weight-decay", "0.1");
        double exact = Double.parseDouble(line.group(3));
        assertTrue(exact <= EXACT_TOLERANCE, () -> "relative difference " + exact);
    }

    @Test
    void adamwFollowsTheRecordedTrajectory() {
        Matcher line = replay("adamw-16x48.safetensors", "--backend", "reference");
        double published = Double.parseDouble(line.group(2));
        assertTrue(published <= ADAMW_TOLERANCE, () -> "relative difference " + published);
        assertEquals("none", line.group(3));
    }
}
