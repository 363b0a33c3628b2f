// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.asgo4j.testing.Seeds;
import org.asgo4j.train.OptimizerChoice.Algorithm;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A training that is killed again and again ends with the files of one that was not. */
class ResumeTest {
    private static final int STEPS = 100;

    /** The killing waits for a step of each optimizer in the middle of its training. */
    private static final int EARLIEST = 30;

    private static final int LATEST = 80;

    /** A checkpoint of this model takes some milliseconds, so that many of these delays end within a write. */
    private static final int LONGEST_DELAY_MICROS = 5_000;

    /** Columns of {@code metrics.csv} that are times. */
    private static final List<Integer> TIMES = List.of(5, 6, 7);

    private static final List<String> OPTIMIZERS =
            Stream.of(Algorithm.values()).map(Algorithm::label).toList();

    @TempDir
    private static Path folder;

    private static String[] training;

    @BeforeAll
    static void write() throws IOException {
        training = new String[] {
            "train", "--data", Corpora.file(folder.resolve("words.txt")).toString(), "--layers", "1", "--width", "16",
            "--heads", "2", "--context", "8", "--batch", "4", "--steps", String.valueOf(STEPS), "--eval-every", "50",
            "--threads", "1", "--optimizer", String.join(",", OPTIMIZERS), "--out"
        };
    }

    private static CliProcess program() {
        return new CliProcess(folder).withoutPlots();
    }

    /** Killed once in each optimizer, at a random moment; a checkpoint is written at every third step. */
    @Test
    void killedAtAnyMomentItEndsTheSame() throws IOException {
        Path whole = folder.resolve("whole");
        CliProcess.Running unharmed = program().start(with(training, whole.toString()));
        Path parts = folder.resolve("parts");
        long seed = Seeds.next();
        var random = new Random(seed);
        String[] command = with(training, parts.toString(), "--checkpoint-every", "3");
        int interrupted = 0;
        for (String optimizer : OPTIMIZERS) {
            CliProcess.Running victim = program().start(command);
            awaitStep(victim, parts.resolve(optimizer), EARLIEST + random.nextInt(LATEST - EARLIEST));
            LockSupport.parkNanos(TimeUnit.MICROSECONDS.toNanos(random.nextInt(LONGEST_DELAY_MICROS)));
            victim.kill();
            if (Files.notExists(parts.resolve(optimizer).resolve("model.safetensors"))) interrupted++;
            command = new String[] {"train", "--resume", parts.toString()};
        }
        CliProcess.Result last = program().run(command);
        assertEquals(0, last.status(), last::toString);
        // A machine that has other things to do may let some end first.
        assertTrue(interrupted > OPTIMIZERS.size() / 2, "interrupted only " + interrupted + ", seed=" + seed);
        CliProcess.Result expected = unharmed.result();
        assertEquals(0, expected.status(), expected::toString);
        assertEquals(losses(expected), losses(last), "seed=" + seed);
        for (String optimizer : OPTIMIZERS) assertSame(whole, parts, optimizer, seed);
    }

    private static void awaitStep(CliProcess.Running running, Path optimizer, int step) throws IOException {
        Path checkpoints = optimizer.resolve("checkpoints");
        while (newestStep(checkpoints) < step) {
            assertTrue(running.process().isAlive(), () -> "ended before step " + step + " of " + optimizer);
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1));
        }
    }

    private static int newestStep(Path checkpoints) throws IOException {
        if (!Files.isDirectory(checkpoints)) return 0;
        try (Stream<Path> files = Files.list(checkpoints)) {
            return files.map(file -> file.getFileName().toString())
                    .filter(name -> name.startsWith("step-"))
                    .mapToInt(name -> Integer.parseInt(name.replaceAll("\\D", "")))
                    .max()
                    .orElse(0);
        }
    }

    private static void assertSame(Path whole, Path parts, String optimizer, long seed) throws IOException {
        for (String file : List.of("model.safetensors", "sample.txt")) {
            Path path = Path.of(optimizer, file);
            long mismatch = Files.mismatch(whole.resolve(path), parts.resolve(path));
            assertEquals(-1, mismatch, "first byte that differs: " + path + ", seed=" + seed);
        }
        Path metrics = Path.of(optimizer, "metrics.csv");
        assertEquals(withoutTimes(whole.resolve(metrics)), withoutTimes(parts.resolve(metrics)), "seed=" + seed);
        try (Stream<Path> files = Files.list(parts.resolve(optimizer).resolve("checkpoints"))) {
            List<String> left = files.map(file -> file.getFileName().toString()).sorted().toList();
            assertEquals(List.of("step-96.safetensors", "step-99.safetensors"), left, "seed=" + seed);
        }
    }

    private static String withoutTimes(Path metrics) throws IOException {
        return Files.readAllLines(metrics).stream()
                .map(line -> {
                    String[] cells = line.split(",", -1);
                    for (int time : TIMES) cells[time] = "";
                    return String.join(",", cells);
                })
                .collect(Collectors.joining("\n"));
    }

    private static List<String> losses(CliProcess.Result result) {
        return result.out().stream()
                .filter(line -> line.startsWith("result "))
                .map(line -> line.substring(0, line.indexOf(" seconds=")))
                .toList();
    }

    private static String[] with(String[] arguments, String... more) {
        return Stream.concat(Stream.of(arguments), Stream.of(more)).toArray(String[]::new);
    }
}
