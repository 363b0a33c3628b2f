// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.train;

import java.nio.file.Path;
import java.util.OptionalDouble;

/** Hears how a training goes, on the thread that trains. */
public interface TrainListener {

    /** The corpus was read and the model built; one line about each, and about the backend. */
    void prepared(String corpus, String model, String backend);

    /** One optimizer begins. */
    void begun(String optimizer, float learningRate);

    /** It goes on after this step, from a checkpoint; called after {@link #begun}. */
    default void resumed(String optimizer, int step, Path checkpoint) {}

    /** The validation loss is about to be taken after this step, which may take seconds. */
    default void validating(int step, int steps) {}

    /**
     * A step was taken. Called with every validation loss, and a few times a second between them.
     *
     * @param step steps done, of {@code steps}
     * @param trainLoss mean loss of the step's batch
     * @param validationLoss if it was taken at this step
     * @param tokensPerSecond since the last report
     * @param secondsLeft an estimate for this optimizer
     */
    void progress(
            int step,
            int steps,
            double trainLoss,
            OptionalDouble validationLoss,
            double tokensPerSecond,
            double secondsLeft);

    /** One optimizer is done. */
    void finished(TrainResult result);

    /** One optimizer could not go on; the next begins. */
    void failed(TrainFailure failure);

    /** A training that was to be resumed has nothing left to do. */
    default void complete() {}
}
