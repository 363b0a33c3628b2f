// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.train;

import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Name and shape of one trained tensor, as PyTorch has them, before there is memory for it.
 *
 * @param name such as {@code transformer.h.0.attn.to_q.weight}
 * @param vector whether the published model holds it with one dimension (a gain)
 * @param rows m, 1 for a vector
 * @param cols n
 */
record GptTensor(String name, boolean vector, int rows, int cols) {

    /** All of a model in the order in which PyTorch lists them, made as they are asked for; the tied head is not. */
    static Stream<GptTensor> of(GptConfig config) {
        int width = config.width();
        Stream<GptTensor> embeddings = Stream.of(
                matrix("transformer.token_emb.weight", config.vocabulary(), width),
                matrix("transformer.pos_emb.weight", config.context(), width));
        Stream<GptTensor> layers = IntStream.range(0, config.layers())
                .boxed()
                .flatMap(i -> layer(config, "transformer.h." + i + "."));
        Stream<GptTensor> norm = Stream.of(gain("transformer.ln_f.weight", width));
        return Stream.concat(embeddings, Stream.concat(layers, norm));
    }

    private static Stream<GptTensor> layer(GptConfig config, String prefix) {
        int width = config.width();
        return Stream.of(
                gain(prefix + "ln_1.weight", width),
                matrix(prefix + "attn.to_q.weight", width, width),
                matrix(prefix + "attn.to_k.weight", width, width),
                matrix(prefix + "attn.to_v.weight", width, width),
                matrix(prefix + "attn.c_proj.weight", width, width),
                gain(prefix + "ln_2.weight", width),
                matrix(prefix + "mlp.c_fc.weight", config.hidden(), width),
                matrix(prefix + "mlp.c_proj.weight", width, config.hidden()));
    }

    private static GptTensor matrix(String name, int rows, int cols) {
        return new GptTensor(name, false, rows, cols);
    }

    private static GptTensor gain(String name, int width) {
        return new GptTensor(name, true, 1, width);
    }

    /** Dimensions in a file. */
    List<Long> shape() {
        return vector ? List.of((long) cols) : List.of((long) rows, (long) cols);
    }

    /** As many of these, one below the other. */
    GptTensor stacked(int count) {
        return new GptTensor(name, false, count * rows, cols);
    }
}
