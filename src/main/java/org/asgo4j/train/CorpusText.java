// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.train;

import java.io.IOException;
import java.io.InputStream;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** Gathers a corpus file by file and stops at a limit, so that a compressed bomb can't fill the heap. */
final class CorpusText {
    /** 512 MiB: the most that still fits one string when a single character is outside Latin-1. */
    static final long MAX_BYTES = 1L << 29;

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
     * Appends a file, after a line break if the one before didn't end with one; returns false, with nothing added, if
     * it is not text.
     */
    boolean append(InputStream in) throws IOException {
        byte[] content = in.readNBytes((int) Math.min(maxBytes - bytes + 1, Integer.MAX_VALUE - Long.BYTES));
        bytes += content.length;
        if (bytes > maxBytes) {
            throw new CorpusException(
                    "%s holds more than the allowed %s bytes, decompressed".formatted(source, maxBytes));
        }
        for (byte b : content) {
            if (b == 0) {
                return false;
            }
        }
        CharSequence characters;
        try {
            characters = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(content));
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

    /** The text so far as a corpus; throws if there is none. */
    Corpus corpus() {
        String characters = text.toString();
        String description = "%s (%s characters in %s text file%s%s)".formatted(source,
                characters.codePointCount(0, characters.length()), files, files == 1 ? "" : "s",
                skipped == 0 ? "" : ", " + skipped + " skipped");
        return new Corpus(characters, description);
    }
}
