// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.optim;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.BackendName;
import org.asgo4j.linalg.Backends;
import org.asgo4j.linalg.ElementType;
import org.asgo4j.linalg.FakeCuda;
import org.asgo4j.linalg.Matrix;
import org.asgo4j.linalg.Workers;
import org.asgo4j.optim.OptimizerConfig.ZeroGradientPolicy;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** A weight whose gradient is zero is left out of a step, or is stepped like any other. */
class ZeroGradientTest {
    private static final int ROWS = 6;
    private static final int COLS = 9;
    private static final int WEIGHTS = 3;

    /** Of which steps the first weight has a gradient. */
    private static final boolean[] PRESENT = {true, false, true, true, false, false, true};

    private static Rule rule(String name, BackendName backend) {
        return switch (name) {
            case "asgo" -> new Asgo(AsgoConfig.defaults(backend));
            case "eigen" -> new Asgo(AsgoConfig.published().withDamping(Damping.relative(1e-2)));
            case "adamw" -> new AdamW(AdamWConfig.published());
            case "muon" -> new Muon(MuonConfig.published());
            default -> new Lion(LionConfig.published());
        };
    }

    private static void prepare(BackendName backend) {
        if (backend == BackendName.CUDA) assumeTrue(FakeCuda.prepare(), FakeCuda.whyNot());
    }

    /** Left out, it is at the end what it is without those steps; the others don't notice. */
    @ParameterizedTest
    @CsvSource({
        "OPENBLAS, asgo", "OPENBLAS, eigen", "OPENBLAS, adamw", "OPENBLAS, muon", "OPENBLAS, lion", "CUDA, asgo",
        "CUDA, eigen", "CUDA, adamw"
    })
    void leftOutItIsAsIfTheStepHadNotBeen(BackendName backend, String rule) {
        prepare(backend);
        double[][][] skipping = train(backend, rule, ZeroGradientPolicy.SKIP, PRESENT);
        double[][][] always = train(backend, rule, ZeroGradientPolicy.SKIP, allPresent(PRESENT.length));
        double[][][] fewer = train(backend, rule, ZeroGradientPolicy.SKIP, allPresent(count()));
        assertSame(fewer[0], skipping[0]);
        for (int i = 1; i < WEIGHTS; i++) assertSame(always[i], skipping[i]);
    }

    /** Its momentum takes it on, with the length that the rule gives to every update. */
    @ParameterizedTest
    @CsvSource({"OPENBLAS, asgo", "OPENBLAS, muon", "OPENBLAS, lion", "OPENBLAS, adamw"})
    void steppedItMovesOn(BackendName backend, String rule) {
        double[][][] once = train(backend, rule, ZeroGradientPolicy.STEP, new boolean[] {true});
        double[][][] twice = train(backend, rule, ZeroGradientPolicy.STEP, new boolean[] {true, false});
        assertTrue(Dense.relativeDifference(twice[0], once[0]) > 1e-3);
    }

    /** Rules whose updates have one length. */
    static Stream<Rule> ofOneLength() {
        AsgoConfig relative = AsgoConfig.published().withDamping(Damping.relative(1e-6));
        Stream<AsgoConfig> methods = Arrays.stream(RootMethod.values())
                .flatMap(m -> Stream.of(AsgoConfig.defaults().withRootMethod(m), relative.withRootMethod(m)));
        Stream<AsgoConfig> others = Stream.of(
                relative.withBetas(0.9, 0.5), relative.withBetas(0.9, 0.99), relative.withRefreshInterval(7),
                relative.withAccumulation(Accumulation.SUM), relative.withRootPrecision(ElementType.FLOAT64),
                relative.withEigenvalueCorrection(true), relative.withEigenvalueCorrection(true).withBetas(0.9, 0.5));
        return Stream.concat(Stream.concat(methods, others).map(Asgo::new), Stream.of(
                new Muon(MuonConfig.published()), new Muon(MuonConfig.published().withNesterov(true)),
                new Dasgo(DasgoConfig.published()), new Dasgo(DasgoConfig.published().withEpsilon(0))));
    }

