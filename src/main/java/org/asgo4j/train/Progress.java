// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.train;

/**
 * How far a training has come: what a checkpoint says besides weights and state.
 *
 * @param step steps taken
 * @param position of the batches, see {@link Batches#position}
 * @param trainingNanos time in steps
 * @param optimizerNanos of which in the optimizer
 * @param evaluationNanos time in validations
 * @param refreshes roots computed
 */
record Progress(
        int step,
        long position,
        long trainingNanos,
        long optimizerNanos,
        long evaluationNanos,
        long refreshes) {

    /** As a checkpoint has it. */
    String json() {
        return new Fields("progress")
                .with("step", step)
                .with("position", position)
                .with("training_nanos", trainingNanos)
                .with("optimizer_nanos", optimizerNanos)
                .with("evaluation_nanos", evaluationNanos)
                .with("refreshes", refreshes)
                .json();
    }

    /**
     * Reads it back.
     *
     * @throws IllegalArgumentException if a field is missing or malformed
     */
    static Progress parse(String source, String json) {
        Fields fields = Fields.parse(source, json);
        return new Progress(
                fields.size("step", 1),
                fields.integer("position", 0),
                fields.integer("training_nanos", 0),
                fields.integer("optimizer_nanos", 0),
                fields.integer("evaluation_nanos", 0),
                fields.integer("refreshes", 0));
    }
}
