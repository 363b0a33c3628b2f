// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.train;

import java.lang.foreign.Arena;
import java.util.List;
import org.asgo4j.kernel.Kernels;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.Matrix;

/**
 * The weights of one layer as the passes use them.
 *
 * @param norm1 gain, 1×C
 * @param queryKeyValue C → 3C
 * @param projection C → C
 * @param norm2 gain, 1×C
 * @param expand C → 4C
 * @param contract 4C → C
 */
record LayerWeights(
        Matrix norm1, Linear queryKeyValue, Linear projection, Matrix norm2, Linear expand, Linear contract) {

    static LayerWeights of(
            Backend backend, Kernels kernels, Arena arena, GptParameters.LayerParameters parameters) {
        return new LayerWeights(
                parameters.norm1().weight(),
                new Linear(backend, kernels, arena, parameters.queryKeyValue()),
                new Linear(backend, kernels, arena, parameters.projection()),
                parameters.norm2().weight(),
                new Linear(backend, kernels, arena, parameters.expand()),
                new Linear(backend, kernels, arena, parameters.contract()));
    }

    List<Linear> linears() {
        return List.of(queryKeyValue, projection, expand, contract);
    }
}
