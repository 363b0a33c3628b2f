// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.train;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.Backends;
import org.asgo4j.linalg.Matrix;
import org.asgo4j.linalg.Transpose;
import org.asgo4j.linalg.Workers;

/**
 * How far a training step is from the machine's limit: {@link StepWork} over the peak that a large product and a pass
 * over memory reach on the same workers, beside the step's time. All are measured in turn, many times over, because a
 * shared machine's speed changes from minute to minute; medians are compared.
 */
public final class TrainingFloor {
    private static final int WORKERS = 2;

    /** Order of the products that show the peak: 3·9 MB for each worker, cut by the BLAS for its caches. */
    private static final int ORDER = 1536;

    /** Rows of 1024 floats that a worker adds: 2·128 MB, more than stays in a share of the last cache. */
    private static final int ROWS = 32_768;

    private static final int COLS = 1024;
    private static final double NANOS_PER_SECOND = 1e9;
    private static final double MILLIS_PER_SECOND = 1e3;

    /** What is measured in turn. */
    private enum Part { PRODUCT, MEMORY, FORWARD_BACKWARD, ADAMW, ASGO }

    private final Workers workers;
    private final Backend backend;
    private final SizedTraining training;
    private final Matrix[][] products = new Matrix[WORKERS][];
    private final Matrix[][] sums = new Matrix[WORKERS][];
    private final Map<Part, List<Double>> seconds = new EnumMap<>(Part.class);

    private TrainingFloor(Workers workers, Backend backend, SizedTraining training, Arena arena, int order, int rows) {
        this.workers = workers;
        this.backend = backend;
        this.training = training;
        for (int i = 0; i < WORKERS; i++) {
            products[i] = matrices(arena, 3, order, order);
            sums[i] = matrices(arena, 2, rows, COLS);
        }
        for (Part part : Part.values()) seconds.put(part, new ArrayList<>());
    }

    private Matrix[] matrices(Arena arena, int count, int rows, int cols) {
        var made = new Matrix[count];
        for (int i = 0; i < count; i++) {
            made[i] = backend.allocateHost(arena, rows, cols);
            made[i].segment().fill((byte) 0); // pages of its own
        }
        return made;
    }

    /**
     * Prints the table.
     *
     * @param arguments a {@link SizedModel}, seconds to warm up, seconds to measure
     */
    public static void main(String... arguments) {
        System.out.print(table(
                SizedModel.valueOf(arguments[0]), Double.parseDouble(arguments[1]), Double.parseDouble(arguments[2]),
                ORDER, ROWS));
    }

    /** Verifies the training, then measures. */
    static String table(SizedModel model, double warmUp, double time, int order, int rows) {
        try (Backend backend = Backends.open();
                Workers workers = new Workers(WORKERS);
                Arena arena = Arena.ofShared();
                var training = new SizedTraining(backend, workers, model, OptimizerChoice.Algorithm.ADAMW,
                        OptimizerChoice.Algorithm.ASGO)) {
            training.verify();
            var floor = new TrainingFloor(workers, backend, training, arena, order, rows);
            floor.measure(warmUp);
            for (List<Double> each : floor.seconds.values()) each.clear();
            floor.measure(time);
            return floor.text(model, StepWork.of(
                    model.config(), model.batch(), training.parameters().size()));
        }
    }

    private void measure(double time) {
        long end = System.nanoTime() + (long) (time * NANOS_PER_SECOND);
        do { // at least once
            for (Part part : Part.values()) {
                training.draw();
                long start = System.nanoTime();
                run(part);
                seconds.get(part).add((System.nanoTime() - start) / NANOS_PER_SECOND);
            }
        } while (System.nanoTime() < end);
    }

    private void run(Part part) {
        switch (part) {
            case PRODUCT -> workers.run(WORKERS, (task, _) -> backend.gemm(
                    Transpose.NONE, Transpose.NONE, 1, products[task][0], products[task][1], 0, products[task][2]));
            case MEMORY -> workers.run(WORKERS, (task, _) -> backend.axpby(1, sums[task][0], 1, sums[task][1]));
            case FORWARD_BACKWARD -> training.forwardBackward();
            case ADAMW -> training.optimizerStep(0);
            case ASGO -> training.optimizerStep(1);
        }
    }

    private double median(Part part) {
        List<Double> sorted = new ArrayList<>(seconds.get(part));
        Collections.sort(sorted);
        return sorted.get(sorted.size() / 2);
    }

    private String text(SizedModel model, StepWork work) {
        double order = products[0][0].rows();
        double flopsPerSecond = 2 * WORKERS * order * order * order / median(Part.PRODUCT);
        double bytesPerSecond = 3.0 * WORKERS * Float.BYTES * sums[0][0].size() / median(Part.MEMORY);
        double floorPass = work.flops() / flopsPerSecond;
        double floorOptimizer = work.bytes() / bytesPerSecond;
        double pass = median(Part.FORWARD_BACKWARD);
        double adamw = median(Part.ADAMW);
        double asgo = median(Part.ASGO);
        String format = """
                %s, %d rounds: sgemm %.0f GFLOP/s, memory %.1f GB/s, %.2f GFLOP and %.1f MB a step
                | | floor, ms | measured, ms | fraction |
                | --- | --- | --- | --- |
                | forward and backward | %.2f | %.2f | %.2f |
                | AdamW | %.2f | %.2f | %.2f |
                | step with AdamW, %.0f tokens/s | %.2f | %.2f | %.2f |
                | ASGO | | %.2f | |
                | step with ASGO, %.0f tokens/s | | %.2f, %.2f of AdamW's | |
                """;
        return String.format(Locale.ROOT, format,
                model, seconds.get(Part.ASGO).size(), flopsPerSecond / 1e9, bytesPerSecond / 1e9, work.flops() / 1e9,
                work.bytes() / 1e6,
                floorPass * MILLIS_PER_SECOND, pass * MILLIS_PER_SECOND, floorPass / pass,
                floorOptimizer * MILLIS_PER_SECOND, adamw * MILLIS_PER_SECOND, floorOptimizer / adamw,
                model.tokens() / (pass + adamw), (floorPass + floorOptimizer) * MILLIS_PER_SECOND,
                (pass + adamw) * MILLIS_PER_SECOND, (floorPass + floorOptimizer) / (pass + adamw),
                asgo * MILLIS_PER_SECOND,
                model.tokens() / (pass + asgo), (pass + asgo) * MILLIS_PER_SECOND, (pass + asgo) / (pass + adamw));
    }
}
