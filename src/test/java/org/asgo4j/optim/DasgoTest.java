// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.optim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.BackendName;
import org.asgo4j.linalg.Backends;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** DASGO against its formulas in float64 and against ASGO where their preconditioners are the same. */
class DasgoTest {
    private static final long SEED = 81;
    private static final float LEARNING_RATE = 0.5f;

    /** float32's unit roundoff. */
    private static final double U32 = 0x1p-24;

    /** A dozen roundings of each update, and two of W, at each of some ten steps. */
    private static final double TOLERANCE = 10 * 14 * U32;

    private final Backend backend = Backends.open(BackendName.OPENBLAS);
    private final Random random = new Random(SEED);

    private List<double[][]> gradients(int count, int rows, int cols) {
        return IntStream.range(0, count).mapToObj(i -> Dense.random(rows, cols, random)).toList();
    }

    /** The right side, in float64. */
    private static double[][] exact(List<double[][]> gradients, DasgoConfig config) {
        int m = gradients.getFirst().length;
        int n = gradients.getFirst()[0].length;
        double[][] momentum = new double[m][n];
        double[] v = new double[n];
        double[][] w = new double[m][n];
        for (double[][] g : gradients) {
            momentum = Dense.plus(Dense.scaled(config.beta1(), momentum), 1 - config.beta1(), g);
            double[][] update = new double[m][n];
            for (int j = 0; j < n; j++) {
                double sum = 0;
                for (int i = 0; i < m; i++) sum += g[i][j] * g[i][j];
                v[j] = config.beta2() * v[j] + (1 - config.beta2()) * sum;
                for (int i = 0; i < m; i++) update[i][j] = momentum[i][j] / Math.sqrt(v[j] + config.epsilon());
            }
            double length = config.scaling().factor(Dense.norm(update), m, n);
            w = Dense.plus(w, -LEARNING_RATE * length, update);
        }
        return w;
    }

    @ParameterizedTest
    @CsvSource({"7,33,RMS", "33,7,SPECTRAL", "16,16,NONE", "1,9,RMS", "9,1,RMS"})
    void followsItsFormula(int m, int n, UpdateScaling scaling) {
        DasgoConfig config = DasgoConfig.published().withEpsilon(1e-3).withScaling(scaling);
        List<double[][]> g = gradients(8, m, n);
        double[][] actual = Run.lastWeight(backend, new Dasgo(config), g, LEARNING_RATE);
        double difference = Dense.relativeDifference(actual, exact(g, config));
        assertTrue(difference < TOLERANCE, () -> difference + " seed=" + SEED);
    }

    @Test
    void theLeftSideIsTheRightOneOfTheTranspose() {
        List<double[][]> g = gradients(8, 6, 19);
        DasgoConfig left = DasgoConfig.published().withSide(PreconditionerSide.LEFT);
        double[][] actual = Run.lastWeight(backend, new Dasgo(left), g, LEARNING_RATE);
        double[][] expected = exact(g.stream().map(Dense::transpose).toList(), DasgoConfig.published());
        double difference = Dense.relativeDifference(Dense.transpose(actual), expected);
        assertTrue(difference < TOLERANCE, () -> difference + " seed=" + SEED);
        // AUTO is the smaller side, here the left one.
        var auto = new Dasgo(left.withSide(PreconditionerSide.AUTO));
        assertEquals(0, Dense.norm(Dense.plus(Run.lastWeight(backend, auto, g, LEARNING_RATE), -1, actual)));
    }

    /** With one element in each row, in the same column at each step, GᵀG is diagonal. */
    @Test
    void equalsAsgoWhereTheGramMatrixIsDiagonal() {
        int m = 12;
        int n = 5;
        List<double[][]> g = new ArrayList<>();
        for (int t = 0; t < 8; t++) {
            double[][] sparse = new double[m][n];
            for (int i = 0; i < m; i++) sparse[i][i % n] = (float) random.nextGaussian();
            g.add(sparse);
        }
        var dasgo = new Dasgo(DasgoConfig.published().withEpsilon(0));
        var asgo = new Asgo(AsgoConfig.published()
                .withBetas(0.9, 0.95)
                .withDamping(Damping.relative(0))
                .withSide(PreconditionerSide.RIGHT));
        double[][] expected = Run.lastWeight(backend, asgo, g, LEARNING_RATE);
        double[][] actual = Run.lastWeight(backend, dasgo, g, LEARNING_RATE);
        double difference = Dense.relativeDifference(actual, expected);
        assertTrue(difference < 2 * TOLERANCE, () -> difference + " seed=" + SEED);
    }

    @Test
    void columnsWithoutAnyGradientStay() {
        List<double[][]> g = gradients(4, 5, 6);
        for (double[][] each : g) {
            for (double[] row : each) row[2] = 0;
        }
        double[][] w = Run.lastWeight(backend, new Dasgo(DasgoConfig.published().withEpsilon(0)), g, LEARNING_RATE);
        for (double[] row : w) {
            assertEquals(0, row[2]);
            assertTrue(row[1] != 0 && Double.isFinite(row[1]), "seed=" + SEED);
        }
    }

    @Test
    void badValuesAreNamed() {
        DasgoConfig config = DasgoConfig.published();
        assertEquals(
                new DasgoConfig(0.9, 0.95, 1e-8, PreconditionerSide.RIGHT, UpdateScaling.RMS), config);
        refused("beta1 must be in [0, 1), got 1.0", () -> config.withBetas(1, 0));
        refused("beta2 must be in [0, 1), got -0.1", () -> config.withBetas(0, -0.1));
        refused("epsilon must be finite and at least 0, got NaN", () -> config.withEpsilon(Double.NaN));
        refused("side must not be null", () -> config.withSide(null));
        refused("scaling must not be null", () -> config.withScaling(null));
    }

    private static void refused(String part, Runnable action) {
        var thrown = assertThrows(IllegalArgumentException.class, action::run);
        assertTrue(thrown.getMessage().contains(part), thrown.getMessage());
    }
}
