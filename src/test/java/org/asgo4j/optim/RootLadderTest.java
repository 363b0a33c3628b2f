package org.asgo4j.optim;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.BackendName;
import org.asgo4j.linalg.Backends;
import org.asgo4j.linalg.ElementType;
import org.asgo4j.linalg.Matrix;
import org.asgo4j.linalg.NativeCallException;
import org.asgo4j.linalg.Workers;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What happens when roots fail: float64, then the last good root, then an exception; never an identity. */
class RootLadderTest {
    private static final long SEED = 31;
    private static final int ROWS = 6;
    private static final int COLS = 15;

    private final Backend real = Backends.open(BackendName.OPENBLAS);
    private final Arena arena = Arena.ofShared();
    private final List<double[][]> gradients = gradients();
    private Set<Integer> failingIn32 = Set.of(); // steps, from 1
    private Set<Integer> failingIn64 = Set.of();
    private boolean silently; //                    NaN eigenvalues instead of an exception
    private int step;

    @AfterEach
    void freeMemory() {
        arena.close();
    }

    private static List<double[][]> gradients() {
        Random random = new Random(SEED);
        return IntStream.range(0, 8).mapToObj(i -> Dense.random(ROWS, COLS, random)).toList();
    }

    private void strike(String operation, Object[] arguments, boolean done) {
        if (!operation.equals("eigh") || done != silently) return;
        Matrix a = (Matrix) arguments[0];
        if (!(a.type() == ElementType.FLOAT32 ? failingIn32 : failingIn64).contains(step)) return;
        if (!silently) throw NativeCallException.lapack("ssyevd", 7);
        Matrix eigenvalues = (Matrix) arguments[1];
        eigenvalues.set(0, 2, Double.NaN);
    }

    /** The weights after each of {@code count} steps; {@code reports} gets retries and kept roots of each. */
    private double[][][] train(AsgoConfig config, int count, long[][] reports) {
        Backend backend = FaultyBackend.around(real, this::strike);
        Matrix weight = real.allocate(arena, ROWS, COLS);
        Matrix gradient = real.allocate(arena, ROWS, COLS);
        double[][][] weights = new double[count][][];
        var group = new ParameterGroup("all", new Asgo(config), Schedule.constant(0.1f), 0,
                List.of(Parameter.of("layer.7", weight, gradient)));
        try (var workers = new Workers(1);
                var optimizer = new Optimizer(backend, workers, OptimizerConfig.published(), List.of(group))) {
            for (step = 1; step <= count; step++) {
                Dense.set(gradient, gradients.get(step - 1));
                StepReport report = optimizer.step();
                reports[step - 1] = new long[] {report.rootRetries(), report.rootsKept(), report.refreshes()};
                weights[step - 1] = Dense.of(weight);
            }
        } catch (RootFailedException e) {
            assertArrayEquals(step == 1 ? new double[ROWS][COLS] : weights[step - 2], Dense.of(weight));
            throw e;
        }
        return weights;
    }

    private static AsgoConfig config() {
        return AsgoConfig.published().withDamping(Damping.relative(1e-6));
    }

    @Test
    void aFailureInFloat32IsRepeatedInFloat64() {
        double[][] expected = train(config(), 4, new long[4][])[3];
        failingIn32 = Set.of(1, 3);
        long[][] reports = new long[4][];
        double[][] actual = train(config(), 4, reports)[3];
        assertArrayEquals(new long[][] {{1, 0, 1}, {0, 0, 1}, {1, 0, 1}, {0, 0, 1}}, reports);
        // Either root is right to k·u·κ(V), and κ is below 1e3 here.
        double difference = Dense.relativeDifference(actual, expected);
        assertTrue(difference < ROWS * 0x1p-24 * 1e3, () -> "difference " + difference + ", seed=" + SEED);
    }

