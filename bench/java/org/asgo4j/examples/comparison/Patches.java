// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.examples.comparison;

import java.util.List;
import org.asgo4j.linalg.Matrix;

/**
 * The 3×3 pixels around every pixel of square images, zeros beyond the edge: with a {@link Dense} layer after it, a
 * convolution. An image of side s with c channels is s² rows of x, a pixel each, with c columns; y has as many rows,
 * with 9·c columns, the neighbours from the upper left to the lower right, all channels of one together.
 */
public final class Patches implements Layer {
    private static final int SIDE = 3;

    private final int side;
    private final int channels;
    private final Matrix output;
    private final Matrix inputGradient;

    /**
     * A layer for images of one size.
     *
     * @param side s
     * @param channels c
     * @param largestBatch the most images that x can have
     */
    public Patches(Memory memory, int side, int channels, int largestBatch) {
        this.side = side;
        this.channels = channels;
        int pixels = largestBatch * side * side;
        output = memory.zeros(pixels, SIDE * SIDE * channels);
        inputGradient = memory.zeros(pixels, channels);
    }

    @Override
    public Matrix forward(Matrix x) {
        Matrix y = output.rowBlock(0, x.rows());
        for (int row = 0; row < x.rows(); row++) {
            for (int place = 0; place < SIDE * SIDE; place++) {
                int neighbour = neighbour(row, place);
                for (int c = 0; c < channels; c++) {
                    y.set(row, place * channels + c, neighbour < 0 ? 0 : x.get(neighbour, c));
                }
            }
        }
        return y;
    }

    @Override
    public Matrix backward(Matrix dy) {
        Matrix dx = inputGradient.rowBlock(0, dy.rows());
        for (int row = 0; row < dx.rows(); row++) {
            for (int c = 0; c < channels; c++) dx.set(row, c, 0);
        }
        for (int row = 0; row < dy.rows(); row++) {
            for (int place = 0; place < SIDE * SIDE; place++) {
                int neighbour = neighbour(row, place);
                if (neighbour < 0) continue;
                for (int c = 0; c < channels; c++) {
                    dx.set(neighbour, c, dx.get(neighbour, c) + dy.get(row, place * channels + c));
                }
            }
        }
        return dx;
    }

    /** The row of the pixel at a place of the 3×3 around that of a row, or −1 beyond the image. */
    private int neighbour(int row, int place) {
        int y = row / side % side + place / SIDE - 1;
        int x = row % side + place % SIDE - 1;
        if (y < 0 || y >= side || x < 0 || x >= side) return -1;
        return row - row % (side * side) + y * side + x;
    }

    @Override
    public List<Weight> weights() {
        return List.of();
    }
}
