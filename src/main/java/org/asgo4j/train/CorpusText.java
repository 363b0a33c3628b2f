// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.train;

import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Reader;
import java.lang.System.Logger.Level;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;

/** Gathers a corpus file by file and stops at a limit, so that a compressed bomb can't fill the heap. */
final class CorpusText {
    /** 512 MiB: the most that still fits one string when a single character is outside Latin-1. */
    static final long MAX_BYTES = 1L << 29;

    private static final int PART = 1 << 16;
    private static final char FIRST_OF_TWO_BYTES = 0x80;
    private static final char FIRST_OF_THREE_BYTES = 0x800;

    private static final System.Logger LOG = System.getLogger(CorpusText.class.getName());

    private final Path source;
    private final long maxBytes;
    private final StringBuilder text = new StringBuilder();
    private long bytes;
    private int files;
    private int skipped;

    CorpusText(Path source, long maxBytes) {
        this.source = source;
        this.maxBytes = maxBytes;
    }

    /** The order of the files, that of their names' code points: the same on every system. */
    static Comparator<String> byName() {
        return Comparator.comparing(name -> name.getBytes(StandardCharsets.UTF_8), Arrays::compareUnsigned);
    }

    /** Tells whether any part of a path starts with a dot, as what version control keeps does. */
    static boolean isHidden(String name) {
        return name.startsWith(".") || name.contains("/.");
    }

    /** Appends a file of several, or skips it if it is not text. */
    void appendOrSkip(String name, InputStream in) throws IOException {
        if (!append(in)) {
            skip(name, "not UTF-8 text");
        }
    }

    /**
     * Counts a file that is left out; the count is part of the description, so the names need no more than the debug
     * log.
     */
    void skip(String name, String reason) {
        skipped++;
        LOG.log(Level.DEBUG, "{0}: skipped {1}: {2}", source, name, reason);
    }

    /**
     * Appends a file, after a line break if the one before didn't end with one; returns false, with nothing added or
     * counted, if it is not text.
     */
    boolean append(InputStream in) throws IOException {
        var characters = new StringBuilder();
        try {
            if (!read(in, characters)) return false;
        } catch (CharacterCodingException _) {
            return false;
        }
        if (!text.isEmpty() && text.charAt(text.length() - 1) != '\n' && !characters.isEmpty()) {
            text.append('\n');
        }
        text.append(characters);
        files++;
        return true;
    }

    /** Reads no further than to the first NUL, so that a film beside the text is neither read nor counted. */
    private boolean read(InputStream in, StringBuilder characters) throws IOException {
        Reader reader = new InputStreamReader(in, StandardCharsets.UTF_8.newDecoder());
        char[] part = new char[PART];
        long total = bytes;
        for (int length = reader.read(part); length >= 0; length = reader.read(part)) {
            for (int i = 0; i < length; i++) {
                if (part[i] == 0) return false;
                total += utf8Length(part[i]);
            }
            if (total > maxBytes) {
                throw new CorpusException("%s holds more than the allowed %s bytes of text, decompressed"
                        .formatted(source, maxBytes));
            }
            characters.append(part, 0, length);
        }
        bytes = total;
        return true;
    }

    /** Bytes of a character, of a surrogate those of half a pair. */
    private static int utf8Length(char c) {
        if (c < FIRST_OF_TWO_BYTES) return 1;
        return c < FIRST_OF_THREE_BYTES || Character.isSurrogate(c) ? 2 : 3;
    }

    /** The text so far as a corpus; throws if there is none. */
    Corpus corpus() {
        String characters = text.toString();
        String description = "%s (%s characters in %s text file%s%s)".formatted(source,
                characters.codePointCount(0, characters.length()), files, files == 1 ? "" : "s",
                skipped == 0 ? "" : ", " + skipped + " skipped");
        return new Corpus(characters, description);
    }
}
