// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.train;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.Collections;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/** Reads the text entries of a jar or zip, sorted by name; the directory {@code META-INF} is no text. */
final class CorpusArchive {
    private static final String PACKAGING = "META-INF/";

    private CorpusArchive() {}

    static void read(Path archive, CorpusText text) throws IOException {
        try (ZipFile zip = new ZipFile(archive.toFile())) {
            for (Map.Entry<String, ZipEntry> entry : files(archive, zip).entrySet()) {
                try (InputStream in = zip.getInputStream(entry.getValue())) {
                    text.appendOrSkip(entry.getKey(), in);
                }
            }
        } catch (IllegalArgumentException e) {
            throw new IOException(e);
        }
    }

    private static SortedMap<String, ZipEntry> files(Path archive, ZipFile zip) {
        SortedMap<String, ZipEntry> files = new TreeMap<>(CorpusText.byName());
        for (ZipEntry entry : Collections.list(zip.entries())) {
            String name = normalised(entry.getName());
            if (entry.isDirectory() || name.startsWith(PACKAGING) || CorpusText.isHidden(name)) continue;
            if (files.put(name, entry) != null) {
                throw new CorpusException(("%s has two entries named '%s', of which either may be meant; make the "
                        + "archive anew with one of them").formatted(archive, name));
            }
        }
        return files;
    }

    /** A name as a folder would have it: some programs write ./a.txt, which is no hidden file. */
    private static String normalised(String name) {
        return Stream.of(name.split("/"))
                .filter(part -> !part.isEmpty() && !part.equals("."))
                .collect(Collectors.joining("/"));
    }
}
