// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.train;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The training with one optimizer could not go on: it diverged, or a factorization failed.
 *
 * @param optimizer its name
 * @param step the one that failed
 * @param reason what happened, one sentence
 */
public record TrainFailure(String optimizer, int step, String reason) implements TrainOutcome {
    private static final String STEP = "step";
    private static final String REASON = "reason";

    /** Writes it down, so that a resumed run does not fail once more to say the same. */
    void write(Path file) throws IOException {
        WholeFile.write(file, new Fields(file.toString()).with(STEP, step).with(REASON, reason).json());
    }

    /**
     * Reads it back.
     *
     * @throws IllegalArgumentException if a field is missing or malformed
     */
    static TrainFailure read(Path file, String optimizer) throws IOException {
        Fields fields = Fields.parse(file.toString(), Files.readString(file));
        return new TrainFailure(optimizer, fields.size(STEP, 1), fields.text(REASON));
    }
}
