// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.cli;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;

/** The folder for the results of a training; when it is closed with nothing in it, what was made of it is removed. */
final class OutputFolder implements AutoCloseable {
    private static final Path RUNS = Path.of("runs");
    private static final DateTimeFormatter NAME = DateTimeFormatter.ofPattern("yyyy-MM-dd-HHmmss");

    private final Path path;
    private final List<Path> made;

    private OutputFolder(Path path, List<Path> made) {
        this.path = path;
        this.made = made;
    }

    /**
     * Makes the folder that was asked for, or if null {@code runs/<date-time>}, which no other process then has.
     *
     * @throws IllegalArgumentException if there can't be such a folder, or it can't be written
     */
    static OutputFolder make(Path wanted) {
        List<Path> made = new ArrayList<>();
        Path path = wanted;
        try {
            if (wanted == null) {
                makeAll(RUNS, made);
                path = makeNew(RUNS.resolve(LocalDateTime.now().format(NAME)));
                made.add(path);
            } else {
                makeAll(wanted, made);
            }
        } catch (IOException e) {
            remove(made);
            throw refusal(path == null ? RUNS : path, reason(e), e);
        }
        if (!Files.isWritable(path)) {
            remove(made);
            throw refusal(path, "permission denied", null);
        }
        var folder = new OutputFolder(path, made);
        Runtime.getRuntime().addShutdownHook(new Thread(folder::close)); // Ctrl-C while the text is read ends no block
        return folder;
    }

    private static IllegalArgumentException refusal(Path path, String reason, IOException cause) {
        return new IllegalArgumentException("--out: %s can't hold the results: %s".formatted(path, reason), cause);
    }

    private static String reason(IOException e) {
        return switch (e) {
            case FileAlreadyExistsException f -> f.getFile() + " is a file";
            case NoSuchFileException f -> f.getFile() + " can't be made";
            default -> Failure.of(e).message();
        };
    }

    /** Makes a folder and those above it that are missing, which are added to {@code made}, the topmost first. */
    private static void makeAll(Path folder, List<Path> made) throws IOException {
        if (Files.isDirectory(folder)) return;
        Path above = folder.toAbsolutePath().getParent();
        if (above != null) makeAll(above, made);
        Files.createDirectories(folder); // does not mind if another process was faster
        made.add(folder);
    }

    /** Makes a folder that was not there, with a number after its name if need be. */
    private static Path makeNew(Path wanted) throws IOException {
        Path candidate = wanted;
        for (int number = 2;; number++) {
            try {
                return Files.createDirectory(candidate);
            } catch (FileAlreadyExistsException taken) {
                candidate = wanted.resolveSibling(wanted.getFileName() + "-" + number);
            }
        }
    }

    /** The folder, as it was asked for. */
    Path path() {
        return path;
    }

    @Override
    public void close() {
        remove(made);
    }

    private static void remove(List<Path> folders) {
        try {
            for (Path folder : folders.reversed()) Files.delete(folder);
        } catch (IOException inUse) {
            // a folder with something in it stays, and those above it
        }
    }
}
