// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.examples.comparison;

import java.util.List;
import org.asgo4j.linalg.Matrix;

/** The mean of every 2×2 pixels of square images, laid out as for {@link Patches}: a quarter of the rows is left. */
public final class MeanPool implements Layer {
    private static final int FOUR = 4;

    private final int side;
    private final Matrix output;
    private final Matrix inputGradient;

    /**
     * A layer for images of one size.
     *
     * @param side of an image of x, even
     * @param channels of an image
     * @param largestBatch the most images that x can have
     */
    public MeanPool(Memory memory, int side, int channels, int largestBatch) {
        this.side = side;
        int pixels = largestBatch * side * side;
        output = memory.zeros(pixels / FOUR, channels);
        inputGradient = memory.zeros(pixels, channels);
    }

    @Override
    public Matrix forward(Matrix x) {
        Matrix y = output.rowBlock(0, x.rows() / FOUR);
        for (int row = 0; row < y.rows(); row++) {
            int corner = corner(row);
            for (int c = 0; c < y.cols(); c++) {
                double sum = x.get(corner, c) + x.get(corner + 1, c)
                        + x.get(corner + side, c) + x.get(corner + side + 1, c);
                y.set(row, c, sum / FOUR);
            }
        }
        return y;
    }

    @Override
    public Matrix backward(Matrix dy) {
        Matrix dx = inputGradient.rowBlock(0, dy.rows() * FOUR);
        for (int row = 0; row < dy.rows(); row++) {
            int corner = corner(row);
            for (int c = 0; c < dy.cols(); c++) {
                double share = dy.get(row, c) / FOUR;
                dx.set(corner, c, share);
                dx.set(corner + 1, c, share);
                dx.set(corner + side, c, share);
                dx.set(corner + side + 1, c, share);
            }
        }
        return dx;
    }

    /** The upper left of the four pixels of x that become one row of y. */
    private int corner(int row) {
        int half = side / 2;
        int image = row / (half * half);
        int y = row / half % half;
        int x = row % half;
        return image * side * side + 2 * y * side + 2 * x;
    }

    @Override
    public List<Weight> weights() {
        return List.of();
    }
}
