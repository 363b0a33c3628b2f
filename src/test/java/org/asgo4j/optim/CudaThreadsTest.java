// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.optim;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.BackendName;
import org.asgo4j.linalg.Backends;
import org.asgo4j.linalg.FakeCuda;
import org.asgo4j.linalg.Matrix;
import org.asgo4j.linalg.Side;
import org.asgo4j.linalg.Workers;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What one thread has queued on a GPU is done when another goes on with it. */
class CudaThreadsTest {
    private static final int ROWS = 8;
    private static final int COLS = 5;
    private static final int ORDER = 6;

    /** So that a loaded root is used. */
    private static final int INTERVAL = 4;

    private static final float LEARNING_RATE = 0.125f;
    private static final Damping DAMPING = Damping.relative(1e-2);

    @TempDir
    private Path folder;

    @BeforeEach
    void fakeIsThere() {
        assumeTrue(FakeCuda.prepare(), FakeCuda.whyNot());
        assumeTrue(FakeCuda.isUsed(), "a real CUDA is tested: when it does its work can't be chosen");
        FakeCuda.reset();
    }

    @AfterEach
    void nothingWasLeftOrMisused() {
        FakeCuda.resetAndRequireNothingLeft();
    }

    @ParameterizedTest
    @EnumSource(RootMethod.class)
    void aLoadedStateIsSteppedByAnyThread(RootMethod method) throws IOException, InterruptedException {
        double[][] same = loadedAndStepped(method, false);
        double[][] other = loadedAndStepped(method, true);
        for (int i = 0; i < ROWS; i++) assertArrayEquals(same[i], other[i]);
    }

    private double[][] loadedAndStepped(RootMethod method, boolean onAnother) throws IOException, InterruptedException {
        AsgoConfig config = AsgoConfig.defaults().withDamping(DAMPING).withRootMethod(method)
                .withRefreshInterval(INTERVAL);
        Path file = folder.resolve("state" + onAnother);
        Random random = new Random(1);
        try (Backend backend = Backends.open(BackendName.CUDA); Arena arena = Arena.ofShared();
                Workers workers = new Workers(1)) {
            Parameter w = Parameter.of("w", backend.allocate(arena, ROWS, COLS), backend.allocate(arena, ROWS, COLS));
            var group = new ParameterGroup("all", new Asgo(config), Schedule.constant(LEARNING_RATE), 0, List.of(w));
            try (var optimizer = new Optimizer(backend, workers, OptimizerConfig.published(), List.of(group))) {
                for (int i = 0; i < INTERVAL / 2; i++) {
                    Dense.write(backend, Dense.random(ROWS, COLS, random), w.gradient());
                    optimizer.step();
                }
                optimizer.save(file);
            }
            Dense.write(backend, Dense.random(ROWS, COLS, random), w.gradient());
            try (var optimizer = new Optimizer(backend, workers, OptimizerConfig.published(), List.of(group))) {
                optimizer.load(file);
                if (onAnother) Thread.ofPlatform().start(optimizer::step).join();
                else optimizer.step();
            }
            return Dense.read(backend, w.weight());
        }
    }

    /** The caller is one of the workers, but not the only one, and the others have streams of their own. */
    @Test
    void whatTheCallerHasQueuedIsThereForAllWorkers() {
        try (Backend real = Backends.open(BackendName.CUDA); Arena arena = Arena.ofShared();
                Workers workers = new Workers(2)) {
            Thread caller = Thread.currentThread();
            var measuredByTheOther = new CountDownLatch(1);
            Backend backend = FaultyBackend.around(real, (operation, arguments, done) -> {
                if (!operation.equals("sumOfSquares")) return;
                boolean isCaller = Thread.currentThread() == caller;
                if (isCaller && !done) await(measuredByTheOther);
                if (!isCaller && done) measuredByTheOther.countDown();
            });
            List<Parameter> parameters = Stream.of("v", "w").map(name -> Parameter.of(
                    name, backend.allocate(arena, ROWS, COLS), backend.allocate(arena, ROWS, COLS))).toList();
            Rule rule = new AdamW(new AdamWConfig(0.9, 0.95, 1e-8));
            var group = new ParameterGroup("all", rule, Schedule.constant(LEARNING_RATE), 0, parameters);
            try (var optimizer = new Optimizer(backend, workers, OptimizerConfig.published(), List.of(group))) {
                for (Parameter each : parameters) backend.fill(2, each.gradient());
                assertEquals(Math.sqrt(2 * ROWS * COLS * 4), optimizer.step().gradientNorm());
            }
        }
    }

    private static void await(CountDownLatch latch) {
        try {
            assertTrue(latch.await(1, TimeUnit.MINUTES), "the other worker did nothing");
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /**
     * Newton's basis and root are of the last gram matrix's unit; that of the next is another. Every root counts: later
     * ones converge to the right one from wherever they began.
     */
    @ParameterizedTest
    @EnumSource(value = RootMethod.class, names = {"NEWTON", "POLAR_EXPRESS", "EIGEN"})
    void aRootOfTheBackgroundIsOfWhatWasThereWhenItBegan(RootMethod method) {
        double[][][] atOnce = rootsOfTwoUnits(method, 0);
        double[][][] queued = rootsOfTwoUnits(method, 1);
        assertArrayEquals(atOnce, queued);
    }

    /** The root in use after each step. */
    private static double[][][] rootsOfTwoUnits(RootMethod method, int deferred) {
        double[][] factor = Dense.random(ORDER, 2 * ORDER, new Random(3));
        double[][] v = Dense.times(factor, Dense.transpose(factor));
        AsgoConfig config = AsgoConfig.defaults().withRootMethod(method).withDamping(DAMPING)
                .withRefresh(Refresh.asynchronous(1, 1));
        try (Backend backend = Backends.open(BackendName.CUDA); Arena arena = Arena.ofShared()) {
            FakeCuda.setDeferred(deferred);
            Matrix gram = backend.allocate(arena, ORDER, ORDER);
            Matrix root = backend.allocate(arena, ORDER, ORDER);
            var background = new BackgroundRoot(backend, arena, config, gram);
            var ladder = new RootLadder(backend, gram, Side.LEFT, new WeightName());
            background.rootIsOf(0);
            var roots = new double[6][][];
            for (int step = 1; step <= roots.length; step++) {
                double unit = step < 3 ? 1 : 4;
                Dense.write(backend, Dense.scaled(1 / (unit * unit), v), gram);
                background.follow(step, unit, gram, root, ladder);
                background.settle();
                roots[step - 1] = Dense.read(backend, root);
            }
            return roots;
        }
    }
}
