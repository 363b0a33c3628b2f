// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.train;

import java.lang.foreign.Arena;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.Matrix;

/**
 * What one layer keeps from its forward and its backward pass until the weight gradients are formed. R = B·T tokens.
 *
 * @param norm1 before attention, R×C
 * @param queryKeyValue R×3C
 * @param probabilities T rows for each head of each sequence, B·H·T×T
 * @param mixed output of attention before its projection, R×C
 * @param middle residual stream between attention and MLP, R×C
 * @param norm2 before the MLP, R×C
 * @param expanded before the GELU; its gradient after the backward pass, R×4C
 * @param activated after the GELU, R×4C
 * @param queryKeyValueGradient R×3C
 * @param middleGradient R×C
 */
record LayerActivations(
        NormActivations norm1,
        Matrix queryKeyValue,
        Matrix probabilities,
        Matrix mixed,
        Matrix middle,
        NormActivations norm2,
        Matrix expanded,
        Matrix activated,
        Matrix queryKeyValueGradient,
        Matrix middleGradient) {

    static LayerActivations allocate(Backend backend, Arena arena, GptConfig config, int batch, int chunks) {
        int tokens = Math.multiplyExact(batch, config.context());
        int width = config.width();
        return new LayerActivations(
                NormActivations.allocate(backend, arena, tokens, width, chunks),
                Product.padded(backend, arena, tokens, 3 * width),
                backend.allocateHost(arena, Math.multiplyExact(tokens, config.heads()), config.context()),
                backend.allocateHost(arena, tokens, width),
                backend.allocateHost(arena, tokens, width),
                NormActivations.allocate(backend, arena, tokens, width, chunks),
                backend.allocateHost(arena, tokens, config.hidden()),
                backend.allocateHost(arena, tokens, config.hidden()),
                Product.padded(backend, arena, tokens, 3 * width),
                backend.allocateHost(arena, tokens, width));
    }

    /** The part of chunk number {@code index} of {@code chunks} equal ones. */
    LayerActivations chunk(int index, int chunks) {
        return new LayerActivations(
                norm1.chunk(index),
                part(queryKeyValue, index, chunks),
                part(probabilities, index, chunks),
                part(mixed, index, chunks),
                part(middle, index, chunks),
                norm2.chunk(index),
                part(expanded, index, chunks),
                part(activated, index, chunks),
                part(queryKeyValueGradient, index, chunks),
                part(middleGradient, index, chunks));
    }

    /** The rows of chunk number {@code index} of {@code chunks} equal ones. */
    static Matrix part(Matrix whole, int index, int chunks) {
        int rows = whole.rows() / chunks;
        return whole.rowBlock(index * rows, rows);
    }
}
