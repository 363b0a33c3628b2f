// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.structure;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Checks that the bindings are what jextract writes from the symbol lists, and nothing else. */
class GeneratedBindingsTest {
    private static final String CHECKSUMS = "SHA256SUMS";

    /** First line of {@code jextract --version}, up to the build; another release may write other text. */
    private static final String JEXTRACT_VERSION = "jextract 25";

    @Test
    void checkedInBindingsAreUnedited() {
        SortedMap<String, String> recorded = new TreeMap<>();
        for (String line : Sources.text(Sources.GENERATED.resolve(CHECKSUMS)).lines().toList()) {
            String[] sumAndFile = line.split(" {2}", 2);
            recorded.put(sumAndFile[1], sumAndFile[0]);
        }
        assertFalse(recorded.isEmpty(), "no checksum in " + CHECKSUMS);
        SortedMap<String, String> found = checksums(Sources.GENERATED);
        found.remove(CHECKSUMS);
        assertEquals(recorded, found, "jextract/generated is not what regenerate.sh wrote; see jextract/README.md");
    }

    @Test
    void regeneratingGivesTheSameFiles(@TempDir Path folder) throws IOException, InterruptedException {
        Optional<String> jextract = jextract();
        assumeTrue(jextract.isPresent(), "no jextract: set JEXTRACT or put one on the PATH to compare the bindings");
        String version = Commands.run(folder, Map.of(), jextract.get(), "--version").lines().findFirst().orElse("");
        assumeTrue(version.startsWith(JEXTRACT_VERSION),
                "the bindings are of " + JEXTRACT_VERSION + ", this is " + version);
        Path fresh = folder.resolve("generated");
        Commands.run(folder, Map.of("JEXTRACT", jextract.get()), "sh",
                Sources.ROOT.resolve("jextract/regenerate.sh").toString(), fresh.toString());
        assertEquals(checksums(Sources.GENERATED), checksums(fresh),
                "regenerate.sh writes other files than those checked in");
    }

    private static Optional<String> jextract() {
        return Optional.ofNullable(System.getenv("JEXTRACT")).or(() -> Commands.onPath("jextract"));
    }

    /** SHA-256 by name of all files under a folder. */
    private static SortedMap<String, String> checksums(Path folder) {
        SortedMap<String, String> sums = new TreeMap<>();
        for (Path file : Sources.files(folder)) {
            String name = folder.relativize(file).toString().replace(File.separatorChar, '/');
            sums.put(name, Sources.sha256(Sources.text(file)));
        }
        return sums;
    }
}
