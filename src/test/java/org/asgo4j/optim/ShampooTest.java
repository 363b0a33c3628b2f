// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.optim;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.BackendName;
import org.asgo4j.linalg.Backends;
import org.asgo4j.linalg.ElementType;
import org.asgo4j.linalg.Matrix;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Shampoo against its formulas in float64, its two ways to a root, and what its first step must be. */
class ShampooTest {
    private static final long SEED = 83;
    private static final float LEARNING_RATE = 0.5f;

    /** float32's unit roundoff. */
    private static final double U32 = 0x1p-24;

    private final Backend backend = Backends.open(BackendName.OPENBLAS);
    private final Random random = new Random(SEED);

    private List<double[][]> gradients(int count, int rows, int cols) {
        return IntStream.range(0, count).mapToObj(i -> Dense.random(rows, cols, random)).toList();
    }

    /** V^(−1/4) = (V^(1/2))^(−1/2), V^(1/2) = V·V^(−1/2). */
    private static double[][] inverseFourthRoot(double[][] v) {
        double[][] root = Dense.times(v, Dense.inverseSquareRoot(v));
        return Dense.inverseSquareRoot(Dense.scaled(0.5, Dense.plus(root, 1, Dense.transpose(root))));
    }

    /** In float64, with ε added to L, R and S. */
    private static double[][] exact(List<double[][]> gradients, double beta1, double beta2, double epsilon) {
        int m = gradients.getFirst().length;
        int n = gradients.getFirst()[0].length;
        double[][] momentum = new double[m][n];
        double[][] second = new double[m][n];
        double[][] left = new double[m][m];
        double[][] right = new double[n][n];
        double[][] w = new double[m][n];
        for (double[][] g : gradients) {
            momentum = Dense.plus(Dense.scaled(beta1, momentum), 1 - beta1, g);
            left = Dense.plus(Dense.scaled(beta2, left), 1 - beta2, Dense.times(g, Dense.transpose(g)));
            right = Dense.plus(Dense.scaled(beta2, right), 1 - beta2, Dense.times(Dense.transpose(g), g));
            double[][] adam = new double[m][n];
            for (int i = 0; i < m; i++) {
                for (int j = 0; j < n; j++) {
                    second[i][j] = beta2 * second[i][j] + (1 - beta2) * g[i][j] * g[i][j];
                    adam[i][j] = momentum[i][j] / Math.sqrt(second[i][j] + epsilon);
                }
            }
            double[][] update = Dense.times(
                    Dense.times(inverseFourthRoot(Dense.plus(left, epsilon, Dense.identity(m))), momentum),
                    inverseFourthRoot(Dense.plus(right, epsilon, Dense.identity(n))));
            w = Dense.plus(w, -LEARNING_RATE * Dense.norm(adam) / Dense.norm(update), update);
        }
        return w;
    }

    /** With ε = 0.01·(1−β₂)·‖G‖² or so both roots have κ below 1e3: errors of uκ/4 and a few k·u. */
    @ParameterizedTest
    @EnumSource(FourthRoot.class)
    void followsItsFormula(FourthRoot root) {
        double epsilon = 0.01;
        for (int[] shape : new int[][] {{6, 13}, {13, 6}, {9, 9}, {1, 5}}) {
            List<double[][]> g = gradients(6, shape[0], shape[1]);
            var config = new ShampooConfig(0.9, 0.9, Damping.absolute(epsilon), root, 1);
            double[][] actual = Run.lastWeight(backend, new Shampoo(config), g, LEARNING_RATE);
            double difference = Dense.relativeDifference(actual, exact(g, 0.9, 0.9, epsilon));
            double tolerance = (1e3 / 4 + 10 * 13) * U32;
            assertTrue(difference < tolerance, () -> difference + " > " + tolerance + " seed=" + SEED);
        }
    }

