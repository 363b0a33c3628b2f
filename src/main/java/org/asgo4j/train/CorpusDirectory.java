// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.train;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Reads the text files under a directory, sorted by relative path. What can't be read is skipped and logged, and so are
 * the results of trainings below it: they are no text to train on, and grow while one of them is trained.
 */
final class CorpusDirectory {
    private CorpusDirectory() {}

    static void read(Path directory, CorpusText text) throws IOException {
        for (Map.Entry<String, Path> entry : files(directory, text).entrySet()) {
            try (InputStream in = Files.newInputStream(entry.getValue())) {
                text.appendOrSkip(entry.getKey(), in);
            } catch (IOException e) {
                text.skip(entry.getValue().toString(), e.toString());
            }
        }
    }

    /** The regular files by relative path with forward slashes, so that the order is the same on every system. */
    private static SortedMap<String, Path> files(Path source, CorpusText text) throws IOException {
        SortedMap<String, Path> files = new TreeMap<>();
        Path directory = source.toRealPath(); // the walk follows no links, not even this one
        String separator = directory.getFileSystem().getSeparator();
        Files.walkFileTree(directory, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes) {
                if (folder.equals(directory) || !SavedRun.isIn(folder)) return FileVisitResult.CONTINUE;
                text.skip(folder.toString(), "results of a training");
                return FileVisitResult.SKIP_SUBTREE;
            }

            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
                String name = directory.relativize(file).toString().replace(separator, "/");
                if (Files.isRegularFile(file) && !CorpusText.isHidden(name)) {
                    files.put(name, file);
                }
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFileFailed(Path file, IOException e) {
                text.skip(file.toString(), e.toString());
                return FileVisitResult.CONTINUE;
            }
        });
        return files;
    }
}
