// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.examples.comparison;

import java.util.List;
import java.util.Random;
import org.asgo4j.examples.Digits;
import org.asgo4j.linalg.Matrix;

/**
 * Training a network to tell digits, on batches that go through all images in an order new for each epoch. Every time
 * an image is shown it is shifted by up to a pixel each way: 1400 images as they are would be learnt by heart, and the
 * faster an optimizer did so the worse it would be for validation.
 */
public final class Classification implements Problem {
    private final Layer network;
    private final Digits training;
    private final Digits validation;
    private final Matrix trainingPixels; //       shifted once and for all
    private final Matrix validationPixels; //     as they are
    private final Random random;
    private final int[] order;
    private int next;
    private final Matrix batch;
    private final int[] batchLabels;
    private final Matrix logitsGradient;

    /** Makes a network with random weights. */
    @FunctionalInterface
    public interface Architecture {
        /** A network for up to {@code largestBatch} images. */
        Layer network(Memory memory, int largestBatch, Random random);
    }

    /**
     * A problem with random weights.
     *
     * @param batchSize images per batch
     * @param seed of weights and batches
     */
    public Classification(Memory memory, Architecture architecture, Digits digits, int batchSize, long seed) {
        training = digits.training();
        validation = digits.validation();
        random = new Random(seed);
        trainingPixels = memory.zeros(training.size(), Digits.PIXELS);
        for (int i = 0; i < training.size(); i++) copyShifted(training.pixels()[i], trainingPixels, i);
        validationPixels = memory.of(validation.pixels());
        network = architecture.network(memory, Math.max(training.size(), validation.size()), random);
        order = new int[training.size()];
        for (int i = 0; i < order.length; i++) order[i] = i;
        next = order.length;
        batch = memory.zeros(batchSize, Digits.PIXELS);
        batchLabels = new int[batchSize];
        logitsGradient = memory.zeros(batchSize, Digits.CLASSES);
    }

    @Override
    public List<Weight> weights() {
        return network.weights();
    }

    @Override
    public double gradient() {
        takeBatch();
        return gradientOfBatch();
    }

    /** The next images of the epoch; a rest that is no whole batch is left out. */
    void takeBatch() {
        if (next + batch.rows() > order.length) shuffle();
        for (int i = 0; i < batch.rows(); i++) {
            int image = order[next++];
            batchLabels[i] = training.labels()[image];
            copyShifted(training.pixels()[image], batch, i);
        }
    }

    /** A row ← an image, shifted by −1, 0 or 1 in each direction, with paper where nothing was. */
    private void copyShifted(double[] image, Matrix rows, int row) {
        int down = random.nextInt(-1, 2);
        int right = random.nextInt(-1, 2);
        for (int pixel = 0; pixel < image.length; pixel++) {
            int y = pixel / Digits.SIDE - down;
            int x = pixel % Digits.SIDE - right;
            boolean inside = y >= 0 && y < Digits.SIDE && x >= 0 && x < Digits.SIDE;
            rows.set(row, pixel, inside ? image[y * Digits.SIDE + x] : 0);
        }
    }

    /** Sets the gradients for the batch taken last, and returns its loss. */
    double gradientOfBatch() {
        Matrix logits = network.forward(batch);
        double loss = CrossEntropy.gradient(logits, batchLabels, logitsGradient);
        network.backward(logitsGradient);
        return loss;
    }

    /** Fisher and Yates. */
    private void shuffle() {
        for (int i = order.length - 1; i > 0; i--) {
            int j = random.nextInt(i + 1);
            int swapped = order[i];
            order[i] = order[j];
            order[j] = swapped;
        }
        next = 0;
    }

    @Override
    public Score training() {
        return CrossEntropy.score(network.forward(trainingPixels), training.labels());
    }

    @Override
    public Score validation() {
        return CrossEntropy.score(network.forward(validationPixels), validation.labels());
    }
}
