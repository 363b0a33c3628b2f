// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.optim;

import java.lang.foreign.Arena;
import java.util.List;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.Matrix;

/** Runs a rule over given gradients from W = 0 (or a given start) and returns the weights after each step. */
final class Run {

    private Run() {}

    static double[][] lastWeight(Backend backend, Rule rule, List<double[][]> gradients, float learningRate) {
        return weights(backend, rule, gradients, learningRate).getLast();
    }

    static List<double[][]> weights(Backend backend, Rule rule, List<double[][]> gradients, float learningRate) {
        int rows = gradients.getFirst().length;
        return weights(backend, rule, gradients, learningRate, RowBlocks.whole(rows));
    }

    static List<double[][]> weights(
            Backend backend, Rule rule, List<double[][]> gradients, float learningRate, RowBlocks blocks) {
        int rows = gradients.getFirst().length;
        int cols = gradients.getFirst()[0].length;
        try (Arena arena = Arena.ofConfined()) {
            Matrix weight = backend.allocate(arena, rows, cols);
            Matrix gradient = backend.allocate(arena, rows, cols);
            RuleState state = rule.newState(backend, arena, blocks, cols);
            return gradients.stream()
                    .map(g -> {
                        Dense.set(gradient, g);
                        state.step(weight, gradient, learningRate, 0);
                        return Dense.of(weight);
                    })
                    .toList();
        }
    }
}
