// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.train;

import java.nio.file.Path;

/**
 * A training: what, where, and how it is run.
 *
 * @param recipe decides which weights come out
 * @param out the folder for results; made if it is not there
 * @param threads workers, each with one BLAS thread
 * @param checkpointEvery a checkpoint is written every so many steps; 0 never
 * @param keep checkpoints of an optimizer that are kept, the newest; at least 1
 */
public record TrainConfig(Recipe recipe, Path out, int threads, int checkpointEvery, int keep) {

    /** Checks the values. */
    public TrainConfig {
        positive("threads", threads);
        positive("keep", keep);
        if (checkpointEvery < 0) {
            throw new IllegalArgumentException("checkpoint-every must be at least 0, got " + checkpointEvery);
        }
    }

    static void positive(String name, int value) {
        if (value < 1) throw new IllegalArgumentException(name + " must be at least 1, got " + value);
    }
}
