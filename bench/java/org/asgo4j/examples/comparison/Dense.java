// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.examples.comparison;

import java.util.List;
import java.util.Random;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.Matrix;
import org.asgo4j.linalg.Transpose;

/** y = x·Wᵀ + b, with x B×n, W m×n, b 1×m, y B×m: a row of W per output. */
public final class Dense implements Layer {
    private final Backend backend;
    private final Weight weight;
    private final Weight bias;
    private final Matrix output;
    private final Matrix inputGradient;
    private Matrix input;

    /**
     * A layer with random weights, of variance 2/n, which keeps the size of what passes through it and a {@link Relu}
     * (He et al., arXiv 1502.01852), and biases of 0.
     *
     * @param name of the layer; its weights are {@code name.weight} and {@code name.bias}
     * @param inputs n
     * @param outputs m
     * @param largestBatch the most rows that x can have
     */
    public Dense(Memory memory, String name, int inputs, int outputs, int largestBatch, Random random) {
        backend = memory.backend();
        weight = new Weight(name + ".weight", memory.normal(outputs, inputs, Math.sqrt(2.0 / inputs), random),
                memory.zeros(outputs, inputs), false);
        bias = new Weight(name + ".bias", memory.zeros(1, outputs), memory.zeros(1, outputs), true);
        output = memory.zeros(largestBatch, outputs);
        inputGradient = memory.zeros(largestBatch, inputs);
    }

    @Override
    public Matrix forward(Matrix x) {
        input = x;
        Matrix y = output.rowBlock(0, x.rows());
        backend.gemm(Transpose.NONE, Transpose.TRANSPOSED, 1, x, weight.value(), 0, y); //            XWᵀ     B×m
        for (int i = 0; i < y.rows(); i++) {
            for (int j = 0; j < y.cols(); j++) y.set(i, j, y.get(i, j) + bias.value().get(0, j));
        }
        return y;
    }

    @Override
    public Matrix backward(Matrix dy) {
        Matrix dx = inputGradient.rowBlock(0, dy.rows());
        backend.gemm(Transpose.TRANSPOSED, Transpose.NONE, 1, dy, input, 0, weight.gradient()); //    dYᵀX    m×n
        backend.gemm(Transpose.NONE, Transpose.NONE, 1, dy, weight.value(), 0, dx); //                dY·W    B×n
        for (int j = 0; j < dy.cols(); j++) {
            double sum = 0;
            for (int i = 0; i < dy.rows(); i++) sum += dy.get(i, j);
            bias.gradient().set(0, j, sum);
        }
        return dx;
    }

    @Override
    public List<Weight> weights() {
        return List.of(weight, bias);
    }
}