    @Test
    void aFailureInBothKeepsTheLastGoodRoot() {
        long[][] reports = new long[4][];
        double[][][] everySecond = train(config().withRefreshInterval(2), 4, reports);
        failingIn32 = Set.of(2, 4);
        failingIn64 = Set.of(2, 4);
        double[][][] kept = train(config(), 4, reports);
        // A root that stays is one that was not due: the same weights, bit for bit.
        for (int t = 0; t < 4; t++) assertArrayEquals(everySecond[t], kept[t], "step " + (t + 1) + " seed=" + SEED);
        assertArrayEquals(new long[][] {{0, 0, 1}, {0, 1, 0}, {0, 0, 1}, {0, 1, 0}}, reports);
    }

    @Test
    void silentNaNsAreFailuresToo() {
        silently = true;
        failingIn32 = Set.of(2);
        failingIn64 = Set.of(2);
        long[][] reports = new long[3][];
        double[][][] weights = train(config(), 3, reports);
        assertArrayEquals(new long[][] {{0, 0, 1}, {0, 1, 0}, {0, 0, 1}}, reports);
        assertTrue(Double.isFinite(Dense.norm(weights[2])));
    }

    @Test
    void theThirdFailureInARowThrowsAndNamesWhatToChange() {
        failingIn32 = Set.of(2, 3, 4, 5);
        failingIn64 = Set.of(2, 3, 4, 5);
        var thrown = assertThrows(RootFailedException.class, () -> train(config(), 8, new long[8][]));
        assertEquals("layer.7", thrown.parameter());
        assertEquals(4, thrown.step());
        assertInstanceOf(NativeCallException.class, thrown.getCause());
        for (String part : List.of("'layer.7'", "step 4", "3 refresh(es) in a row", "order 6", "eigenvalues",
                "Damping.relative", "FLOAT64")) {
            assertTrue(thrown.getMessage().contains(part), () -> thrown.getMessage() + " lacks " + part);
        }
    }

    @Test
    void aGoodRootEndsTheRow() {
        failingIn32 = Set.of(2, 3, 5, 6, 8);
        failingIn64 = Set.of(2, 3, 5, 6, 8);
        long[][] reports = new long[8][];
        train(config(), 8, reports);
        assertEquals(5, IntStream.range(0, 8).mapToLong(t -> reports[t][1]).sum());
    }

    @Test
    void withoutAnyRootTheFirstFailureThrows() {
        failingIn32 = Set.of(1);
        failingIn64 = Set.of(1);
        var thrown = assertThrows(RootFailedException.class, () -> train(config(), 2, new long[2][]));
        assertEquals(1, thrown.step());
    }

    /** Whatever the method, what it can't root goes to float64: here products turn to NaN, reductions fail. */
    @ParameterizedTest
    @EnumSource(RootMethod.class)
    void everyMethodHasTheLadder(RootMethod method) {
        Backend backend = FaultyBackend.around(real, (operation, arguments, done) -> {
            if (step != 2) return;
            boolean single = arguments != null && arguments.length > 0
                    && java.util.Arrays.stream(arguments).filter(Matrix.class::isInstance).map(Matrix.class::cast)
                            .allMatch(m -> m.type() == ElementType.FLOAT32);
            boolean factorization = Set.of("eigh", "tridiagonalize", "orthonormalize").contains(operation);
            if (single && !done && factorization) throw NativeCallException.lapack(operation, 3);
            if (single && done && operation.equals("gemm")) ((Matrix) arguments[6]).set(0, 0, Double.NaN);
        });
        Matrix weight = real.allocate(arena, ROWS, COLS);
        Matrix gradient = real.allocate(arena, ROWS, COLS);
        RuleState state = new Asgo(config().withRootMethod(method)).newState(backend, arena, ROWS, COLS);
        for (step = 1; step <= 3; step++) {
            Dense.set(gradient, gradients.get(step - 1));
            state.step(weight, gradient, 0.1f, 0);
            assertTrue(Double.isFinite(Dense.norm(Dense.of(weight))), method + " step " + step);
        }
        var counts = new RootCounts();
        state.addCounts(counts);
        assertEquals(1, counts.retries, method.toString());
        assertEquals(0, counts.kept, method.toString());
    }
}
