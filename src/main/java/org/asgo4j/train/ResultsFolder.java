// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.train;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The folder that a new training writes to. Results of one that has ended are replaced; what did not end, what another
 * program wrote, and what the training begins with are refused.
 */
final class ResultsFolder {
    /** As {@link Plots} names them. */
    private static final List<String> PICTURES = List.of("loss.png", "dynamics.png");

    private final Path path;
    private final Recipe recipe;

    ResultsFolder(TrainConfig config) {
        path = config.out();
        recipe = config.recipe();
    }

    /** A folder with results is no text of {@code --data}: what lies there has to be none before. */
    void refuseText() throws IOException {
        Path data = recipe.data();
        if (!Files.isDirectory(data) || !Files.isDirectory(path)) return;
        if (!path.toRealPath().startsWith(data.toRealPath())) return;
        boolean leftOut = SavedRun.isIn(path) && !Files.isSameFile(path, data);
        if (leftOut || isEmpty()) return;
        throw new IllegalArgumentException(
                "--out: %s has text of --data %s, which would not be the same with results in it; name a new folder"
                        .formatted(path, data));
    }

    private boolean isEmpty() throws IOException {
        try (Stream<Path> files = Files.list(path)) {
            return files.allMatch(file -> file.endsWith(FolderLock.NAME));
        }
    }

    /** Refuses to begin where that loses something; the folder is there. */
    void refuseLoss() throws IOException {
        refuseForeignDescription();
        if (SavedRun.isIn(path)) refuseUnended(saved());
        for (OptimizerFolder folder : folders()) {
            refuseCheckpoints(folder);
            folder.refuseForeignModel();
        }
        refuseOwn("--data", recipe.data());
        if (recipe.init().isPresent()) refuseOwn("--init", recipe.init().get());
    }

    private void refuseForeignDescription() {
        Path config = path.resolve(SavedRun.CONFIG);
        if (Files.notExists(config) || SavedRun.isIn(path)) return;
        throw new IllegalArgumentException(
                "--out: %s is of another program or version and would be replaced; name another folder"
                        .formatted(config));
    }

    private SavedRun saved() throws IOException {
        try {
            return SavedRun.open(path);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("--out: whether the training there has ended can't be told: %s; "
                    .formatted(e.getMessage()) + "name another folder", e);
        }
    }

    /** Whichever optimizers it has: its {@code config.json} is replaced, without which nothing goes on. */
    private void refuseUnended(SavedRun before) throws IOException {
        if (before.hasEnded() || !before.hasBegun()) return;
        throw new IllegalArgumentException("%s has a training that did not end: --resume %s goes on with it; "
                .formatted(path, path) + "to begin anew, remove that folder or name another");
    }

    /** Also those that no {@code config.json} describes. */
    private void refuseCheckpoints(OptimizerFolder folder) throws IOException {
        Optional<Path> checkpoint = folder.newestCheckpoint();
        if (checkpoint.isEmpty() || folder.hasEnded()) return;
        throw new IllegalArgumentException("--out: %s is of a training that did not end; to begin anew, remove it or "
                .formatted(checkpoint.get()) + "name another folder");
    }

    /** Refuses a source among what is replaced, by whichever path it is named, or a folder with any of it. */
    private void refuseOwn(String option, Path source) throws IOException {
        Path real = source.toRealPath();
        Path results = path.toRealPath();
        if (results.startsWith(real)) return; // a folder of texts with results below it, which are none of them
        for (Path each : replaced(results)) {
            Path target = Files.exists(each) ? each.toRealPath() : each;
            if (!target.startsWith(real)) continue;
            throw new IllegalArgumentException("%s: %s is of the results in %s, which this training replaces; "
                    .formatted(option, source, path) + "name another --out, or a copy of it");
        }
    }

    /** All that a training writes in a folder. */
    private List<Path> replaced(Path results) throws IOException {
        List<Path> all = new ArrayList<>(List.of(results.resolve(SavedRun.CONFIG)));
        for (String picture : PICTURES) all.add(results.resolve(picture));
        for (OptimizerChoice choice : recipe.optimizers()) all.addAll(new OptimizerFolder(results, choice).replaced());
        return all;
    }

    /** Deletes what an earlier training left, but for other optimizers' folders. */
    void clear() throws IOException {
        Files.deleteIfExists(path.resolve(SavedRun.CONFIG)); // first: killed here, what is left claims to be nothing
        for (String picture : PICTURES) Files.deleteIfExists(path.resolve(picture));
        for (OptimizerFolder folder : folders()) folder.clear();
    }

    private List<OptimizerFolder> folders() {
        return recipe.optimizers().stream().map(choice -> new OptimizerFolder(path, choice)).toList();
    }
}
