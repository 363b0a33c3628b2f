// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.examples.comparison;

import java.lang.foreign.Arena;
import java.util.Random;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.ElementType;
import org.asgo4j.linalg.Matrix;

/**
 * Where the matrices of a problem lie, and what computes with them.
 *
 * @param backend does the matrix products
 * @param arena owns the memory
 * @param type float32 for training; float64 for checking gradients
 */
public record Memory(Backend backend, Arena arena, ElementType type) {

    /** A new matrix of zeros. */
    public Matrix zeros(int rows, int cols) {
        return backend.allocate(arena, type, rows, cols);
    }

    /** A new matrix with the elements of a table. */
    public Matrix of(double[][] rows) {
        Matrix m = zeros(rows.length, rows[0].length);
        for (int i = 0; i < rows.length; i++) {
            for (int j = 0; j < rows[i].length; j++) m.set(i, j, rows[i][j]);
        }
        return m;
    }

    /** A new matrix of independent normal numbers. */
    public Matrix normal(int rows, int cols, double deviation, Random random) {
        Matrix m = zeros(rows, cols);
        for (int i = 0; i < rows; i++) {
            for (int j = 0; j < cols; j++) m.set(i, j, deviation * random.nextGaussian());
        }
        return m;
    }

    /** The same elements in the same order as rows of another length; {@code m} has no gaps between its rows. */
    public static Matrix reshape(Matrix m, int rows, int cols) {
        if (!m.isContiguous() || m.size() != (long) rows * cols) {
            throw new IllegalArgumentException("%s with row stride %d can't be seen as %d×%d"
                    .formatted(m.shape(), m.rowStride(), rows, cols));
        }
        return new Matrix(m.segment(), m.type(), rows, cols, cols);
    }
}
