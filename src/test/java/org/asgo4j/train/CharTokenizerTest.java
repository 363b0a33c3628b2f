// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Encoding is invertible, ordered by code point, and survives being saved as text. */
class CharTokenizerTest {
    @Test
    void decodeInvertsEncodeAlsoAfterSaving() {
        long seed = 11;
        Random random = new Random(seed);
        String text = random.ints(5000, 0, Character.MAX_CODE_POINT)
                .map(c -> random.nextBoolean() ? c % 128 : c)
                .filter(c -> Character.getType(c) != Character.SURROGATE)
                .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                .toString();
        CharTokenizer tokenizer = CharTokenizer.of(text);
        CharTokenizer restored = CharTokenizer.restore(tokenizer.vocabulary());
        short[] tokens = tokenizer.encode(text);
        assertArrayEquals(tokens, restored.encode(text), "seed=" + seed);
        assertEquals(text, restored.decode(ints(tokens)), "seed=" + seed);
        assertEquals(text.codePoints().distinct().count(), tokenizer.size(), "seed=" + seed);
    }

    @Test
    void tokensAreInTheOrderOfCodePoints() {
        CharTokenizer tokenizer = CharTokenizer.of("b😀a\uffeda");
        assertEquals("ab\uffed😀", tokenizer.vocabulary());
        assertArrayEquals(new short[] {1, 3, 0, 2, 0}, tokenizer.encode("b😀a\uffeda"));
    }

    @Test
    void whatTheVocabularyLacksIsNamed() {
        CharTokenizer tokenizer = CharTokenizer.of("ab");
        String message = assertThrows(IllegalArgumentException.class, () -> tokenizer.encode("abc")).getMessage();
        assertTrue(message.contains("U+0063") && message.contains("at 2"), message);
        assertThrows(IllegalArgumentException.class, () -> tokenizer.encode("€"));
        assertThrows(IllegalArgumentException.class, () -> tokenizer.decode(2));
        assertThrows(IllegalArgumentException.class, () -> tokenizer.decode(-1));
        assertThrows(IllegalArgumentException.class, () -> CharTokenizer.restore("ba"));
        assertThrows(IllegalArgumentException.class, () -> CharTokenizer.restore("aa"));
        assertThrows(IllegalArgumentException.class, () -> CharTokenizer.restore(""));
    }

    @Test
    void moreCharactersThanAShortNumbersAreRefused() {
        String most = allFrom('a', Short.MAX_VALUE);
        assertEquals(Short.MAX_VALUE, CharTokenizer.of(most).size());
        assertEquals(most, CharTokenizer.restore(most).vocabulary());
        assertThrows(CorpusException.class, () -> CharTokenizer.of(most + "A"));
        assertThrows(IllegalArgumentException.class, () -> CharTokenizer.restore("A" + most));
    }

    private static String allFrom(int first, int count) {
        return IntStream.range(first, first + count)
                .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                .toString();
    }

    private static int[] ints(short[] tokens) {
        return IntStream.range(0, tokens.length).map(i -> tokens[i]).toArray();
    }
}
