// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs the comparison of steps once, on small weights: C and Java agree, and the results can be read. */
class StepComparisonTest {
    @Test
    void stepsOfCAndJavaAgreeAndAreWritten(@TempDir Path folder) throws Exception {
        assumeTrue(System.getProperty("os.name").equals("Linux"), "native/step.c is built for Linux here");
        assumeTrue(NativeSources.STEP.missing() == null, NativeSources.STEP.missing());
        StepComparison.run(folder.resolve("step.json"), 1, "tiny", 1, 2);
        Files.writeString(folder.resolve("step.properties"),
                "machine = here\ncommand = this\ndate = 2026-01-01 12:00\n");
        List<Measured> results = Measured.readAll(folder);
        assertEquals(2 * 2 * 3, results.size(), "intervals × workers × implementations");
        assertEquals(Set.of("c", "java", "java-defaults"),
                results.stream().map(result -> result.parameters().get("implementation")).collect(Collectors.toSet()));
        for (Measured result : results) {
            assertEquals("StepComparison.step", result.benchmark());
            assertTrue(result.metrics().get(Measured.SCORE).median() > 0, result.toString());
            assertEquals(Set.of(Measured.SCORE, "overC", "speedup"), result.metrics().keySet());
        }
    }
}
