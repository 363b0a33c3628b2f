// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/** Small texts to train on, the same in every run. */
final class Corpora {
    private static final String[] WORDS = {"alpha", "beta", "gamma", "delta", "omega"};
    private static final int COUNT = 400;
    private static final int WORDS_PER_LINE = 8;

    private Corpora() {}

    /** Some 2,400 characters, 13 different ones. */
    static String words() {
        Random random = new Random(1);
        return IntStream.rangeClosed(1, COUNT)
                .mapToObj(i -> WORDS[random.nextInt(WORDS.length)] + (i % WORDS_PER_LINE == 0 ? "\n" : " "))
                .collect(Collectors.joining());
    }

    /** Writes the text to a file. */
    static Path file(Path file) throws IOException {
        return Files.writeString(file, words());
    }

    /** Writes the text to two files in a new directory, which together are the text. */
    static Path directory(Path directory) throws IOException {
        Files.createDirectories(directory.resolve("deeper"));
        int half = words().lastIndexOf('\n', words().length() / 2) + 1;
        Files.writeString(directory.resolve("a.txt"), words().substring(0, half));
        Files.writeString(directory.resolve("deeper/b.txt"), words().substring(half));
        return directory;
    }

    /** Writes the text to the one entry of a zip. */
    static Path zip(Path file) throws IOException {
        try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(file))) {
            zip.putNextEntry(new ZipEntry("words.txt"));
            zip.write(words().getBytes(StandardCharsets.UTF_8));
            zip.closeEntry();
        }
        return file;
    }
}
