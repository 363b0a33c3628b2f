// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.examples;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.util.List;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.Backends;
import org.asgo4j.linalg.Matrix;
import org.asgo4j.linalg.Transpose;
import org.asgo4j.linalg.Workers;
import org.asgo4j.optim.Asgo;
import org.asgo4j.optim.AsgoConfig;
import org.asgo4j.optim.Optimizer;
import org.asgo4j.optim.OptimizerConfig;
import org.asgo4j.optim.Parameter;
import org.asgo4j.optim.ParameterGroup;
import org.asgo4j.optim.Schedule;
import org.asgo4j.testing.Matrices;
import org.asgo4j.testing.Seeds;
import org.junit.jupiter.api.Test;

/** A training loop of one's own: a linear map is learned from examples, with ASGO. */
class OwnLoopTest {
    private static final int IN = 24;
    private static final int OUT = 16;
    private static final int EXAMPLES = 64;
    private static final int STEPS = 200;

    @Test
    void learnsALinearMap() {
        long seed = Seeds.next();
        try (Arena arena = Arena.ofShared()) {
            Matrix inputs = Matrices.random(arena, EXAMPLES, IN, seed);
            Matrix map = Matrices.random(arena, OUT, IN, seed + 1);
            double[] losses = train(arena, inputs, map);
            assertTrue(losses[1] < losses[0] / 100, () -> losses[0] + " → " + losses[1] + ", seed=" + seed);
        }
    }

    /** Returns the loss ‖X·Wᵀ − X·Mapᵀ‖²/2 before and after. */
    private static double[] train(Arena arena, Matrix inputs, Matrix map) {
        try (Backend backend = Backends.open(); Workers workers = new Workers(2)) {
            Matrix weight = backend.allocate(arena, OUT, IN); //       W
            Matrix gradient = backend.allocate(arena, OUT, IN); //     G = EᵀX
            Matrix error = backend.allocate(arena, EXAMPLES, OUT); //  E = X·Wᵀ − X·Mapᵀ
            Matrix targets = backend.allocate(arena, EXAMPLES, OUT);
            backend.gemm(Transpose.NONE, Transpose.TRANSPOSED, 1, inputs, map, 0, targets);
            var group = new ParameterGroup("all", new Asgo(AsgoConfig.defaults()), Schedule.published(0.05f, STEPS), 0,
                    List.of(Parameter.of("map", weight, gradient)));
            double[] losses = new double[2];
            try (var optimizer = new Optimizer(backend, workers, OptimizerConfig.published(), List.of(group))) {
                for (int step = 0; step <= STEPS; step++) {
                    backend.copy(targets, error);
                    backend.gemm(Transpose.NONE, Transpose.TRANSPOSED, 1, inputs, weight, -1, error);
                    backend.gemm(Transpose.TRANSPOSED, Transpose.NONE, 1, error, inputs, 0, gradient);
                    losses[step == 0 ? 0 : 1] = backend.sumOfSquares(error) / 2;
                    if (step < STEPS) optimizer.step();
                }
            }
            return losses;
        }
    }
}
