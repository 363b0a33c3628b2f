// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.optim;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.BackendName;
import org.asgo4j.linalg.Backends;
import org.asgo4j.linalg.EighWorkspace;
import org.asgo4j.linalg.Matrix;
import org.asgo4j.linalg.Workers;
import org.asgo4j.optim.SizeLimit.Beyond;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** A side above the limit is split into blocks, or preconditioned by its diagonal; below it nothing changes. */
class SizeLimitTest {
    private static final long SEED = 64;
    private static final float LEARNING_RATE = 0.25f;
    private static final int ORDER = EighWorkspace.MAX_ORDER + 1;

    private final Backend backend = Backends.open(BackendName.OPENBLAS);
    private final Random random = new Random(SEED);
    private final AsgoConfig config = AsgoConfig.published().withDamping(Damping.relative(1e-6)).withRefreshInterval(2);

    private List<double[][]> gradients(int rows, int cols) {
        return IntStream.range(0, 5).mapToObj(t -> Dense.random(rows, cols, random)).toList();
    }

    private static void assertEqualRows(double[][] expected, double[][] actual) {
        for (int i = 0; i < expected.length; i++) {
            assertArrayEquals(expected[i], actual[i], "row " + i + " seed=" + SEED);
        }
    }

    @ParameterizedTest
    @CsvSource({"7,20,3,3 2 2", "7,20,4,4 3", "7,20,1,1 1 1 1 1 1 1", "9,9,8,5 4", "20,7,3,3 2 2", "12,11,5,4 4 3"})
    void splittingStepsTheBlocksAsWeights(int rows, int cols, int limit, String blocks) {
        int[] sizes = Arrays.stream(blocks.split(" ")).mapToInt(Integer::parseInt).toArray();
        boolean left = rows < cols;
        var rule = new Asgo(config.withSizeLimit(new SizeLimit(limit, Beyond.SPLIT)));
        // A block of 3×20 is wider than high, one of 20×3 is not; either keeps the side of the whole.
        var blockRule = new Asgo(config.withSide(left ? PreconditionerSide.LEFT : PreconditionerSide.RIGHT));
        try (Arena arena = Arena.ofConfined()) {
            Matrix weight = backend.allocate(arena, rows, cols);
            Matrix expected = backend.allocate(arena, rows, cols);
            Matrix gradient = backend.allocate(arena, rows, cols);
            RuleState state = rule.newState(backend, arena, rows, cols);
            RuleState[] states = Arrays.stream(sizes).mapToObj(size -> left
                    ? blockRule.newState(backend, arena, size, cols)
                    : blockRule.newState(backend, arena, rows, size)).toArray(RuleState[]::new);
            for (double[][] g : gradients(rows, cols)) {
                Dense.set(gradient, g);
                state.step(weight, gradient, LEARNING_RATE, 0.01f);
                int from = 0;
                for (int i = 0; i < sizes.length; i++) {
                    states[i].step(part(expected, left, from, sizes[i]), part(gradient, left, from, sizes[i]),
                            LEARNING_RATE, 0.01f);
                    from += sizes[i];
                }
                assertEqualRows(Dense.of(expected), Dense.of(weight));
            }
            assertEquals(3L * sizes.length, state.refreshes(), "three a block");
        }
    }

    private static Matrix part(Matrix m, boolean rows, int from, int count) {
        return rows ? m.rowBlock(from, count) : m.colBlock(from, count);
    }

    /** Heads of 6 rows, a limit of 4: blocks of 3 rows. */
    @Test
    void rowBlocksAreSplitToo() {
        List<double[][]> g = gradients(12, 20);
        var limited = new Asgo(config.withSizeLimit(new SizeLimit(4, Beyond.SPLIT)));
        var free = new Asgo(config);
        double[][] split = Run.weights(backend, limited, g, LEARNING_RATE, RowBlocks.heads(12, 2)).getLast();
        double[][] cut = Run.weights(backend, free, g, LEARNING_RATE, RowBlocks.heads(12, 4)).getLast();
        assertEqualRows(cut, split);
    }

    @ParameterizedTest
    @CsvSource({"7,20", "20,7", "9,9"})
    void theDiagonalIsDasgo(int rows, int cols) {
        List<double[][]> g = gradients(rows, cols);
        var limited = new Asgo(config.withSizeLimit(new SizeLimit(6, Beyond.DIAGONAL)));
        DasgoConfig dasgo = DasgoConfig.published().withBetas(config.beta1(), config.beta2())
                .withSide(rows < cols ? PreconditionerSide.LEFT : PreconditionerSide.RIGHT);
        assertEqualRows(Run.lastWeight(backend, new Dasgo(dasgo), g, LEARNING_RATE),
                Run.lastWeight(backend, limited, g, LEARNING_RATE));
    }

