// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.train;

/**
 * What the training with one optimizer came to.
 *
 * @param optimizer its name
 * @param steps steps taken
 * @param validationLoss mean loss over the whole held-out tenth after the last step, in nats per token
 * @param seconds training time, evaluation left out
 * @param tokensPerSecond training tokens over those seconds
 * @param optimizerMillis mean milliseconds of the optimizer's part of a step
 */
public record TrainResult(
        String optimizer,
        int steps,
        double validationLoss,
        double seconds,
        double tokensPerSecond,
        double optimizerMillis)
        implements
            TrainOutcome {}
