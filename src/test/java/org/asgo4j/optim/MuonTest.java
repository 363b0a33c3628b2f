// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.optim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.BackendName;
import org.asgo4j.linalg.Backends;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Muon against its formulas in float64, its symmetries, and the polar factor that it is near. */
class MuonTest {
    private static final long SEED = 82;
    private static final float LEARNING_RATE = 0.5f;

    /** float32's unit roundoff. */
    private static final double U32 = 0x1p-24;

    private final Backend backend = Backends.open(BackendName.OPENBLAS);
    private final Random random = new Random(SEED);

    private List<double[][]> gradients(int count, int rows, int cols) {
        return IntStream.range(0, count).mapToObj(i -> Dense.random(rows, cols, random)).toList();
    }

    /**
     * The iteration magnifies a rounding error of X (‖X‖_F = 1) by up to 3.4445⁵ = 485 in a direction of tiny singular
     * value; the result's norm is near √k. Some ten roundings of the products in a row.
     */
    private static double tolerance(int m, int n) {
        return 10 * 485 / Math.sqrt(Math.min(m, n)) * U32;
    }

    private static double[][] orthogonalized(double[][] a, int iterations) {
        double[][] x = Dense.scaled(1 / Dense.norm(a), a);
        for (int i = 0; i < iterations; i++) {
            double[][] gram = Dense.times(x, Dense.transpose(x));
            double[][] b = Dense.plus(Dense.scaled(-4.7750, gram), 2.0315, Dense.times(gram, gram));
            x = Dense.plus(Dense.times(b, x), 3.4445, x);
        }
        return x;
    }

    @ParameterizedTest
    @CsvSource({"7,33,false,SPECTRAL,5", "33,7,true,RMS,5", "16,16,true,SPECTRAL,3", "1,9,false,NONE,5"})
    void followsItsFormula(int m, int n, boolean nesterov, UpdateScaling scaling, int iterations) {
        double beta = 0.9;
        List<double[][]> g = gradients(6, m, n);
        var rule = new Muon(new MuonConfig(beta, nesterov, iterations, scaling));
        double[][] actual = Run.lastWeight(backend, rule, g, LEARNING_RATE);
        double[][] momentum = new double[m][n];
        double[][] w = new double[m][n];
        for (double[][] each : g) {
            momentum = Dense.plus(Dense.scaled(beta, momentum), 1 - beta, each);
            double[][] direction =
                    nesterov ? Dense.plus(Dense.scaled(beta, momentum), 1 - beta, each) : momentum;
            double[][] update = orthogonalized(direction, iterations);
            w = Dense.plus(w, -LEARNING_RATE * scaling.factor(Dense.norm(update), m, n), update);
        }
        double difference = Dense.relativeDifference(actual, w);
        assertTrue(difference < tolerance(m, n), () -> difference + " seed=" + SEED);
    }

    /**
     * ASGO's update for β = 0 is the polar factor UVᵀ (times the same length); Muon's is US'Vᵀ with S' between 0.67 and
     * 1.21 where singular values are above some 1 % of ‖G‖_F: UᵀMuon·V is diagonal, which is what polarᵀ·Muon = VS'Vᵀ
     * says without decomposing anything.
     */
    @ParameterizedTest
    @CsvSource({"8,24", "24,8", "12,30"})
    void singularVectorsAreThoseOfAsgosPolarFactor(int m, int n) {
        List<double[][]> g = List.<double[][]>of(Dense.random(m, n, random));
        var asgo = new Asgo(AsgoConfig.published().withBetas(0, 0).withDamping(Damping.relative(0)));
        double length = 0.2 * Math.sqrt(Math.max(m, n)) * LEARNING_RATE;
        double[][] polar = Dense.scaled(-1 / length, Run.lastWeight(backend, asgo, g, LEARNING_RATE));
        double[][] muon = Dense.scaled(-1 / length, Run.lastWeight(
                backend, new Muon(MuonConfig.published().withBeta1(0)), g, LEARNING_RATE));
        double[][] product = m < n
                ? Dense.times(muon, Dense.transpose(polar))
                : Dense.times(Dense.transpose(polar), muon);
        double asymmetry = Dense.relativeDifference(product, Dense.transpose(product));
        assertTrue(asymmetry < tolerance(m, n), () -> asymmetry + " seed=" + SEED);
        for (double value : Dense.eigenvalues(product)) {
            assertTrue(value > 0.67 && value < 1.21, () -> "singular value " + value + " seed=" + SEED);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void rotatingBothSidesRotatesTheUpdate(boolean nesterov) {
        var rule = new Muon(MuonConfig.published().withNesterov(nesterov));
        double[][] p = Dense.orthogonal(6, random);
        double[][] q = Dense.orthogonal(15, random);
        List<double[][]> g = gradients(4, 6, 15);
        List<double[][]> rotated = g.stream().map(x -> Dense.times(Dense.times(p, x), q)).toList();
        double[][] expected = Dense.times(Dense.times(p, Run.lastWeight(backend, rule, g, LEARNING_RATE)), q);
        double[][] actual = Run.lastWeight(backend, rule, rotated, LEARNING_RATE);
        double difference = Dense.relativeDifference(actual, expected);
        assertTrue(difference < tolerance(6, 15), () -> difference + " seed=" + SEED);
    }

    @Test
    void transposingTransposesTheUpdate() {
        var rule = new Muon(MuonConfig.published());
        List<double[][]> g = gradients(5, 7, 18);
        double[][] wide = Run.lastWeight(backend, rule, g, LEARNING_RATE);
        double[][] tall = Run.lastWeight(backend, rule, g.stream().map(Dense::transpose).toList(), LEARNING_RATE);
        double difference = Dense.relativeDifference(Dense.transpose(tall), wide);
        assertTrue(difference < tolerance(7, 18), () -> difference + " seed=" + SEED);
    }

    @Test
    void badValuesAreNamed() {
        MuonConfig config = MuonConfig.published();
        assertEquals(new MuonConfig(0.9, false, 5, UpdateScaling.SPECTRAL), config);
        refused("beta1 must be in [0, 1), got 1.0", () -> config.withBeta1(1));
        refused("iterations must be at least 1, got 0", () -> config.withIterations(0));
        refused("scaling must not be null", () -> config.withScaling(null));
    }

    private static void refused(String part, Runnable action) {
        var thrown = assertThrows(IllegalArgumentException.class, action::run);
        assertTrue(thrown.getMessage().contains(part), thrown.getMessage());
    }
}
