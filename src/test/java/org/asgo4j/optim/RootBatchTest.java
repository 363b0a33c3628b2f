// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.optim;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.management.ThreadMXBean;
import java.lang.foreign.Arena;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.BackendName;
import org.asgo4j.linalg.Backends;
import org.asgo4j.linalg.DeviceException;
import org.asgo4j.linalg.ElementType;
import org.asgo4j.linalg.FakeCuda;
import org.asgo4j.linalg.Matrix;
import org.asgo4j.linalg.Workers;
import org.asgo4j.testing.Seeds;
import org.asgo4j.testing.Tolerance;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Roots that a GPU computes together, of several weights or of one's blocks, are those that it computes one by one, and
 * fail one by one.
 */
class RootBatchTest {
    private static final float LEARNING_RATE = 0.125f;
    private static final int STEPS = 5;
    private static final double DAMPING = 1e-2;

    /**
     * The part of λ_max that 16 power iterations may leave out of gram matrices like these. With 1000 seeds weights
     * differed by 0.0093 at most for it, and by 3e-7 with 400 iterations.
     */
    private static final double ESTIMATE = 0.05;

    /** CUSOLVER_STATUS_INVALID_VALUE. */
    private static final int INVALID_VALUE = 3;

    /** Orders 5, 7 and one of its own; then weights with blocks. */
    private static final int[][] SHAPES = {
        {8, 5}, {5, 12}, {7, 9}, {9, 5}, {30, 5}, {9, 7}, {3, 4}, {12, 10}, {12, 10}, {15, 20}, {11, 20}
    };

    private static final Map<Integer, RowBlocks> BLOCKS = Map.of(7, RowBlocks.heads(12, 3), 8, RowBlocks.heads(12, 3),
            9, RowBlocks.heads(15, 5), 10, new RowBlocks(List.of(4, 4, 3)));

    /** In the computer's memory. */
    private static final Set<Integer> ON_HOST = Set.of(3, 9);

    /** Orders 5 and 7; 4 of the blocks of two weights; 3 of those in the computer's memory; 4 of the last one's. */
    private static final int BATCHES = 5;

    /** The root's products that one batch needs, and its power iterations' at most. */
    private static final int PRODUCTS = 37;
    private static final int ITERATIONS = 16;

    /** How long compilation may take before what a step allocates counts as allocated by our code. */
    private static final long PATIENCE_NANOS = 120_000_000_000L;

    private final long seed = Seeds.next();

    @BeforeEach
    void cudaIsThere() {
        assumeTrue(FakeCuda.prepare(), FakeCuda.whyNot());
    }

    /** A rule and how many batches one root of all weights takes. */
    private record Trial(AsgoConfig config, int batches) {
        Asgo rule() {
            return new Asgo(config);
        }

        int roots() {
            return Math.ceilDiv(STEPS, ((Refresh.Every) config.refresh()).interval());
        }

        boolean eigen() {
            return config.root().method() == RootMethod.EIGEN;
        }
    }

    private static AsgoConfig eigen() {
        return AsgoConfig.defaults(BackendName.CUDA).withRootMethod(RootMethod.EIGEN)
                .withDamping(Damping.relative(DAMPING));
    }

    static Stream<Named<Trial>> trials() {
        AsgoConfig config = AsgoConfig.defaults(BackendName.CUDA).withDamping(Damping.relative(DAMPING));
        AsgoConfig published = AsgoConfig.published().withRootMethod(RootMethod.POLAR_EXPRESS)
                .withDamping(Damping.relative(DAMPING));
        var split = new SizeLimit(3, SizeLimit.Beyond.SPLIT); // 5 = 3 + 2, 7 = 3 + 2 + 2, 4 = 2 + 2
        return Stream.of(
                Named.of("defaults", new Trial(config, BATCHES)),
                Named.of("published", new Trial(published, BATCHES)),
                Named.of("every third", new Trial(config.withRefreshInterval(3), BATCHES)),
                Named.of("float64", new Trial(config.withRootPrecision(ElementType.FLOAT64), BATCHES)),
                Named.of("split", new Trial(config.withSizeLimit(split), BATCHES + 2)),
                Named.of("eigen", new Trial(eigen(), BATCHES)),
                Named.of("eigen, every third", new Trial(eigen().withRefreshInterval(3), BATCHES)),
                Named.of("eigen, split", new Trial(eigen().withSizeLimit(split), BATCHES + 2)),
                Named.of("eigen, float64", new Trial(eigen().withRootPrecision(ElementType.FLOAT64), BATCHES)));
    }

