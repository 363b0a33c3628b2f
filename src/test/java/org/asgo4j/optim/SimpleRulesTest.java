// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.optim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.BackendName;
import org.asgo4j.linalg.Backends;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The elementwise rules: SGD and Lion against their formulas, AdamW where only ε is left to divide by. */
class SimpleRulesTest {
    private static final long SEED = 85;
    private static final float LEARNING_RATE = 0.25f;

    private final Backend backend = Backends.open(BackendName.OPENBLAS);
    private final Random random = new Random(SEED);

    private List<double[][]> gradients(int count, int rows, int cols) {
        return IntStream.range(0, count).mapToObj(i -> Dense.random(rows, cols, random)).toList();
    }

    @ParameterizedTest
    @CsvSource({"0.9,false", "0.9,true", "0.5,true", "0,false"})
    void sgdFollowsItsFormula(double mu, boolean nesterov) {
        List<double[][]> g = gradients(9, 5, 7);
        double[][] actual = Run.lastWeight(backend, new Sgd(new SgdConfig(mu, nesterov)), g, LEARNING_RATE);
        double[][] b = new double[5][7];
        double[][] w = new double[5][7];
        for (double[][] each : g) {
            b = Dense.plus(Dense.scaled(mu, b), 1, each);
            w = Dense.plus(w, -LEARNING_RATE, nesterov ? Dense.plus(Dense.scaled(mu, b), 1, each) : b);
        }
        // Rounded at each of nine steps: b twice, W twice, and μ once for all.
        assertTrue(Dense.relativeDifference(actual, w) < 9 * 5 * 0x1p-24, "seed=" + SEED);
    }

    /** 1e-24 has a square of zero in float32, and the zeros are those of rows that a batch lacks. */
    @Test
    void adamwIsFiniteWithTheSmallestEpsilon() {
        double[][] g = {{1, 0, 2, 1e-24, 3, 1e-20}};
        List<double[][]> gradients = List.of(g, new double[1][6], g);
        var rule = new AdamW(AdamWConfig.published().withEpsilon(Float.MIN_VALUE));
        for (double[][] weight : Run.weights(backend, rule, gradients, LEARNING_RATE)) {
            assertTrue(Double.isFinite(Dense.norm(weight)), () -> Arrays.deepToString(weight));
            assertEquals(0, weight[0][1], "a gradient of zeros moves nothing");
        }
    }

    @Test
    void sgdSumsAGeometricSeries() {
        double[][] g = Dense.random(3, 4, random);
        var rule = new Sgd(new SgdConfig(0.5, false));
        double[][] first = Run.lastWeight(backend, rule, List.<double[][]>of(g), LEARNING_RATE);
        List<double[][]> weights = Run.weights(
                backend, rule, IntStream.range(0, 30).mapToObj(i -> g).toList(), 1);
        assertTrue(Dense.relativeDifference(first, Dense.scaled(-LEARNING_RATE, g)) < 1e-7);
        double[][] last = Dense.plus(weights.getLast(), -1, weights.get(28));
        // The step is −G/(1−μ), from two weights of some 60 G each rounded once a step.
        assertTrue(Dense.relativeDifference(last, Dense.scaled(-2, g)) < 60 * 30 * 0x1p-24, "seed=" + SEED);
    }

    @Test
    void sgdWithoutMomentumHasNoState() {
        try (Arena arena = Arena.ofConfined()) {
            RuleState plain = new Sgd(new SgdConfig(0, false)).newState(backend, arena, 3, 4);
            assertEquals(Set.of("steps"), RecordedFields.of(plain).values().keySet());
            assertEquals(0, plain.refreshes());
        }
    }

    @Test
    void lionFollowsItsFormula() {
        List<double[][]> g = gradients(9, 5, 7);
        double[][] actual = Run.lastWeight(backend, new Lion(LionConfig.published()), g, LEARNING_RATE);
        double[][] m = new double[5][7];
        double[][] w = new double[5][7];
        for (double[][] each : g) {
            for (int i = 0; i < 5; i++) {
                for (int j = 0; j < 7; j++) {
                    double c = 0.9 * m[i][j] + 0.1 * each[i][j];
                    assertTrue(Math.abs(c) > 1e-6, "too near to 0 to tell its sign, seed=" + SEED);
                    w[i][j] -= LEARNING_RATE * Math.signum(c);
                    m[i][j] = 0.99 * m[i][j] + 0.01 * each[i][j];
                }
            }
        }
        assertEquals(0, Dense.norm(Dense.plus(actual, -1, w)), "multiples of a power of two, seed=" + SEED);
    }

    @Test
    void lionMovesEveryElementByTheLearningRateOrNotAtAll() {
        List<double[][]> g = gradients(1, 4, 6);
        g.getFirst()[1][2] = 0;
        g.getFirst()[3][0] = -0.0;
        double[][] w = Run.lastWeight(backend, new Lion(LionConfig.published()), g, LEARNING_RATE);
        for (int i = 0; i < 4; i++) {
            for (int j = 0; j < 6; j++) {
                assertEquals(-LEARNING_RATE * Math.signum(g.getFirst()[i][j]), w[i][j], 0.0, "seed=" + SEED);
            }
        }
    }

    @Test
    void badValuesAreNamed() {
        assertEquals(new LionConfig(0.9, 0.99), LionConfig.published());
        assertEquals(new SgdConfig(0.9, false), SgdConfig.common());
        refused("beta1 must be in [0, 1), got 1.0", () -> new LionConfig(1, 0));
        refused("beta2 must be in [0, 1), got NaN", () -> LionConfig.published().withBetas(0, Double.NaN));
        refused("momentum must be in [0, 1), got 1.0", () -> SgdConfig.common().withMomentum(1));
        refused("nesterov needs a momentum above 0, got 0.0", () -> new SgdConfig(0, true));
        refused("config must not be null", () -> new Sgd(null));
        refused("config must not be null", () -> new Lion(null));
    }

    private static void refused(String part, Runnable action) {
        var thrown = assertThrows(IllegalArgumentException.class, action::run);
        assertTrue(thrown.getMessage().contains(part), thrown.getMessage());
    }
}
