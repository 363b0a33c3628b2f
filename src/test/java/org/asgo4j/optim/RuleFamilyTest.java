// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.optim;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.lang.foreign.Arena;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.BackendName;
import org.asgo4j.linalg.Backends;
import org.asgo4j.linalg.ElementType;
import org.asgo4j.linalg.Matrix;
import org.asgo4j.linalg.Workers;
import org.asgo4j.testing.Seeds;
import org.asgo4j.testing.Tolerance;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What every rule must do whatever it computes: any scale, zeros, blocks, strides, saving, no garbage. */
class RuleFamilyTest {
    private static final float LEARNING_RATE = 0.25f;

    /** By which a rule multiplies roundings: the most that random gradients and their damped roots have. */
    private static final double CONDITION = 100;

    /** How long compilation may take before what a step allocates counts as allocated by our code. */
    private static final long PATIENCE_NANOS = 120_000_000_000L;

    private final Backend backend = Backends.open(BackendName.OPENBLAS);
    private final long seed = Seeds.next();
    private final Random random = new Random(seed);

    /** Rules whose update does not depend on the gradients' scale. */
    static Stream<Named<Rule>> scaleFree() {
        var damping = Damping.relative(1e-6);
        DasgoConfig dasgo = DasgoConfig.published().withEpsilon(0);
        ShampooConfig shampoo = ShampooConfig.published().withDamping(damping);
        SoapConfig soap = SoapConfig.published().withDamping(damping).withRefreshInterval(2);
        return Stream.of(
                Named.of("dasgo", new Dasgo(dasgo)),
                Named.of("dasgo left", new Dasgo(dasgo.withSide(PreconditionerSide.LEFT))),
                Named.of("muon", new Muon(MuonConfig.published())),
                Named.of("muon nesterov rms",
                        new Muon(MuonConfig.published().withNesterov(true).withScaling(UpdateScaling.RMS))),
                Named.of("shampoo", new Shampoo(shampoo)),
                Named.of("shampoo eigen", new Shampoo(shampoo.withRoot(FourthRoot.EIGEN).withRefreshInterval(2))),
                Named.of("soap", new Soap(soap)),
                Named.of("soap one side", new Soap(soap.withMaxOrder(10))),
                Named.of("soap no side", new Soap(soap.withMaxOrder(0))),
                Named.of("lion", new Lion(LionConfig.published())));
    }

    static Stream<Named<Rule>> published() {
        return Stream.of(
                Named.of("dasgo", new Dasgo(DasgoConfig.published())),
                Named.of("muon", new Muon(MuonConfig.published())),
                Named.of("shampoo", new Shampoo(ShampooConfig.published())),
                Named.of("soap", new Soap(SoapConfig.published())),
                Named.of("lion", new Lion(LionConfig.published())));
    }

    static Stream<Named<Rule>> all() {
        return Stream.concat(
                scaleFree(),
                Stream.of(
                        Named.of("sgd", new Sgd(SgdConfig.common())),
                        Named.of("sgd nesterov", new Sgd(SgdConfig.common().withNesterov(true))),
                        Named.of("sgd plain", new Sgd(new SgdConfig(0, false)))));
    }

    /** All, and the two whose own tests are elsewhere. */
    static Stream<Named<Rule>> withAsgoAndAdamW() {
        var asgo = AsgoConfig.published().withDamping(Damping.relative(1 / CONDITION));
        return Stream.concat(all(), Stream.of(
                Named.of("asgo", new Asgo(asgo)), Named.of("adamw", new AdamW(AdamWConfig.published()))));
    }

    static Stream<Named<Rule>> onBlocks() {
        return all().filter(rule -> rule.getPayload().actsOnBlocks());
    }

    /** Sums of k products in another order are off by k·u, in two states, and a rule multiplies that by κ. */
    private static double roundings(int steps, int k) {
        return 2 * steps * Tolerance.gamma(k, ElementType.FLOAT32) * CONDITION;
    }

    private List<double[][]> gradients(int count, int rows, int cols) {
        return IntStream.range(0, count).mapToObj(i -> Dense.random(rows, cols, random)).toList();
    }

