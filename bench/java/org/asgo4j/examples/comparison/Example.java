// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.examples.comparison;

import org.asgo4j.examples.Digits;

/** The problems that optimizers are compared on. */
public enum Example {
    /** {@link LogisticRegression} on batches of 64. */
    LOGISTIC_REGRESSION("logistic regression", Example.NATS, 400, 0, classification(LogisticRegression::new, 64)),
    /** {@link MlpClassifier} on batches of 64. */
    MLP("MLP", Example.NATS, 400, Example.DECAY, classification(MlpClassifier::new, 64)),
    /** {@link MlpClassifier} on batches of 8: gradients of rank 8 at most, and mostly noise. */
    MLP_SMALL_BATCH("MLP, batches of 8", Example.NATS, 400, Example.DECAY, classification(MlpClassifier::new, 8)),
    /** {@link ConvolutionalNetwork} on batches of 64. */
    CONVOLUTION("convolutional network", Example.NATS, 300, Example.DECAY,
            classification(ConvolutionalNetwork::new, 64)),
    /** {@link MatrixFactorization} of rank 8 of all pixels but a fifth. */
    FACTORIZATION("matrix factorization", "mean square", 60, 0,
            (memory, digits, seed) -> new MatrixFactorization(memory, digits.pixels(), 8, 0.2, seed));

    private static final String NATS = "nats per image";

    /** As published with ASGO, and usual with AdamW. */
    private static final float DECAY = 0.1f;

    private final String title;
    private final String unit;
    private final int steps;
    private final float weightDecay;
    private final Maker maker;

    /** Makes a problem with everything random drawn from a seed. */
    @FunctionalInterface
    private interface Maker {
        Problem problem(Memory memory, Digits digits, long seed);
    }

    Example(String title, String unit, int steps, float weightDecay, Maker maker) {
        this.title = title;
        this.unit = unit;
        this.steps = steps;
        this.weightDecay = weightDecay;
        this.maker = maker;
    }

    private static Maker classification(Classification.Architecture architecture, int batchSize) {
        return (memory, digits, seed) -> new Classification(memory, architecture, digits, batchSize, seed);
    }

    /** The problem with everything random drawn from a seed: weights, batches, hidden elements. */
    public Problem problem(Memory memory, Digits digits, long seed) {
        return maker.problem(memory, digits, seed);
    }

    /** The name for people. */
    public String title() {
        return title;
    }

    /** What the loss is measured in. */
    public String unit() {
        return unit;
    }

    /** The steps of a training. */
    public int steps() {
        return steps;
    }

    /** The decoupled weight decay of all matrices, the same for every optimizer. */
    public float weightDecay() {
        return weightDecay;
    }
}
