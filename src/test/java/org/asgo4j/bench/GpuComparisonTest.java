// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.asgo4j.linalg.FakeCuda;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The comparison for a GPU runs through, its answers verified, on the fake: its times mean nothing there. */
class GpuComparisonTest {
    @ParameterizedTest
    @ValueSource(strings = {"tiny", "24"})
    void everyImplementationIsVerifiedAndSampled(String set) throws Exception {
        assumeTrue(FakeCuda.prepare(), FakeCuda.whyNot());
        var bytes = new ByteArrayOutputStream();
        GpuComparison.run(set, 2, new PrintStream(bytes, true, StandardCharsets.UTF_8));
        List<String> lines = bytes.toString(StandardCharsets.UTF_8).lines().toList();
        assertTrue(lines.getFirst().startsWith("# CUDA ("), lines.getFirst());
        Map<String, Long> perImplementation = lines.stream().filter(line -> line.startsWith(set + ","))
                .collect(Collectors.groupingBy(GpuComparisonTest::implementation, Collectors.counting()));
        assertEquals(8, perImplementation.size(), perImplementation::toString);
        assertTrue(perImplementation.values().stream().allMatch(count -> count == 2), perImplementation::toString);
        assertEquals(8, lines.stream().filter(line -> line.endsWith(" %")).count());
    }

    /** All but the last two of a line's columns. */
    private static String implementation(String line) {
        return line.substring(0, line.lastIndexOf(",", line.lastIndexOf(",") - 1));
    }

    @Test
    void theOtherScriptNamesTheSameSets() throws Exception {
        String script = Files.readString(Path.of("bench", "gpu", "published_step.py"));
        for (String set : List.of("\"tiny\": (4, 4)", "\"char-gpt\": (128, 4)", "\"block\": (768, 1)",
                "\"block-xl\": (1600, 1)")) {
            assertTrue(script.contains(set), set);
        }
    }
}
