// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.optim;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.BackendName;
import org.asgo4j.linalg.Backends;
import org.asgo4j.linalg.Matrix;
import org.asgo4j.linalg.NativeCallException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A root or a basis that can't be renewed stays whole, and one that is not there is never taken for zeros. */
class LostRootTest {
    private static final long SEED = 52;
    private static final int ROWS = 6;
    private static final int COLS = 15;
    private static final float LEARNING_RATE = 0.1f;

    private final Backend real = Backends.open(BackendName.OPENBLAS);
    private final List<double[][]> gradients = gradients();
    private Set<Integer> failing = Set.of(); // steps, from 1
    private boolean silently; //                NaN in the result instead of an exception
    private int step;
    private final Backend backend = FaultyBackend.around(real, (operation, arguments, done) -> {
        if (!Set.of("eigh", "orthonormalize").contains(operation)) return;
        if (done != silently || !failing.contains(step)) return;
        if (!silently) throw NativeCallException.lapack(operation, 3);
        ((Matrix) arguments[0]).set(3, 2, Double.NaN);
    });

    private static List<double[][]> gradients() {
        Random random = new Random(SEED);
        return IntStream.range(0, 6).mapToObj(i -> Dense.random(ROWS, COLS, random)).toList();
    }

    private double[][][] train(AsgoConfig config) {
        double[][][] weights = new double[gradients.size()][][];
        try (Arena arena = Arena.ofConfined()) {
            Matrix weight = backend.allocate(arena, ROWS, COLS);
            Matrix gradient = backend.allocate(arena, ROWS, COLS);
            RuleState state = new Asgo(config).newState(backend, arena, ROWS, COLS);
            for (step = 1; step <= weights.length; step++) {
                Dense.set(gradient, gradients.get(step - 1));
                state.step(weight, gradient, LEARNING_RATE, 0);
                weights[step - 1] = Dense.of(weight);
            }
            var counts = new RootCounts();
            state.addCounts(counts);
            assertEquals(failing.size(), counts.kept);
        }
        return weights;
    }

    /** A basis that could not be renewed is one that was not due: the same weights, bit for bit. */
    @ParameterizedTest
    @CsvSource({
        "QR, false, false", "QR, false, true", "QR, true, false", "QR, true, true", "EIGEN, true, false",
        "EIGEN, true, true"})
    void aBasisThatCantBeRenewedStays(RootMethod method, boolean corrected, boolean silent) {
        AsgoConfig config = AsgoConfig.published().withDamping(Damping.relative(1e-4)).withRootMethod(method)
                .withEigenvalueCorrection(corrected);
        double[][][] everySecond = train(config.withRefreshInterval(2));
        silently = silent;
        failing = Set.of(2, 4, 6);
        double[][][] kept = train(config);
        for (int t = 0; t < kept.length; t++) {
            for (int i = 0; i < ROWS; i++) {
                assertArrayEquals(everySecond[t][i], kept[t][i], "step " + (t + 1) + " seed=" + SEED);
            }
        }
    }

    /** Rules whose first root stays for very long. */
    static Stream<Rule> rarelyRefreshed() {
        ShampooConfig shampoo = ShampooConfig.published().withRefreshInterval(100);
        return Stream.of(
                new Asgo(AsgoConfig.published().withRefreshInterval(100)),
                new Shampoo(shampoo.withRoot(FourthRoot.EIGEN)),
                new Shampoo(shampoo.withRoot(FourthRoot.EIGEN).withDamping(Damping.relative(1e-3))));
    }

    /** A state loaded without its root has none to keep. */
    @ParameterizedTest
    @MethodSource("rarelyRefreshed")
    void aMissingRootIsNotKept(Rule rule) {
        try (Arena arena = Arena.ofConfined()) {
            Matrix weight = backend.allocate(arena, ROWS, COLS);
            Matrix gradient = backend.allocate(arena, ROWS, COLS);
            RuleState state = rule.newState(backend, arena, ROWS, COLS);
            RuleState loaded = rule.newState(backend, arena, ROWS, COLS);
            Dense.set(gradient, gradients.getFirst());
            state.step(weight, gradient, LEARNING_RATE, 0);
            RecordedFields fields = RecordedFields.of(state);
            fields.values().replaceAll((name, value) -> name.endsWith("root present") ? 0L : value);
            fields.loadInto(loaded);
            double[][] before = Dense.of(weight);
            failing = Set.of(step);
            assertThrows(RootFailedException.class, () -> loaded.step(weight, gradient, LEARNING_RATE, 0));
            assertEquals(0, Dense.norm(Dense.plus(Dense.of(weight), -1, before)), "nothing has been changed");
            failing = Set.of();
            loaded.step(weight, gradient, LEARNING_RATE, 0);
            assertEquals(2 * state.refreshes(), loaded.refreshes(), "computed though not due");
        }
    }

