// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.train;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.asgo4j.kernel.Kernels;
import org.asgo4j.linalg.Matrix;

/**
 * The gradients of all parameters, formed over the whole batch once every chunk has run: independent tasks, the largest
 * first. What is summed over tokens or chunks is summed in their order, whichever worker does it.
 */
final class WeightGradients {
    private final Kernels kernels;
    private final List<GradientTask> tasks = new ArrayList<>();

    /** Without tasks yet. */
    WeightGradients(Kernels kernels) {
        this.kernels = kernels;
    }

    /** Adds dW ← dYᵀ·X. */
    void add(Linear linear, Matrix outputGradient, Matrix input) {
        tasks.addAll(linear.gradient(outputGradient, input));
    }

    /**
     * Adds the gradient of the tied token embedding, V×C: the head's dLogitsᵀ·X plus, for each token in order, the
     * gradient of its embedded input.
     */
    void addTiedEmbedding(
            Linear head, Matrix logitsGradient, Matrix input, Tokens tokens, Matrix embeddedGradient, Matrix gradient) {
        for (GradientTask task : head.gradient(logitsGradient, input)) {
            tasks.add(task.then(
                    () -> addLookups(tokens, embeddedGradient, gradient, task.firstRow(), task.rows())));
        }
    }

    private void addLookups(Tokens tokens, Matrix embeddedGradient, Matrix gradient, int firstRow, int rows) {
        int width = gradient.cols();
        for (int i = 0; i < embeddedGradient.rows(); i++) {
            int token = tokens.input(i);
            if (token < firstRow || token >= firstRow + rows) continue;
            kernels.axpby(
                    1, embeddedGradient.segment(), (long) i * width, 1,
                    gradient.segment(), (long) token * width, width);
        }
    }

    /** Adds the gradient of the position embedding: gradient ← Σ over sequences of the embedded inputs' gradients. */
    void addPositions(Matrix embeddedGradient, Matrix gradient) {
        tasks.add(new GradientTask(
                embeddedGradient.size(), 0, gradient.rows(), () -> sumBlocks(embeddedGradient, gradient)));
    }

    /** Adds the gradient of a gain, 1×C: the sum of the chunks' shares. */
    void addGain(Matrix shares, Matrix gradient) {
        tasks.add(new GradientTask(shares.size(), 0, 1, () -> sumBlocks(shares, gradient)));
    }

    /** to ← Σ of the row blocks of {@code from} that have the shape of {@code to}, from the first on. */
    private void sumBlocks(Matrix from, Matrix to) {
        for (long first = 0; first < from.size(); first += to.size()) {
            kernels.axpby(1, from.segment(), first, first == 0 ? 0 : 1, to.segment(), 0, to.size());
        }
    }

    /** The tasks, the most expensive first. */
    List<GradientTask> largestFirst() {
        return tasks.stream()
                .sorted(Comparator.comparingLong(GradientTask::cost).reversed())
                .toList();
    }
}
