// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.train;

import java.io.IOException;
import java.nio.file.Path;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.Workers;

/** Text that a model writes. */
public final class TextSample {
    /** The most characters that are written at once. */
    public static final int MAX_LENGTH = Sampler.MAX_COUNT;

    private TextSample() {}

    /**
     * Continues a prompt with the model of a {@code model.safetensors}.
     *
     * @param backend does the arithmetic
     * @param model the file
     * @param prompt text to continue; characters the model does not know are refused; empty starts at a line break
     * @param length characters to write, from 0 to {@link #MAX_LENGTH}
     * @param temperature 0 takes the likeliest character, 1 samples the model as it is
     * @param seed the same seed writes the same text
     * @return the prompt and its continuation
     * @throws IOException if the file can't be read or is no safetensors
     * @throws IllegalArgumentException if the file holds no model, its weights are not finite, or another argument is
     *     out of range
     * @throws ArithmeticException if the weights are so large that the model overflows
     */
    public static String of(Backend backend, Path model, String prompt, int length, double temperature, long seed)
            throws IOException {
        try (GptFile.Loaded loaded = GptFile.read(model, backend);
                Workers workers = new Workers(1)) {
            return of(backend, workers, loaded.parameters(), loaded.tokenizer(), prompt, length, temperature, seed);
        }
    }

    static String of(
            Backend backend,
            Workers workers,
            GptParameters parameters,
            CharTokenizer tokenizer,
            String prompt,
            int length,
            double temperature,
            long seed) {
        short[] tokens = start(tokenizer, prompt);
        int[] ids = new int[tokens.length];
        for (int i = 0; i < ids.length; i++) ids[i] = tokens[i];
        try (var gpt = new Gpt(backend, workers, parameters, 1)) {
            return prompt + tokenizer.decode(new Sampler(gpt).generate(ids, length, temperature, seed));
        }
    }

    /** An empty prompt, or a line break in a corpus without any, begins with the first character of the vocabulary. */
    private static short[] start(CharTokenizer tokenizer, String prompt) {
        boolean fromNothing = prompt.isEmpty() || (prompt.equals("\n") && tokenizer.vocabulary().indexOf('\n') < 0);
        return fromNothing ? new short[1] : tokenizer.encode(prompt);
    }
}