    @ParameterizedTest
    @MethodSource("trials")
    void theyAreThoseOfStatesSteppedAlone(Trial trial) {
        Asgo rule = trial.rule();
        int expected = trial.batches() * trial.roots();
        for (int workers = 1; workers <= 2; workers++) {
            try (Backend backend = Backends.open(BackendName.CUDA); Arena arena = Arena.ofShared()) {
                long products = FakeCuda.isUsed() ? products() : 0;
                long decompositions = FakeCuda.isUsed() ? FakeCuda.calls("cusolverDnXsyevBatched") : 0;
                double[][][] together = together(backend, arena, rule, workers, STEPS);
                if (FakeCuda.isUsed()) {
                    products = products() - products;
                    decompositions = FakeCuda.calls("cusolverDnXsyevBatched") - decompositions;
                    assertEquals(trial.eigen() ? expected : 0, decompositions, "batched decompositions");
                    int least = trial.eigen() ? 0 : expected * PRODUCTS;
                    int most = trial.eigen() ? 0 : expected * (PRODUCTS + ITERATIONS);
                    assertTrue(least <= products && products <= most, "batched products: " + products);
                }
                double[][][] alone = alone(backend, arena, rule);
                for (int i = 0; i < SHAPES.length; i++) assertSame(alone[i], together[i], "weight " + i);
            }
        }
    }

    private static long products() {
        return FakeCuda.calls("cublasSgemmStridedBatched") + FakeCuda.calls("cublasDgemmStridedBatched");
    }

    /** To the bit on the fake, whose sums have one order; else to a product's rounding, which a root multiplies. */
    private void assertSame(double[][] expected, double[][] actual, String what) {
        if (FakeCuda.isUsed()) {
            for (int i = 0; i < expected.length; i++) assertArrayEquals(expected[i], actual[i], what + " seed=" + seed);
        } else {
            double bound = STEPS * Tolerance.gamma(30, ElementType.FLOAT32) / DAMPING;
            assertTrue(Dense.relativeDifference(actual, expected) < bound, what + " seed=" + seed);
        }
    }

    /** Gradients of step {@code n}, of magnitudes that differ by far; the second weight's first one is of zeros. */
    private double[][] gradient(int i, int n) {
        if (i == 1 && n == 0) return new double[SHAPES[i][0]][SHAPES[i][1]];
        double magnitude = i == 4 ? 1e-22 : Math.scalb(1.0, 4 * i); // the one's squares leave float32
        return Dense.scaled(magnitude, Dense.random(SHAPES[i][0], SHAPES[i][1], new Random(seed + 31 * i + n)));
    }

    private double[][][] together(Backend backend, Arena arena, Asgo rule, int count, int steps) {
        List<Parameter> parameters = parameters(backend, arena);
        try (Workers workers = new Workers(count);
                Optimizer optimizer = optimizer(backend, workers, rule, parameters)) {
            for (int n = 0; n < steps; n++) {
                for (int i = 0; i < SHAPES.length; i++)
                    Dense.write(backend, gradient(i, n), parameters.get(i).gradient());
                optimizer.step();
            }
        }
        return parameters.stream().map(p -> Dense.read(backend, p.weight())).toArray(double[][][]::new);
    }

    private static List<Parameter> parameters(Backend backend, Arena arena) {
        List<Parameter> parameters = new ArrayList<>();
        for (int i = 0; i < SHAPES.length; i++) {
            Matrix[] both = new Matrix[2];
            for (int j = 0; j < 2; j++) {
                both[j] = ON_HOST.contains(i) ? backend.allocateHost(arena, SHAPES[i][0], SHAPES[i][1])
                        : backend.allocate(arena, SHAPES[i][0], SHAPES[i][1]);
            }
            parameters.add(new Parameter("w" + i, both[0], both[1], blocks(i)));
        }
        return parameters;
    }

    private static RowBlocks blocks(int i) {
        return BLOCKS.getOrDefault(i, RowBlocks.whole(SHAPES[i][0]));
    }

    private static Optimizer optimizer(Backend backend, Workers workers, Asgo rule, List<Parameter> parameters) {
        var group = new ParameterGroup("all", rule, Schedule.constant(LEARNING_RATE), 0, parameters);
        var config = OptimizerConfig.published().withClipNorm(Double.POSITIVE_INFINITY).withObserveEvery(2);
        return new Optimizer(backend, workers, config, List.of(group));
    }