    /** A first gradient of zeros has the root 0, which must not hold the weight still until the next is due. */
    @ParameterizedTest
    @MethodSource("rarelyRefreshed")
    void aRootOfZerosIsReplacedAsSoonAsThereIsAGradient(Rule rule) {
        try (Arena arena = Arena.ofConfined()) {
            Matrix weight = backend.allocate(arena, ROWS, COLS);
            Matrix gradient = backend.allocate(arena, ROWS, COLS);
            RuleState state = rule.newState(backend, arena, ROWS, COLS);
            state.step(weight, gradient, LEARNING_RATE, 0);
            assertEquals(0, Dense.norm(Dense.of(weight)));
            long first = state.refreshes();
            Dense.set(gradient, gradients.getFirst());
            state.step(weight, gradient, LEARNING_RATE, 0);
            assertTrue(Dense.norm(Dense.of(weight)) > 0);
            state.step(weight, gradient, LEARNING_RATE, 0);
            assertEquals(2 * first, state.refreshes(), "and then the schedule goes on");
        }
    }

    /** β = 0, so that the unit is soon where the gradients are: there the old root may be too small, or too large. */
    @Test
    void afterAJumpTheRootInUseIsTheOldOneOrThatOfNow() {
        AsgoConfig config = AsgoConfig.published().withBetas(0, 0).withDamping(Damping.relative(1e-2));
        double[][] old = lastUpdate(config.withRefreshInterval(100), 0, 0);
        double[][] renewed = lastUpdate(config, 0, 0);
        double rounding = 4 * ROWS * 0x1p-24 / 1e-2; // as in AsgoVariantsTest
        for (int half = -100; half <= 100; half++) {
            double[][] update = lastUpdate(config.withRefreshInterval(100), half, -half);
            double difference = Math.min(
                    Dense.relativeDifference(update, old), Dense.relativeDifference(update, renewed));
            assertTrue(difference < rounding, "2^" + half + " to 2^" + -half + ": " + difference + " seed=" + SEED);
        }
    }

    /** Of a gradient of one scale and twice the same of another: the first time it may be in the unit of the other. */
    private double[][] lastUpdate(AsgoConfig config, int before, int after) {
        List<double[][]> g = List.of(
                Dense.scaled(Math.scalb(1.0, before), gradients.get(0)),
                Dense.scaled(Math.scalb(1.0, after), gradients.get(1)),
                Dense.scaled(Math.scalb(1.0, after), gradients.get(1)));
        List<double[][]> weights = Run.weights(real, new Asgo(config), g, LEARNING_RATE);
        return Dense.plus(weights.get(2), -1, weights.get(1));
    }

    /** Rules that keep a basis. */
    static Stream<AsgoConfig> withABasis() {
        AsgoConfig config = AsgoConfig.published().withDamping(Damping.relative(1e-6));
        AsgoConfig qr = config.withRootMethod(RootMethod.QR);
        return Stream.of(
                qr, qr.withRefreshInterval(100), config.withRefresh(new Refresh.Adaptive(0.9, 100)),
                config.withEigenvalueCorrection(true).withRefreshInterval(100), qr.withEigenvalueCorrection(true),
                qr.withEigenvalueCorrection(true).withRefreshInterval(100));
    }

    /** Zeros have no eigenvectors: what is kept of them must not be the basis that later ones start from. */
    @ParameterizedTest
    @MethodSource("withABasis")
    void zerosBeforeTheFirstGradientChangeNothing(AsgoConfig config) {
        var rule = new Asgo(config);
        double[][] zeros = new double[ROWS][COLS];
        List<double[][]> late = Stream.concat(Stream.of(zeros, zeros), gradients.stream()).toList();
        List<double[][]> expected = Run.weights(real, rule, gradients, LEARNING_RATE);
        List<double[][]> actual = Run.weights(real, rule, late, LEARNING_RATE);
        for (int t = 0; t < expected.size(); t++) {
            for (int i = 0; i < ROWS; i++) {
                assertArrayEquals(expected.get(t)[i], actual.get(t + 2)[i], "step " + (t + 1) + " seed=" + SEED);
            }
        }
    }

    /** β₂ = 0: V is then zero at any step that the gradient is. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void zerosBetweenGradientsLeaveNoBasis(boolean corrected) {
        var rule = new Asgo(AsgoConfig.published().withBetas(0, 0).withDamping(Damping.relative(1e-6))
                .withRootMethod(RootMethod.QR).withEigenvalueCorrection(corrected));
        double[][] zeros = new double[ROWS][COLS];
        List<double[][]> g = List.of(gradients.get(0), zeros, gradients.get(1));
        List<double[][]> weights = Run.weights(real, rule, g, LEARNING_RATE);
        double[][] last = Dense.plus(weights.get(2), -1, weights.get(1));
        double[][] alone = Run.lastWeight(real, rule, List.<double[][]>of(gradients.get(1)), LEARNING_RATE);
        // The same step, but rounded to weights that are up to three steps long.
        assertEquals(0, Dense.relativeDifference(last, alone), 6 * 0x1p-24, "seed=" + SEED);
    }
}
