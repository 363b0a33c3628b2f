// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.optim;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.BackendName;
import org.asgo4j.linalg.Backends;
import org.asgo4j.linalg.ElementType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the update must satisfy whatever the numbers: properties of the algorithm, not recorded values. */
class AsgoPropertiesTest {
    private static final long SEED = 20260;
    private static final float LEARNING_RATE = 0.5f;

    /** float32's unit roundoff. */
    private static final double U32 = 0x1p-24;

    private final Backend backend = Backends.open(BackendName.OPENBLAS);
    private final Random random = new Random(SEED);

    /**
     * An update through float32 products of dimension k and a root of condition κ: a few k·u·κ at worst; κ here is
     * below 1e3.
     */
    private static double tolerance(int rows, int cols) {
        return 40 * Math.max(rows, cols) * U32;
    }

    private static AsgoConfig wellDamped() {
        return AsgoConfig.published().withDamping(Damping.relative(0));
    }

    private List<double[][]> gradients(int count, int rows, int cols) {
        return IntStream.range(0, count).mapToObj(i -> Dense.random(rows, cols, random)).toList();
    }

    @ParameterizedTest
    @CsvSource({"8,24,0.9,0.8", "24,8,0,0", "5,31,0.95,0.99", "31,5,0.5,0.1"})
    void firstStepIsTheScaledPolarFactor(int m, int n, double beta1, double beta2) {
        double[][] g = Dense.random(m, n, random);
        double[][] w = Run.lastWeight(backend, new Asgo(wellDamped().withBetas(beta1, beta2)), List.<double[][]>of(g),
                LEARNING_RATE);
        // The polar factor UVᵀ of G is G·(GᵀG)^(−1/2), or (GGᵀ)^(−1/2)·G.
        double[][] polar = m < n
                ? Dense.times(Dense.inverseSquareRoot(Dense.times(g, Dense.transpose(g))), g)
                : Dense.times(g, Dense.inverseSquareRoot(Dense.times(Dense.transpose(g), g)));
        double[][] expected = Dense.scaled(-LEARNING_RATE * 0.2 * Math.sqrt(Math.max(m, n)), polar);
        assertTrue(Dense.relativeDifference(w, expected) < tolerance(m, n), () -> "seed=" + SEED);
    }

    @ParameterizedTest
    @CsvSource({"7,33", "33,7", "16,16"})
    void updateHasRootMeanSquareOneFifth(int m, int n) {
        List<double[][]> weights = Run.weights(backend, new Asgo(AsgoConfig.published()), gradients(6, m, n),
                LEARNING_RATE);
        double[][] before = new double[m][n];
        for (double[][] after : weights) {
            double rms = Dense.norm(Dense.plus(after, -1, before)) / LEARNING_RATE / Math.sqrt(m * n);
            assertEquals(0.2, rms, 0.2 * tolerance(m, n), () -> "seed=" + SEED);
            before = after;
        }
    }

    /** Powers of two round nothing anywhere, so the trajectories agree bit for bit, over all of float32's scales. */
    @ParameterizedTest
    @ValueSource(ints = {-100, -60, -31, -1, 1, 29, 60, 100})
    void scalingGradientsByAPowerOfTwoChangesNothing(int exponent) {
        AsgoConfig config = AsgoConfig.published().withDamping(Damping.relative(1e-6));
        List<double[][]> g = new ArrayList<>(gradients(5, 6, 20));
        g.set(2, new double[6][20]); // a gradient of zeros has no scale, but the state has
        List<double[][]> scaled = g.stream().map(x -> Dense.scaled(Math.scalb(1.0, exponent), x)).toList();
        for (boolean corrected : new boolean[] {false, true}) {
            var rule = new Asgo(config.withEigenvalueCorrection(corrected));
            double[][] expected = Run.lastWeight(backend, rule, g, LEARNING_RATE);
            double[][] actual = Run.lastWeight(backend, rule, scaled, LEARNING_RATE);
            for (int i = 0; i < 6; i++) assertArrayEquals(expected[i], actual[i], "seed=" + SEED);
        }
    }

