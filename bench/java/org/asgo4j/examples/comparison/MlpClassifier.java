// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.examples.comparison;

import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.asgo4j.examples.Digits;
import org.asgo4j.linalg.Matrix;

/** A multilayer perceptron on the pixels: 64 → 256 → 128 → 10, with rectifiers between. */
public final class MlpClassifier implements Layer {
    private static final int WIDE = 256;
    private static final int NARROW = 128;

    private final Dense first;
    private final Relu firstRelu = new Relu();
    private final Dense second;
    private final Relu secondRelu = new Relu();
    private final Dense third;

    /** A model with random weights. */
    public MlpClassifier(Memory memory, int largestBatch, Random random) {
        first = new Dense(memory, "first", Digits.PIXELS, WIDE, largestBatch, random);
        second = new Dense(memory, "second", WIDE, NARROW, largestBatch, random);
        third = new Dense(memory, "third", NARROW, Digits.CLASSES, largestBatch, random);
    }

    @Override
    public Matrix forward(Matrix x) {
        Matrix wide = firstRelu.forward(first.forward(x)); //           B×64 → B×256
        Matrix narrow = secondRelu.forward(second.forward(wide)); //         → B×128
        return third.forward(narrow); //                                     → B×10
    }

    @Override
    public Matrix backward(Matrix dy) {
        Matrix narrow = secondRelu.backward(third.backward(dy));
        Matrix wide = firstRelu.backward(second.backward(narrow));
        return first.backward(wide);
    }

    @Override
    public List<Weight> weights() {
        return Stream.of(first, second, third).flatMap(layer -> layer.weights().stream()).toList();
    }
}
