// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.examples.comparison;

import java.util.List;

/** Something to minimize: weights, the gradient of the loss of the next batch, and how good the weights are. */
public interface Problem {

    /** The weights, in a fixed order. */
    List<Weight> weights();

    /**
     * Takes the next batch and sets the gradients of all weights.
     *
     * @return the loss of that batch, before the step
     */
    double gradient();

    /** How good the weights are on what they are trained on. */
    Score training();

    /** How good they are on what they have never seen. */
    Score validation();

    /**
     * How good weights are.
     *
     * @param loss the mean loss, in nats per image or as a mean square
     * @param accuracy the share of right answers; NaN where there is no such thing
     */
    record Score(double loss, double accuracy) {}
}
