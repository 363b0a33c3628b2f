// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.optim;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.BackendName;
import org.asgo4j.linalg.Backends;
import org.asgo4j.linalg.Matrix;
import org.asgo4j.linalg.Workers;
import org.asgo4j.optim.OptimizerConfig.NonFinitePolicy;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What a step reports of itself: update-to-weight ratio and condition number. */
class ObservationTest {
    private static final long SEED = 246;

    private final Backend backend = Backends.open(BackendName.OPENBLAS);
    private final Arena arena = Arena.ofShared();
    private final Random random = new Random(SEED);

    @AfterEach
    void freeMemory() {
        arena.close();
    }

    private Matrix matrix(double[][] values) {
        Matrix m = backend.allocate(arena, values.length, values[0].length);
        Dense.set(m, values);
        return m;
    }

    /** Two weights for ASGO, one in heads, and a vector for AdamW. */
    private List<ParameterGroup> groups() {
        random.setSeed(SEED);
        var wide = Parameter.of("wide", matrix(Dense.random(5, 12, random)), matrix(Dense.random(5, 12, random)));
        var heads = new Parameter("heads", matrix(Dense.random(8, 6, random)), matrix(Dense.random(8, 6, random)),
                RowBlocks.heads(8, 2));
        var gain = Parameter.of("gain", matrix(Dense.random(1, 9, random)), matrix(Dense.random(1, 9, random)));
        return List.of(
                new ParameterGroup("asgo", new Asgo(AsgoConfig.published()), Schedule.constant(0.02f), 0.1f,
                        List.of(wide, heads)),
                new ParameterGroup("adamw", new AdamW(AdamWConfig.published()), Schedule.constant(0.01f), 0,
                        List.of(gain)));
    }

    private static List<double[][]> weights(List<ParameterGroup> groups) {
        return groups.stream().flatMap(g -> g.parameters().stream()).map(p -> Dense.of(p.weight())).toList();
    }

    @Test
    void updateRatioIsThatOfAllWeightsTogetherAndObservingChangesNothing() {
        List<ParameterGroup> groups = groups();
        List<ParameterGroup> unobserved = groups();
        OptimizerConfig config = OptimizerConfig.published();
        try (var workers = new Workers(2);
                var optimizer = new Optimizer(backend, workers, config.withObserveEvery(3), groups);
                var other = new Optimizer(backend, workers, config, unobserved)) {
            for (int step = 1; step <= 7; step++) {
                List<double[][]> before = weights(groups);
                double ratio = optimizer.step().updateRatio();
                List<double[][]> after = weights(groups);
                assertTrue(Double.isNaN(other.step().updateRatio()));
                double change = 0;
                double length = 0;
                for (int i = 0; i < before.size(); i++) {
                    change += Math.pow(Dense.norm(Dense.plus(after.get(i), -1, before.get(i))), 2);
                    length += Math.pow(Dense.norm(before.get(i)), 2);
                    for (int row = 0; row < before.get(i).length; row++) {
                        assertArrayEquals(weights(unobserved).get(i)[row], after.get(i)[row], "seed=" + SEED);
                    }
                }
                if (step % 3 == 0) {
                    double expected = Math.sqrt(change / length);
                    // Differences of nearly equal float32 numbers are exact, others rounded once.
                    assertEquals(expected, ratio, 2 * 0x1p-24 * expected, "step " + step + " seed=" + SEED);
                } else {
                    assertTrue(Double.isNaN(ratio), "step " + step + ": " + ratio);
                }
            }
        }
    }

    @Test
    void aSkippedStepHasNoRatio() {
        List<ParameterGroup> groups = groups();
        OptimizerConfig config = OptimizerConfig.published().withObserveEvery(1).withNonFinite(NonFinitePolicy.SKIP);
        try (var workers = new Workers(1);
                var optimizer = new Optimizer(backend, workers, config, groups)) {
            StepReport report = optimizer.step();
            assertTrue(report.updateRatio() > 0);
            groups.getFirst().parameters().getFirst().gradient().set(1, 1, Double.NaN);
            optimizer.step();
            assertTrue(report.skipped() && Double.isNaN(report.updateRatio()));
        }
    }

    /** The condition that a step reports for weights whose gradients have these singular values, in this order. */
    private double condition(List<AsgoConfig> configs, double[][] singularValues) {
        List<ParameterGroup> groups = new ArrayList<>();
        for (int i = 0; i < configs.size(); i++) {
            double[] values = singularValues[i];
            double[][] diagonal = new double[values.length][values.length + 2];
            for (int j = 0; j < values.length; j++) diagonal[j][j] = values[j];
            double[][] g = Dense.times(Dense.orthogonal(values.length, random), diagonal);
            var parameter = Parameter.of("w" + i, matrix(Dense.scaled(0, g)), matrix(g));
            groups.add(new ParameterGroup("g" + i, new Asgo(configs.get(i)), Schedule.constant(0.1f), 0,
                    List.of(parameter)));
        }
        try (var workers = new Workers(1);
                var optimizer = new Optimizer(backend, workers, OptimizerConfig.published(), groups)) {
            return optimizer.step().condition();
        }
    }

    private static AsgoConfig config(RootMethod method) {
        return AsgoConfig.published().withDamping(Damping.relative(0.01)).withRootMethod(method);
    }

    @ParameterizedTest
    @EnumSource(RootMethod.class)
    void conditionIsTheDampedGramMatrixs(RootMethod method) {
        double found = condition(List.of(config(method)), new double[][] {{10, 3, 1}});
        double expected = (100 + 1) / (1.0 + 1); // λ from 100 to 1, damped by 0.01·100
        switch (method) {
            case EIGEN, QR, NEWTON -> assertEquals(expected, found, 1e-4 * expected);
            case TRIDIAGONAL -> assertEquals(expected, found, 0.02 * expected); // extremes within 1 % each
            case POLAR_EXPRESS -> assertTrue(Double.isNaN(found), "sees none: " + found);
        }
    }

    @Test
    void conditionOfAPseudoInverseIsKnownWhereItLeavesNothingOut() {
        AsgoConfig full = AsgoConfig.published().withDamping(Damping.pseudoInverse(1e-3));
        assertEquals(100, condition(List.of(full), new double[][] {{10, 3, 1}}), 1e-2);
        double found = condition(List.of(full), new double[][] {{10, 3, 0}});
        assertTrue(Double.isNaN(found), "condition " + found);
    }

    /** Largest first, last, and beside weights that know none. */
    @Test
    void conditionIsTheLargest() {
        AsgoConfig eigen = config(RootMethod.EIGEN);
        AsgoConfig none = config(RootMethod.POLAR_EXPRESS);
        double[] good = {2, 1};
        double[] bad = {10, 1};
        double expected = (100 + 1) / (1.0 + 1);
        assertEquals(expected, condition(List.of(eigen, eigen), new double[][] {good, bad}), 1e-4 * expected);
        assertEquals(expected, condition(List.of(eigen, eigen), new double[][] {bad, good}), 1e-4 * expected);
        assertEquals(expected, condition(List.of(eigen, none), new double[][] {bad, good}), 1e-4 * expected);
        assertEquals(expected, condition(List.of(none, eigen), new double[][] {good, bad}), 1e-4 * expected);
    }
}
