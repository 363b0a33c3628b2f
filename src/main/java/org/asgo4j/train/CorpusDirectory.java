// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.train;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Reads the text files under a directory, sorted by relative path. What can't be read is skipped and logged, and so are
 * the results of trainings below it: they are no text to train on, and grow while one of them is trained.
 */
final class CorpusDirectory {
    private CorpusDirectory() {}

    static void read(Path directory, CorpusText text) throws IOException {
        Path root = directory.toRealPath(); // the walk follows no links, not even this one
        var walk = new Walk(root, text);
        Files.walkFileTree(root, walk);
        for (Path file : walk.files()) {
            try (InputStream in = Files.newInputStream(file)) {
                text.appendOrSkip(file.toString(), in);
            } catch (IOException e) {
                text.skip(file.toString(), e.toString());
            }
        }
    }

    /** Gathers the regular files, and skips what can't be listed. */
    static final class Walk extends SimpleFileVisitor<Path> {
        private final Path root;
        private final CorpusText text;
        private final String separator;
        private final List<Path> files = new ArrayList<>();

        Walk(Path root, CorpusText text) {
            this.root = root;
            this.text = text;
            this.separator = root.getFileSystem().getSeparator();
        }

        /**
         * The files by relative path with forward slashes, so that the order is the same on every system. Where paths
         * are bytes, those are compared: in a locale of ASCII names of other characters all read alike.
         */
        List<Path> files() {
            Comparator<Path> byName = Comparator.comparing(this::name, CorpusText.byName());
            files.sort(separator.equals("/") ? Comparator.naturalOrder() : byName);
            return files;
        }

        private String name(Path file) {
            return root.relativize(file).toString().replace(separator, "/");
        }

        @Override
        public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes) {
            if (folder.equals(root) || !SavedRun.isIn(folder)) return FileVisitResult.CONTINUE;
            text.skip(folder.toString(), "results of a training");
            return FileVisitResult.SKIP_SUBTREE;
        }

        @Override
        public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
            if (Files.isRegularFile(file) && !CorpusText.isHidden(name(file))) {
                files.add(file);
            }
            return FileVisitResult.CONTINUE;
        }

        @Override
        public FileVisitResult visitFileFailed(Path file, IOException e) {
            text.skip(file.toString(), e.toString());
            return FileVisitResult.CONTINUE;
        }

        /** Goes on with what was listed of a folder before that failed. */
        @Override
        public FileVisitResult postVisitDirectory(Path folder, IOException failure) {
            if (failure != null) text.skip(folder.toString(), failure.toString());
            return FileVisitResult.CONTINUE;
        }
    }
}