    /** Never the direction of rounding: as long as there is an update it is the first one's, and then there is none. */
    @ParameterizedTest
    @MethodSource("ofOneLength")
    void throughZerosTheDirectionStaysUntilItEnds(Rule rule) {
        var random = new Random(WEIGHTS);
        try (Backend backend = Backends.open(BackendName.OPENBLAS); Arena arena = Arena.ofConfined()) {
            Matrix weight = backend.allocate(arena, ROWS, COLS);
            Matrix gradient = backend.allocate(arena, ROWS, COLS);
            RuleState state = rule.newState(backend, arena, ROWS, COLS);
            for (int t = 0; t < 5; t++) update(state, weight, gradient, Dense.random(ROWS, COLS, random));
            double[][] zeros = new double[ROWS][COLS];
            for (int t = 0; t < 30; t++) update(state, weight, gradient, zeros); // QR's basis turns for so long
            double[][] first = update(state, weight, gradient, zeros);
            double length = Dense.norm(first);
            for (int t = 0; t < 1500; t++) {
                double[][] next = update(state, weight, gradient, zeros);
                boolean ended = Dense.norm(next) == 0;
                assertTrue(!ended || t > 60, "ended after " + t); // β₂ = 0.5 has 2^−100 after 100
                if (ended) length = 0;
                // Muon's iterations bring singular values near 1, not to 1.
                assertEquals(length, Dense.norm(next), 0.1 * length, "step " + t);
                double cosine = Dense.inner(first, next) / Dense.norm(first) / Dense.norm(next);
                assertTrue(ended || cosine > 0.99, "step " + t + ": " + cosine);
            }
            assertEquals(0, length);
            var counts = new RootCounts();
            state.addCounts(counts);
            assertEquals(0, counts.retries);
            double[][] again = update(state, weight, gradient, Dense.random(ROWS, COLS, random));
            assertEquals(Dense.norm(first), Dense.norm(again), 0.1 * Dense.norm(first));
        }
    }

    /** What a step with this gradient moves the weight by. */
    private static double[][] update(RuleState state, Matrix weight, Matrix gradient, double[][] g) {
        Dense.set(weight, new double[ROWS][COLS]);
        Dense.set(gradient, g);
        state.step(weight, gradient, 1, 0);
        return Dense.of(weight);
    }

    private static int count() {
        int present = 0;
        for (boolean each : PRESENT) present += each ? 1 : 0;
        return present;
    }

    private static boolean[] allPresent(int steps) {
        boolean[] all = new boolean[steps];
        Arrays.fill(all, true);
        return all;
    }

    /** The weights in the end; the gradients of each are drawn from a seed of its own, those of zeros aside. */
    private static double[][][] train(
            BackendName name, String rule, ZeroGradientPolicy policy, boolean[] present) {
        OptimizerConfig config = OptimizerConfig.published().withClipNorm(Double.POSITIVE_INFINITY)
                .withZeroGradients(policy).withObserveEvery(2);
        try (Backend backend = Backends.open(name); Arena arena = Arena.ofShared(); Workers workers = new Workers(2)) {
            Parameter[] parameters = new Parameter[WEIGHTS];
            Random[] randoms = new Random[WEIGHTS];
            for (int i = 0; i < WEIGHTS; i++) {
                parameters[i] = Parameter.of("w" + i, backend.allocate(arena, ROWS, COLS),
                        backend.allocate(arena, ROWS, COLS));
                randoms[i] = new Random(i);
                Dense.write(backend, Dense.random(ROWS, COLS, randoms[i]), parameters[i].weight());
            }
            var group = new ParameterGroup("all", rule(rule, name), Schedule.constant(0.1f), 0.1f,
                    List.of(parameters));
            try (Optimizer optimizer = new Optimizer(backend, workers, config, List.of(group))) {
                for (boolean has : present) {
                    for (int i = 0; i < WEIGHTS; i++) {
                        boolean zero = i == 0 && !has;
                        Dense.write(backend, zero ? new double[ROWS][COLS] : Dense.random(ROWS, COLS, randoms[i]),
                                parameters[i].gradient());
                    }
                    StepReport report = optimizer.step();
                    assertTrue(report.step() % 2 == 1 || report.updateRatio() > 0, report::toString);
                }
                assertEquals(present.length, optimizer.steps());
            }
            return Arrays.stream(parameters).map(p -> Dense.read(backend, p.weight())).toArray(double[][][]::new);
        }
    }

    private static void assertSame(double[][] expected, double[][] actual) {
        for (int i = 0; i < ROWS; i++) assertArrayEquals(expected[i], actual[i]);
    }
}
