// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.bench;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.Backends;
import org.asgo4j.linalg.Workers;
import org.asgo4j.optim.AsgoConfig;
import org.asgo4j.optim.Optimizer;
import org.asgo4j.optim.Parameter;

/**
 * Steps of whole sets of weights, by asgo4j and by {@code native/step.c}, in turn in one JVM: a machine whose speed
 * changes from minute to minute then changes for both. Their weights are compared before anything is timed. The
 * products are the same; C makes each in one call, the library makes those of small matrices in tiles.
 *
 * <pre>
 * StepComparison FILE ROUNDS SET [WORKERS…]
 * </pre>
 *
 * <p>Each round takes one sample of every refresh interval, number of workers and implementation: as many steps as
 * there are between two roots, and again until the sample is long enough. {@code c} and {@code java} do as {@link
 * AsgoConfig#published}, {@code java-defaults} as {@link AsgoConfig#defaults()}, each with a root at every step or at
 * every tenth. {@code java-defaults} is compared with the reference backend, which takes 14 s for {@code block} on
 * two cores, and grows with the cube of the order.
 */
public final class StepComparison {
    private static final int[] INTERVALS = {1, 10};
    private static final int VERIFIED_STEPS = 2;
    private static final double NANOS_PER_MILLI = 1e6;

    /** Long enough for threads that slept through the samples of others to be awake and warm for most of it. */
    private static final long SAMPLE_NANOS = 100_000_000;

    private final List<StepSeries> all = new ArrayList<>();
    private final List<AutoCloseable> open = new ArrayList<>();
    private final Backend backend = Backends.open();
    private final Arena arena = Arena.ofShared();

    private StepComparison() {}

    /** Arguments: the file for the results, rounds, the set, and numbers of workers (1 and 2 unless given). */
    public static void main(String[] arguments) throws Exception {
        int[] workers = {1, 2};
        if (arguments.length > 3) {
            workers = List.of(arguments).subList(3, arguments.length).stream().mapToInt(Integer::parseInt).toArray();
        }
        run(Path.of(arguments[0]), Integer.parseInt(arguments[1]), arguments[2], workers);
    }

    /** Verifies, measures, writes a file. */
    static void run(Path file, int rounds, String set, int... workers) throws Exception {
        var comparison = new StepComparison();
        try {
            try (var all = new Workers(workers[workers.length - 1])) {
                StepCheck.againstReference(set, comparison.backend, all, AsgoConfig.defaults());
            }
            for (int count : workers) comparison.prepare(set, count);
            for (int round = 0; round < rounds; round++) {
                comparison.sample(round);
                StepSeries.write(file, comparison.all); // a long run that is ended early leaves what it has
            }
        } finally {
            comparison.close();
        }
    }

    private void prepare(String set, int workerCount) throws IOException {
        var weights = new WeightSet(set, backend, arena);
        var workers = new Workers(workerCount);
        open.addFirst(workers);
        for (int interval : INTERVALS) {
            List<Parameter> ours = weights.parametersWithNewWeights();
            List<Parameter> theirs = weights.parametersWithNewWeights();
            var c = new NativeStep(theirs, workerCount, interval);
            open.addFirst(c);
            AsgoConfig published = AsgoConfig.published().withRefreshInterval(interval);
            Optimizer java = WeightSet.optimizer(backend, workers, published, ours);
            open.addFirst(java);
            for (int i = 0; i < VERIFIED_STEPS; i++) {
                weights.drawGradients(); // of the same gradient at every step the decays would cancel
                c.step();
                java.step();
            }
            for (int i = 0; i < ours.size(); i++) {
                StepCheck.same(ours.get(i).name(), ours.get(i).weight(), theirs.get(i).weight());
            }
            all.add(new StepSeries(set, workerCount, interval, "c", c::step));
            all.add(new StepSeries(set, workerCount, interval, "java", java::step));
            AsgoConfig defaults = AsgoConfig.defaults().withRefreshInterval(interval);
            Optimizer other =
                    WeightSet.optimizer(backend, workers, defaults, weights.parametersWithNewWeights());
            open.addFirst(other);
            all.add(new StepSeries(set, workerCount, interval, "java-defaults", other::step));
        }
    }

    /** Every other round the other way round, so that none always runs after the same one. */
    private void sample(int round) {
        List<StepSeries> order = round % 2 == 0 ? all : all.reversed();
        for (StepSeries series : order) {
            long start = System.nanoTime();
            long elapsed;
            int steps = 0;
            do {
                for (int i = 0; i < series.interval(); i++) series.step().run();
                steps += series.interval();
                elapsed = System.nanoTime() - start;
            } while (elapsed < SAMPLE_NANOS);
            series.add(elapsed / NANOS_PER_MILLI / steps);
        }
    }

    private void close() throws Exception {
        for (AutoCloseable each : open) each.close();
        arena.close();
        backend.close();
    }
}
