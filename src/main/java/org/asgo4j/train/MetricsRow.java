// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.train;

import java.util.OptionalDouble;

/**
 * What one report of a training run says.
 *
 * @param step            optimizer steps done
 * @param tokens          training tokens seen
 * @param trainLoss       mean loss of the step's batch, in nats per token
 * @param validationLoss  mean loss over the held-out tenth, where it was evaluated
 * @param learningRate    learning rate of the matrices at this step
 * @param seconds         training time so far, evaluation left out
 * @param tokensPerSecond training tokens per second since the last row
 * @param optimizerMillis milliseconds of the optimizer's part of a step, the mean of all steps so far
 * @param dynamics        what the optimizer saw and did
 */
record MetricsRow(
        int step,
        long tokens,
        double trainLoss,
        OptionalDouble validationLoss,
        double learningRate,
        double seconds,
        double tokensPerSecond,
        double optimizerMillis,
        Dynamics dynamics) {

    /**
     * What the optimizer saw and did.
     *
     * @param updateRatio  ‖ΔW‖_F/‖W‖_F over all weights at this step; NaN where it was not measured
     * @param gradientNorm the global norm of this step's gradients, before clipping
     * @param condition    the largest condition number of a gram matrix at its last root; NaN where there is none
     * @param refreshes    inverse roots or eigenbases computed so far
     * @param skipped      steps skipped so far because a gradient was not finite
     */
    record Dynamics(double updateRatio, double gradientNorm, double condition, long refreshes, long skipped) {}
}