    /** The unit moves with the gradients: at once where they grow, and where they shrink once the state has, too. */
    @ParameterizedTest
    @ValueSource(ints = {-40, 40})
    void followsItsFormulaThroughAJump(int exponent) {
        int n = 6;
        List<double[][]> g = IntStream.range(0, 32).mapToObj(t -> {
            double[][] each = Dense.plus(Dense.random(n, n, random), 6, Dense.orthogonal(n, random)); // κ(G) < 1e1.5
            return Dense.scaled(t < 4 ? 1 : Math.scalb(1.0, exponent), each);
        }).toList();
        var config = new ShampooConfig(0.1, 0.1, Damping.relative(0), FourthRoot.EIGEN, 1);
        List<double[][]> weights = Run.weights(backend, new Shampoo(config), g, LEARNING_RATE);
        for (int t = 0; t < g.size(); t++) {
            double difference = Dense.relativeDifference(weights.get(t), exact(g.subList(0, t + 1), 0.1, 0.1, 0));
            double tolerance = (1e3 / 4 + 10 * n) * U32;
            assertTrue(difference < tolerance, "step " + (t + 1) + ": " + difference + " seed=" + SEED);
        }
    }

    /** (GGᵀ)^(−1/4)·G·(GᵀG)^(−1/4) = UVᵀ for G = USVᵀ: Shampoo, ASGO and Muon take the same first direction. */
    @ParameterizedTest
    @EnumSource(FourthRoot.class)
    void firstStepOfASquareWeightIsThePolarFactor(FourthRoot root) {
        int n = 8;
        double[][] gradient = Dense.plus(Dense.random(n, n, random), 3, Dense.orthogonal(n, random));
        List<double[][]> g = List.<double[][]>of(gradient);
        var config = ShampooConfig.published().withDamping(Damping.relative(0)).withRoot(root);
        double[][] actual = Run.lastWeight(backend, new Shampoo(config), g, LEARNING_RATE);
        double[][] polar = Dense.times(
                g.getFirst(), Dense.inverseSquareRoot(Dense.times(Dense.transpose(g.getFirst()), g.getFirst())));
        double cosine = -Dense.inner(actual, polar) / Dense.norm(actual) / Dense.norm(polar);
        assertEquals(1, cosine, 1e-9, "seed=" + SEED); // the square of an error of 3e-5
        // Every element of M/√S is (1−β₁)/√(1−β₂) in the first step.
        double length = 0.1 / Math.sqrt(0.001) * n;
        assertEquals(LEARNING_RATE * length, Dense.norm(actual), 1e-4 * length);
    }

    /** Newton's iteration can't root a singular matrix without damping; its result is never taken then. */
    @Test
    void whereNewtonDoesNotConvergeTheEigendecompositionIsTaken() {
        double[][] rankOne = Dense.times(Dense.random(7, 1, random), Dense.random(1, 9, random));
        var config = ShampooConfig.published().withDamping(Damping.absolute(0));
        List<double[][]> g = List.of(rankOne, Dense.scaled(0.5, rankOne));
        double[][] newton = Run.lastWeight(backend, new Shampoo(config), g, LEARNING_RATE);
        double[][] eigen = Run.lastWeight(backend, new Shampoo(config.withRoot(FourthRoot.EIGEN)), g, LEARNING_RATE);
        for (int i = 0; i < 7; i++) assertArrayEquals(eigen[i], newton[i], "seed=" + SEED);
        assertTrue(Dense.norm(newton) > 0 && Dense.norm(newton) < 100);
    }

    /** One direction of 128 that the iteration never reaches makes a residual of 0.09. */
    @Test
    void oneDirectionThatDoesNotConvergeIsEnough() {
        double[][] v = Dense.identity(128);
        v[77][77] = 0;
        double[][] newton = root(v, Damping.absolute(0), FourthRoot.COUPLED_NEWTON);
        double[][] eigen = root(v, Damping.absolute(0), FourthRoot.EIGEN);
        for (int i = 0; i < v.length; i++) assertArrayEquals(eigen[i], newton[i], "row " + i);
    }

    /** A direction that was never seen gets (δν)^(−1/4), where ν is λ_max for EIGEN and ‖V‖_F for the iteration. */
    @ParameterizedTest
    @EnumSource(FourthRoot.class)
    void relativeDampingIsRelative(FourthRoot method) {
        int n = 64;
        double[][] v = Dense.identity(n);
        v[5][5] = 0;
        double norm = method == FourthRoot.EIGEN ? 1 : Math.sqrt(n - 1);
        for (double delta : new double[] {1e-3, 1e-6}) {
            double expected = Math.pow(delta * norm, -0.25);
            double tolerance = (1 / (delta * norm) / 4 + 10 * n) * U32;
            assertEquals(expected, root(v, Damping.relative(delta), method)[5][5], tolerance * expected);
        }
    }

