// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.cli;

import java.nio.file.Path;
import picocli.CommandLine.Option;

/** The options for trainings that are interrupted. */
final class CheckpointOptions {
    /**
     * A checkpoint of the default model is 8 MB and took 60 ms on two busy cores, 0.3 % of this many steps' time; a
     * crash costs 20 seconds at most.
     */
    private static final int DEFAULT_EVERY = 500;

    /** The newest, and the one before it should that be damaged. */
    private static final int DEFAULT_KEEP = 2;

    /** What may be given to a training that goes on. */
    static final String RESUMABLE = "only --threads, --backend, --checkpoint-every and --keep may change, and --data "
            + "and --init may say where the same text and weights lie now; the next time all are as given last";

    @Option(
            names = "--checkpoint-every", paramLabel = "N",
            description = "steps between checkpoints, 0 for none (default " + DEFAULT_EVERY + ")")
    private Integer every;

    @Option(
            names = "--keep", paramLabel = "K",
            description = "checkpoints of an optimizer to keep, the newest (default " + DEFAULT_KEEP + ")")
    private Integer keep;

    @Option(
            names = "--resume", paramLabel = "DIR",
            description = "go on with the interrupted training whose results are in DIR; " + RESUMABLE)
    private Path resume;

    int every() {
        return every(DEFAULT_EVERY);
    }

    /** What was asked for, or else {@code otherwise}. */
    int every(int otherwise) {
        return every == null ? otherwise : every;
    }

    int keep() {
        return keep(DEFAULT_KEEP);
    }

    /** What was asked for, or else {@code otherwise}. */
    int keep(int otherwise) {
        return keep == null ? otherwise : keep;
    }

    /** The folder of the training to go on with; null for a new one. */
    Path resume() {
        return resume;
    }
}
