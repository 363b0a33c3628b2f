// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.train;

import java.util.Arrays;

/**
 * Numbers the characters of a text. The vocabulary is the sorted set of its Unicode code points; a token is a place in
 * it. Tokens are shorts, so a vocabulary has at most 32,767 characters and a corpus of 4 million characters takes 8 MB.
 */
final class CharTokenizer {
    private static final int MAX_SIZE = Short.MAX_VALUE;

    private final int[] characters;
    private final String vocabulary;
    private final short[] byLatin1 = new short[1 << Byte.SIZE];

    private CharTokenizer(int[] characters) {
        this.characters = characters;
        this.vocabulary = new String(characters, 0, characters.length);
        for (int c = 0; c < byLatin1.length; c++) {
            byLatin1[c] = (short) Arrays.binarySearch(characters, c);
        }
    }

    /**
     * Makes the tokenizer of a text.
     *
     * @throws CorpusException if the text has more different characters than a short can number
     */
    static CharTokenizer of(String text) {
        int[] characters = text.codePoints().distinct().sorted().toArray();
        if (characters.length > MAX_SIZE) {
            throw new CorpusException("%s different characters; a character tokenizer here numbers at most %s"
                    .formatted(characters.length, MAX_SIZE));
        }
        return new CharTokenizer(characters);
    }

    /**
     * Makes the tokenizer whose {@link #vocabulary} was saved.
     *
     * @throws IllegalArgumentException if it is not a sorted set of characters
     */
    static CharTokenizer restore(String vocabulary) {
        int[] characters = vocabulary.codePoints().toArray();
        for (int i = 1; i < characters.length; i++) {
            if (characters[i - 1] >= characters[i]) {
                throw new IllegalArgumentException("vocabulary is not sorted: U+%04X before U+%04X at %s"
                        .formatted(characters[i - 1], characters[i], i));
            }
        }
        if (characters.length == 0 || characters.length > MAX_SIZE) {
            throw new IllegalArgumentException(
                    "vocabulary has %s characters; 1 to %s are needed".formatted(characters.length, MAX_SIZE));
        }
        return new CharTokenizer(characters);
    }

    /** The number of different tokens. */
    int size() {
        return characters.length;
    }

    /** All characters in the order of their tokens; {@link #restore} takes it back. */
    String vocabulary() {
        return vocabulary;
    }

    /**
     * Turns a text into one token for each code point.
     *
     * @throws IllegalArgumentException if a character is not in the vocabulary
     */
    short[] encode(String text) {
        short[] tokens = new short[text.codePointCount(0, text.length())];
        int at = 0;
        for (int i = 0; i < tokens.length; i++) {
            int c = text.codePointAt(at);
            tokens[i] = token(c, i);
            at += Character.charCount(c);
        }
        return tokens;
    }

    /**
     * Turns tokens back into text.
     *
     * @throws IllegalArgumentException if a token is not a place in the vocabulary
     */
    String decode(int... tokens) {
        StringBuilder text = new StringBuilder(tokens.length);
        for (int token : tokens) {
            if (token < 0 || token >= characters.length) {
                throw new IllegalArgumentException("token %s is not in 0..%s".formatted(token, characters.length - 1));
            }
            text.appendCodePoint(characters[token]);
        }
        return text.toString();
    }

    private short token(int c, int place) {
        int token = c < byLatin1.length ? byLatin1[c] : Arrays.binarySearch(characters, c);
        if (token < 0) {
            throw new IllegalArgumentException("character U+%04X at %s is not in the vocabulary of %s"
                    .formatted(c, place, characters.length));
        }
        return (short) token;
    }
}