    private static List<double[][]> scaled(List<double[][]> gradients, int exponent) {
        return gradients.stream().map(g -> Dense.scaled(Math.scalb(1.0, exponent), g)).toList();
    }

    /** Powers of two round nothing anywhere, so the trajectories agree bit for bit. */
    @ParameterizedTest
    @MethodSource("scaleFree")
    void scalingGradientsByAPowerOfTwoChangesNothing(Rule rule) {
        for (int[] shape : new int[][] {{6, 14}, {14, 6}, {7, 7}}) {
            List<double[][]> g = new ArrayList<>(gradients(5, shape[0], shape[1]));
            g.set(2, new double[shape[0]][shape[1]]); // a gradient of zeros has no scale, but the state has
            double[][] expected = Run.lastWeight(backend, rule, g, LEARNING_RATE);
            for (int exponent : new int[] {-90, -60, -31, -1, 1, 29, 60, 90}) {
                double[][] actual = Run.lastWeight(backend, rule, scaled(g, exponent), LEARNING_RATE);
                for (int i = 0; i < shape[0]; i++) {
                    assertArrayEquals(expected[i], actual[i], "2^" + exponent + " seed=" + seed);
                }
            }
        }
    }

    /** Near the ends of float32 the gradient is brought to its unit's scale and back: two roundings more a step. */
    @ParameterizedTest
    @MethodSource("scaleFree")
    void gradientsAtTheEndsOfFloat32Train(Rule rule) {
        List<double[][]> g = gradients(3, 5, 9);
        double[][] expected = Run.lastWeight(backend, rule, g, LEARNING_RATE);
        for (int exponent : new int[] {-115, 120}) {
            double[][] actual = Run.lastWeight(backend, rule, scaled(g, exponent), LEARNING_RATE);
            double difference = Dense.relativeDifference(actual, expected);
            String what = "2^" + exponent + ": " + difference + " seed=" + seed;
            assertTrue(difference < roundings(g.size(), 2), what);
        }
    }

    @ParameterizedTest
    @MethodSource("scaleFree")
    void gradientsWhoseScaleJumpsKeepMovingTheWeight(Rule rule) {
        double[] scales = {1, 1e-18, 1e18, 1, 1e-30, 1e30, 1e-3, 1e-18};
        List<double[][]> g = new ArrayList<>();
        for (double scale : scales) g.add(Dense.scaled(scale, Dense.random(9, 14, random)));
        double[][] before = new double[9][14];
        List<double[][]> weights = Run.weights(backend, rule, g, LEARNING_RATE);
        for (int t = 0; t < weights.size(); t++) {
            double moved = Dense.norm(Dense.plus(weights.get(t), -1, before));
            boolean moves = t > 0 || !(rule instanceof Soap); // SOAP's first gradient makes its basis
            // A scale that fell leaves a momentum whose second moment fades more slowly: smaller steps, never larger.
            String what = "step " + t + " moved " + moved + " seed=" + seed;
            assertTrue(Double.isFinite(moved) && (moved > 0) == moves, what);
            before = weights.get(t);
        }
    }

    @ParameterizedTest
    @MethodSource("published")
    void publishedSettingsSurviveEveryScale(Rule rule) {
        for (double scale : new double[] {1e-30, 1e-18, 1e-6, 1e6, 1e18, 1e30}) {
            List<double[][]> g = gradients(4, 8, 12).stream().map(x -> Dense.scaled(scale, x)).toList();
            double moved = Dense.norm(Run.lastWeight(backend, rule, g, LEARNING_RATE));
            assertTrue(moved < 100, "scale " + scale + " moved " + moved + " seed=" + seed); // false for NaN
            // Below √ε an absolute ε stops Shampoo and SOAP, as published.
            if (scale > 1) assertTrue(moved > 1e-2, "scale " + scale + " moved " + moved + " seed=" + seed);
        }
    }

    @ParameterizedTest
    @MethodSource("all")
    void zeroAndRankOneGradientsGiveFiniteUpdates(Rule rule) {
        double[][] zero = new double[6][11];
        double[][] rankOne = Dense.times(Dense.random(6, 1, random), Dense.random(1, 11, random));
        List<double[][]> weights = Run.weights(
                backend, rule, List.of(zero, zero, rankOne, zero, rankOne, zero, zero), LEARNING_RATE);
        assertEquals(0, Dense.norm(weights.get(0)), "a zero gradient moves nothing");
        assertEquals(0, Dense.norm(weights.get(1)));
        double end = Dense.norm(weights.getLast());
        assertTrue(end > 0 && end < 100, "ends at " + end + " seed=" + seed);
    }

