// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.optim;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.BackendName;
import org.asgo4j.linalg.Backends;
import org.asgo4j.linalg.Matrix;
import org.asgo4j.linalg.Workers;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Gradients that hold the sum over micro-batches, a step that takes their mean, and schedules of the caller's own. */
class GradientAccumulationTest {
    private static final long SEED = 5;
    private static final int STEPS = 5;
    private static final int[][] SHAPES = {{6, 20}, {20, 6}, {1, 16}};

    /** Unit roundoff of float32. */
    private static final double U = 0x1p-24;

    private final Backend backend = Backends.open(BackendName.OPENBLAS);
    private final Arena arena = Arena.ofShared();

    @AfterEach
    void freeMemory() {
        arena.close();
    }

    private List<ParameterGroup> groups(Schedule matrixSchedule, Schedule vectorSchedule) {
        Random random = new Random(SEED);
        List<Parameter> parameters = new ArrayList<>();
        for (int[] shape : SHAPES) {
            Matrix weight = backend.allocate(arena, shape[0], shape[1]);
            Dense.set(weight, Dense.random(shape[0], shape[1], random));
            parameters.add(Parameter.of("w" + parameters.size(), weight, backend.allocate(arena, shape[0], shape[1])));
        }
        return List.of(
                new ParameterGroup("matrices", new Asgo(AsgoConfig.published()), matrixSchedule, 0.1f,
                        parameters.subList(0, 2)),
                new ParameterGroup("vectors", new AdamW(AdamWConfig.published()), vectorSchedule, 0,
                        parameters.subList(2, 3)));
    }

    private List<ParameterGroup> groups() {
        return groups(Schedule.constant(0.01f), Schedule.constant(0.01f));
    }

    private static List<Parameter> parameters(List<ParameterGroup> groups) {
        return groups.stream().flatMap(g -> g.parameters().stream()).toList();
    }

    /**
     * Weights after a few steps of {@code least}, 2·{@code least} or 4·{@code least} micro-batches: the number changes,
     * since these rules would not notice a factor that is the same at every step. {@code sums} scales in the step,
     * otherwise the mean is written.
     */
    private List<double[][]> train(int least, double clipNorm, boolean sums) {
        Random random = new Random(SEED + 1);
        List<ParameterGroup> groups = groups();
        var config = OptimizerConfig.published().withClipNorm(clipNorm);
        try (var workers = new Workers(2);
                var optimizer = new Optimizer(backend, workers, config, groups)) {
            for (int step = 0; step < STEPS; step++) {
                int microBatches = least << step % 3;
                for (Parameter p : parameters(groups)) accumulate(p.gradient(), microBatches, random);
                if (sums) {
                    optimizer.step(1.0 / microBatches);
                } else {
                    for (Parameter p : parameters(groups)) {
                        Dense.set(p.gradient(), Dense.scaled(1.0 / microBatches, Dense.of(p.gradient())));
                    }
                    optimizer.step();
                }
            }
        }
        return parameters(groups).stream().map(p -> Dense.of(p.weight())).toList();
    }

    private void accumulate(Matrix gradient, int microBatches, Random random) {
        Matrix one = backend.allocate(arena, gradient.rows(), gradient.cols());
        for (int i = 0; i < microBatches; i++) {
            Dense.set(one, Dense.random(gradient.rows(), gradient.cols(), random));
            backend.axpby(1, one, i == 0 ? 0 : 1, gradient);
        }
    }

    @ParameterizedTest
    @CsvSource({"1, Infinity", "2, Infinity", "8, Infinity", "2, 0.5", "8, 0.5"})
    void meanOverAPowerOfTwoIsExact(int microBatches, double clipNorm) {
        List<double[][]> means = train(microBatches, clipNorm, false);
        List<double[][]> sums = train(microBatches, clipNorm, true);
        for (int i = 0; i < means.size(); i++) {
            for (int row = 0; row < means.get(i).length; row++) {
                assertArrayEquals(means.get(i)[row], sums.get(i)[row], "w" + i + " row " + row + " seed=" + SEED);
            }
        }
    }

