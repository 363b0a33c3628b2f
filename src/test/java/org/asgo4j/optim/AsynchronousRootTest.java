// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.optim;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.BackendName;
import org.asgo4j.linalg.Backends;
import org.asgo4j.linalg.Matrix;
import org.asgo4j.linalg.Workers;
import org.asgo4j.testing.Seeds;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Roots from the background thread, which these tests stop and release before its decompositions. A step that waits
 * where it must not would wait for ever, hence the limit.
 */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class AsynchronousRootTest {
    private static final int ROWS = 6;
    private static final int COLS = 15;
    private static final float LEARNING_RATE = 0.05f;
    private static final int STALENESS = 6;

    /** Of the elements of an update (UpdateScaling.RMS). */
    private static final double RMS = 0.2;

    private final long seed = Seeds.next();
    private final Random random = new Random(seed);
    private final Arena arena = Arena.ofShared();
    private final Backend real = Backends.open(BackendName.OPENBLAS);
    private final HeldBackground held = new HeldBackground(real);
    private final Backend backend = held.backend();

    @AfterEach
    void letItEnd() {
        held.releaseAll();
        arena.close();
    }

    private static AsgoConfig config(int interval, int maxStaleness) {
        return AsgoConfig.published().withDamping(Damping.relative(1e-6))
                .withRefresh(Refresh.asynchronous(interval, maxStaleness));
    }

    /** A weight, its gradient and its state. */
    private final class Weight {
        final Matrix weight = backend.allocate(arena, ROWS, COLS);
        final Matrix gradient = backend.allocate(arena, ROWS, COLS);
        final RuleState state;

        Weight(AsgoConfig config) {
            state = new Asgo(config).newState(backend, arena, ROWS, COLS);
        }

        /** A step with a fresh gradient of this scale. */
        void step(double scale) {
            Dense.set(gradient, Dense.scaled(scale, Dense.random(ROWS, COLS, random)));
            state.step(weight, gradient, 0.1f, 0);
            assertTrue(Double.isFinite(Dense.norm(Dense.of(weight))), "seed=" + seed);
        }

        RootCounts counts() {
            var counts = new RootCounts();
            state.addCounts(counts);
            return counts;
        }

        /** The root in use; one under way is given up. */
        double[][] root() {
            held.releaseOne();
            return (double[][]) RecordedFields.of(state).values().get("root");
        }
    }

    @Test
    void aStepWaitsOnceTheRootWouldBeTooOld() throws InterruptedException {
        var w = new Weight(config(2, 4));
        long[] staleness = {0, 1, 2, 3, 4};
        for (long expected : staleness) {
            w.step(1);
            assertEquals(expected, w.counts().staleness);
            assertEquals(1, w.counts().refreshes, "the background is held at the snapshot of the third step");
        }
        held.mustWait(() -> w.step(1));
        assertEquals(3, w.counts().staleness, "of the root of the third step's V at the sixth");
        assertEquals(2, w.counts().refreshes);
        w.step(1); // starts another
        assertEquals(4, w.counts().staleness);
        held.mustWait(() -> w.step(1));
        assertEquals(1, w.counts().staleness);
        assertEquals(3, w.counts().refreshes);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 7})
    void stalenessIsBoundedWhateverTheTiming(int interval) {
        held.releaseAll();
        for (int maxStaleness : new int[] {interval, interval + 2}) {
            var w = new Weight(config(interval, maxStaleness));
            for (int t = 0; t < 60; t++) {
                w.step(1);
                long staleness = w.counts().staleness;
                assertTrue(staleness >= 0 && staleness <= maxStaleness, "step " + t + ": " + staleness);
            }
            assertTrue(w.counts().refreshes >= 60 / (interval + maxStaleness + 1), "refreshes");
        }
    }

    @Test
    void theAdoptedRootIsTheSnapshots() {
        for (RootMethod method : List.of(RootMethod.EIGEN, RootMethod.NEWTON)) {
            AsgoConfig config = config(3, 9).withRootMethod(method);
            var w = new Weight(config);
            for (int t = 0; t < 4; t++) w.step(1); // the fourth starts a root and goes on
            held.releaseOne();
            w.state.settle();
            w.step(1);
            assertEquals(1, w.counts().staleness);
            assertEquals(2, w.counts().refreshes);
            try (var trial = new RootTrial(real, config, ROWS)) {
                double[][] snapshot = held.decomposed;
                assertLowerEquals(trial.root(snapshot), w.root(), 1);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {40, -40, 110})
    void theUnitMayChangeMeanwhile(int exponent) {
        double jump = Math.scalb(1.0, exponent);
        AsgoConfig config = config(2, 1000);
        var w = new Weight(config);
        w.step(1);
        int oldUnit = Math.getExponent(Dense.norm(Dense.of(w.gradient))); // set by the first gradient
        w.step(1);
        w.step(1); // starts a root
        // A smaller gradient changes the unit only when momentum and gram matrix have faded too.
        for (int t = 0; t < (exponent < 0 ? 250 : 1); t++) w.step(jump);
        held.releaseOne();
        w.state.settle();
        w.step(jump);
        assertEquals(2, w.counts().refreshes);
        double[][] snapshot = held.decomposed;
        double[][] root = w.root();
        long newUnit = (long) RecordedFields.of(w.state).values().get("exponent");
        assertTrue(Math.abs(newUnit - oldUnit) > 30, oldUnit + " to " + newUnit);
        try (var trial = new RootTrial(real, config, ROWS)) {
            assertLowerEquals(trial.root(snapshot), root, Math.scalb(1.0, (int) (newUnit - oldUnit)));
        }
    }

    @Test
    void aRootThatFloat32CantHoldInTheNewUnitIsReplacedAtOnce() {
        var w = new Weight(config(2, 1000));
        for (int t = 0; t < 3; t++) w.step(0x1p-60);
        held.releaseOne(); // the root under way, of no use any more, is waited for
        w.step(0x1p100);
        assertEquals(2, w.counts().refreshes);
        assertEquals(0, w.counts().staleness);
        w.state.settle();
        w.step(0x1p100);
        assertEquals(2, w.counts().refreshes, "what was under way is not taken over");
        assertEquals(1, w.counts().staleness);
        assertEquals(0, w.counts().retries);
    }

    /** The one in use has moved with the unit before; the one under way has that move to make at once. */
    @Test
    void aReadyRootThatIsTooSmallInTheNewUnitIsReplacedAtOnce() {
        var w = new Weight(config(2, 1000).withBetas(0, 0));
        w.step(0x1p-30);
        for (int t = 0; t < 2; t++) w.step(0x1p70); // the second starts a root
        w.step(0x1p-40); // the unit follows at the next
        held.releaseOne();
        w.state.settle();
        w.step(0x1p-40);
        assertEquals(1, w.counts().retries, "in the foreground");
        assertEquals(2, w.counts().refreshes);
        assertEquals(0, w.counts().staleness);
    }

    /** β₂ = 0: V is zero where the gradient is, at a step that would start a root, or wait for one. */
    @ParameterizedTest
    @ValueSource(ints = {2, 4, 7, 8})
    void aGradientOfZerosLeavesTheRootInUse(int zeroAt) {
        held.releaseAll();
        var w = new Weight(config(2, 6).withBetas(0.9, 0));
        double[][] before = new double[ROWS][COLS];
        for (int t = 0; t < 16; t++) {
            w.step(t == zeroAt ? 0 : 1);
            w.state.settle();
            double[][] after = Dense.of(w.weight);
            double rms = Dense.norm(Dense.plus(after, -1, before)) / 0.1 / Math.sqrt(ROWS * COLS);
            assertEquals(RMS, rms, 1e-3 * RMS, "step " + (t + 1) + " seed=" + seed);
            before = after;
        }
    }

    @Test
    void whileThereAreOnlyZerosTheRootGrowsOlder() {
        held.releaseAll();
        var w = new Weight(config(1, 2).withBetas(0.9, 0));
        w.step(1);
        for (int t = 1; t <= 5; t++) {
            w.step(0);
            assertEquals(t, w.counts().staleness);
        }
        w.step(1);
        assertEquals(0, w.counts().staleness, "started, and waited for");
    }

    private void assertLowerEquals(double[][] snapshots, double[][] inUse, double factor) {
        for (int i = 0; i < ROWS; i++) {
            for (int j = 0; j <= i; j++) {
                assertEquals(factor * snapshots[i][j], inUse[i][j], i + "," + j + " seed=" + seed);
            }
        }
    }

    @Test
    void memoryOfOneThreadIsRefused() {
        try (Arena confined = Arena.ofConfined()) {
            var refused = assertThrows(IllegalArgumentException.class,
                    () -> new Asgo(config(1, 1)).newState(backend, confined, ROWS, COLS));
            assertEquals("asynchronous roots need memory of a shared arena (Arena.ofShared()), got one confined to a "
                    + "thread", refused.getMessage());
        }
    }

    @Test
    void aFailureInTheBackgroundGoesDownTheLadder() {
        held.releaseAll();
        held.failsInBackground = true;
        var w = new Weight(config(2, 6));
        for (int t = 0; t < 4; t++) {
            w.step(1);
            w.state.settle(); // the third step's has failed, the fourth finds out
        }
        assertEquals(1, w.counts().retries, "float64 in the foreground");
        assertEquals(2, w.counts().refreshes);
        assertEquals(0, w.counts().staleness, "whose root is this step's");

        held.failsInForeground = true;
        w.step(1);
        w.state.settle();
        w.step(1);
        assertEquals(1, w.counts().kept);
        assertEquals(2, w.counts().staleness, "the root in use is the fourth step's");
        w.step(1);
        w.state.settle();
        w.step(1);
        assertEquals(2, w.counts().kept);
        w.step(1);
        w.state.settle();
        var end = assertThrows(RootFailedException.class, () -> w.step(1));
        assertEquals(10, end.step());
        assertInstanceOf(RootFailure.class, end.getCause());
        assertTrue(end.getMessage().contains("in the background: "), end.getMessage());
    }

    /** It is the step's that would have taken the root over, with its name; later ones go on. */
    @Test
    void anErrorInTheBackgroundIsReportedOnce(@TempDir Path folder) throws IOException {
        held.releaseAll();
        held.errorInBackground = new OutOfMemoryError("of the test");
        Matrix weight = random();
        try (var workers = new Workers(1); var optimizer = optimizer(workers, weight, random())) {
            for (int t = 0; t < 3; t++) optimizer.step(); // the third starts a root
            optimizer.save(folder.resolve("state")); // which waits for it
            double[][] before = Dense.of(weight);
            var thrown = assertThrows(RootFailedException.class, optimizer::step);
            assertEquals(held.errorInBackground, thrown.getCause());
            assertEquals("w", thrown.parameter());
            assertEquals(4, thrown.step());
            assertTrue(thrown.getMessage().contains("of the test"), thrown.getMessage());
            assertArrayEquals(before, Dense.of(weight));

            held.errorInBackground = null;
            optimizer.step();
            optimizer.step(); // starts another
            optimizer.save(folder.resolve("state"));
            assertEquals(1, optimizer.step().refreshes());
        }
    }

    @Test
    void closingAfterAnErrorInTheBackgroundFreesTheMemory() {
        held.releaseAll();
        held.errorInBackground = new OutOfMemoryError("of the test");
        List<Arena> arenas = new ArrayList<>();
        Backend watched = FaultyBackend.around(backend, (operation, arguments, done) -> {
            if (operation.equals("allocate") && done) arenas.add((Arena) arguments[0]);
        });
        try (var workers = new Workers(1)) {
            var optimizer = new Optimizer(watched, workers, OptimizerConfig.published(), groups(random(), random()));
            for (int t = 0; t < 3; t++) optimizer.step();
            optimizer.close();
            assertTrue(arenas.stream().noneMatch(each -> each.scope().isAlive()), "state is still there");
        }
        arenas.clear();
        var states = new WeightStates(watched);
        RuleState state = states.add("w", new Asgo(config(2, 100)), ROWS, COLS);
        Matrix weight = random();
        for (int t = 0; t < 3; t++) state.step(weight, random(), 0.1f, 0);
        states.close();
        assertTrue(arenas.stream().noneMatch(each -> each.scope().isAlive()), "state is still there");
    }

    /** Its thread would keep the class loader of an application that is gone. */
    @Test
    void theThreadEndsWhenThereIsNothingToDo() throws Exception {
        try (var executor = BackgroundRoot.thread(1)) {
            for (int i = 0; i < 2; i++) {
                assertEquals("asgo4j-roots", executor.submit(() -> Thread.currentThread().getName()).get());
                while (executor.getPoolSize() > 0) Thread.sleep(1);
            }
        }
    }

    private static List<ParameterGroup> groups(Matrix... weightAndGradient) {
        var parameter = Parameter.of("w", weightAndGradient[0], weightAndGradient[1]);
        return List.of(new ParameterGroup("all", new Asgo(config(2, 100)), Schedule.constant(0.1f), 0,
                List.of(parameter)));
    }

    private Optimizer optimizer(Workers workers, Matrix... weightAndGradient) {
        return new Optimizer(backend, workers, OptimizerConfig.published(), groups(weightAndGradient));
    }

    private Matrix random() {
        Matrix m = backend.allocate(arena, ROWS, COLS);
        Dense.set(m, Dense.random(ROWS, COLS, random));
        return m;
    }

    @Test
    void closingWaitsForTheRootUnderWay() throws InterruptedException {
        try (var workers = new Workers(1)) {
            var optimizer = optimizer(workers, random(), random());
            for (int t = 0; t < 3; t++) optimizer.step();
            held.mustWait(optimizer::close);
            assertThrows(IllegalStateException.class, optimizer::step);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void settlingWaitsForTheRootUnderWaySoThatTheArenaMayBeClosed(int blocks) throws InterruptedException {
        Arena states = Arena.ofShared();
        Matrix weight = random();
        RuleState state = new Asgo(config(2, 100)).newState(backend, states, RowBlocks.heads(ROWS, blocks), COLS);
        for (int t = 0; t < 3; t++) state.step(weight, random(), 0.1f, 0);
        for (int i = 1; i < blocks; i++) held.releaseOne();
        held.mustWait(state::settle);
        states.close();
    }

    @Test
    void savingWaitsAndLoadingGivesUpTheRootUnderWay(@TempDir Path folder) throws Exception {
        Path file = folder.resolve("state.safetensors");
        Matrix weight = random();
        Matrix gradient = random();
        try (var workers = new Workers(1);
                var optimizer = optimizer(workers, weight, gradient);
                var other = optimizer(workers, random(), random())) {
            for (int t = 0; t < 3; t++) optimizer.step();
            held.mustWait(() -> save(optimizer, file));

            for (int t = 0; t < 5; t++) other.step(); // with a root of its own under way
            held.releaseOne();
            other.load(file);
            assertEquals(3, other.steps());
            StepReport report = other.step();
            assertEquals(0, report.refreshes(), "the root under way belonged to the state before");
            assertEquals(3, report.staleness(), "the root loaded is the first step's");
        }
    }

    @Test
    void savingAndARefusedFileKeepARootThatIsReady(@TempDir Path folder) throws IOException {
        held.releaseAll();
        Path foreign = folder.resolve("foreign");
        try (var states = new WeightStates(backend)) {
            states.add("w", new Asgo(config(2, 100)), ROWS, COLS);
            states.add("x", new Asgo(config(2, 100)), ROWS, COLS);
            states.save(foreign, 1);
        }
        try (var workers = new Workers(1); var optimizer = optimizer(workers, random(), random())) {
            for (int t = 0; t < 3; t++) optimizer.step(); // the third starts a root
            optimizer.save(folder.resolve("state"));
            String refused = assertThrows(StateMismatchException.class, () -> optimizer.load(foreign)).getMessage();
            assertTrue(refused.contains("'x/"), refused); // after all else was checked
            StepReport report = optimizer.step();
            assertEquals(1, report.refreshes());
            assertEquals(1, report.staleness(), "the third step's root is in use");
        }
    }

    private static void save(Optimizer optimizer, Path file) {
        try {
            optimizer.save(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * Descends to given matrices with several weights and workers, whatever the timing, as with roots at every step:
     * one that is a few steps behind costs at most the length of those steps.
     */
    @Test
    void trains() {
        held.releaseAll();
        List<double[][]> goals = List.of(Dense.random(8, 20, random), Dense.random(12, 5, random),
                Dense.random(9, 9, random));
        double[] behind = left(goals, config(3, STALENESS));
        double[] exact = left(goals, config(3, STALENESS).withRefreshInterval(1));
        for (int i = 0; i < goals.size(); i++) {
            String what = "weight %d: %s of the way left, %s with a root at every step, seed=%d"
                    .formatted(i, behind[i], exact[i], seed);
            double[][] goal = goals.get(i);
            double step = LEARNING_RATE * RMS * Math.sqrt(goal.length * goal[0].length) / Dense.norm(goal);
            assertTrue(behind[i] < exact[i] + STALENESS * step, what);
        }
    }

    /** The parts of the ways that are left after 100 steps. */
    private double[] left(List<double[][]> goals, AsgoConfig config) {
        List<Parameter> parameters = goals.stream().map(goal -> Parameter.of(
                "w" + goal.length, backend.allocate(arena, goal.length, goal[0].length),
                backend.allocate(arena, goal.length, goal[0].length))).toList();
        var group = new ParameterGroup("all", new Asgo(config), Schedule.constant(LEARNING_RATE), 0, parameters);
        try (var workers = new Workers(2);
                var optimizer = new Optimizer(backend, workers, OptimizerConfig.published(), List.of(group))) {
            long refreshes = 0;
            for (int t = 0; t < 100; t++) {
                for (int i = 0; i < goals.size(); i++) {
                    Parameter p = parameters.get(i);
                    Dense.set(p.gradient(), Dense.plus(Dense.of(p.weight()), -1, goals.get(i)));
                }
                StepReport report = optimizer.step();
                assertTrue(report.staleness() <= STALENESS, () -> "staleness " + report.staleness());
                refreshes += report.refreshes();
            }
            assertTrue(refreshes >= 3 * 100 / (3 + STALENESS + 1), "refreshes: " + refreshes);
        }
        double[] left = new double[goals.size()];
        for (int i = 0; i < left.length; i++) {
            left[i] = Dense.relativeDifference(Dense.of(parameters.get(i).weight()), goals.get(i));
        }
        return left;
    }
}
