// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.optim;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.lang.foreign.Arena;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.BackendName;
import org.asgo4j.linalg.Backends;
import org.asgo4j.linalg.ElementType;
import org.asgo4j.linalg.Matrix;
import org.asgo4j.linalg.Workers;
import org.asgo4j.optim.OptimizerConfig.NonFinitePolicy;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class OptimizerTest {
    private static final long SEED = 99;
    private static final OptimizerConfig NO_CLIPPING = OptimizerConfig.published()
            .withClipNorm(Double.POSITIVE_INFINITY);

    /** How long compilation may take before what a step allocates counts as allocated by our code. */
    private static final long PATIENCE_NANOS = 120_000_000_000L;

    private final Backend backend = Backends.open(BackendName.OPENBLAS);
    private final Arena arena = Arena.ofShared();
    private final Random random = new Random(SEED);

    @AfterEach
    void freeMemory() {
        if (arena.scope().isAlive()) arena.close();
    }

    /** Weights of several shapes: wide, tall, square, in row blocks, and two vectors for AdamW. */
    private List<ParameterGroup> groups(AsgoConfig config) {
        List<Parameter> matrices = new ArrayList<>();
        int[][] shapes = {{8, 24}, {40, 16}, {12, 12}, {30, 5}};
        for (int[] shape : shapes) matrices.add(parameter("matrix." + shape[0] + "x" + shape[1], shape[0], shape[1]));
        Matrix weight = random(16, 16);
        matrices.add(new Parameter("heads", weight, random(16, 16), RowBlocks.heads(16, 4)));
        List<Parameter> vectors = List.of(parameter("gain.1", 1, 16), parameter("gain.2", 1, 37));
        return List.of(
                new ParameterGroup("matrices", new Asgo(config), Schedule.published(0.01f, 100), 0.1f, matrices),
                new ParameterGroup("vectors", new AdamW(AdamWConfig.published()), Schedule.constant(0.01f), 0,
                        vectors));
    }

    private Parameter parameter(String name, int rows, int cols) {
        return Parameter.of(name, random(rows, cols), random(rows, cols));
    }

    private Matrix random(int rows, int cols) {
        Matrix m = backend.allocate(arena, rows, cols);
        Dense.set(m, Dense.random(rows, cols, random));
        return m;
    }

    private static List<Parameter> parameters(List<ParameterGroup> groups) {
        return groups.stream().flatMap(g -> g.parameters().stream()).toList();
    }

    /** All weights after some steps with gradients drawn from the seed. */
    private List<double[][]> train(int workerCount, int steps) {
        random.setSeed(SEED);
        List<ParameterGroup> groups = groups(AsgoConfig.published());
        try (var workers = new Workers(workerCount);
                var optimizer = new Optimizer(backend, workers, OptimizerConfig.published(), groups)) {
            for (int t = 0; t < steps; t++) {
                for (Parameter p : parameters(groups)) {
                    Dense.set(p.gradient(), Dense.random(p.gradient().rows(), p.gradient().cols(), random));
                }
                optimizer.step();
            }
        }
        return parameters(groups).stream().map(p -> Dense.of(p.weight())).toList();
    }

    @Test
    void whatIsMissingIsNamed() {
        List<ParameterGroup> groups = groups(AsgoConfig.published());
        OptimizerConfig config = OptimizerConfig.published();
        Matrix m = random(3, 4);
        try (var workers = new Workers(1)) {
            refused("optimizer: backend must not be null", () -> new Optimizer(null, workers, config, groups));
            refused("optimizer: workers must not be null", () -> new Optimizer(backend, null, config, groups));
            refused("optimizer: config must not be null", () -> new Optimizer(backend, workers, null, groups));
            refused("optimizer: groups must not be null", () -> new Optimizer(backend, workers, config, null));
            refused("optimizer: a group is null",
                    () -> new Optimizer(backend, workers, config, Collections.singletonList(null)));
        }
        Rule asgo = new Asgo(AsgoConfig.published());
        refused("group 'g': a parameter is null",
                () -> new ParameterGroup("g", asgo, Schedule.constant(1), 0, Collections.singletonList(null)));
        refused("newState: weight is 0×4, must be at least 1×1", () -> asgo.newState(backend, arena, 0, 4));
        refused("newState: backend must not be null", () -> asgo.newState(null, arena, 3, 4));
        refused("newState: arena must not be null", () -> asgo.newState(backend, null, 3, 4));
        refused("step: weight and gradient must not be null",
                () -> asgo.newState(backend, arena, 3, 4).step(m, null, 1, 0));
        refused("parameter name '/optimizer' begins with '/'", () -> Parameter.of("/optimizer", m, m));
        refused("half of a surrogate pair", () -> Parameter.of("w\ud800", m, m));
        refused("parameter 'a': weight must not be null", () -> Parameter.of("a", null, m));
        refused("parameter 'a': gradient must not be null", () -> Parameter.of("a", m, null));
        refused("parameter 'a': row blocks must not be null", () -> new Parameter("a", m, m, null));
    }

    /** Also where the failure leaves work on a GPU under way: the caller may free its memory next. */
    @Test
    void aStepThatFailsWaitsForWhatItHasBegun() {
        List<String> calls = new ArrayList<>();
        Backend failing = FaultyBackend.around(backend, (operation, arguments, done) -> {
            if (!done) calls.add(operation);
            if (operation.equals("gemm")) throw new ArithmeticException("spoilt");
        });
        Matrix weight = random(4, 7);
        Matrix gradient = random(4, 7);
        Asgo asgo = new Asgo(AsgoConfig.published());
        RuleState state = asgo.newState(failing, arena, 4, 7);
        assertThrows(ArithmeticException.class, () -> state.step(weight, gradient, 1, 0));
        assertEquals(List.of("gemm", "synchronize"), calls.subList(calls.size() - 2, calls.size()));
        var group = new ParameterGroup("all", asgo, Schedule.constant(1), 0,
                List.of(Parameter.of("w", weight, gradient)));
        try (var workers = new Workers(1);
                var optimizer = new Optimizer(failing, workers, OptimizerConfig.published(), List.of(group))) {
            calls.clear();
            assertThrows(ArithmeticException.class, optimizer::step);
            assertEquals(List.of("gemm", "synchronize"), calls.subList(calls.size() - 2, calls.size()));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 3, 5})
    void resultsAreBitIdenticalForAnyNumberOfWorkers(int workerCount) {
        List<double[][]> expected = train(1, 7);
        List<double[][]> actual = train(workerCount, 7);
        for (int i = 0; i < expected.size(); i++) {
            for (int row = 0; row < expected.get(i).length; row++) {
                assertArrayEquals(expected.get(i)[row], actual.get(i)[row], "parameter " + i + " row " + row);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    @Tag("allocation")
    void aStepAllocatesNothingOnAnyThread(int workerCount) throws InterruptedException {
        var threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long limit = Long.MAX_VALUE;
        try (var workers = new Workers(workerCount);
                var optimizer = new Optimizer(
                        backend, workers, OptimizerConfig.published(),
                        groups(AsgoConfig.published().withRefreshInterval(2)))) {
            long[] ids = new long[workerCount];
            // The interpreter and the first compiler box vectors; how soon the last compiler is done depends on the
            // machine.
            long deadline = System.nanoTime() + PATIENCE_NANOS;
            while (limit > 0 && System.nanoTime() < deadline) {
                for (int i = 0; i < 200; i++) optimizer.step();
                workers.run(workerCount, (task, worker) -> ids[worker] = Thread.currentThread().threadId());
                long before = allocated(threads, ids);
                for (int i = 0; i < 50; i++) optimizer.step();
                limit = Math.min(limit, allocated(threads, ids) - before);
            }
        }
        assertEquals(0, limit, "bytes allocated in 50 steps");
    }

    private static long allocated(ThreadMXBean threads, long[] ids) {
        long sum = 0;
        for (long id : ids) {
            if (id != 0) sum += threads.getThreadAllocatedBytes(id);
        }
        return sum;
    }

    @Test
    void nonFiniteGradientThrowsBeforeAnythingIsChanged() {
        List<ParameterGroup> groups = groups(AsgoConfig.published());
        try (var workers = new Workers(2);
                var optimizer = new Optimizer(backend, workers, NO_CLIPPING, groups)) {
            optimizer.step();
            List<double[][]> before = parameters(groups).stream().map(p -> Dense.of(p.weight())).toList();
            Matrix bad = parameters(groups).get(1).gradient();
            double good = bad.get(3, 5);
            bad.set(3, 5, Double.NaN);
            bad.set(7, 0, Double.POSITIVE_INFINITY);
            var thrown = assertThrows(NonFiniteGradientException.class, optimizer::step);
            assertEquals("matrix.40x16", thrown.parameter());
            assertEquals(2, thrown.step());
            assertEquals(3 * 16 + 5, thrown.index());
            assertTrue(thrown.getMessage().contains("'matrix.40x16' is not finite at step 2"), thrown.getMessage());
            List<double[][]> after = parameters(groups).stream().map(p -> Dense.of(p.weight())).toList();
            for (int i = 0; i < before.size(); i++) {
                for (int row = 0; row < before.get(i).length; row++)
                    assertArrayEquals(before.get(i)[row],
                            after.get(i)[row]);
            }
            bad.set(3, 5, good);
            bad.set(7, 0, good);
            assertEquals(2, optimizer.step().step(), "training goes on after the gradient is mended");
        }
    }

    @Test
    void skipPolicyChangesNothingAndCounts() {
        List<ParameterGroup> groups = groups(AsgoConfig.published());
        var config = OptimizerConfig.published().withNonFinite(NonFinitePolicy.SKIP);
        try (var workers = new Workers(1);
                var optimizer = new Optimizer(backend, workers, config, groups)) {
            Matrix gradient = parameters(groups).getLast().gradient();
            double good = gradient.get(0, 0);
            gradient.set(0, 0, Double.NEGATIVE_INFINITY);
            double[][] before = Dense.of(parameters(groups).getFirst().weight());
            StepReport report = optimizer.step();
            assertTrue(report.skipped());
            assertEquals(0, report.step());
            assertEquals(1, report.skippedSteps());
            assertArrayEquals(before[0], Dense.of(parameters(groups).getFirst().weight())[0]);
            gradient.set(0, 0, good);
            assertSame(report, optimizer.step());
            assertFalse(report.skipped());
            assertEquals(1, report.step());
            assertEquals(1, report.skippedSteps());
        }
    }

    @Test
    void gradientsAreClippedToTheGlobalNorm() {
        // SGD-like view of clipping: theory's rule with huge ε is W ← W − η·c·G/ε, so the clip factor c shows in the
        // weights.
        double epsilon = 1e6;
        Matrix weight = backend.allocate(arena, 3, 4);
        Matrix gradient = random(3, 4);
        double norm = Dense.norm(Dense.of(gradient));
        var group = new ParameterGroup(
                "all",
                new Asgo(AsgoConfig.theory(epsilon)),
                Schedule.constant(1e6f),
                0,
                List.of(Parameter.of("w", weight, gradient)));
        double[][] untouched = Dense.of(gradient);
        try (var workers = new Workers(1);
                var optimizer = new Optimizer(backend, workers, OptimizerConfig.published().withClipNorm(norm / 4),
                        List.of(group))) {
            StepReport report = optimizer.step();
            assertEquals(norm, report.gradientNorm(), 1e-12 * norm);
            assertEquals(0.25, report.clipFactor(), 1e-12);
        }
        double[][] expected = Dense.scaled(-0.25, untouched);
        assertTrue(Dense.relativeDifference(Dense.of(weight), expected) < 1e-5);
        assertArrayEquals(untouched[0], Dense.of(gradient)[0], "the gradient is only read");
    }

    @Test
    void reportCountsRefreshes() {
        List<ParameterGroup> groups = groups(AsgoConfig.published().withRefreshInterval(2));
        try (var workers = new Workers(2);
                var optimizer = new Optimizer(backend, workers, NO_CLIPPING, groups)) {
            assertEquals(4 + 4, optimizer.step().refreshes(), "four whole weights and four heads");
            assertEquals(0, optimizer.step().refreshes());
            assertEquals(8, optimizer.step().refreshes());
        }
    }

    @Test
    void closedMemoryIsRefusedBeforeAnythingIsChanged() {
        Arena shortLived = Arena.ofShared();
        Parameter lasting = parameter("lasting", 4, 6);
        Matrix weight = backend.allocate(shortLived, 3, 3);
        Parameter fleeting = Parameter.of("fleeting", weight, random(3, 3));
        var group = new ParameterGroup(
                "all", new Asgo(AsgoConfig.published()), Schedule.constant(0.1f), 0, List.of(lasting, fleeting));
        try (var workers = new Workers(1);
                var optimizer = new Optimizer(backend, workers, NO_CLIPPING, List.of(group))) {
            double[][] before = Dense.of(lasting.weight());
            shortLived.close();
            var thrown = assertThrows(IllegalStateException.class, optimizer::step);
            assertTrue(thrown.getMessage().contains("weight 'fleeting' (3×3) is closed"), thrown.getMessage());
            assertArrayEquals(before[0], Dense.of(lasting.weight())[0]);
        }
    }

    @Test
    void closedOptimizerRefusesToStep() {
        try (var workers = new Workers(1)) {
            var optimizer = new Optimizer(backend, workers, NO_CLIPPING, groups(AsgoConfig.published()));
            optimizer.close();
            optimizer.close();
            assertThrows(IllegalStateException.class, optimizer::step);
        }
    }

    /** Asked from within the step, by its schedule; another thread would get the same answer. */
    @Test
    void nothingElseIsDoneDuringAStep() {
        var asked = new Optimizer[1];
        Schedule asking = step -> {
            assertThrows(IllegalStateException.class, asked[0]::close);
            assertThrows(IllegalStateException.class, asked[0]::step);
            assertThrows(IllegalStateException.class, () -> asked[0].save(Path.of("unwritten")));
            return 0.1f;
        };
        var group = new ParameterGroup(
                "all", new Asgo(AsgoConfig.published()), asking, 0, List.of(parameter("w", 4, 6)));
        try (var workers = new Workers(1);
                var optimizer = new Optimizer(backend, workers, NO_CLIPPING, List.of(group))) {
            asked[0] = optimizer;
            assertEquals(1, optimizer.step().step());
            assertEquals(2, optimizer.step().step());
        }
    }

    @Test
    void badGroupsAreRefusedWithBothSides() {
        Parameter a = parameter("a", 4, 6);
        var schedule = Schedule.constant(0.1f);
        var rule = new Asgo(AsgoConfig.published());
        refused("two parameters are named 'a'",
                () -> optimizer(new ParameterGroup("g", rule, schedule, 0, List.of(a, a))));
        Parameter alias = Parameter.of("alias", a.weight().rowBlock(2, 2), random(2, 6));
        refused("weight 'a' overlaps weight 'alias'",
                () -> optimizer(new ParameterGroup("g", rule, schedule, 0, List.of(a, alias))));
        refused("weight is 4×6 but gradient is 6×4", () -> Parameter.of("b", random(4, 6), random(6, 4)));
        refused("row blocks [3, 3] have 6 rows, the weight has 4",
                () -> new Parameter("b", random(4, 6), random(4, 6), new RowBlocks(List.of(3, 3))));
        refused("gradient holds FLOAT64", () -> Parameter.of("b", random(4, 6), backend.allocate(arena,
                ElementType.FLOAT64, 4, 6)));
        refused("has no parameters", () -> new ParameterGroup("g", rule, schedule, 0, List.of()));
        refused("weightDecay must be finite and at least 0, got NaN", () -> new ParameterGroup("g", rule, schedule,
                Float.NaN, List.of(a)));
        refused("at least one group", () -> new Optimizer(backend, new Workers(1), NO_CLIPPING, List.of()));
        refused("5 heads do not divide 16 rows", () -> RowBlocks.heads(16, 5));
    }

    private void optimizer(ParameterGroup group) {
        try (var workers = new Workers(1)) {
            new Optimizer(backend, workers, NO_CLIPPING, List.of(group)).close();
        }
    }

    private static void refused(String part, Runnable action) {
        var thrown = assertThrows(IllegalArgumentException.class, action::run);
        assertTrue(thrown.getMessage().contains(part), () -> "'" + thrown.getMessage() + "' lacks '" + part + "'");
    }

    /** With one worker, the caller's own thread, a confined arena is as good as any. */
    @Test
    void confinedMemoryIsRefusedWhereSeveralWorkersWouldTouchIt() {
        try (Arena confined = Arena.ofConfined(); var one = new Workers(1); var two = new Workers(2)) {
            var parameter = Parameter.of(
                    "w", backend.allocate(confined, 3, 4), backend.allocate(confined, 3, 4));
            List<ParameterGroup> groups = List.of(new ParameterGroup(
                    "g", new Asgo(AsgoConfig.defaults()), Schedule.constant(0.1f), 0, List.of(parameter)));
            var thrown = assertThrows(
                    IllegalArgumentException.class,
                    () -> new Optimizer(backend, two, OptimizerConfig.published(), groups));
            assertTrue(thrown.getMessage().contains("'w'") && thrown.getMessage().contains("Arena.ofShared()"));
            parameter.gradient().set(1, 1, 1);
            try (var optimizer = new Optimizer(backend, one, OptimizerConfig.published(), groups)) {
                assertTrue(optimizer.step().toString().startsWith("step 1: gradient norm 1.000"));
            }
        }
    }
}