    private double[][][] alone(Backend backend, Arena arena, Asgo rule) {
        List<Parameter> parameters = parameters(backend, arena);
        double[][][] weights = new double[SHAPES.length][][];
        for (int i = 0; i < SHAPES.length; i++) {
            Parameter p = parameters.get(i);
            RuleState state = rule.newState(backend, arena, blocks(i), SHAPES[i][1]);
            for (int n = 0; n < STEPS; n++) {
                Dense.write(backend, gradient(i, n), p.gradient());
                state.step(p.weight(), p.gradient(), LEARNING_RATE, 0);
            }
            weights[i] = Dense.read(backend, p.weight());
        }
        return weights;
    }

    /** One block of one product is spoilt: its weight's root is computed in float64, the others' are as ever. */
    @Test
    void oneThatFailsGoesDownItsOwnLadder() {
        Asgo rule = new Asgo(AsgoConfig.defaults(BackendName.CUDA).withDamping(Damping.relative(DAMPING)));
        try (Backend real = Backends.open(BackendName.CUDA); Arena arena = Arena.ofShared()) {
            double[][][] good = together(real, arena, rule, 1, 2);
            int[] calls = new int[1];
            Backend faulty = FaultyBackend.around(real, (operation, arguments, done) -> {
                if (!operation.equals("gemmBlocks") || !done) return;
                Matrix c = (Matrix) arguments[5];
                boolean square = c.rows() / (int) arguments[0] == c.cols(); // of the root, not of the power iteration
                if (square && calls[0]++ == 0) real.fill(Double.NaN, c.rowBlock(0, c.cols()));
            });
            double[][][] spoilt = together(faulty, arena, rule, 1, 2);
            // The damping is relative to an estimate of λ_max here, and to λ_max in float64: half of what they differ
            // by is the most that the root of a direction does. 37 products of order 20 at most, the roundings of each
            // multiplied by κ(V) ≤ 1 + 1/δ.
            double tolerance = ESTIMATE / 2 + 37 * Tolerance.gamma(20, ElementType.FLOAT32) * (1 + 1 / DAMPING);
            int different = 0;
            for (int i = 0; i < SHAPES.length; i++) {
                double difference = Dense.relativeDifference(spoilt[i], good[i]);
                assertTrue(difference < tolerance, "float64's exact root is near PolarExpress's: " + difference);
                if (difference > 0) different++;
            }
            assertTrue(calls[0] > 1, "batches were computed");
            assertEquals(1, different, "weights with another root, seed=" + seed);
        }
    }

    /** One matrix of one batch does not converge: its weight's root is computed in float64, the others' are as ever. */
    @Test
    void oneThatDoesNotConvergeGoesDownItsOwnLadder() {
        assumeTrue(FakeCuda.isUsed(), "a real CUDA can't be made to fail");
        try (Backend backend = Backends.open(BackendName.CUDA);
                Arena arena = Arena.ofShared();
                Workers workers = new Workers(1)) {
            double[][][] good = together(backend, arena, new Asgo(eigen()), 1, 2);
            List<Parameter> parameters = parameters(backend, arena);
            try (Optimizer optimizer = optimizer(backend, workers, new Asgo(eigen()), parameters)) {
                long retries = 0;
                for (int n = 0; n < 2; n++) {
                    for (int i = 0; i < SHAPES.length; i++)
                        Dense.write(backend, gradient(i, n), parameters.get(i).gradient());
                    if (n == 1) FakeCuda.failMatrix(1, 2);
                    retries = optimizer.step().rootRetries();
                }
                assertEquals(1, retries, "roots in float64");
            }
            int different = 0;
            for (int i = 0; i < SHAPES.length; i++) {
                double[][] weight = Dense.read(backend, parameters.get(i).weight());
                double difference = Dense.relativeDifference(weight, good[i]);
                double bound = 2 * Tolerance.gamma(30, ElementType.FLOAT32) / DAMPING;
                assertTrue(difference < bound, "float64's root is float32's: " + difference + " seed=" + seed);
                if (difference > 0) different++;
            }
            assertTrue(different <= 1, different + " weights with another root, seed=" + seed);
        }
    }

