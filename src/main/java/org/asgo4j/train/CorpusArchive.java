// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.train;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/** Reads the text entries of a jar or zip, sorted by name; the directory {@code META-INF} is no text. */
final class CorpusArchive {
    private static final String PACKAGING = "META-INF/";

    private CorpusArchive() {}

    static void read(Path archive, CorpusText text) throws IOException {
        try (ZipFile zip = new ZipFile(archive.toFile())) {
            List<? extends ZipEntry> entries = zip.stream()
                    .filter(entry -> !entry.isDirectory() && !entry.getName().startsWith(PACKAGING))
                    .filter(entry -> !CorpusText.isHidden(entry.getName()))
                    .sorted(Comparator.comparing(ZipEntry::getName))
                    .toList();
            for (ZipEntry entry : entries) {
                try (InputStream in = zip.getInputStream(entry)) {
                    text.appendOrSkip(entry.getName(), in);
                }
            }
        } catch (IllegalArgumentException e) {
            throw new IOException(e);
        }
    }
}
