// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.train;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.BackendName;

/** A training that was begun, as its {@code config.json} describes it. */
public final class SavedRun {
    /** The file's name in a folder for results. */
    static final String CONFIG = "config.json";

    /** A hundred times what the file takes with all optimizers; a larger one is not read to see what it is. */
    private static final long MAX_CONFIG_BYTES = 1 << 20;

    private final TrainConfig config;
    private final BackendName backend;
    private final Fields fields;

    private SavedRun(TrainConfig config, BackendName backend, Fields fields) {
        this.config = config;
        this.backend = backend;
        this.fields = fields;
    }

    /**
     * Reads the description.
     *
     * @param folder the one that the training writes its results to
     * @throws IllegalArgumentException if there is none, or it is of another version or malformed
     * @throws IOException if it can't be read
     */
    public static SavedRun open(Path folder) throws IOException {
        Path file = folder.resolve(CONFIG);
        if (!Files.isRegularFile(file)) {
            throw new IllegalArgumentException("%s has no %s: no training was begun there".formatted(folder, CONFIG));
        }
        Fields fields = Fields.parse(file.toString(), Files.readString(file));
        Recipe recipe = Manifest.recipe(fields);
        var config = new TrainConfig(
                recipe, folder, fields.size("threads", 1), fields.size("checkpoint_every", 0), fields.size("keep", 1));
        return new SavedRun(config, BackendName.parse(fields.text("backend_name")), fields);
    }

    /** Whether a training of this version was begun in a folder. */
    static boolean isIn(Path folder) {
        Path file = folder.resolve(CONFIG);
        try {
            return Files.isRegularFile(file)
                    && Files.size(file) <= MAX_CONFIG_BYTES
                    && Manifest.isOf(Fields.parse(file.toString(), Files.readString(file)));
        } catch (IOException | IllegalArgumentException another) {
            return false; // many programs have a file of that name
        }
    }

    /** Whether the file says all that it would of a training with these. */
    boolean isAs(TrainConfig other, Backend with) {
        return config.equals(other) && backend == with.name();
    }

    /** What was trained, with the threads and checkpoints of then. */
    public TrainConfig config() {
        return config;
    }

    /** What did the arithmetic. */
    public BackendName backend() {
        return backend;
    }

    /** All that the file says. */
    Fields fields() {
        return fields;
    }

    /** Whether there is nothing left to train. */
    public boolean hasEnded() {
        return folders().stream().allMatch(OptimizerFolder::hasEnded);
    }

    /** Whether an optimizer has come as far as a checkpoint. */
    boolean hasBegun() throws IOException {
        for (OptimizerFolder folder : folders()) {
            if (folder.hasEnded() || folder.newestCheckpoint().isPresent()) return true;
        }
        return false;
    }

    private List<OptimizerFolder> folders() {
        return config.recipe().optimizers().stream()
                .map(choice -> new OptimizerFolder(config.out(), choice))
                .toList();
    }

    /** Refuses if there is nothing to go on from: the first optimizer has neither ended nor a checkpoint. */
    void requireBegun() throws IOException {
        List<OptimizerChoice> optimizers = config.recipe().optimizers();
        var first = new OptimizerFolder(config.out(), optimizers.getFirst());
        if (first.hasEnded() || first.newestCheckpoint().isPresent()) return;
        throw new IllegalArgumentException(("%s has no checkpoint of %s to go on from (checkpoint-every was %d): "
                + "begin anew with the same options and --out %s")
                .formatted(config.out(), optimizers.getFirst().algorithm().label(), config.checkpointEvery(),
                        config.out()));
    }
}