    /** Of a weight with blocks, on a CPU: the same weight, and as many steps. */
    @Test
    void twoHalvesAreOneStep() {
        Asgo rule = new Asgo(eigen());
        try (Backend backend = Backends.open(BackendName.OPENBLAS); Arena arena = Arena.ofConfined()) {
            RuleState whole = rule.newState(backend, arena, RowBlocks.heads(6, 2), 4);
            RuleState halved = rule.newState(backend, arena, RowBlocks.heads(6, 2), 4);
            var workspace = new Workspace(backend);
            halved.reserve(workspace);
            workspace.allocate(arena);
            Matrix gradient = backend.allocate(arena, 6, 4);
            Matrix expected = backend.allocate(arena, 6, 4);
            Matrix actual = backend.allocate(arena, 6, 4);
            for (int n = 0; n < STEPS; n++) {
                Dense.set(gradient, Dense.random(6, 4, new Random(seed + n)));
                whole.step(expected, gradient, LEARNING_RATE, 0);
                Halves halves = (Halves) halved;
                halves.prepare(gradient, Double.NaN, 1, workspace);
                for (AsgoState each : halves.batched()) each.refresh(workspace);
                halves.complete(actual, gradient, 1, LEARNING_RATE, 0, workspace);
            }
            assertEquals(STEPS, halved.steps());
            assertEquals(whole.refreshes(), halved.refreshes());
            assertEquals(0, Dense.relativeDifference(Dense.of(actual), Dense.of(expected)), "seed=" + seed);
        }
    }

    /** Where cuSOLVER has no batched decomposition, roots are computed alone, and are the same. */
    @Test
    void withoutABatchedDecompositionEachIsComputedAlone() {
        try (Backend real = Backends.open(BackendName.CUDA); Arena arena = Arena.ofShared()) {
            Backend older = FaultyBackend.without("eighBlocks", real);
            double[][][] together = together(older, arena, new Asgo(eigen()), 1, STEPS);
            double[][][] alone = alone(real, arena, new Asgo(eigen()));
            for (int i = 0; i < SHAPES.length; i++) assertSame(alone[i], together[i], "weight " + i);
        }
    }

    /** A batch that can't be begun ends the step with an error that names the call; the next step goes on. */
    @Test
    void aBatchThatFailsAsAWholeIsNamed() {
        assumeTrue(FakeCuda.isUsed(), "a real CUDA can't be made to fail");
        for (String function : List.of("cusolverDnCreateParams", "cusolverDnXsyevBatched_bufferSize",
                "cusolverDnXsyevBatched")) {
            FakeCuda.reset();
            try (Backend backend = Backends.open(BackendName.CUDA);
                    Arena arena = Arena.ofShared();
                    Workers workers = new Workers(1)) {
                List<Parameter> parameters = parameters(backend, arena);
                try (Optimizer optimizer = optimizer(backend, workers, new Asgo(eigen()), parameters)) {
                    for (int i = 0; i < SHAPES.length; i++)
                        Dense.write(backend, gradient(i, 1), parameters.get(i).gradient());
                    FakeCuda.fail(function, 0, INVALID_VALUE);
                    String message = assertThrows(DeviceException.class, optimizer::step).getMessage();
                    assertTrue(message.startsWith(function + ": CUSOLVER_STATUS_INVALID_VALUE"), message);
                    optimizer.step();
                    for (Parameter p : parameters) assertTrue(backend.sumOfSquares(p.weight()) > 0, p.name());
                }
            }
            FakeCuda.resetAndRequireNothingLeft();
        }
    }

    /** A root that was found with another's, whose taking over failed, is not that of a later gram matrix. */
    @ParameterizedTest
    @EnumSource(value = RootMethod.class, names = {"POLAR_EXPRESS", "EIGEN"})
    void aRootThatWasNotTakenOverIsForgotten(RootMethod method) {
        Asgo rule = new Asgo(AsgoConfig.defaults(BackendName.CUDA).withDamping(Damping.relative(DAMPING))
                .withRootMethod(method));
        try (Backend real = Backends.open(BackendName.CUDA); Arena arena = Arena.ofShared()) {
            boolean[] found = new boolean[1];
            Backend faulty = FaultyBackend.around(real, (operation, arguments, done) -> {
                if (operation.equals("gemmBlocks") || operation.equals("eighBlocks")) found[0] = true;
                if (operation.equals("symmetrize") && found[0]) throw new ArithmeticException("spoilt");
            });
            AsgoState[] states = {prepared(faulty, arena, rule), prepared(faulty, arena, rule)};
            RootBatch batch = RootBatch.of(faulty, states);
            var workspace = new Workspace(real);
            for (AsgoState each : states) each.reserve(workspace);
            batch.reserve(workspace);
            workspace.allocate(arena);
            assertThrows(ArithmeticException.class, () -> batch.refresh(workspace));
            assertTrue(found[0], "roots were found together");
            found[0] = false;
            assertSame(stepped(real, arena, prepared(real, arena, rule)), stepped(real, arena, states[1]), "2nd");
        }
    }

