// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.linalg;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;

/**
 * Remembers the SHA-256 of each file of a cache directory, in the format that {@code sha256sum --check} reads.
 *
 * <p>It is only a short cut: a line that is missing or damaged costs one more look into the jar.
 */
final class CacheRecord {
    private static final String FILE = "SHA256SUMS";
    private static final String SEPARATOR = "  ";

    private final Path directory;
    private final Map<String, String> hashes;

    private CacheRecord(Path directory, Map<String, String> hashes) {
        this.directory = directory;
        this.hashes = hashes;
    }

    /** The record of this directory; empty if there is none yet. */
    static CacheRecord read(Path directory) throws IOException {
        Path file = directory.resolve(FILE);
        Map<String, String> hashes = new HashMap<>();
        if (Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
            // Latin-1 takes any bytes, so a damaged record is one that does not match, not an error.
            for (String line : Files.readString(file, StandardCharsets.ISO_8859_1).lines().toList()) {
                int end = line.indexOf(SEPARATOR);
                if (end > 0) {
                    hashes.put(line.substring(end + SEPARATOR.length()), line.substring(0, end));
                }
            }
        }
        return new CacheRecord(directory, hashes);
    }

    /** The recorded hash of this file, empty if there is none. */
    String hashOf(String name) {
        return hashes.getOrDefault(name, "");
    }

    /** Makes the record say this; writes only if it does not yet. */
    void replaceWith(Map<String, String> current) throws IOException {
        if (hashes.equals(current)) {
            return;
        }
        StringBuilder text = new StringBuilder();
        new TreeMap<>(current).forEach((name, hash) -> text.append(hash).append(SEPARATOR).append(name).append('\n'));
        try (TemporaryFile written = TemporaryFile.in(directory, FILE)) {
            written.fill(text.toString().getBytes(StandardCharsets.ISO_8859_1));
            written.replace(directory.resolve(FILE));
        }
    }
}
