// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.train;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Objects;

/**
 * The text to train on, and where it came from.
 *
 * <p>Sources: a text file, taken as it is; a directory, whose regular text files are read recursively in the order of
 * their relative paths; or a jar or zip, whose text entries outside {@code META-INF} are read in the order of their
 * names. Of a directory or archive, names that start with a dot are left out; files that are not UTF-8 text (a NUL
 * makes a file binary) and, below a directory, the folders of trainings are skipped and counted in the description; two
 * files are kept apart by a line break. So equal contents give equal text on every machine.
 *
 * @param text        all characters, at least one
 * @param description source, files and characters, for people
 */
public record Corpus(String text, String description) {
    /** First bytes of a zip file's first entry. */
    private static final byte[] ZIP_MAGIC = {'P', 'K', 3, 4};

    /**
     * Checks that there is text.
     *
     * @throws CorpusException if the text is empty
     */
    public Corpus {
        Objects.requireNonNull(description, "description");
        if (text.isEmpty()) {
            throw new CorpusException(description + " has no text");
        }
    }

    /**
     * Reads a corpus of at most 512 MiB of text.
     *
     * @param source a text file, directory, jar or zip
     * @return its text
     * @throws CorpusException if the source is missing, unreadable, has no text or too much, is a single file that
     *                         isn't UTF-8 text, or an archive with two entries of one name
     */
    public static Corpus read(Path source) {
        return read(source, CorpusText.MAX_BYTES);
    }

    /** The same with a limit in bytes of text, counted after decompression; skipped files don't count. */
    static Corpus read(Path source, long maxBytes) {
        if (!Files.exists(source)) {
            throw new CorpusException(source + " doesn't exist; a text file, directory, jar or zip is needed");
        }
        try {
            CorpusText text = new CorpusText(source, maxBytes);
            if (Files.isDirectory(source)) {
                CorpusDirectory.read(source, text);
            } else if (!Files.isRegularFile(source)) {
                throw new CorpusException(source + " is neither a file nor a directory");
            } else if (isArchive(source)) {
                CorpusArchive.read(source, text);
            } else {
                readFile(source, text);
            }
            return text.corpus();
        } catch (IOException e) {
            throw new CorpusException(source + " can't be read: " + e, e);
        }
    }

    private static void readFile(Path file, CorpusText text) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            if (!text.append(in)) {
                throw new CorpusException(file + " is not UTF-8 text");
            }
        }
    }

    private static boolean isArchive(Path file) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            return Arrays.equals(in.readNBytes(ZIP_MAGIC.length), ZIP_MAGIC);
        }
    }
}
