// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.train;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.asgo4j.io.Safetensors;
import org.asgo4j.io.SafetensorsException;

/**
 * The folder of one optimizer's results. {@code model.safetensors} is its last file, so that where it is the training
 * is done; until then there may be checkpoints. {@code failure.json} is there instead if the training could not go on.
 */
final class OptimizerFolder {
    private static final Pattern CHECKPOINT = Pattern.compile("step-([0-9]{1,10})\\.safetensors");

    /** What a killed process leaves of files that are written beside their place and then renamed. */
    private static final Pattern LEFTOVER = Pattern.compile("\\.(asgo4j-[0-9a-f-]{36}|metrics\\.csv|sample\\.txt|"
            + "(config|failure)\\.json|(loss|dynamics)\\.png)\\.tmp");

    private final Path path;

    /** The folder below a run's, whether it is there or not. */
    OptimizerFolder(Path run, OptimizerChoice choice) {
        path = run.resolve(choice.algorithm().label());
    }

    Path metrics() {
        return path.resolve("metrics.csv");
    }

    Path sample() {
        return path.resolve("sample.txt");
    }

    Path model() {
        return path.resolve("model.safetensors");
    }

    Path failure() {
        return path.resolve("failure.json");
    }

    /** Where the checkpoint of a step goes; the folder is there. */
    Path newCheckpoint(int step) throws IOException {
        return Files.createDirectories(checkpoints()).resolve("step-" + step + ".safetensors");
    }

    private Path checkpoints() {
        return path.resolve("checkpoints");
    }

    /** Whether there is nothing left to train. */
    boolean hasEnded() {
        return Files.exists(model()) || hasFailed();
    }

    boolean hasFailed() {
        return Files.exists(failure());
    }

    /** The checkpoint of the latest step. */
    Optional<Path> newestCheckpoint() throws IOException {
        List<Path> all = oldestFirst();
        return all.isEmpty() ? Optional.empty() : Optional.of(all.getLast());
    }

    private List<Path> oldestFirst() throws IOException {
        if (!Files.isDirectory(checkpoints())) return List.of();
        var bySteps = new TreeMap<Long, Path>();
        try (Stream<Path> files = Files.list(checkpoints())) {
            files.forEach(file -> {
                Matcher name = CHECKPOINT.matcher(file.getFileName().toString());
                if (name.matches()) bySteps.put(Long.parseLong(name.group(1)), file);
            });
        }
        return List.copyOf(bySteps.values());
    }

    /** Deletes all checkpoints but the newest. */
    void keepNewest(int count) throws IOException {
        List<Path> all = oldestFirst();
        for (Path file : all.subList(0, Math.max(0, all.size() - count))) Files.delete(file);
    }

    void make() throws IOException {
        Files.createDirectories(path);
    }

    /** All that a training puts here. */
    List<Path> replaced() throws IOException {
        List<Path> all = new ArrayList<>(oldestFirst());
        all.addAll(List.of(metrics(), sample(), failure(), model()));
        return all;
    }

    /** Deletes an earlier training's results; what says that it has ended goes last, as it comes last. */
    void clear() throws IOException {
        for (Path each : replaced()) Files.deleteIfExists(each);
        removeLeftovers();
    }

    /** Refuses to replace a {@code model.safetensors} that is none of this program's. */
    void refuseForeignModel() throws IOException {
        if (Files.notExists(model()) || hasOwnModel()) return;
        throw new IllegalArgumentException("--out: %s was not written by a training and would be replaced; "
                .formatted(model()) + "name another folder");
    }

    private boolean hasOwnModel() throws IOException {
        try (Safetensors file = Safetensors.open(model())) {
            return file.metadata().getOrDefault("format", "").startsWith("asgo4j-");
        } catch (SafetensorsException notReadable) {
            return false;
        }
    }

    /** Deletes what interrupted writes left, here and beside {@code config.json}. */
    void removeLeftovers() throws IOException {
        for (Path folder : List.of(path.resolveSibling("."), path, checkpoints())) {
            if (!Files.isDirectory(folder)) continue;
            try (Stream<Path> files = Files.list(folder)) {
                for (Path file : files.toList()) {
                    if (LEFTOVER.matcher(file.getFileName().toString()).matches()) Files.delete(file);
                }
            }
        }
    }
}
