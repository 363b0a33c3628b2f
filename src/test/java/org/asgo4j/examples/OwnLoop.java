// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.examples;

import java.lang.foreign.Arena;
import java.util.List;
import java.util.Random;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.Backends;
import org.asgo4j.linalg.Matrix;
import org.asgo4j.linalg.Transpose;
import org.asgo4j.linalg.Workers;
import org.asgo4j.optim.AdamW;
import org.asgo4j.optim.AdamWConfig;
import org.asgo4j.optim.Asgo;
import org.asgo4j.optim.AsgoConfig;
import org.asgo4j.optim.Optimizer;
import org.asgo4j.optim.OptimizerConfig;
import org.asgo4j.optim.Parameter;
import org.asgo4j.optim.ParameterGroup;
import org.asgo4j.optim.Schedule;

/**
 * A whole program with a training loop of its own: a network of two layers learns a function of two variables, its
 * matrices by ASGO, its vector by AdamW. Needs nothing but the library; to be copied.
 */
public final class OwnLoop {
    private static final int EXAMPLES = 256;
    private static final int IN = 2;
    private static final int HIDDEN = 32;
    private static final int STEPS = 300;

    private OwnLoop() {}

    public static void main(String[] arguments) {
        double[] losses = train(1337);
        System.out.printf("mean squared error %.5f before, %.5f after %d steps%n", losses[0], losses[1], STEPS);
    }

    /** The mean squared error before and after. */
    static double[] train(long seed) {
        try (Arena arena = Arena.ofShared(); // freed when all that uses it is closed
                Backend backend = Backends.open();
                Workers workers = new Workers(2)) {
            Random random = new Random(seed);
            Matrix x = backend.allocate(arena, EXAMPLES, IN);
            Matrix y = backend.allocate(arena, EXAMPLES, 1);
            for (int i = 0; i < EXAMPLES; i++) {
                x.set(i, 0, random.nextGaussian());
                x.set(i, 1, random.nextGaussian());
                y.set(i, 0, Math.sin(2 * x.get(i, 0)) * x.get(i, 1));
            }
            Matrix in = randomWeight(backend, arena, IN, HIDDEN, random);
            Matrix out = randomWeight(backend, arena, HIDDEN, 1, random);
            Matrix bias = backend.allocate(arena, 1, HIDDEN);
            Matrix inGradient = backend.allocate(arena, IN, HIDDEN);
            Matrix outGradient = backend.allocate(arena, HIDDEN, 1);
            Matrix biasGradient = backend.allocate(arena, 1, HIDDEN);
            Matrix h = backend.allocate(arena, EXAMPLES, HIDDEN); //       tanh(X·in + bias)
            Matrix error = backend.allocate(arena, EXAMPLES, 1); //        h·out − y
            Matrix back = backend.allocate(arena, EXAMPLES, HIDDEN); //    the gradient before tanh

            var groups = List.of(
                    new ParameterGroup("matrices", new Asgo(AsgoConfig.defaults()), Schedule.published(0.03f, STEPS), 0,
                            List.of(Parameter.of("in", in, inGradient))),
                    new ParameterGroup("vectors", new AdamW(AdamWConfig.published()), Schedule.published(0.01f, STEPS),
                            0, List.of(Parameter.of("out", out, outGradient),
                                    Parameter.of("bias", bias, biasGradient))));
            double[] losses = new double[2];
            try (var optimizer = new Optimizer(backend, workers, OptimizerConfig.published(), groups)) {
                for (int step = 0; step <= STEPS; step++) {
                    backend.gemm(Transpose.NONE, Transpose.NONE, 1, x, in, 0, h);
                    for (int i = 0; i < EXAMPLES; i++) {
                        for (int j = 0; j < HIDDEN; j++) h.set(i, j, Math.tanh(h.get(i, j) + bias.get(0, j)));
                    }
                    backend.copy(y, error);
                    backend.gemm(Transpose.NONE, Transpose.NONE, 1, h, out, -1, error);
                    losses[step == 0 ? 0 : 1] = backend.sumOfSquares(error) / EXAMPLES;
                    if (step == STEPS) break;

                    double scale = 2.0 / EXAMPLES; //                      the derivative of the mean of squares
                    backend.gemm(Transpose.TRANSPOSED, Transpose.NONE, scale, h, error, 0, outGradient);
                    backend.gemm(Transpose.NONE, Transpose.TRANSPOSED, scale, error, out, 0, back);
                    for (int j = 0; j < HIDDEN; j++) {
                        double sum = 0;
                        for (int i = 0; i < EXAMPLES; i++) {
                            back.set(i, j, back.get(i, j) * (1 - h.get(i, j) * h.get(i, j)));
                            sum += back.get(i, j);
                        }
                        biasGradient.set(0, j, sum);
                    }
                    backend.gemm(Transpose.TRANSPOSED, Transpose.NONE, 1, x, back, 0, inGradient);
                    optimizer.step();
                }
            }
            return losses;
        }
    }

    private static Matrix randomWeight(Backend backend, Arena arena, int rows, int cols, Random random) {
        Matrix weight = backend.allocate(arena, rows, cols);
        for (int i = 0; i < rows; i++) {
            for (int j = 0; j < cols; j++) weight.set(i, j, random.nextGaussian() / Math.sqrt(rows));
        }
        return weight;
    }
}
