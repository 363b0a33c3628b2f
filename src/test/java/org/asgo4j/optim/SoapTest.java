// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.optim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.BackendName;
import org.asgo4j.linalg.Backends;
import org.asgo4j.linalg.ElementType;
import org.asgo4j.linalg.Matrix;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** SOAP against its published steps in float64, against Adam, and under rotations. */
class SoapTest {
    private static final long SEED = 84;
    private static final float LEARNING_RATE = 0.1f;

    /**
     * Eigenvectors are off by u·‖L‖ over the gap between eigenvalues, here some 1e-2 of ‖L‖ at the least; squares in
     * the turned basis and their roots pass that on with a factor of a few: 20·u·100.
     */
    private static final double TOLERANCE = 2000 * 0x1p-24;

    private final Backend backend = Backends.open(BackendName.OPENBLAS);
    private final Random random = new Random(SEED);

    private List<double[][]> gradients(int count, int rows, int cols) {
        return IntStream.range(0, count).mapToObj(i -> Dense.random(rows, cols, random)).toList();
    }

    /** The published steps with plain arrays, moments in the original space (M) and in the basis (V). */
    private static double[][] exact(
            List<double[][]> gradients, double beta1, double beta2, double epsilon, double delta, int interval) {
        int n = gradients.getFirst().length;
        double[][] left = new double[n][n];
        double[][] right = new double[n][n];
        double[][] ql = null;
        double[][] qr = null;
        double[][] momentum = new double[n][n];
        double[][] second = new double[n][n];
        double[][] w = new double[n][n];
        for (int t = 0; t < gradients.size(); t++) {
            double[][] g = gradients.get(t);
            if (t > 0) {
                momentum = Dense.plus(Dense.scaled(beta1, momentum), 1 - beta1, g);
                double[][] rotated = into(ql, g, qr);
                double[][] direction = into(ql, momentum, qr);
                double mean = 0;
                for (int i = 0; i < n; i++) {
                    for (int j = 0; j < n; j++) {
                        second[i][j] = beta2 * second[i][j] + (1 - beta2) * rotated[i][j] * rotated[i][j];
                        mean += second[i][j] / n / n;
                    }
                }
                for (int i = 0; i < n; i++) {
                    for (int j = 0; j < n; j++) direction[i][j] /= Math.sqrt(second[i][j] + delta * mean) + epsilon;
                }
                double correction = Math.sqrt(1 - Math.pow(beta2, t)) / (1 - Math.pow(beta1, t));
                double[][] update = Dense.times(Dense.times(Dense.transpose(ql), direction), qr);
                w = Dense.plus(w, -LEARNING_RATE * correction, update);
            }
            left = Dense.plus(Dense.scaled(beta2, left), 1 - beta2, Dense.times(g, Dense.transpose(g)));
            right = Dense.plus(Dense.scaled(beta2, right), 1 - beta2, Dense.times(Dense.transpose(g), g));
            if (t == 0) {
                ql = eigenvectors(left);
                qr = eigenvectors(right);
            } else if (t % interval == 0) {
                Integer[] rows = order(ql, left);
                Integer[] cols = order(qr, right);
                double[][] sorted = new double[n][n];
                for (int i = 0; i < n; i++) {
                    for (int j = 0; j < n; j++) sorted[i][j] = second[rows[i]][cols[j]];
                }
                second = sorted;
                ql = turned(ql, left, rows);
                qr = turned(qr, right, cols);
            }
        }
        return w;
    }

    private static double[][] into(double[][] ql, double[][] g, double[][] qr) {
        return Dense.times(Dense.times(ql, g), Dense.transpose(qr));
    }

    /** Rows, of descending eigenvalues. */
    private static double[][] eigenvectors(double[][] a) {
        Backend reference = Backends.open(BackendName.REFERENCE);
        try (Arena arena = Arena.ofConfined()) {
            Matrix m = reference.allocate(arena, ElementType.FLOAT64, a.length, a.length);
            Matrix w = reference.allocate(arena, ElementType.FLOAT64, 1, a.length);
            Dense.set(m, a);
            reference.eigh(m, w, reference.eighWorkspace(arena, ElementType.FLOAT64, a.length));
            return Arrays.asList(Dense.of(m)).reversed().toArray(double[][]::new);
        }
    }

    private static Integer[] order(double[][] q, double[][] gram) {
        double[][] estimates = Dense.times(Dense.times(q, gram), Dense.transpose(q));
        Integer[] order = IntStream.range(0, q.length).boxed().toArray(Integer[]::new);
        Arrays.sort(order, Comparator.comparingDouble((Integer i) -> -estimates[i][i]));
        return order;
    }

