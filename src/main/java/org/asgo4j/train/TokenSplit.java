// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.train;

import java.util.Arrays;

/**
 * A corpus as tokens: the first nine tenths for training, the last tenth held out for validation.
 *
 * @param tokenizer  the numbering of the corpus's characters
 * @param training   the first ⌊0.9·N⌋ tokens
 * @param validation the rest
 */
record TokenSplit(CharTokenizer tokenizer, short[] training, short[] validation) {
    private static final int TENTHS = 10;

    /**
     * Splits a corpus.
     *
     * @param context tokens a model sees at once; each part must hold at least one window of context + 1
     * @throws CorpusException if a part is too short or there is only one character to predict
     */
    static TokenSplit of(Corpus corpus, int context) {
        CharTokenizer tokenizer = CharTokenizer.of(corpus.text());
        if (tokenizer.size() < 2) {
            throw new CorpusException(
                    "%s repeats one character; a vocabulary of at least 2 is needed".formatted(corpus.description()));
        }
        short[] tokens = tokenizer.encode(corpus.text());
        int trainingLength = (int) (tokens.length * (TENTHS - 1L) / TENTHS);
        int validationLength = tokens.length - trainingLength;
        int shorter = Math.min(trainingLength, validationLength);
        if (shorter < context + 1L) {
            throw new CorpusException("%s is too short: it splits into %s and %s characters, context %s needs %s each"
                    .formatted(corpus.description(), trainingLength, validationLength, context, context + 1L));
        }
        short[] training = Arrays.copyOf(tokens, trainingLength);
        short[] validation = Arrays.copyOfRange(tokens, trainingLength, tokens.length);
        return new TokenSplit(tokenizer, training, validation);
    }
}