    /** Once its moments have faded; the unit that it set stays. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void theScaleOfTheFirstGradientIsForgotten(boolean corrected) {
        AsgoConfig config = AsgoConfig.published().withBetas(0.5, 0.5).withDamping(Damping.relative(1e-6));
        var rule = new Asgo(config.withEigenvalueCorrection(corrected));
        List<double[][]> g = new ArrayList<>(gradients(200, 6, 10));
        double[][] first = g.getFirst();
        double[][] expected = lastUpdate(rule, g);
        for (int exponent : new int[] {-25, 25}) {
            g.set(0, Dense.scaled(Math.scalb(1.0, exponent), first));
            double difference = Dense.relativeDifference(lastUpdate(rule, g), expected);
            assertTrue(difference < tolerance(6, 10), "2^" + exponent + ": " + difference + " seed=" + SEED);
        }
    }

    private double[][] lastUpdate(Rule rule, List<double[][]> g) {
        List<double[][]> weights = Run.weights(backend, rule, g, LEARNING_RATE);
        return Dense.plus(weights.getLast(), -1, weights.get(g.size() - 2));
    }

    @ParameterizedTest
    @EnumSource(ElementType.class)
    void gradientsWhoseScaleJumpsStayFiniteAndScaled(ElementType precision) {
        double[] scales = {1, 1e-18, 1e18, 1, 1e-30, 1e30, 1e-3, 1e-18};
        var rule = new Asgo(AsgoConfig.published().withDamping(Damping.relative(1e-6)).withRootPrecision(precision));
        List<double[][]> g = new ArrayList<>();
        for (double scale : scales) g.add(Dense.scaled(scale, Dense.random(9, 14, random)));
        double[][] before = new double[9][14];
        for (double[][] after : Run.weights(backend, rule, g, LEARNING_RATE)) {
            double rms = Dense.norm(Dense.plus(after, -1, before)) / LEARNING_RATE / Math.sqrt(9 * 14);
            assertEquals(0.2, rms, 0.2 * tolerance(9, 14), () -> "seed=" + SEED);
            before = after;
        }
    }

    @ParameterizedTest
    @CsvSource({"6,19", "12,13"})
    void leftUpdateCommutesWithRotation(int m, int n) {
        double[][] q = Dense.orthogonal(m, random);
        List<double[][]> g = gradients(4, m, n);
        List<double[][]> rotated = g.stream().map(x -> Dense.times(q, x)).toList();
        var rule = new Asgo(wellDamped().withSide(PreconditionerSide.LEFT));
        double[][] expected = Dense.times(q, Run.lastWeight(backend, rule, g, LEARNING_RATE));
        double[][] actual = Run.lastWeight(backend, rule, rotated, LEARNING_RATE);
        assertTrue(Dense.relativeDifference(actual, expected) < tolerance(m, n), () -> "seed=" + SEED);
    }

    @ParameterizedTest
    @CsvSource({"6,19", "3,50"})
    void transposingTransposesTheUpdate(int m, int n) {
        List<double[][]> g = gradients(5, m, n);
        var rule = new Asgo(wellDamped());
        double[][] wide = Run.lastWeight(backend, rule, g, LEARNING_RATE);
        double[][] tall = Run.lastWeight(backend, rule, g.stream().map(Dense::transpose).toList(), LEARNING_RATE);
        assertTrue(Dense.relativeDifference(Dense.transpose(tall), wide) < tolerance(m, n), () -> "seed=" + SEED);
    }

    @Test
    void oneColumnIsFullMatrixAdaGrad() {
        int m = 6;
        List<double[][]> g = gradients(20, m, 1);
        double epsilon = 1e-3;
        double[][] actual = Run.lastWeight(backend, new Asgo(AsgoConfig.theory(epsilon)), g, LEARNING_RATE);
        double[][] v = new double[m][m];
        double[][] w = new double[m][1];
        for (double[][] x : g) {
            v = Dense.plus(v, 1, Dense.times(x, Dense.transpose(x)));
            w = Dense.plus(w, -LEARNING_RATE, Dense.times(dampedInverseRoot(v, epsilon), x));
        }
        assertTrue(Dense.relativeDifference(actual, w) < 100 * m * U32, () -> "seed=" + SEED);
    }

    /**
     * (V^(1/2) + εI)⁻¹ through (VV)-free algebra: V^(1/2) = V·V^(−1/2) with a tiny shift for singular V, solved
     * directly.
     */
    private static double[][] dampedInverseRoot(double[][] v, double epsilon) {
        int n = v.length;
        double[][] shifted = Dense.plus(v, 1e-14, Dense.identity(n));
        double[][] root = Dense.times(shifted, Dense.inverseSquareRoot(shifted));
        return inverse(Dense.plus(root, epsilon, Dense.identity(n)));
    }

