// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.asgo4j.testing.Seeds;
import org.junit.jupiter.api.Test;

/** The program to copy learns, and needs nothing but the library. */
class OwnLoopTest {
    @Test
    void learnsAFunction() {
        long seed = Seeds.next();
        double[] losses = OwnLoop.train(seed);
        assertTrue(losses[1] < losses[0] / 10, () -> losses[0] + " → " + losses[1] + ", seed=" + seed);
    }

    @Test
    void importsWhatIsExportedAndNothingElse() throws IOException {
        Path program = Path.of("src", "test", "java", "org", "asgo4j", "examples", "OwnLoop.java");
        List<String> others = Files.readAllLines(program).stream()
                .filter(line -> line.startsWith("import "))
                .filter(line -> !line.matches("import (java\\.|org\\.asgo4j\\.(linalg|optim)\\.).*"))
                .toList();
        assertEquals(List.of(), others);
    }
}
