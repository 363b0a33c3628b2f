// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The commands and options that look at the program and the machine. */
class DoctorCommandTest {
    @TempDir
    private Path folder;

    @Test
    void aHealthyMachineIsDescribedAndMeasured() {
        var result = new CliProcess(folder).withVectors().run("doctor");
        assertEquals(0, result.status(), result::toString);
        String text = String.join("\n", result.out());
        for (String expected : new String[] {
            "asgo4j ", "java ", "system ", "OPENBLAS", "BLAS thread", "core type", "vector, ", "workers ", "mkl: ",
            "reference: ", "within ", "sgemm 512, GFLOP/s", "ssyrk 512, GFLOP/s", "ssyevd 512, ms", "from memory, GB/s"
        }) {
            assertTrue(text.contains(expected), () -> "no '" + expected + "' in\n" + text);
        }
        assertTrue(result.err().isEmpty(), result::toString);
    }

    @Test
    void aBackendThatCannotRunIsAFailureWithTheLoadersWords() {
        var result = new CliProcess(folder).with("-Dasgo4j.library=/nonexistent.so").run("doctor");
        assertEquals(1, result.status(), result::toString);
        String complaint = String.join("\n", result.err());
        assertTrue(complaint.startsWith("asgo4j: no library for backend openblas could be loaded; tried:"), complaint);
        assertTrue(complaint.contains("/nonexistent.so: "), complaint);
        assertTrue(complaint.contains("name a library with ASGO4J_OPTS=-Dasgo4j.library=PATH"), complaint);
        assertTrue(complaint.endsWith("choose the pure-Java backend with --backend reference."), complaint);
        assertTrue(result.out().stream().anyMatch(line -> line.startsWith("java ")), result::toString);
    }

    @Test
    void helpListsTheCommands() {
        var result = new CliProcess(folder).run("--help");
        assertEquals(0, result.status(), result::toString);
        String text = String.join("\n", result.out());
        for (String command : new String[] {"train", "sample", "replay", "doctor"}) {
            assertTrue(text.contains("\n  " + command), text);
        }
    }

    @Test
    void versionIsOneLine() {
        var result = new CliProcess(folder).run("--version");
        assertEquals(0, result.status(), result::toString);
        assertEquals(1, result.out().size(), result::toString);
        assertTrue(result.out().getFirst().matches("asgo4j (development|\\d+\\.\\d+\\.\\d+\\S*)"), result::toString);
    }
}
