// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.Backends;
import org.asgo4j.linalg.Workers;
import org.asgo4j.optim.Optimizer;
import org.asgo4j.optim.OptimizerMemory;
import org.asgo4j.optim.OptimizerMemory.Shape;

/**
 * How the time and memory of a step grow: with the order of one weight, and with the number of weights. Leaves {@code
 * growth.csv} and pictures of it. One worker for one weight, two for several.
 */
public final class Growth {
    private static final List<MeasuredRule> RULES = List.of(MeasuredRule.ASGO, MeasuredRule.ASGO_TENTH,
            MeasuredRule.ASGO_PUBLISHED, MeasuredRule.MUON, MeasuredRule.ADAMW);
    private static final int WARM_UPS = 5;
    private static final int SMALLEST_ORDER = 64;
    private static final int LARGEST_ORDER = 4096;

    /** Columns for each row of an MLP's weight. */
    private static final int MLP = 4;

    private static final int WIDTH = 768; // GPT-2 small's
    private static final int[] BLOCKS = {1, 2, 4, 8, 12};

    private static final int INTERVAL = 10; // of ASGO_TENTH's roots

    /** Samples are taken for so long, the first steps, for the compilers, apart; at least one, at most so many. */
    private static final long NANOS = 300_000_000L;

    private static final int MOST_SAMPLES = 200;
    private static final double NANOS_PER_MILLISECOND = 1e6;

    private Growth() {}

    /**
     * What one point of a picture shows.
     *
     * @param series what grows: {@code square}, {@code mlp} or {@code blocks}
     * @param size to what: an order, or a number of blocks
     * @param milliseconds of a step: the median, or a tenth of what the medians of an interval's steps add up to
     * @param bytes state and scratch of all workers
     */
    record Point(String series, MeasuredRule rule, int size, long parameters, double milliseconds, long bytes) {
        String line() {
            return String.format(Locale.ROOT, "%s,%s,%d,%d,%.4f,%d%n", series, rule, size, parameters, milliseconds,
                    bytes);
        }
    }

    /** Arguments: the folder to write to, and the largest order, 4096 if not given. */
    public static void main(String[] arguments) throws IOException {
        Path folder = Path.of(arguments[0]);
        int largest = arguments.length > 1 ? Integer.parseInt(arguments[1]) : LARGEST_ORDER;
        List<Point> points = new ArrayList<>();
        try (Backend backend = Backends.open(); Workers one = new Workers(1); Workers two = new Workers(2)) {
            var alone = new Measurement(backend, one, points);
            for (int i = 0; i < WARM_UPS; i++) alone.measure("warm-up", 0, MeasuredModel.blocks(SMALLEST_ORDER, 1));
            points.clear();
            for (int n = SMALLEST_ORDER; n <= largest; n *= 2) alone.measure("square", n, List.of(new Shape(n, n)));
            for (int n = SMALLEST_ORDER; n <= largest; n *= 2) alone.measure("mlp", n, List.of(new Shape(n, MLP * n)));
            var several = new Measurement(backend, two, points);
            for (int count : BLOCKS) several.measure("blocks", count, MeasuredModel.blocks(WIDTH, count));
        }
        var csv = new StringBuilder("series,rule,size,parameters,milliseconds,bytes\n");
        for (Point point : points) csv.append(point.line());
        Files.writeString(folder.resolve("growth.csv"), csv);
        GrowthChart.writeAll(folder, points);
    }

    private record Measurement(Backend backend, Workers workers, List<Point> points) {
        void measure(String series, int size, List<Shape> shapes) {
            try (var weights = new OptimizedWeights(backend, workers, shapes)) {
                for (MeasuredRule rule : RULES) {
                    long bytes = OptimizerMemory.of(backend, rule.rule(), shapes).total(workers.count());
                    weights.clear();
                    try (Optimizer optimizer = weights.optimizer(rule.rule())) {
                        double milliseconds = rule == MeasuredRule.ASGO_TENTH ? mean(optimizer) : median(optimizer);
                        points.add(new Point(series, rule, size, weights.count(), milliseconds, bytes));
                    }
                    weights.requireMoved();
                    System.out.print(points.getLast().line());
                }
            }
        }

        private static double median(Optimizer optimizer) {
            long end = System.nanoTime() + NANOS;
            double first = milliseconds(optimizer);
            if (System.nanoTime() > end) return first; // memory is in place, and code warm from smaller weights
            double[] samples = new double[MOST_SAMPLES];
            int count = 0;
            while (count == 0 || count < samples.length && System.nanoTime() < end) {
                samples[count++] = milliseconds(optimizer);
            }
            return median(samples, count);
        }

        /** From the medians of the steps with a root and of those without, which are fewer if they are slow. */
        private static double mean(Optimizer optimizer) {
            double[] with = new double[MOST_SAMPLES];
            double[] without = new double[MOST_SAMPLES];
            int roots = 0;
            int count = 0;
            long end = System.nanoTime() + NANOS;
            while (count == 0 || count + INTERVAL <= without.length && System.nanoTime() < end) {
                with[roots++] = milliseconds(optimizer);
                do without[count++] = milliseconds(optimizer);
                while (count % (INTERVAL - 1) != 0 && System.nanoTime() < end);
            }
            return (median(with, roots) + (INTERVAL - 1) * median(without, count)) / INTERVAL;
        }

        private static double median(double[] samples, int count) {
            Arrays.sort(samples, 0, count);
            return samples[count / 2];
        }

        private static double milliseconds(Optimizer optimizer) {
            long start = System.nanoTime();
            optimizer.step();
            return (System.nanoTime() - start) / NANOS_PER_MILLISECOND;
        }
    }
}