    /** Gauss–Jordan without pivoting, for symmetric positive definite matrices. */
    private static double[][] inverse(double[][] a) {
        int n = a.length;
        double[][] left = Dense.scaled(1, a);
        double[][] right = Dense.identity(n);
        for (int p = 0; p < n; p++) {
            double pivot = left[p][p];
            for (int j = 0; j < n; j++) {
                left[p][j] /= pivot;
                right[p][j] /= pivot;
            }
            for (int i = 0; i < n; i++) {
                if (i == p) continue;
                double factor = left[i][p];
                for (int j = 0; j < n; j++) {
                    left[i][j] -= factor * left[p][j];
                    right[i][j] -= factor * right[p][j];
                }
            }
        }
        return right;
    }

    @Test
    void oneRowIsAdaGradNorm() {
        List<double[][]> g = gradients(20, 1, 9);
        double epsilon = 1e-3;
        double[][] actual = Run.lastWeight(backend, new Asgo(AsgoConfig.theory(epsilon)), g, LEARNING_RATE);
        double sum = 0;
        double[][] w = new double[1][9];
        for (double[][] x : g) {
            sum += Dense.inner(x, x);
            w = Dense.plus(w, -LEARNING_RATE / (Math.sqrt(sum) + epsilon), x);
        }
        assertTrue(Dense.relativeDifference(actual, w) < 100 * U32, () -> "seed=" + SEED);
    }

    /**
     * Algorithm 1 on least squares with fresh data at every step, f_t(W) = ½‖A_t W − A_t W*‖_F²: the energy bound and
     * the regret bound of the paper.
     */
    @Test
    void energyAndRegretStayBelowTheirBounds() {
        int m = 8;
        int n = 12;
        int steps = 60;
        double epsilon = 1e-4;
        double[][] solution = Dense.random(m, n, random);
        double energy = 0;
        double regret = 0;
        double diameter = 0;
        double[][] gram = new double[m][m];
        double firstDistance = Dense.norm(solution); // W_1 = 0
        try (var arena = java.lang.foreign.Arena.ofConfined()) {
            var weight = backend.allocate(arena, m, n);
            var gradient = backend.allocate(arena, m, n);
            RuleState state = new Asgo(AsgoConfig.theory(epsilon)).newState(backend, arena, m, n);
            for (int t = 0; t < steps; t++) {
                double[][] w = Dense.of(weight);
                double[][] data = Dense.random(3, m, random);
                double[][] error = Dense.plus(w, -1, solution);
                Dense.set(gradient, Dense.times(Dense.transpose(data), Dense.times(data, error)));
                double[][] g = Dense.of(gradient);
                gram = Dense.plus(gram, 1, Dense.times(g, Dense.transpose(g)));
                regret += Dense.inner(g, error);
                diameter = Math.max(diameter, Dense.operatorNorm(error));
                state.step(weight, gradient, LEARNING_RATE, 0);
                energy += Dense.inner(g, Dense.plus(w, -1, Dense.of(weight))) / LEARNING_RATE;
            }
        }
        double trace = 0;
        for (double value : Dense.eigenvalues(gram)) trace += Math.sqrt(Math.max(0, value));
        double slack = 1 + steps * m * U32;
        double regretBound = (diameter * diameter / (2 * LEARNING_RATE) + LEARNING_RATE) * trace
                + epsilon * firstDistance * firstDistance / (2 * LEARNING_RATE);
        assertTrue(energy > 0 && energy <= 2 * trace * slack, "energy " + energy + " > 2·tr " + 2 * trace + " seed="
                + SEED);
        assertTrue(regret <= regretBound * slack, "regret " + regret + " > bound " + regretBound + " seed=" + SEED);
    }

