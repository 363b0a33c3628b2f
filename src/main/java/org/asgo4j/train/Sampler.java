// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.train;

import java.util.Arrays;
import java.util.Random;
import org.asgo4j.linalg.Matrix;

/** Continues a prompt token by token; the same model, prompt and seed give the same tokens. */
final class Sampler {
    /** A text's characters, of which each may take two places of a string and four bytes there. */
    static final int MAX_COUNT = 1 << 29;

    private final Gpt gpt;

    /** Samples from {@code gpt}; a batch of one sequence is enough. */
    Sampler(Gpt gpt) {
        this.gpt = gpt;
    }

    /**
     * Draws {@code count} tokens after {@code prompt}, each from softmax(logits / temperature) given the last T tokens.
     *
     * @param prompt token ids, at least one
     * @param count tokens to draw, from 0 to {@link #MAX_COUNT}
     * @param temperature 0 always takes the likeliest token, 1 samples the model as it is
     * @param seed of the generator
     * @return the drawn tokens, without the prompt
     * @throws IllegalArgumentException if the prompt is empty or holds an unknown token, or a number is out of range
     * @throws ArithmeticException if a logit is NaN or infinite: there is nothing to choose by
     */
    int[] generate(int[] prompt, int count, double temperature, long seed) {
        if (prompt.length < 1) throw new IllegalArgumentException("prompt must have at least 1 token, got 0");
        if (count < 0 || count > MAX_COUNT) {
            throw new IllegalArgumentException("count must be from 0 to %d, got %d".formatted(MAX_COUNT, count));
        }
        if (!(temperature >= 0 && temperature < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException("temperature must be a number of at least 0, got " + temperature);
        }
        var random = new Random(seed);
        int context = gpt.config().context();
        int[] text = Arrays.copyOf(prompt, Math.addExact(prompt.length, count));
        for (int i = prompt.length; i < text.length; i++) {
            int length = Math.min(i, context);
            Matrix logits = gpt.logits(Arrays.copyOfRange(text, i - length, i), length);
            requireFinite(logits);
            text[i] = temperature == 0 ? likeliest(logits) : draw(logits, temperature, random.nextDouble());
        }
        return Arrays.copyOfRange(text, prompt.length, text.length);
    }

    private static void requireFinite(Matrix logits) {
        for (int token = 0; token < logits.cols(); token++) {
            double logit = logits.get(0, token);
            if (Double.isFinite(logit)) continue;
            throw new ArithmeticException("the model gives token %d the logit %s, must be finite: its weights overflow"
                    .formatted(token, logit));
        }
    }

    /** The first token with the largest logit. */
    private static int likeliest(Matrix logits) {
        int best = 0;
        for (int i = 1; i < logits.cols(); i++) {
            if (logits.get(0, i) > logits.get(0, best)) best = i;
        }
        return best;
    }

    /** The token at which the cumulative distribution passes {@code uniform}, in [0, 1). */
    private static int draw(Matrix logits, double temperature, double uniform) {
        double max = logits.get(0, likeliest(logits));
        double[] weights = new double[logits.cols()];
        double total = 0;
        for (int i = 0; i < weights.length; i++) {
            weights[i] = StrictMath.exp((logits.get(0, i) - max) / temperature);
            total += weights[i];
        }
        double rest = uniform * total;
        int token = 0;
        while (token < weights.length - 1 && rest >= weights[token]) rest -= weights[token++];
        return token;
    }
}