    /** A rounding error ‖V‖·u moves the smallest eigenvalue by κu of itself, its inverse fourth root by a quarter. */
    @Test
    void rootsAreAccurateInProportionToTheCondition() {
        int n = 12;
        for (double condition : new double[] {1, 1e2, 1e4, 1e6}) {
            double[][] q = Dense.orthogonal(n, random);
            double[][] v = new double[n][n];
            for (int i = 0; i < n; i++) {
                for (int j = 0; j <= i; j++) {
                    double sum = 0;
                    for (int l = 0; l < n; l++) sum += q[l][i] * q[l][j] * Math.pow(condition, -l / (n - 1.0));
                    v[i][j] = v[j][i] = (float) sum;
                }
            }
            double[][] expected = inverseFourthRoot(v);
            for (FourthRoot method : FourthRoot.values()) {
                double error = Dense.relativeDifference(root(v, Damping.absolute(0), method), expected);
                double tolerance = (condition / 4 + 10 * n) * U32;
                assertTrue(error < tolerance, method + " κ=" + condition + ": " + error + " seed=" + SEED);
            }
        }
    }

    private double[][] root(double[][] v, Damping damping, FourthRoot method) {
        try (Arena arena = Arena.ofConfined()) {
            var inverseRoot = new InverseFourthRoot(backend, damping, method, ElementType.FLOAT32);
            var workspace = new Workspace(backend);
            inverseRoot.reserve(workspace, v.length);
            workspace.allocate(arena);
            Matrix gram = backend.allocate(arena, v.length, v.length);
            Matrix root = backend.allocate(arena, v.length, v.length);
            Dense.set(gram, v);
            inverseRoot.compute(gram, 1, root, new RootReport(), workspace);
            backend.symmetrize(root);
            return Dense.of(root);
        }
    }

    @Test
    void rootsAreKeptBetweenRefreshes() {
        List<double[][]> g = gradients(5, 5, 8);
        try (Arena arena = Arena.ofConfined()) {
            Matrix weight = backend.allocate(arena, 5, 8);
            Matrix gradient = backend.allocate(arena, 5, 8);
            RuleState state =
                    new Shampoo(ShampooConfig.published().withRefreshInterval(3)).newState(backend, arena, 5, 8);
            long[] expected = {2, 2, 2, 4, 4};
            for (int t = 0; t < 5; t++) {
                Dense.set(gradient, g.get(t));
                state.step(weight, gradient, LEARNING_RATE, 0);
                assertEquals(expected[t], state.refreshes(), "step " + (t + 1));
            }
        }
    }

    @Test
    void transposingTransposesTheUpdate() {
        var rule = new Shampoo(ShampooConfig.published().withDamping(Damping.relative(1e-3)));
        List<double[][]> g = gradients(5, 7, 12);
        double[][] wide = Run.lastWeight(backend, rule, g, LEARNING_RATE);
        double[][] tall = Run.lastWeight(backend, rule, g.stream().map(Dense::transpose).toList(), LEARNING_RATE);
        double difference = Dense.relativeDifference(Dense.transpose(tall), wide);
        assertTrue(difference < (1e3 / 4 + 10 * 12) * U32, () -> difference + " seed=" + SEED);
    }

    @Test
    void badValuesAreNamed() {
        ShampooConfig config = ShampooConfig.published();
        assertEquals(
                new ShampooConfig(0.9, 0.999, Damping.absolute(1e-10), FourthRoot.COUPLED_NEWTON, 1), config);
        refused("beta1 must be in [0, 1), got 1.0", () -> config.withBetas(1, 0));
        refused("beta2 must be in [0, 1), got 1.0", () -> config.withBetas(0, 1));
        refused("must be ABSOLUTE or RELATIVE, got PSEUDO_INVERSE", () -> config.withDamping(Damping.pseudoInverse(0)));
        refused("root must not be null", () -> config.withRoot(null));
        refused("refreshInterval must be at least 1 step, got 0", () -> config.withRefreshInterval(0));
    }

    private static void refused(String part, Runnable action) {
        var thrown = assertThrows(IllegalArgumentException.class, action::run);
        assertTrue(thrown.getMessage().contains(part), thrown.getMessage());
    }
}
