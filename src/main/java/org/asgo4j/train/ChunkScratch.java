// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.train;

import java.lang.foreign.Arena;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.Matrix;

/**
 * Memory of one chunk of r tokens that its layers use one after the other.
 *
 * @param normGradient gradient of a norm's output, r×C
 * @param mixedGradient gradient of attention's output before its projection, r×C
 * @param activatedGradient gradient after the GELU, r×4C
 * @param probabilityGradient gradient of one head's probabilities, T×T
 */
record ChunkScratch(Matrix normGradient, Matrix mixedGradient, Matrix activatedGradient, Matrix probabilityGradient) {

    static ChunkScratch allocate(Backend backend, Arena arena, GptConfig config, int tokens) {
        return new ChunkScratch(
                backend.allocateHost(arena, tokens, config.width()),
                backend.allocateHost(arena, tokens, config.width()),
                backend.allocateHost(arena, tokens, config.hidden()),
                backend.allocateHost(arena, config.context(), config.context()));
    }
}
