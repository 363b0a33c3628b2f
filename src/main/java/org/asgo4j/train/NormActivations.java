// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.train;

import java.lang.foreign.Arena;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.Matrix;

/**
 * What a layer norm leaves for its backward pass. R tokens in K chunks.
 *
 * @param output R×C
 * @param mean R×1
 * @param inverseDeviation R×1
 * @param gainGradient each chunk's share, K×C
 */
record NormActivations(Matrix output, Matrix mean, Matrix inverseDeviation, Matrix gainGradient) {

    static NormActivations allocate(Backend backend, Arena arena, int tokens, int width, int chunks) {
        return new NormActivations(
                backend.allocateHost(arena, tokens, width),
                backend.allocateHost(arena, tokens, 1),
                backend.allocateHost(arena, tokens, 1),
                backend.allocateHost(arena, chunks, width));
    }

    /** The part of chunk number {@code index}. */
    NormActivations chunk(int index) {
        int tokens = output.rows() / gainGradient.rows();
        return new NormActivations(
                output.rowBlock(index * tokens, tokens),
                mean.rowBlock(index * tokens, tokens),
                inverseDeviation.rowBlock(index * tokens, tokens),
                gainGradient.rowBlock(index, 1));
    }
}
