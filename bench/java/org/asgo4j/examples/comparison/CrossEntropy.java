// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.examples.comparison;

import org.asgo4j.linalg.Matrix;

/** The loss of a classifier: the mean over a batch of −log softmax(y)[label]. */
final class CrossEntropy {
    private CrossEntropy() {}

    /**
     * The mean loss, and its gradient.
     *
     * @param y logits, B×classes; read
     * @param labels the right class of each row
     * @param dy the gradient, (softmax(y) − onehot(label))/B, of y's shape; written
     */
    static double gradient(Matrix y, int[] labels, Matrix dy) {
        double sum = 0;
        for (int i = 0; i < y.rows(); i++) {
            double logSum = logSumOfExponentials(y, i);
            sum += logSum - y.get(i, labels[i]);
            for (int j = 0; j < y.cols(); j++) {
                double probability = Math.exp(y.get(i, j) - logSum);
                dy.set(i, j, (probability - (j == labels[i] ? 1 : 0)) / y.rows());
            }
        }
        return sum / y.rows();
    }

    /** The mean loss, and the share of rows whose largest logit is the label's. */
    static Problem.Score score(Matrix y, int[] labels) {
        double sum = 0;
        int right = 0;
        for (int i = 0; i < y.rows(); i++) {
            sum += logSumOfExponentials(y, i) - y.get(i, labels[i]);
            int largest = 0;
            for (int j = 1; j < y.cols(); j++) {
                if (y.get(i, j) > y.get(i, largest)) largest = j;
            }
            if (largest == labels[i]) right++;
        }
        return new Problem.Score(sum / y.rows(), (double) right / y.rows());
    }

    /** log Σ_j exp(y_ij), with the largest taken out, so that nothing overflows. */
    private static double logSumOfExponentials(Matrix y, int row) {
        double largest = Double.NEGATIVE_INFINITY;
        for (int j = 0; j < y.cols(); j++) largest = Math.max(largest, y.get(row, j));
        double sum = 0;
        for (int j = 0; j < y.cols(); j++) sum += Math.exp(y.get(row, j) - largest);
        return largest + Math.log(sum);
    }
}