    @ParameterizedTest
    @MethodSource("all")
    void clippingIsAFactorOnTheGradient(Rule rule) {
        List<double[][]> g = gradients(4, 6, 9);
        double[][] expected = Run.lastWeight(backend, rule, scaled(g, -3), LEARNING_RATE);
        double[][] actual = lastWeight(rule, g, 0.125);
        for (int i = 0; i < 6; i++) assertArrayEquals(expected[i], actual[i], "row " + i + " seed=" + seed);
    }

    private double[][] lastWeight(Rule rule, List<double[][]> gradients, double gradientScale) {
        try (Arena arena = Arena.ofConfined()) {
            Matrix weight = backend.allocate(arena, 6, 9);
            Matrix gradient = backend.allocate(arena, 6, 9);
            RuleState state = rule.newSharedState(backend, arena, RowBlocks.whole(6), 9);
            var workspace = new Workspace(backend);
            state.reserve(workspace);
            workspace.allocate(arena);
            for (double[][] each : gradients) {
                Dense.set(gradient, each);
                state.update(weight, gradient, Double.NaN, gradientScale, LEARNING_RATE, 0, workspace);
            }
            return Dense.of(weight);
        }
    }

    static Stream<Named<Rule>> scaleFreeAndAsgo() {
        var asgo = AsgoConfig.published().withDamping(Damping.relative(1 / CONDITION));
        return Stream.concat(scaleFree(), Stream.of(Named.of("asgo", new Asgo(asgo))));
    }

    /** Beyond it an element of the state or the weight may be infinite, for good. */
    @ParameterizedTest
    @MethodSource("withAsgoAndAdamW")
    void gradientsUpToTheLimitTrainAndALargerOneIsRefused(Rule rule) {
        try (Arena arena = Arena.ofShared(); var workers = new Workers(1)) {
            double limit = rule.newState(backend, arena, 6, 9).normLimit().largest();
            Matrix weight = backend.allocate(arena, 6, 9);
            Matrix gradient = backend.allocate(arena, 6, 9);
            OptimizerConfig unclipped = OptimizerConfig.published().withClipNorm(Double.POSITIVE_INFINITY);
            var group = new ParameterGroup("all", rule, Schedule.constant(0x1p-10f), 0,
                    List.of(Parameter.of("w", weight, gradient))); // SGD's sum of 60 steps has to be finite, too
            try (var optimizer = new Optimizer(backend, workers, unclipped, List.of(group))) {
                double[][] mostlyOne = Dense.scaled(0x1p-30, Dense.random(6, 9, random)); // so its norm is an element's
                mostlyOne[2][3] = 1;
                for (int t = 0; t < 60; t++) { // so that a momentum is nearly a gradient, and meets one of another sign
                    Dense.set(gradient, Dense.scaled(t < 57 ? 0x1p60 : -0x1p60, mostlyOne));
                    optimizer.step(0.999 * limit / 0x1p60);
                    assertTrue(Double.isFinite(Dense.norm(Dense.of(weight))), "seed=" + seed);
                }
                double[][] before = Dense.of(weight);
                String message = assertThrows(
                        ArithmeticException.class, () -> optimizer.step(1.001 * limit / 0x1p60)).getMessage();
                assertTrue(message.startsWith("parameter 'w', step 61: norm of the gradient is "), message);
                for (int i = 0; i < 6; i++) assertArrayEquals(before[i], Dense.of(weight)[i], "seed=" + seed);
                for (int t = 0; t < 4; t++) {
                    Dense.set(gradient, Dense.random(6, 9, random));
                    optimizer.step();
                    assertTrue(Double.isFinite(Dense.norm(Dense.of(weight))), "seed=" + seed);
                }
            }
        }
    }