    /** Dividing first rounds each element once; the update passes it on times the condition of V^(−1/2), here < 100. */
    @ParameterizedTest
    @CsvSource({"3, Infinity", "7, 0.5"})
    void meanOverAnyOtherNumberDiffersByRounding(int microBatches, double clipNorm) {
        List<double[][]> means = train(microBatches, clipNorm, false);
        List<double[][]> sums = train(microBatches, clipNorm, true);
        double tolerance = STEPS * 100 * U;
        for (int i = 0; i < means.size(); i++) {
            double difference = Dense.relativeDifference(sums.get(i), means.get(i));
            assertTrue(difference <= tolerance, "w" + i + ": " + difference + " > " + tolerance + " seed=" + SEED);
        }
    }

    @Test
    void normAndClippingAreThoseOfTheMean() {
        List<ParameterGroup> groups = groups();
        Random random = new Random(SEED);
        double squares = 0;
        for (Parameter p : parameters(groups)) {
            accumulate(p.gradient(), 4, random);
            squares += Math.pow(Dense.norm(Dense.of(p.gradient())), 2);
        }
        double meanNorm = Math.sqrt(squares) / 4;
        double[][] gradient = Dense.of(parameters(groups).getFirst().gradient());
        assertReport(groups, meanNorm * 2, meanNorm, 1);
        assertReport(groups, meanNorm / 2, meanNorm, 0.5);
        double[][] after = Dense.of(parameters(groups).getFirst().gradient());
        assertTrue(Arrays.deepEquals(gradient, after), "the gradient is only read");
    }

    private void assertReport(List<ParameterGroup> groups, double clipNorm, double norm, double clipFactor) {
        var config = OptimizerConfig.published().withClipNorm(clipNorm);
        try (var workers = new Workers(1);
                var optimizer = new Optimizer(backend, workers, config, groups)) {
            StepReport report = optimizer.step(0.25);
            assertEquals(norm, report.gradientNorm(), 1e-12 * norm);
            assertEquals(clipFactor, report.clipFactor(), 1e-12);
        }
    }

    @ParameterizedTest
    @ValueSource(doubles = {0, -0.5, Double.NaN, 1e39, Double.POSITIVE_INFINITY})
    void badScalesAreRefusedBeforeAnythingIsChanged(double scale) {
        List<ParameterGroup> groups = groups();
        double[][] before = Dense.of(parameters(groups).getFirst().weight());
        try (var workers = new Workers(1);
                var optimizer = new Optimizer(backend, workers, OptimizerConfig.published(), groups)) {
            var thrown = assertThrows(IllegalArgumentException.class, () -> optimizer.step(scale));
            assertEquals(
                    "gradientScale must be positive and at most " + Float.MAX_VALUE + ", got " + scale,
                    thrown.getMessage());
            assertEquals(0, optimizer.steps());
        }
        assertTrue(Arrays.deepEquals(before, Dense.of(parameters(groups).getFirst().weight())));
    }

    @ParameterizedTest
    @ValueSource(floats = {-0.5f, Float.NaN, Float.POSITIVE_INFINITY})
    void badRatesOfASchedulesOwnerAreRefusedBeforeAnythingIsChanged(float rate) {
        float[] rates = {0.01f};
        List<ParameterGroup> groups = groups(Schedule.constant(0.01f), step -> rates[0]);
        for (Parameter p : parameters(groups)) accumulate(p.gradient(), 1, new Random(SEED));
        try (var workers = new Workers(1);
                var optimizer = new Optimizer(backend, workers, OptimizerConfig.published(), groups)) {
            optimizer.step();
            rates[0] = rate;
            List<double[][]> before = parameters(groups).stream().map(p -> Dense.of(p.weight())).toList();
            var thrown = assertThrows(IllegalArgumentException.class, optimizer::step);
            assertEquals("group 'vectors': its schedule returned " + rate
                    + " for step 2, must be finite and at least 0", thrown.getMessage());
            assertEquals(1, optimizer.steps());
            for (int i = 0; i < before.size(); i++) {
                assertTrue(Arrays.deepEquals(before.get(i), Dense.of(parameters(groups).get(i).weight())), "w" + i);
            }
            rates[0] = 0;
            assertEquals(2, optimizer.step().step(), "training goes on after the schedule is mended");
        }
    }
}
