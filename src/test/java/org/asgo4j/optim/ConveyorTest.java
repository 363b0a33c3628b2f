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
import java.util.Random;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.BackendName;
import org.asgo4j.linalg.Backends;
import org.asgo4j.linalg.ElementType;
import org.asgo4j.linalg.FakeCuda;
import org.asgo4j.linalg.Matrix;
import org.asgo4j.linalg.Workers;
import org.asgo4j.testing.Matrices;
import org.asgo4j.testing.Seeds;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Weights and gradients of this computer's memory, stepped on a GPU while others are on their way. */
class ConveyorTest {
    private static final float LEARNING_RATE = 0.125f;
    private static final int STEPS = 4;

    /** The two last ones lie on the GPU. */
    private static final int[][] SHAPES = {{8, 5}, {12, 6}, {7, 9}, {9, 5}, {1, 11}, {4, 4}, {9, 7}, {5, 7}};

    private static final int ON_DEVICE = SHAPES.length - 2;

    /** That the memory of all can lie on, wherever it begins. */
    private static final int MOST_PAGES = 4;

    private static final String PAGELOCK = "asgo4j.cuda.pagelock";

    /** cudaErrorNotSupported. */
    private static final int NOT_SUPPORTED = 801;

    private static final long PATIENCE_NANOS = 120_000_000_000L;

    private final long seed = Seeds.next();

    @BeforeEach
    void fakeIsThere() {
        assumeTrue(FakeCuda.prepare(), FakeCuda.whyNot());
        assumeTrue(FakeCuda.isUsed(), "a real CUDA is tested: it can't be asked what it does when");
        FakeCuda.reset();
    }

    @AfterEach
    void nothingWasLeftOrMisused() {
        FakeCuda.resetAndRequireNothingLeft();
    }

