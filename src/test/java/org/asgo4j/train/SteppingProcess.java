// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.train;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.BackendName;
import org.asgo4j.linalg.Backends;
import org.asgo4j.linalg.Workers;
import org.asgo4j.optim.Optimizer;
import org.asgo4j.optim.OptimizerConfig;
import org.asgo4j.train.OptimizerChoice.Algorithm;

/**
 * A process that trains a small GPT for a while, with a number of workers and of BLAS threads, and prints for each of
 * its native threads what it computed meanwhile: clock ticks, a tab, the thread's name.
 */
final class SteppingProcess {
    private static final Path TASKS = Path.of("/proc/self/task");
    private static final long WARMUP_NANOS = 1_000_000_000;
    private static final long COUNTED_NANOS = 700_000_000;
    private static final GptConfig MODEL = new GptConfig(65, 2, 4, 128, 64);
    private static final int BATCH = 4;
    private static final int STEPS = 1_000_000;
    private static final long SEED = 1;

    /** In {@code /proc/PID/task/TID/stat}, of the fields behind the name: user and system time in clock ticks. */
    private static final int USER_TICKS = 11;

    private record Task(String name, long ticks) {}

    private SteppingProcess() {}

    /** Arguments: workers, BLAS threads. */
    public static void main(String[] arguments) throws IOException {
        try (Backend backend = Backends.open(BackendName.OPENBLAS, Integer.parseInt(arguments[1]));
                var workers = new Workers(Integer.parseInt(arguments[0]));
                var parameters = new GptParameters(backend, MODEL)) {
            parameters.initialize(SEED);
            var random = new SplittableRandom(SEED);
            int[] inputs = random.ints((long) BATCH * MODEL.context(), 0, MODEL.vocabulary()).toArray();
            int[] targets = random.ints(inputs.length, 0, MODEL.vocabulary()).toArray();
            var choice = new OptimizerChoice(Algorithm.ASGO, Algorithm.ASGO.defaultLearningRate());
            try (var gpt = new Gpt(backend, workers, parameters, BATCH);
                    var optimizer = new Optimizer(backend, workers, OptimizerConfig.published(),
                            choice.groups(parameters, ScheduleShape.CONSTANT, STEPS))) {
                train(gpt, optimizer, inputs, targets, WARMUP_NANOS);
                Map<String, Task> before = tasks();
                train(gpt, optimizer, inputs, targets, COUNTED_NANOS);
                tasks().forEach((id, task) -> System.out.println(
                        task.ticks() - (before.containsKey(id) ? before.get(id).ticks() : 0) + "\t" + task.name()));
            }
        }
    }

    private static void train(Gpt gpt, Optimizer optimizer, int[] inputs, int[] targets, long nanos) {
        long end = System.nanoTime() + nanos;
        while (System.nanoTime() < end) {
            gpt.forwardBackward(inputs, targets);
            optimizer.step();
        }
    }

    /** This process's native threads, those of the JVM included, by their numbers. */
    private static Map<String, Task> tasks() throws IOException {
        List<Path> folders = new ArrayList<>();
        try (Stream<Path> listed = Files.list(TASKS)) {
            listed.forEach(folders::add);
        }
        Map<String, Task> tasks = new HashMap<>();
        for (Path folder : folders) {
            if (!Files.exists(folder.resolve("stat"))) continue; // it has ended
            String stat = Files.readString(folder.resolve("stat"));
            String name = stat.substring(stat.indexOf('(') + 1, stat.lastIndexOf(')'));
            String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
            long ticks = Arrays.stream(fields, USER_TICKS, USER_TICKS + 2).mapToLong(Long::parseLong).sum();
            tasks.put(folder.getFileName().toString(), new Task(name, ticks));
        }
        return tasks;
    }
}
