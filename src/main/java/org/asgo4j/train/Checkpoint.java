// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.train;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import org.asgo4j.io.Safetensors;
import org.asgo4j.io.SafetensorsException;
import org.asgo4j.io.SafetensorsWriter;
import org.asgo4j.optim.Optimizer;

/**
 * A training as it was after some step, in one safetensors file, version 1: a {@link GptFile} with the weights, so that
 * it can be sampled from, and beside them the optimizer's state under {@code optimizer/} and in the metadata the run's
 * identity and its {@link Progress}.
 */
final class Checkpoint {
    /** Another layout gets another number. */
    private static final String FORMAT = "asgo4j-checkpoint-1";

    private static final String FORMAT_KEY = "checkpoint";
    private static final String OPTIMIZER_KEY = "optimizer";
    private static final String RUN_KEY = "run";
    private static final String PROGRESS_KEY = "progress";

    /** Before the names of the optimizer's tensors. */
    static final String STATE_PREFIX = "optimizer/";

    private Checkpoint() {}

    /**
     * What a checkpoint is of.
     *
     * @param identity the run's, from {@link Manifest#identity}
     * @param optimizer the label of the one being trained with
     */
    record Subject(Fields identity, String optimizer, GptParameters parameters, CharTokenizer tokenizer) {}

    /** Writes a checkpoint, as a whole or not at all. */
    static void write(Path file, Subject subject, Optimizer optimizer, Progress progress) throws IOException {
        try (Arena scratch = Arena.ofConfined()) {
            var writer = new SafetensorsWriter();
            GptFile.addTo(writer, subject.parameters(), subject.tokenizer());
            writer.metadata(FORMAT_KEY, FORMAT)
                    .metadata(OPTIMIZER_KEY, subject.optimizer())
                    .metadata(RUN_KEY, subject.identity().json())
                    .metadata(PROGRESS_KEY, progress.json());
            optimizer.addTo(writer, STATE_PREFIX, true, scratch);
            writer.write(file);
        }
    }

    /**
     * Reads weights and optimizer state back into a model and an optimizer that have not been stepped.
     *
     * @return how far it had come
     * @throws IllegalArgumentException if it is damaged, of another version, run, optimizer or model; the message names
     *     the file and both sides, and no weight has been changed
     * @throws IOException if it can't be read
     */
    static Progress load(Path file, Subject subject, Optimizer optimizer) throws IOException {
        try (Safetensors source = Safetensors.open(file)) {
            requireOf(subject, source, file);
            return restore(source, file, subject, optimizer);
        } catch (SafetensorsException e) {
            throw damaged(file, e);
        }
    }

    /** Refuses a checkpoint of another training; those before it would be of another too. */
    private static void requireOf(Subject subject, Safetensors source, Path file) {
        require(source, file, FORMAT_KEY, FORMAT);
        require(source, file, OPTIMIZER_KEY, subject.optimizer());
        Manifest.requireSame(subject.identity(), Fields.parse(file.toString(), GptFile.note(source, file, RUN_KEY)));
        require(source, file, "vocabulary", subject.tokenizer().vocabulary());
    }

    /** What does not fit in a checkpoint of this training is damage. */
    private static Progress restore(Safetensors source, Path file, Subject subject, Optimizer optimizer)
            throws IOException {
        try {
            Progress progress = Progress.parse(file + ": progress", GptFile.note(source, file, PROGRESS_KEY));
            GptFile.check(source, file, subject.parameters().config());
            optimizer.load(source, STATE_PREFIX);
            if (optimizer.steps() != progress.step()) {
                throw new IllegalArgumentException("%s says it is of step %d, its optimizer of step %d"
                        .formatted(file, progress.step(), optimizer.steps()));
            }
            GptFile.load(source, file, subject.parameters());
            return progress;
        } catch (IllegalArgumentException e) {
            throw damaged(file, e);
        }
    }

    private static IllegalArgumentException damaged(Path file, Exception e) {
        String problem = e.getMessage().contains(file.toString()) ? e.getMessage() : file + ": " + e.getMessage();
        return new IllegalArgumentException(
                problem + "; if this file is removed, the checkpoint before it is taken", e);
    }

    private static void require(Safetensors source, Path file, String key, String expected) {
        String value = source.metadata().get(key);
        if (!expected.equals(value)) {
            throw new IllegalArgumentException("%s: '%s' is %s, must be '%s'"
                    .formatted(file, key, value == null ? "missing" : "'" + value + "'", expected));
        }
    }
}
