// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.examples.comparison;

import java.util.List;
import java.util.Random;
import org.asgo4j.examples.Digits;
import org.asgo4j.linalg.Matrix;

/** Multinomial logistic regression on the pixels: logits = x·Wᵀ + b, with W 10×64. Convex. */
public final class LogisticRegression implements Layer {
    private final Dense dense;

    /** A model with random weights. */
    public LogisticRegression(Memory memory, int largestBatch, Random random) {
        dense = new Dense(memory, "logits", Digits.PIXELS, Digits.CLASSES, largestBatch, random);
    }

    @Override
    public Matrix forward(Matrix x) {
        return dense.forward(x); //         B×64 → B×10
    }

    @Override
    public Matrix backward(Matrix dy) {
        return dense.backward(dy);
    }

    @Override
    public List<Weight> weights() {
        return dense.weights();
    }
}