    /** With the first gradient taken in, and no step. */
    private AsgoState prepared(Backend backend, Arena arena, Asgo rule) {
        var state = (AsgoState) rule.newState(backend, arena, 8, 5);
        var workspace = new Workspace(backend);
        state.reserve(workspace);
        workspace.allocate(arena);
        Matrix gradient = backend.allocate(arena, 8, 5);
        Dense.write(backend, gradient(0, 1), gradient);
        state.prepare(gradient, Double.NaN, 1, workspace);
        return state;
    }

    /** The weight after a step of the second gradient. */
    private double[][] stepped(Backend backend, Arena arena, AsgoState state) {
        Matrix weight = backend.allocate(arena, 8, 5);
        Matrix gradient = backend.allocate(arena, 8, 5);
        Dense.write(backend, gradient(0, 2), gradient);
        state.step(weight, gradient, LEARNING_RATE, 0);
        return Dense.read(backend, weight);
    }

    /** After an error in the middle the next step is taken, of all weights. */
    @Test
    void anAbortedStepIsFollowedByAnother() {
        Asgo rule = new Asgo(AsgoConfig.defaults(BackendName.CUDA).withDamping(Damping.relative(DAMPING)));
        try (Backend real = Backends.open(BackendName.CUDA);
                Arena arena = Arena.ofShared();
                Workers workers = new Workers(1)) {
            boolean[] failing = {true};
            Backend faulty = FaultyBackend.around(real, (operation, arguments, done) -> {
                boolean alone = operation.equals("symm") && ((Matrix) arguments[1]).rows() == 5; // w3's root
                if (failing[0] && alone && !done) throw new ArithmeticException("spoilt");
            });
            List<Parameter> parameters = parameters(faulty, arena);
            try (Optimizer optimizer = optimizer(faulty, workers, rule, parameters)) {
                for (int i = 0; i < SHAPES.length; i++) Dense.write(real, gradient(i, 1), parameters.get(i).gradient());
                String message = assertThrows(ArithmeticException.class, optimizer::step).getMessage();
                assertTrue(message.contains("parameter 'w3', step 1"), message);
                failing[0] = false;
                optimizer.step();
                for (Parameter p : parameters) {
                    assertTrue(Double.isFinite(real.sumOfSquares(p.weight())) && real.sumOfSquares(p.weight()) > 0);
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource(value = RootMethod.class, names = {"POLAR_EXPRESS", "EIGEN"})
    void aCpuHasNone(RootMethod method) {
        Asgo rule = new Asgo(AsgoConfig.defaults().withRootMethod(method));
        try (Backend real = Backends.open(BackendName.OPENBLAS); Arena arena = Arena.ofShared()) {
            int[] calls = new int[1];
            Backend counting = FaultyBackend.around(real, (operation, arguments, done) -> {
                if (operation.endsWith("Blocks")) calls[0]++;
            });
            together(counting, arena, rule, 1, 1);
            assertEquals(0, calls[0]);
        }
    }

    @ParameterizedTest
    @EnumSource(value = RootMethod.class, names = {"POLAR_EXPRESS", "EIGEN"})
    @Tag("allocation")
    void aStepAllocatesNothing(RootMethod method) {
        Asgo rule = new Asgo(eigen().withRootMethod(method));
        var threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long least = Long.MAX_VALUE;
        try (Backend backend = Backends.open(BackendName.CUDA);
                Arena arena = Arena.ofShared();
                Workers workers = new Workers(1)) {
            List<Parameter> parameters = parameters(backend, arena);
            for (int i = 0; i < SHAPES.length; i++) Dense.write(backend, gradient(i, 1), parameters.get(i).gradient());
            try (Optimizer optimizer = optimizer(backend, workers, rule, parameters)) {
                long deadline = System.nanoTime() + PATIENCE_NANOS; // the first compilers' code does allocate
                while (least > 0 && System.nanoTime() < deadline) {
                    for (int i = 0; i < 100; i++) optimizer.step();
                    long before = threads.getCurrentThreadAllocatedBytes();
                    for (int i = 0; i < 20; i++) optimizer.step();
                    least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
                }
            }
        }
        assertEquals(0, least, "bytes allocated in 20 steps");
    }
}
