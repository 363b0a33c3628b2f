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
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.BackendName;
import org.asgo4j.linalg.Backends;
import org.asgo4j.linalg.FakeCuda;
import org.asgo4j.linalg.Workers;
import org.asgo4j.optim.OptimizerConfig.ZeroGradientPolicy;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

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