    /** The rows of Q·L in that order, by Gram–Schmidt (twice, for orthogonality to rounding). */
    private static double[][] turned(double[][] q, double[][] gram, Integer[] order) {
        double[][] product = Dense.times(q, gram);
        double[][] result = new double[q.length][];
        for (int i = 0; i < q.length; i++) {
            double[][] row = {product[order[i]].clone()};
            for (int pass = 0; pass < 2; pass++) {
                for (int j = 0; j < i; j++) {
                    double[][] other = {result[j]};
                    row = Dense.plus(row, -Dense.inner(row, other), other);
                }
            }
            result[i] = Dense.scaled(1 / Dense.norm(row), row)[0];
        }
        return result;
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 10})
    void followsItsPublishedSteps(int interval) {
        double epsilon = 1e-3;
        List<double[][]> g = gradients(8, 6, 6); // square: otherwise a null space leaves the first basis free
        var config = SoapConfig.published()
                .withBetas(0.9, 0.8)
                .withDamping(Damping.outsideRoot(epsilon))
                .withRefreshInterval(interval);
        double[][] actual = Run.lastWeight(backend, new Soap(config), g, LEARNING_RATE);
        double difference = Dense.relativeDifference(actual, exact(g, 0.9, 0.8, epsilon, 0, interval));
        assertTrue(difference < TOLERANCE, () -> difference + " seed=" + SEED);
    }

    /** The unit moves with the gradients: at once where they grow, and where they shrink once the state has, too. */
    @ParameterizedTest
    @ValueSource(ints = {-40, 40})
    void followsItsPublishedStepsThroughAJump(int exponent) {
        List<double[][]> g = new ArrayList<>(gradients(4, 6, 6));
        for (double[][] each : gradients(28, 6, 6)) g.add(Dense.scaled(Math.scalb(1.0, exponent), each));
        var config = SoapConfig.published()
                .withBetas(0.1, 0.1).withDamping(Damping.relative(1e-2)).withRefreshInterval(2);
        List<double[][]> weights = Run.weights(backend, new Soap(config), g, LEARNING_RATE);
        for (int t = 1; t < g.size(); t++) {
            double[][] exact = exact(g.subList(0, t + 1), 0.1, 0.1, 0, 1e-2, 2);
            double difference = Dense.relativeDifference(weights.get(t), exact);
            assertTrue(difference < TOLERANCE, "step " + (t + 1) + ": " + difference + " seed=" + SEED);
        }
    }

    @Test
    void withoutBasesItIsAdamAStepLater() {
        List<double[][]> g = gradients(7, 5, 8);
        var soap = new Soap(
                SoapConfig.published().withBetas(0.9, 0.99).withDamping(Damping.outsideRoot(0)).withMaxOrder(0));
        List<double[][]> actual = Run.weights(backend, soap, g, LEARNING_RATE);
        double[][] adam = Run.lastWeight(
                backend, new AdamW(new AdamWConfig(0.9, 0.99, Float.MIN_VALUE)), g.subList(1, g.size()), LEARNING_RATE);
        assertEquals(0, Dense.norm(actual.getFirst()), "the first gradient makes the basis");
        // Some ten roundings at each of six steps, in another order.
        assertTrue(Dense.relativeDifference(actual.getLast(), adam) < 60 * 0x1p-24, "seed=" + SEED);
    }

    /** In its own basis a side's rotation is gone, so it shows in the update only as itself. */
    @ParameterizedTest
    @ValueSource(ints = {8, 100})
    void rotatingTheSidesWithABasisRotatesTheUpdate(int maxOrder) {
        var rule = new Soap(SoapConfig.published()
                .withDamping(Damping.relative(1e-3)).withRefreshInterval(2).withMaxOrder(maxOrder));
        int m = 6;
        int n = maxOrder < 9 ? 9 : 6; // 9 is longer than 8: no basis on that side
        double[][] p = Dense.orthogonal(m, random);
        double[][] q = n > maxOrder ? Dense.identity(n) : Dense.orthogonal(n, random);
        List<double[][]> g = gradients(6, m, n);
        List<double[][]> rotated = g.stream().map(x -> Dense.times(Dense.times(p, x), q)).toList();
        double[][] expected = Dense.times(Dense.times(p, Run.lastWeight(backend, rule, g, LEARNING_RATE)), q);
        double[][] actual = Run.lastWeight(backend, rule, rotated, LEARNING_RATE);
        double difference = Dense.relativeDifference(actual, expected);
        assertTrue(difference < TOLERANCE, () -> difference + " seed=" + SEED);
    }

    /** Gradients that stay QᵀDP for fixed Q, P: the first basis is right and no turn changes anything. */
    @Test
    void turningAnExactBasisChangesNothing() {
        int n = 6;
        double[][] p = Dense.orthogonal(n, random);
        double[][] q = Dense.orthogonal(n, random);
        List<double[][]> g = IntStream.range(0, 7).mapToObj(t -> {
            double[][] d = new double[n][n];
            for (int i = 0; i < n; i++) d[i][i] = (n - i) * (1 + 0.1 * random.nextDouble());
            return Dense.times(Dense.times(p, d), q);
        }).toList();
        SoapConfig config = SoapConfig.published().withDamping(Damping.relative(1e-2));
        double[][] often = Run.lastWeight(backend, new Soap(config.withRefreshInterval(1)), g, LEARNING_RATE);
        double[][] never = Run.lastWeight(backend, new Soap(config.withRefreshInterval(100)), g, LEARNING_RATE);
        double difference = Dense.relativeDifference(often, never);
        // What is off the diagonal in the basis is rounding, divided by √(0.01·mean): 10 times as much, beside 1.
        assertTrue(difference < TOLERANCE, () -> difference + " seed=" + SEED);
    }

    @Test
    void basesAreTurnedEveryFewSteps() {
        List<double[][]> g = gradients(6, 5, 8);
        try (Arena arena = Arena.ofConfined()) {
            Matrix weight = backend.allocate(arena, 5, 8);
            Matrix gradient = backend.allocate(arena, 5, 8);
            RuleState state = new Soap(SoapConfig.published().withRefreshInterval(2)).newState(backend, arena, 5, 8);
            long[] expected = {2, 2, 4, 4, 6, 6};
            for (int t = 0; t < 6; t++) {
                Dense.set(gradient, g.get(t));
                state.step(weight, gradient, LEARNING_RATE, 0);
                assertEquals(expected[t], state.refreshes(), "step " + (t + 1));
            }
        }
    }

    /** The first basis is that of the first gradient there is. Bias correction counts the zeros, as Adam's does. */
    @ParameterizedTest
    @ValueSource(ints = {100, 8})
    void zerosBeforeTheFirstGradientMakeNoBasis(int maxOrder) {
        List<double[][]> g = gradients(5, 6, 9);
        var rule = new Soap(SoapConfig.published()
                .withDamping(Damping.relative(1e-6)).withRefreshInterval(100).withMaxOrder(maxOrder));
        List<double[][]> late = Stream.concat(Stream.of(new double[6][9], new double[6][9]), g.stream()).toList();
        List<double[][]> expected = Run.weights(backend, rule, g, LEARNING_RATE);
        List<double[][]> actual = Run.weights(backend, rule, late, LEARNING_RATE);
        assertEquals(0, Dense.norm(actual.get(2)), "the first gradient makes the basis");
        for (int t = 1; t < g.size(); t++) {
            double[][] update = Dense.plus(expected.get(t), -1, expected.get(t - 1));
            double[][] other = Dense.plus(actual.get(t + 2), -1, actual.get(t + 1));
            double length = Dense.norm(update) / Dense.norm(other);
            double difference = Dense.relativeDifference(Dense.scaled(length, other), update);
            assertTrue(difference < TOLERANCE, "step " + (t + 1) + ": " + difference + " seed=" + SEED);
        }
    }

    @Test
    void badValuesAreNamed() {
        SoapConfig config = SoapConfig.published();
        assertEquals(new SoapConfig(0.95, 0.95, Damping.outsideRoot(1e-8), 10, 10_000), config);
        refused("beta1 must be in [0, 1), got 1.0", () -> config.withBetas(1, 0));
        refused("beta2 must be in [0, 1), got 1.0", () -> config.withBetas(0, 1));
        refused("ABSOLUTE or RELATIVE, got PSEUDO_INVERSE", () -> config.withDamping(Damping.pseudoInverse(0)));
        refused("refreshInterval must be at least 1 step, got 0", () -> config.withRefreshInterval(0));
        refused("maxOrder must be at least 0, got -1", () -> config.withMaxOrder(-1));
    }

    private static void refused(String part, Runnable action) {
        var thrown = assertThrows(IllegalArgumentException.class, action::run);
        assertTrue(thrown.getMessage().contains(part), thrown.getMessage());
    }
}
