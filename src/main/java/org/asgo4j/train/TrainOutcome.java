// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.train;

/** How the training with one optimizer ended. */
public sealed interface TrainOutcome permits TrainResult, TrainFailure {

    /** Its name. */
    String optimizer();
}
