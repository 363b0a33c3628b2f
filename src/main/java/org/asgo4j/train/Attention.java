// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.train;

import java.util.ArrayList;
import java.util.List;
import org.asgo4j.kernel.LayerKernels;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.Matrix;

/**
 * Causal attention of one head in one sequence, O = softmax(QKᵀ/√D)·V with row t of the softmax over columns 0…t.
 *
 * <p>Queries are taken in blocks of rows, and a block only meets the keys up to its own last position, which halves the
 * work for long contexts.
 */
final class Attention {
    /** Rows of a block of queries; a context up to this long is one block, for which small products are fastest. */
    private static final int QUERY_BLOCK = 64;

    private final LayerKernels kernels;
    private final Matrix probabilities;
    private final Matrix probabilityGradient;
    private final float scale;
    private final List<Product> scores = new ArrayList<>();
    private final List<Product> outputs = new ArrayList<>();
    private final List<Product> probabilityGradients = new ArrayList<>();
    private final List<Product> inputGradients = new ArrayList<>();

    /**
     * The memory of one head.
     *
     * @param query Q, T×D
     * @param key K, T×D
     * @param value V, T×D
     */
    record Head(Matrix query, Matrix key, Matrix value) {}

    /**
     * Fixes the views.
     *
     * @param input Q, K and V; read
     * @param probabilities softmax(…), T×T; written forward, read backward
     * @param output O, T×D; written forward
     * @param outputGradient dO, T×D; read
     * @param probabilityGradient scratch, T×T
     * @param inputGradient dQ, dK and dV; written
     */
    Attention(
            Backend backend,
            LayerKernels kernels,
            Head input,
            Matrix probabilities,
            Matrix output,
            Matrix outputGradient,
            Matrix probabilityGradient,
            Head inputGradient) {
        this.kernels = kernels;
        this.probabilities = probabilities;
        this.probabilityGradient = probabilityGradient;
        scale = (float) (1 / Math.sqrt(input.query().cols()));
        int context = probabilities.rows();
        int lastBlock = (context - 1) / QUERY_BLOCK * QUERY_BLOCK;
        for (int from = lastBlock; from >= 0; from -= QUERY_BLOCK) {
            int rows = Math.min(QUERY_BLOCK, context - from);
            int keys = from + rows;
            Matrix query = input.query().rowBlock(from, rows);
            Matrix key = input.key().rowBlock(0, keys);
            Matrix value = input.value().rowBlock(0, keys);
            Matrix probability = probabilities.rowBlock(from, rows).colBlock(0, keys);
            Matrix gradient = probabilityGradient.rowBlock(from, rows).colBlock(0, keys);
            Matrix dOutput = outputGradient.rowBlock(from, rows);
            scores.add(Product.withTransposed(backend, query, key, 0, probability));
            outputs.add(Product.of(backend, probability, value, 0, output.rowBlock(from, rows)));
            probabilityGradients.add(Product.withTransposed(backend, dOutput, value, 0, gradient));
            // The last block comes first: it meets every key, so that it sets what the others add to.
            double beta = from == lastBlock ? 0 : 1;
            Matrix dQuery = inputGradient.query().rowBlock(from, rows);
            Matrix dKey = inputGradient.key().rowBlock(0, keys);
            Matrix dValue = inputGradient.value().rowBlock(0, keys);
            inputGradients.add(Product.of(backend, gradient, key, 0, dQuery));
            inputGradients.add(Product.ofTransposed(backend, gradient, query, beta, dKey));
            inputGradients.add(Product.ofTransposed(backend, probability, dOutput, beta, dValue));
        }
    }

    /** Writes the probabilities and O. */
    void forward() {
        run(scores);
        kernels.causalSoftmax(probabilities.segment(), 0, probabilities.rowStride(), probabilities.rows(), scale);
        run(outputs);
    }

    /** Writes dQ, dK and dV. */
    void backward() {
        run(probabilityGradients);
        kernels.causalSoftmaxBackward(
                probabilities.segment(), 0, probabilityGradient.segment(), 0,
                probabilities.rowStride(), probabilities.rows(), scale);
        run(inputGradients);
    }

    private static void run(List<Product> products) {
        for (int i = 0; i < products.size(); i++) products.get(i).run();
    }
}