    /** Multiples of float32's smallest number, and factors up to its largest power of two. */
    @ParameterizedTest
    @MethodSource("scaleFreeAndAsgo")
    void theFactorMayBeLargeWhereTheGradientIsTiny(Rule rule) {
        List<double[][]> tiny = gradients(4, 6, 9).stream().map(RuleFamilyTest::multiplesOfTheSmallest).toList();
        for (int exponent : new int[] {0, 3, 10, 60, 127}) {
            double[][] expected = Run.lastWeight(backend, rule, scaled(tiny, exponent), LEARNING_RATE);
            double[][] actual = lastWeight(rule, tiny, Math.scalb(1.0, exponent));
            assertTrue(Dense.norm(actual) > 0);
            for (int i = 0; i < 6; i++) assertArrayEquals(expected[i], actual[i], "2^" + exponent + " seed=" + seed);
        }
    }

    private static double[][] multiplesOfTheSmallest(double[][] a) {
        return Arrays.stream(a)
                .map(row -> Arrays.stream(row).map(x -> Math.rint(50 * x) * Float.MIN_VALUE).toArray())
                .toArray(double[][]::new);
    }

    @ParameterizedTest
    @MethodSource("onBlocks")
    void rowBlocksEqualSeparateWeights(Rule rule) {
        List<double[][]> g = gradients(5, 12, 16);
        double[][] blocked = Run.weights(backend, rule, g, LEARNING_RATE, new RowBlocks(List.of(4, 8))).getLast();
        double[][] top = Run.lastWeight(backend, rule, g.stream().map(x -> rows(x, 0, 4)).toList(), LEARNING_RATE);
        double[][] bottom = Run.lastWeight(backend, rule, g.stream().map(x -> rows(x, 4, 12)).toList(), LEARNING_RATE);
        for (int i = 0; i < 12; i++) assertArrayEquals(i < 4 ? top[i] : bottom[i - 4], blocked[i], "row " + i);
    }

    private static double[][] rows(double[][] a, int from, int to) {
        return Arrays.copyOfRange(a, from, to);
    }

    /** A state that was given another's fields goes on as that one does, bit for bit. */
    @ParameterizedTest
    @MethodSource("all")
    void namedFieldsAreTheWholeState(Rule rule) {
        int taken = 5;
        List<double[][]> g = new ArrayList<>(gradients(2 * taken, 7, 12));
        g.set(taken - 1, Dense.scaled(1e18, g.get(taken - 1))); // the unit has moved
        try (Arena arena = Arena.ofConfined()) {
            Matrix weight = backend.allocate(arena, 7, 12);
            Matrix resumedWeight = backend.allocate(arena, 7, 12);
            Matrix gradient = backend.allocate(arena, 7, 12);
            RuleState state = rule.newState(backend, arena, new RowBlocks(List.of(3, 4)), 12);
            RuleState resumed = rule.newState(backend, arena, new RowBlocks(List.of(3, 4)), 12);
            for (int t = 0; t < g.size(); t++) {
                if (t == taken) {
                    RecordedFields.of(state).loadInto(resumed);
                    backend.copy(weight, resumedWeight);
                }
                Dense.set(gradient, g.get(t));
                state.step(weight, gradient, LEARNING_RATE, 0.01f);
                if (t < taken) continue;
                resumed.step(resumedWeight, gradient, LEARNING_RATE, 0.01f);
                double[][] expected = Dense.of(weight);
                double[][] actual = Dense.of(resumedWeight);
                for (int i = 0; i < 7; i++) assertArrayEquals(expected[i], actual[i], "step " + t + " seed=" + seed);
            }
            assertEquals(state.steps(), resumed.steps());
            assertEquals(state.refreshes(), resumed.refreshes());
            assertEquals(RecordedFields.of(state).values().keySet(), RecordedFields.of(resumed).values().keySet());
        }
    }

