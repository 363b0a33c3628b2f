// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.train;

import java.util.SplittableRandom;
import org.asgo4j.kernel.Kernels;
import org.asgo4j.kernel.LayerKernels;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.Matrix;
import org.asgo4j.linalg.Workers;

/** A model with random weights, large enough to bend every nonlinearity, and a random batch. */
final class GptFixture implements AutoCloseable {
    /** Deviation of the weights: scores, GELU inputs and logits are then of order 1. */
    private static final double DEVIATION = 0.4;

    final GptConfig config;
    final GptParameters parameters;
    final int[] inputs;
    final int[] targets;
    private final Backend backend;
    private final Workers workers;
    private final int batch;

    GptFixture(Backend backend, GptConfig config, int batch, int workerCount, long seed) {
        this.backend = backend;
        this.config = config;
        this.batch = batch;
        workers = new Workers(workerCount);
        parameters = new GptParameters(backend, config);
        var random = new SplittableRandom(seed);
        for (GptParameter parameter : parameters.all()) {
            Matrix weight = parameter.weight();
            for (int i = 0; i < weight.rows(); i++) {
                for (int j = 0; j < weight.cols(); j++) {
                    weight.set(i, j, (parameter.vector() ? 1 : 0) + DEVIATION * random.nextGaussian());
                }
            }
        }
        inputs = random.ints((long) batch * config.context(), 0, config.vocabulary()).toArray();
        targets = random.ints((long) batch * config.context(), 0, config.vocabulary()).toArray();
    }

    /** A pass with its own choice of chunks. */
    Gpt gpt(int chunkSequences) {
        return gpt(chunkSequences, Kernels.best(), LayerKernels.best());
    }

    /** A pass with its own choice of chunks and kernels. */
    Gpt gpt(int chunkSequences, Kernels kernels, LayerKernels layerKernels) {
        return new Gpt(backend, workers, parameters, batch, chunkSequences, kernels, layerKernels);
    }

    Gpt gpt() {
        return new Gpt(backend, workers, parameters, batch);
    }

    @Override
    public void close() {
        parameters.close();
        workers.close();
    }
}