    /** Whatever the order in which the GPU does its work, and whether memory could be page-locked. */
    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2})
    void weightsAreThoseOfStatesSteppedAloneOnTheGpu(int deferred) {
        double[][][] alone = alone();
        for (int workers = 1; workers <= 3; workers++) {
            for (boolean locked : new boolean[] {true, false}) {
                double[][][] uploaded = uploaded(deferred, workers, locked);
                for (int i = 0; i < SHAPES.length; i++) {
                    for (int row = 0; row < SHAPES[i][0]; row++) {
                        String what = "weight %d, %d workers, locked %s, seed=%d".formatted(i, workers, locked, seed);
                        assertArrayEquals(alone[i][row], uploaded[i][row], what);
                    }
                }
            }
        }
    }

    /** No registration, and the same weights; what is pinned by name is pinned; another value is refused. */
    @Test
    void pageLockingCanBeSwitchedOff() {
        double[][][] alone = alone();
        try {
            System.setProperty(PAGELOCK, "false");
            double[][][] uploaded = uploaded(1, 2, true);
            assertEquals(0, FakeCuda.calls("cudaHostRegister"));
            for (int i = 0; i < SHAPES.length; i++) {
                assertEquals(0, Dense.relativeDifference(uploaded[i], alone[i]), "weight " + i + ", seed=" + seed);
            }
            try (Backend backend = Backends.open(BackendName.CUDA); Arena arena = Arena.ofConfined()) {
                backend.pin(arena, Matrices.zeros(arena, ElementType.FLOAT32, 3, 4));
                assertEquals(1, FakeCuda.calls("cudaHostRegister"));
            }
            System.setProperty(PAGELOCK, "no");
            String message = assertThrows(IllegalArgumentException.class, () -> Backends.open(BackendName.CUDA))
                    .getMessage();
            assertEquals("asgo4j.cuda.pagelock must be true or false, got 'no'", message);
            System.setProperty(PAGELOCK, "true");
            uploaded(1, 1, true);
            assertTrue(FakeCuda.calls("cudaHostRegister") > 0);
        } finally {
            System.clearProperty(PAGELOCK);
        }
    }

    private static List<ParameterGroup> groups(List<Parameter> parameters) {
        Asgo asgo = new Asgo(AsgoConfig.defaults(BackendName.CUDA));
        AdamW adamW = new AdamW(new AdamWConfig(0.9, 0.95, 1e-8));
        return List.of(
                new ParameterGroup("asgo", asgo, Schedule.constant(LEARNING_RATE), 0.1f,
                        parameters.stream().filter(p -> p.weight().rows() > 1).toList()),
                new ParameterGroup("adamw", adamW, Schedule.constant(LEARNING_RATE), 0,
                        parameters.stream().filter(p -> p.weight().rows() == 1).toList()));
    }

    private static Parameter parameter(int i, Matrix weight, Matrix gradient) {
        return SHAPES[i][0] == 12
                ? new Parameter("w" + i, weight, gradient, RowBlocks.heads(12, 3))
                : Parameter.of("w" + i, weight, gradient);
    }

    /** Plain memory of malloc for the first ones, slices of one piece. */
    private static List<Parameter> parameters(Backend backend, Arena arena) {
        List<Parameter> parameters = new ArrayList<>();
        Matrix piece = Matrices.zeros(arena, ElementType.FLOAT32, 1, 2 * 12 * 12 * SHAPES.length);
        int at = 0;
        for (int i = 0; i < SHAPES.length; i++) {
            Matrix[] both = new Matrix[2];
            for (int j = 0; j < 2; j++, at += 12 * 12) {
                both[j] = i >= ON_DEVICE ? backend.allocate(arena, SHAPES[i][0], SHAPES[i][1])
                        : piece.colBlock(at, 12 * 12).reshape(ElementType.FLOAT32, SHAPES[i][0], SHAPES[i][1]);
            }
            parameters.add(parameter(i, both[0], both[1]));
        }
        return parameters;
    }

    private void setGradients(Backend backend, List<Parameter> parameters, int step) {
        for (int i = 0; i < SHAPES.length; i++) {
            Dense.write(backend, Dense.random(SHAPES[i][0], SHAPES[i][1], new Random(seed + 31 * i + step)),
                    parameters.get(i).gradient());
        }
    }

    private double[][][] uploaded(int deferred, int count, boolean locked) {
        FakeCuda.reset();
        try (Backend backend = Backends.open(BackendName.CUDA);
                Arena arena = Arena.ofShared();
                Workers workers = new Workers(count)) {
            List<Parameter> parameters = parameters(backend, arena);
            if (!locked) FakeCuda.fail("cudaHostRegister", 0, NOT_SUPPORTED);
            try (Optimizer optimizer = new Optimizer(backend, workers, config(), groups(parameters))) {
                FakeCuda.setDeferred(deferred);
                for (int n = 0; n < STEPS; n++) {
                    setGradients(backend, parameters, n);
                    optimizer.step();
                }
            }
            assertTrue(FakeCuda.calls("cudaHostRegister") <= MOST_PAGES, "neighbours on a page are locked at once");
            return parameters.stream().map(p -> Dense.read(backend, p.weight())).toArray(double[][][]::new);
        }
    }

    private static OptimizerConfig config() {
        return OptimizerConfig.published().withClipNorm(Double.POSITIVE_INFINITY).withObserveEvery(2);
    }

    private double[][][] alone() {
        try (Backend backend = Backends.open(BackendName.CUDA); Arena arena = Arena.ofShared()) {
            double[][][] weights = new double[SHAPES.length][][];
            for (int i = 0; i < SHAPES.length; i++) {
                Matrix weight = backend.allocate(arena, SHAPES[i][0], SHAPES[i][1]);
                Matrix gradient = backend.allocate(arena, SHAPES[i][0], SHAPES[i][1]);
                ParameterGroup group = groups(List.of(parameter(i, weight, gradient), other(backend, arena, i)))
                        .get(SHAPES[i][0] == 1 ? 1 : 0);
                RowBlocks blocks = group.parameters().getFirst().blocks();
                RuleState state = group.rule().newState(backend, arena, blocks, SHAPES[i][1]);
                for (int n = 0; n < STEPS; n++) {
                    var random = new Random(seed + 31 * i + n);
                    Dense.write(backend, Dense.random(SHAPES[i][0], SHAPES[i][1], random), gradient);
                    state.step(weight, gradient, LEARNING_RATE, group.weightDecay());
                }
                weights[i] = Dense.read(backend, weight);
            }
            return weights;
        }
    }

    /** One for the other group, which must not be empty. */
    private static Parameter other(Backend backend, Arena arena, int i) {
        int rows = SHAPES[i][0] == 1 ? 2 : 1;
        return Parameter.of("other", backend.allocate(arena, rows, 2), backend.allocate(arena, rows, 2));
    }

    /** A weight whose update fails is as it was, memory is unlocked, and the next step goes on. */
    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2})
    void afterAnErrorAllIsUnlockedAndTheWeightIsAsItWas(int deferred) {
        try (Backend real = Backends.open(BackendName.CUDA);
                Arena arena = Arena.ofShared();
                Workers workers = new Workers(1)) {
            boolean[] failing = {true};
            Backend faulty = FaultyBackend.around(real, (operation, arguments, done) -> {
                boolean update = operation.equals("gemm") && ((Matrix) arguments[6]).cols() == 9; // of w2, 7×9
                if (update && failing[0] && !done) throw new ArithmeticException("spoilt");
            });
            List<Parameter> parameters = parameters(faulty, arena);
            FakeCuda.setDeferred(deferred);
            try (Optimizer optimizer = new Optimizer(faulty, workers, config(), groups(parameters))) {
                setGradients(faulty, parameters, 1);
                String message = assertThrows(ArithmeticException.class, optimizer::step).getMessage();
                assertTrue(message.contains("parameter 'w2', step 1"), message);
                assertArrayEquals(new double[7][9], Dense.of(parameters.get(2).weight()));
                failing[0] = false;
                optimizer.step();
                for (Parameter p : parameters) assertTrue(real.sumOfSquares(p.weight()) > 0, p.name());
            }
        }
    }

    /** A matrix crosses the bus as often as the documentation says: G is uploaded twice, W once each way. */
    @Test
    void nothingIsCopiedMoreOftenThanSaid() {
        try (Backend backend = Backends.open(BackendName.CUDA);
                Arena arena = Arena.ofShared();
                Workers workers = new Workers(1)) {
            Matrix weight = Matrices.zeros(arena, ElementType.FLOAT32, 6, 5);
            Matrix gradient = Matrices.random(arena, 6, 5, seed);
            AdamW adamW = new AdamW(new AdamWConfig(0.9, 0.95, 1e-8));
            var group = new ParameterGroup("all", adamW, Schedule.constant(LEARNING_RATE), 0,
                    List.of(Parameter.of("w", weight, gradient)));
            var config = OptimizerConfig.published();
            try (Optimizer optimizer = new Optimizer(backend, workers, config, List.of(group))) {
                optimizer.step();
                long before = FakeCuda.calls("cudaMemcpyAsync");
                optimizer.step();
                int norm = 1; // comes back
                assertEquals(2 + 1 + 1 + norm, FakeCuda.calls("cudaMemcpyAsync") - before);
            }
        }
    }

    @Test
    @Tag("allocation")
    void aStepAllocatesNothing() {
        var threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long least = Long.MAX_VALUE;
        try (Backend backend = Backends.open(BackendName.CUDA);
                Arena arena = Arena.ofShared();
                Workers workers = new Workers(1)) {
            List<Parameter> parameters = parameters(backend, arena);
            setGradients(backend, parameters, 1);
            try (Optimizer optimizer = new Optimizer(backend, workers, config(), groups(parameters))) {
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
