// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.train;

/** The mean loss over the whole held-out tenth, batch by batch. */
final class Evaluation {
    private final ValidationWindows windows;
    private final int[] inputs;
    private final int[] targets;

    Evaluation(short[] tokens, int batch, int context) {
        windows = new ValidationWindows(tokens, batch, context);
        inputs = new int[batch * context];
        targets = new int[batch * context];
    }

    /** In nats per token; every held-out token but the first is predicted once. */
    double loss(Gpt gpt) {
        double sum = 0;
        for (int i = 0; i < windows.batches(); i++) {
            int predictions = windows.fill(i, inputs, targets);
            double loss = i == 0
                    ? gpt.loss(inputs, targets, predictions)
                    : gpt.lossOfSameWeights(inputs, targets, predictions);
            sum += loss * predictions;
        }
        return sum / windows.predictions();
    }
}
