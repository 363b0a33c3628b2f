// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.train;

/**
 * The sizes of a GPT. Letters used throughout the model: V vocabulary, L layers, H heads, C width, D = C/H width of a
 * head, T context, B sequences in a batch.
 *
 * @param vocabulary V, the number of tokens, at least 2
 * @param layers L, at least 1
 * @param heads H, at least 1
 * @param width C, a multiple of H
 * @param context T, the most positions that attention looks at, at least 1
 */
record GptConfig(int vocabulary, int layers, int heads, int width, int context) {

    /** The hidden layer of the MLP is this many times as wide as the model, as in GPT-2. */
    static final int EXPANSION = 4;

    GptConfig {
        if (vocabulary < 2) throw new IllegalArgumentException("vocabulary must be at least 2, got " + vocabulary);
        positive("layers", layers);
        positive("heads", heads);
        positive("width", width);
        positive("context", context);
        if (width % heads != 0) {
            throw new IllegalArgumentException("width %d is not divisible by heads %d".formatted(width, heads));
        }
        if (width > Integer.MAX_VALUE / EXPANSION) {
            throw new IllegalArgumentException(
                    "width must be at most %d, got %d".formatted(Integer.MAX_VALUE / EXPANSION, width));
        }
    }

    /** D, the width of one head. */
    int headWidth() {
        return width / heads;
    }

    /** 4C, the width of the hidden layer of the MLP. */
    int hidden() {
        return EXPANSION * width;
    }

    private static void positive(String name, int value) {
        if (value < 1) throw new IllegalArgumentException(name + " must be at least 1, got " + value);
    }
}