    @ParameterizedTest
    @CsvSource({"7,20,7", "20,7,7", "9,9,9", "7,20,19"})
    void upToTheLimitNothingChanges(int rows, int cols, int limit) {
        List<double[][]> g = gradients(rows, cols);
        double[][] free = Run.lastWeight(backend, new Asgo(config), g, LEARNING_RATE);
        for (Beyond beyond : Beyond.values()) {
            var limited = new Asgo(config.withSizeLimit(new SizeLimit(limit, beyond)));
            assertEqualRows(free, Run.lastWeight(backend, limited, g, LEARNING_RATE));
        }
    }

    /** One row or column more than LAPACK can decompose, in a weight of a few columns or rows. */
    static Stream<Rule> tooLarge() {
        AsgoConfig asgo = AsgoConfig.published().withSide(PreconditionerSide.LEFT);
        var soap = SoapConfig.published().withMaxOrder(Integer.MAX_VALUE);
        return Stream.of(
                new Asgo(asgo), new Asgo(asgo.withRootMethod(RootMethod.NEWTON)),
                new Asgo(asgo.withEigenvalueCorrection(true)),
                new Asgo(asgo.withSizeLimit(new SizeLimit(ORDER, Beyond.SPLIT))),
                new Shampoo(ShampooConfig.published()), new Soap(soap));
    }

    /** Not after gigabytes have been taken for them. */
    @ParameterizedTest
    @MethodSource("tooLarge")
    void gramMatricesThatCantBeDecomposedAreRefusedBeforeMemoryIsTaken(Rule rule) {
        Backend watched = FaultyBackend.around(backend, (operation, arguments, done) -> {
            if (operation.startsWith("allocate")) throw new AssertionError("memory was asked for");
        });
        try (Arena arena = Arena.ofShared();
                var workers = new Workers(1);
                var states = new WeightStates(watched)) {
            String problem = " of " + ORDER + "×2 has a gram matrix of order " + ORDER + " under " + rule.name()
                    + ", but LAPACK decomposes orders up to 32766. Give it to a rule without roots, such as AdamW, or ";
            refused("weight" + problem, () -> rule.newState(watched, arena, ORDER, 2));
            refused("weight 'w'" + problem, () -> states.add("w", rule, ORDER, 2));
            var parameter = Parameter.of(
                    "w", backend.allocate(arena, ORDER, 2), backend.allocate(arena, ORDER, 2));
            var group = new ParameterGroup("all", rule, Schedule.constant(0.1f), 0, List.of(parameter));
            refused("parameter 'w'" + problem,
                    () -> new Optimizer(watched, workers, OptimizerConfig.published(), List.of(group)));
        }
    }

    private static void refused(String start, Executable action) {
        String message = assertThrows(IllegalArgumentException.class, action).getMessage();
        assertTrue(message.startsWith(start), message);
    }

    /** Where that side is not decomposed, or in parts. */
    static Stream<Rule> largeEnough() {
        AsgoConfig left = AsgoConfig.published().withSide(PreconditionerSide.LEFT);
        return Stream.of(
                new Asgo(AsgoConfig.published()), new Asgo(left.withRootMethod(RootMethod.POLAR_EXPRESS)),
                new Asgo(left.withSizeLimit(new SizeLimit(ORDER - 1, Beyond.SPLIT))),
                new Asgo(left.withSizeLimit(new SizeLimit(ORDER - 1, Beyond.DIAGONAL))),
                new Soap(SoapConfig.published()), new Muon(MuonConfig.published()),
                new AdamW(AdamWConfig.published()));
    }

    @ParameterizedTest
    @MethodSource("largeEnough")
    void otherOrdersAreNot(Rule rule) {
        rule.requireOrders("weight", RowBlocks.whole(ORDER), 2);
        new Shampoo(ShampooConfig.published()).requireOrders("weight", RowBlocks.heads(ORDER - 1, 2), 2);
    }

    @Test
    void aSumHasNoDiagonal() {
        var thrown = assertThrows(IllegalArgumentException.class,
                () -> AsgoConfig.theory(1e-3).withSizeLimit(new SizeLimit(6, Beyond.DIAGONAL)));
        assertTrue(thrown.getMessage().contains("DIAGONAL takes a moving average, got accumulation SUM"),
                thrown.getMessage());
    }
}
