// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.train;

import java.util.ArrayList;
import java.util.List;
import org.asgo4j.kernel.LayerKernels;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.Matrix;

/**
 * One layer on one chunk of whole sequences, forward and backward but for the weight gradients:
 * mid = x + proj(attention(norm1(x))), y = mid + contract(gelu(expand(norm2(mid)))). r is the chunk's number of tokens.
 */
final class LayerPass {
    private final Backend backend;
    private final LayerKernels kernels;
    private final LayerActivations saved;
    private final ChunkScratch scratch;
    private final Stream input;
    private final Stream output;
    private final LayerNorm norm1;
    private final LayerNorm norm2;
    private final List<Attention> heads = new ArrayList<>();
    private final Product queryKeyValue;
    private final Product projection;
    private final Product expand;
    private final Product contract;
    private final Product contractBackward;
    private final Product expandBackward;
    private final Product projectionBackward;
    private final Product queryKeyValueBackward;

    /**
     * The residual stream between two layers.
     *
     * @param value r×C
     * @param gradient r×C
     */
    record Stream(Matrix value, Matrix gradient) {

        /** The part of chunk number {@code index} of {@code chunks} equal ones. */
        Stream chunk(int index, int chunks) {
            return new Stream(
                    LayerActivations.part(value, index, chunks), LayerActivations.part(gradient, index, chunks));
        }
    }

    /** Fixes every view; {@code saved}, {@code input} and {@code output} are the chunk's parts. */
    LayerPass(
            Backend backend,
            LayerKernels kernels,
            GptConfig config,
            LayerWeights weights,
            LayerActivations saved,
            ChunkScratch scratch,
            Stream input,
            Stream output) {
        this.backend = backend;
        this.kernels = kernels;
        this.saved = saved;
        this.scratch = scratch;
        this.input = input;
        this.output = output;
        norm1 = new LayerNorm(kernels, weights.norm1(), input.value(), saved.norm1());
        norm2 = new LayerNorm(kernels, weights.norm2(), saved.middle(), saved.norm2());
        queryKeyValue = weights.queryKeyValue().forward(saved.norm1().output(), 0, saved.queryKeyValue());
        projection = weights.projection().forward(saved.mixed(), 1, saved.middle());
        expand = weights.expand().forward(saved.norm2().output(), 0, saved.expanded());
        contract = weights.contract().forward(saved.activated(), 1, output.value());
        contractBackward = weights.contract().backward(output.gradient(), scratch.activatedGradient());
        expandBackward = weights.expand().backward(saved.expanded(), scratch.normGradient());
        projectionBackward = weights.projection().backward(saved.middleGradient(), scratch.mixedGradient());
        queryKeyValueBackward = weights.queryKeyValue().backward(saved.queryKeyValueGradient(), scratch.normGradient());
        int sequences = input.value().rows() / config.context();
        for (int sequence = 0; sequence < sequences; sequence++) {
            for (int head = 0; head < config.heads(); head++) heads.add(attention(config, sequence, head));
        }
    }

    private Attention attention(GptConfig config, int sequence, int head) {
        int context = config.context();
        int number = sequence * config.heads() + head;
        return new Attention(
                backend,
                kernels,
                inputs(config, saved.queryKeyValue(), sequence, head),
                saved.probabilities().rowBlock(number * context, context),
                headColumns(config, saved.mixed(), sequence, head),
                headColumns(config, scratch.mixedGradient(), sequence, head),
                scratch.probabilityGradient(),
                inputs(config, saved.queryKeyValueGradient(), sequence, head));
    }

    private static Attention.Head inputs(GptConfig config, Matrix queryKeyValue, int sequence, int head) {
        return new Attention.Head(
                headColumns(config, queryKeyValue, sequence, head),
                headColumns(config, queryKeyValue, sequence, config.heads() + head),
                headColumns(config, queryKeyValue, sequence, 2 * config.heads() + head));
    }

    private static Matrix headColumns(GptConfig config, Matrix tokens, int sequence, int head) {
        return tokens.rowBlock(sequence * config.context(), config.context())
                .colBlock(head * config.headWidth(), config.headWidth());
    }

    /** Reads the input stream, writes the output stream and what the backward pass needs. */
    void forward() {
        norm1.forward();
        queryKeyValue.run();                                                                    // r×3C
        for (int i = 0; i < heads.size(); i++) heads.get(i).forward();                          // r×C
        backend.copy(input.value(), saved.middle());
        projection.run();                                                                       // r×C, added
        norm2.forward();
        expand.run();                                                                           // r×4C
        kernels.gelu(saved.expanded().segment(), 0, saved.activated().segment(), 0, saved.expanded().size());
        backend.copy(saved.middle(), output.value());
        contract.run();                                                                         // r×C, added
    }

    /** Reads the output stream's gradient, writes the input stream's and what the weight gradients need. */
    void backward() {
        contractBackward.run();                                                                 // r×4C
        kernels.geluBackward(
                saved.expanded().segment(), 0, scratch.activatedGradient().segment(), 0,
                saved.expanded().segment(), 0, saved.expanded().size());
        expandBackward.run();                                                                   // r×C
        norm2.backward(scratch.normGradient(), output.gradient(), saved.middleGradient());
        projectionBackward.run();                                                               // r×C
        for (int i = 0; i < heads.size(); i++) heads.get(i).backward();                         // r×3C
        queryKeyValueBackward.run();                                                            // r×C
        norm1.backward(scratch.normGradient(), saved.middleGradient(), input.gradient());
    }
}
