// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.bench;

import java.util.ArrayList;
import java.util.List;
import org.asgo4j.optim.OptimizerMemory.Shape;

/** The weights for which whole optimizers are measured: the matrices of a GPT's blocks. */
public enum MeasuredModel {
    /** The training job's GPT, 4 blocks of width 128: 24 matrices, 786,432 parameters. */
    CHAR_GPT(128, 4),
    /** One block of GPT-2 small: 4 matrices of 768×768, 3072×768 and 768×3072, 7,077,888 parameters. */
    GPT2_BLOCK(768, 1);

    /** Rows of the MLP's hidden layer for each of the width. */
    private static final int EXPANSION = 4;

    private static final int ATTENTION_MATRICES = 4;

    private final List<Shape> shapes;

    MeasuredModel(int width, int blocks) {
        this.shapes = blocks(width, blocks);
    }

    /** Its matrices. */
    public List<Shape> shapes() {
        return shapes;
    }

    /** Query, key, value, projection, and both matrices of the MLP, of so many blocks. */
    static List<Shape> blocks(int width, int count) {
        List<Shape> shapes = new ArrayList<>();
        for (int block = 0; block < count; block++) {
            for (int i = 0; i < ATTENTION_MATRICES; i++) shapes.add(new Shape(width, width));
            shapes.add(new Shape(EXPANSION * width, width));
            shapes.add(new Shape(width, EXPANSION * width));
        }
        return List.copyOf(shapes);
    }
}