    @ParameterizedTest
    @MethodSource("withAsgoAndAdamW")
    void buffersMayMoveAndHaveStrides(Rule rule) {
        double[][] start = Dense.random(5, 9, random);
        try (Arena arena = Arena.ofConfined()) {
            Matrix fixedWeight = backend.allocate(arena, 5, 9);
            Matrix fixedGradient = backend.allocate(arena, 5, 9);
            RuleState fixed = rule.newState(backend, arena, 5, 9);
            RuleState moving = rule.newState(backend, arena, 5, 9);
            Dense.set(fixedWeight, start);
            double[][] carried = start;
            for (double[][] g : gradients(4, 5, 9)) {
                Dense.set(fixedGradient, g);
                fixed.step(fixedWeight, fixedGradient, 0.1f, 0.01f);
                Matrix weight = backend.allocate(arena, 5, 13).colBlock(2, 9);
                Matrix gradient = backend.allocate(arena, 7, 20).colBlock(11, 9).rowBlock(1, 5);
                Dense.set(weight, carried);
                Dense.set(gradient, g);
                moving.step(weight, gradient, 0.1f, 0.01f);
                carried = Dense.of(weight);
            }
            // The products may run through other BLAS kernels for other strides, so not bit for bit (though it is with
            // OpenBLAS 0.3.31); a change of V reaches U through V^(−1/2), whose condition is √κ.
            double difference = Dense.relativeDifference(carried, Dense.of(fixedWeight));
            assertTrue(difference < roundings(4, 9) / Math.sqrt(CONDITION), () -> difference + " seed=" + seed);
        }
    }

    @ParameterizedTest
    @MethodSource("withAsgoAndAdamW")
    void decayIsDecoupled(Rule rule) {
        double[][] start = Dense.random(4, 6, random);
        List<double[][]> g = gradients(2, 4, 6);
        double[][] update = Run.lastWeight(backend, rule, g, 0.5f); // minus both updates, from zero
        double[][] first = Run.weights(backend, rule, g, 0.5f).getFirst();
        try (Arena arena = Arena.ofConfined()) {
            Matrix weight = backend.allocate(arena, 4, 6);
            Matrix gradient = backend.allocate(arena, 4, 6);
            RuleState state = rule.newState(backend, arena, 4, 6);
            Dense.set(weight, start);
            for (double[][] each : g) {
                Dense.set(gradient, each);
                state.step(weight, gradient, 0.5f, 0.25f);
            }
            double keep = 1 - 0.5 * 0.25;
            double firstKeep = rule instanceof Soap ? 1 : keep; // SOAP's first gradient makes its basis and no step
            double[][] expected = Dense.plus(Dense.scaled(keep * firstKeep, start), 1, update);
            expected = Dense.plus(expected, keep - 1, first);
            // Two products and two sums a step, in each of the two.
            double bound = 2 * Tolerance.gamma(4 * g.size(), ElementType.FLOAT32);
            assertTrue(Dense.relativeDifference(Dense.of(weight), expected) < bound, "seed=" + seed);
        }
    }

    @ParameterizedTest
    @MethodSource("withAsgoAndAdamW")
    void referenceBackendGivesTheSameTrajectory(Rule rule) {
        List<double[][]> g = gradients(6, 8, 8); // square: a wide one leaves SOAP free to choose in R's null space
        double[][] blas = Run.lastWeight(backend, rule, g, LEARNING_RATE);
        double[][] reference = Run.lastWeight(Backends.open(BackendName.REFERENCE), rule, g, LEARNING_RATE);
        double difference = Dense.relativeDifference(blas, reference);
        assertTrue(difference < roundings(6, 8), () -> difference + " seed=" + seed);
    }

    @Tag("allocation")
    @ParameterizedTest
    @MethodSource("all")
    void stepAllocatesNothing(Rule rule) {
        var threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        try (Arena arena = Arena.ofConfined()) {
            Matrix weight = backend.allocate(arena, 6, 14);
            Matrix gradient = backend.allocate(arena, 6, 14);
            Dense.set(gradient, Dense.random(6, 14, random));
            RuleState state = rule.newState(backend, arena, 6, 14);
            long allocated = Long.MAX_VALUE;
            long end = System.nanoTime() + PATIENCE_NANOS;
            while (allocated > 0 && System.nanoTime() < end) {
                long before = threads.getCurrentThreadAllocatedBytes();
                for (int i = 0; i < 200; i++) state.step(weight, gradient, 1e-3f, 0);
                allocated = threads.getCurrentThreadAllocatedBytes() - before;
            }
            assertEquals(0, allocated, "bytes in the last 200 steps");
        }
    }
}
