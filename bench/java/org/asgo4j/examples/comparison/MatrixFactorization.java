// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.examples.comparison;

import java.util.List;
import java.util.Random;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.Matrix;
import org.asgo4j.linalg.Transpose;

/**
 * Completing a matrix of which some elements are hidden, by X ≈ U·Vᵀ: images × pixels here, users × films elsewhere.
 * The loss is the mean of (U·Vᵀ − X)² over the elements that are shown; every gradient is that of all of them.
 */
public final class MatrixFactorization implements Problem {
    private final Backend backend;
    private final double[][] elements;
    private final boolean[][] hidden;
    private final int hiddenCount;
    private final Weight left; //          U, m×r
    private final Weight right; //         V, n×r
    private final Matrix residual; //      m×n

    /**
     * A problem with random factors.
     *
     * @param elements X, m×n
     * @param rank r
     * @param hiddenShare the share of elements that are hidden, each on its own
     * @param seed of the factors and of what is hidden
     */
    public MatrixFactorization(Memory memory, double[][] elements, int rank, double hiddenShare, long seed) {
        this.backend = memory.backend();
        this.elements = elements;
        var random = new Random(seed);
        int rows = elements.length;
        int cols = elements[0].length;
        // The elements of U·Vᵀ then have variance 1/r, well below that of most data.
        double deviation = 1 / Math.sqrt(rank);
        left = new Weight("left", memory.normal(rows, rank, deviation, random), memory.zeros(rows, rank), false);
        right = new Weight("right", memory.normal(cols, rank, deviation, random), memory.zeros(cols, rank), false);
        residual = memory.zeros(rows, cols);
        hidden = new boolean[rows][cols];
        int count = 0;
        for (boolean[] row : hidden) {
            for (int j = 0; j < cols; j++) {
                row[j] = random.nextDouble() < hiddenShare;
                if (row[j]) count++;
            }
        }
        hiddenCount = count;
    }

    @Override
    public List<Weight> weights() {
        return List.of(left, right);
    }

    @Override
    public double gradient() {
        double loss = residual(false);
        double factor = 2 / (double) shownCount();
        backend.gemm(Transpose.NONE, Transpose.NONE, factor, residual, right.value(), 0, left.gradient()); //   R·V
        backend.gemm(Transpose.TRANSPOSED, Transpose.NONE, factor, residual, left.value(), 0, right.gradient()); // RᵀU
        return loss;
    }

    /** R ← U·Vᵀ − X on the elements asked for, 0 elsewhere; the mean of its squares over them. */
    private double residual(boolean ofHidden) {
        backend.gemm(Transpose.NONE, Transpose.TRANSPOSED, 1, left.value(), right.value(), 0, residual);
        double squares = 0;
        for (int i = 0; i < residual.rows(); i++) {
            for (int j = 0; j < residual.cols(); j++) {
                double error = hidden[i][j] == ofHidden ? residual.get(i, j) - elements[i][j] : 0;
                squares += error * error;
                residual.set(i, j, error);
            }
        }
        return squares / (ofHidden ? hiddenCount : shownCount());
    }

    private long shownCount() {
        return residual.size() - hiddenCount;
    }

    @Override
    public Score training() {
        return new Score(residual(false), Double.NaN);
    }

    @Override
    public Score validation() {
        return new Score(residual(true), Double.NaN);
    }
}
