// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.examples.comparison;

import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.asgo4j.examples.Digits;
import org.asgo4j.linalg.Matrix;

/**
 * Two convolutions of 3×3, each with a rectifier and a mean over 2×2 after it, and a dense layer. A convolution's
 * weight is a matrix with a row per output channel, 16×9 and 32×144 here, as a framework's out×in×3×3 is when all
 * dimensions but the first are taken together (the order within a row does not matter to any rule).
 */
public final class ConvolutionalNetwork implements Layer {
    private static final int FEW = 16;
    private static final int MANY = 32;
    private static final int NEIGHBOURS = 9;
    private static final int HALF = Digits.SIDE / 2;
    private static final int QUARTER = HALF / 2;
    private static final int FEATURES = QUARTER * QUARTER * MANY;

    private final Patches firstPatches;
    private final Dense first;
    private final Relu firstRelu = new Relu();
    private final MeanPool firstPool;
    private final Patches secondPatches;
    private final Dense second;
    private final Relu secondRelu = new Relu();
    private final MeanPool secondPool;
    private final Dense logits;

    /** A model with random weights. */
    public ConvolutionalNetwork(Memory memory, int largestBatch, Random random) {
        firstPatches = new Patches(memory, Digits.SIDE, 1, largestBatch);
        first = new Dense(memory, "first", NEIGHBOURS, FEW, largestBatch * Digits.PIXELS, random);
        firstPool = new MeanPool(memory, Digits.SIDE, FEW, largestBatch);
        secondPatches = new Patches(memory, HALF, FEW, largestBatch);
        second = new Dense(memory, "second", NEIGHBOURS * FEW, MANY, largestBatch * HALF * HALF, random);
        secondPool = new MeanPool(memory, HALF, MANY, largestBatch);
        logits = new Dense(memory, "logits", FEATURES, Digits.CLASSES, largestBatch, random);
    }

    @Override
    public Matrix forward(Matrix x) {
        int images = x.rows();
        Matrix pixels = Memory.reshape(x, images * Digits.PIXELS, 1); //                               B·64×1
        Matrix few = firstRelu.forward(first.forward(firstPatches.forward(pixels))); //         B·64×9 → B·64×16
        Matrix half = firstPool.forward(few); //                                                       B·16×16
        Matrix many = secondRelu.forward(second.forward(secondPatches.forward(half))); //     B·16×144 → B·16×32
        Matrix quarter = secondPool.forward(many); //                                                   B·4×32
        return logits.forward(Memory.reshape(quarter, images, FEATURES)); //                            B×128 → B×10
    }

    @Override
    public Matrix backward(Matrix dy) {
        int images = dy.rows();
        Matrix quarter = Memory.reshape(logits.backward(dy), images * QUARTER * QUARTER, MANY);
        Matrix many = secondRelu.backward(secondPool.backward(quarter));
        Matrix half = secondPatches.backward(second.backward(many));
        Matrix few = firstRelu.backward(firstPool.backward(half));
        Matrix pixels = firstPatches.backward(first.backward(few));
        return Memory.reshape(pixels, images, Digits.PIXELS);
    }

    @Override
    public List<Weight> weights() {
        return Stream.of(first, second, logits).flatMap(layer -> layer.weights().stream()).toList();
    }
}