    @Test
    void rowBlocksEqualSeparateWeights() {
        List<double[][]> g = gradients(4, 12, 16);
        var rule = new Asgo(AsgoConfig.published());
        double[][] blocked = Run.weights(backend, rule, g, LEARNING_RATE, new RowBlocks(List.of(4, 8))).getLast();
        double[][] top = Run.lastWeight(backend, rule, g.stream().map(x -> rows(x, 0, 4)).toList(), LEARNING_RATE);
        double[][] bottom = Run.lastWeight(backend, rule, g.stream().map(x -> rows(x, 4, 12)).toList(), LEARNING_RATE);
        for (int i = 0; i < 12; i++) assertArrayEquals(i < 4 ? top[i] : bottom[i - 4], blocked[i], "row " + i);
    }

    private static double[][] rows(double[][] a, int from, int to) {
        return java.util.Arrays.copyOfRange(a, from, to);
    }

    @Test
    void rootIsKeptBetweenRefreshes() {
        List<double[][]> g = gradients(7, 5, 8);
        try (var arena = java.lang.foreign.Arena.ofConfined()) {
            var weight = backend.allocate(arena, 5, 8);
            var gradient = backend.allocate(arena, 5, 8);
            RuleState state = new Asgo(AsgoConfig.published().withRefreshInterval(3)).newState(backend, arena, 5, 8);
            long[] expected = {1, 1, 1, 2, 2, 2, 3};
            for (int t = 0; t < 7; t++) {
                Dense.set(gradient, g.get(t));
                state.step(weight, gradient, LEARNING_RATE, 0);
                assertEquals(expected[t], state.refreshes(), "step " + (t + 1));
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Damping.Kind.class)
    void zeroAndRankOneGradientsGiveFiniteUpdates(Damping.Kind kind) {
        // Rounding of M (u) in a direction that V has not seen grows by f(0)/f(λ_max): √(1/value), or √λ_max/ε outside
        // the root.
        double value = kind == Damping.Kind.OUTSIDE_ROOT ? 1e-3 : 1e-6;
        var config = AsgoConfig.published().withDamping(new Damping(kind, value));
        double[][] zero = new double[6][11];
        double[][] rankOne = Dense.times(Dense.random(6, 1, random), Dense.random(1, 11, random));
        List<double[][]> weights = Run.weights(
                backend, new Asgo(config), List.of(zero, zero, rankOne, zero, rankOne, zero), LEARNING_RATE);
        assertEquals(0, Dense.norm(weights.get(0)), "a zero gradient moves nothing");
        assertEquals(0, Dense.norm(weights.get(1)));
        double[][] before = weights.get(1);
        for (double[][] after : weights.subList(2, weights.size())) {
            double rms = Dense.norm(Dense.plus(after, -1, before)) / LEARNING_RATE / Math.sqrt(66);
            assertEquals(0.2, rms, 0.2 * tolerance(6, 11), () -> "seed=" + SEED);
            before = after;
        }
        // The update of a rank-one history stays in its span: no noise direction is blown up.
        double[] values = Dense.eigenvalues(Dense.times(weights.getLast(), Dense.transpose(weights.getLast())));
        double second = Math.sqrt(Math.max(0, values[4]) / values[5]);
        assertTrue(second < 1e-2, () -> "second singular value / first = " + second);
    }

    @Test
    void scalingConventionsDifferByTheirFactors() {
        List<double[][]> g = gradients(3, 6, 10);
        double[][] plain = Run.lastWeight(backend, new Asgo(wellDamped().withScaling(UpdateScaling.NONE)), g,
                LEARNING_RATE);
        double[][] spectral =
                Run.lastWeight(backend, new Asgo(wellDamped().withScaling(UpdateScaling.SPECTRAL)), g, LEARNING_RATE);
        double[][] expected = Dense.scaled(0.2 * Math.sqrt(10), plain);
        assertTrue(Dense.relativeDifference(spectral, expected) < 20 * U32, () -> "seed=" + SEED);
    }

    @Test
    void referenceBackendGivesTheSameTrajectory() {
        List<double[][]> g = gradients(6, 7, 13);
        var rule = new Asgo(wellDamped());
        double[][] blas = Run.lastWeight(backend, rule, g, LEARNING_RATE);
        double[][] reference = Run.lastWeight(Backends.open(BackendName.REFERENCE), rule, g, LEARNING_RATE);
        assertTrue(Dense.relativeDifference(blas, reference) < tolerance(7, 13), () -> "seed=" + SEED);
    }
}
