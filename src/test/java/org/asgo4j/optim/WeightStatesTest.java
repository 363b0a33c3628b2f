// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.optim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.List;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.BackendName;
import org.asgo4j.linalg.Backends;
import org.asgo4j.linalg.Matrix;
import org.asgo4j.testing.Matrices;
import org.asgo4j.testing.Seeds;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** States that a host framework steps one at a time, and saves together. */
class WeightStatesTest {
    private static final int ROWS = 6;
    private static final int COLS = 9;
    private static final float RATE = 0.1f;
    private static final float DECAY = 0.01f;
    private final Backend backend = Backends.open(BackendName.OPENBLAS);
    private final long seed = Seeds.next();

    /** Two weights of one shape share scratch memory; nothing of one may reach the other. */
    @ParameterizedTest
    @MethodSource("org.asgo4j.optim.RuleFamilyTest#all")
    void stepsAreThoseOfStatesWithScratchMemoryOfTheirOwn(Rule rule) {
        try (Arena arena = Arena.ofConfined();
                var states = new WeightStates(backend)) {
            RuleState[] shared = {states.add("a", rule, ROWS, COLS), states.add("b", rule, ROWS, COLS)};
            RuleState[] alone = {rule.newState(backend, arena, ROWS, COLS), rule.newState(backend, arena, ROWS, COLS)};
            Matrix[] sharedWeights = {Matrices.random(arena, ROWS, COLS, seed), Matrices.random(arena, ROWS, COLS, 1)};
            Matrix[] aloneWeights = {Matrices.random(arena, ROWS, COLS, seed), Matrices.random(arena, ROWS, COLS, 1)};
            for (int step = 0; step < 6; step++) {
                Matrix gradient = Matrices.random(arena, ROWS, COLS, seed + step);
                shared[step % 2].step(sharedWeights[step % 2], gradient, RATE, DECAY);
                alone[step % 2].step(aloneWeights[step % 2], gradient, RATE, DECAY);
            }
            for (int i = 0; i < 2; i++) assertSameBits(aloneWeights[i], sharedWeights[i]);
        }
    }

    @ParameterizedTest
    @MethodSource("org.asgo4j.optim.RuleFamilyTest#all")
    void loadedStatesGoOnBitForBit(Rule rule, @TempDir Path folder) throws IOException {
        Path file = folder.resolve("state.safetensors");
        try (Arena arena = Arena.ofConfined();
                var first = new WeightStates(backend);
                var second = new WeightStates(backend)) {
            Matrix weight = Matrices.random(arena, ROWS, COLS, seed);
            RuleState state = first.add("w", rule, ROWS, COLS);
            for (int step = 0; step < 3; step++) {
                state.step(weight, Matrices.random(arena, ROWS, COLS, seed + step), RATE, DECAY);
            }
            first.save(file, 42);

            RuleState loaded = second.add("w", rule, ROWS, COLS);
            assertEquals(42, second.load(file));
            assertEquals(3, loaded.steps());
            Matrix copy = backend.allocate(arena, ROWS, COLS);
            backend.copy(weight, copy);
            for (int step = 3; step < 6; step++) {
                Matrix gradient = Matrices.random(arena, ROWS, COLS, seed + step);
                state.step(weight, gradient, RATE, DECAY);
                loaded.step(copy, gradient, RATE, DECAY);
            }
            assertSameBits(weight, copy);
        }
    }

    /** Beside a whole weight of the same shape, whose scratch memory has another size. */
    @ParameterizedTest
    @MethodSource("org.asgo4j.optim.RuleFamilyTest#all")
    void rowBlocksAreSteppedAndSavedAsStatesOfTheirOwn(Rule rule, @TempDir Path folder) throws IOException {
        Path file = folder.resolve("state.safetensors");
        var blocks = new RowBlocks(List.of(1, 3, 2));
        try (Arena arena = Arena.ofConfined();
                var first = new WeightStates(backend);
                var second = new WeightStates(backend)) {
            first.add("whole", rule, ROWS, COLS);
            second.add("whole", rule, ROWS, COLS);
            RuleState state = first.add("cut", rule, blocks, COLS);
            RuleState alone = rule.newState(backend, arena, blocks, COLS);
            RuleState loaded = second.add("cut", rule, blocks, COLS);
            Matrix weight = Matrices.random(arena, ROWS, COLS, seed);
            Matrix expected = Matrices.random(arena, ROWS, COLS, seed);
            Matrix resumed = backend.allocate(arena, ROWS, COLS);
            for (int step = 0; step < 6; step++) {
                Matrix gradient = Matrices.random(arena, ROWS, COLS, seed + step);
                if (step == 3) {
                    first.save(file, step);
                    second.load(file);
                    backend.copy(weight, resumed);
                }
                state.step(weight, gradient, RATE, DECAY);
                alone.step(expected, gradient, RATE, DECAY);
                if (step >= 3) loaded.step(resumed, gradient, RATE, DECAY);
            }
            assertSameBits(expected, weight);
            assertSameBits(expected, resumed);
        }
    }

    @Test
    void aFileOfOtherRowBlocksIsRefused(@TempDir Path folder) throws IOException {
        Path file = folder.resolve("state.safetensors");
        Rule rule = new Asgo(AsgoConfig.defaults());
        try (var states = new WeightStates(backend); var whole = new WeightStates(backend)) {
            states.add("w", rule, RowBlocks.heads(ROWS, 2), COLS);
            states.save(file, 0);
            whole.add("w", rule, ROWS, COLS);
            refused(StateMismatchException.class, "'w'", () -> whole.load(file));
        }
    }

    @Test
    void aFileOfOtherWeightsIsRefused(@TempDir Path folder) throws IOException {
        Path file = folder.resolve("state.safetensors");
        Rule rule = new AdamW(AdamWConfig.published());
        try (var states = new WeightStates(backend);
                var transposed = new WeightStates(backend);
                var fewer = new WeightStates(backend)) {
            states.add("w", rule, ROWS, COLS);
            states.add("v", rule, 1, COLS);
            states.save(file, 0);
            transposed.add("w", rule, COLS, ROWS);
            transposed.add("v", rule, 1, COLS);
            refused(StateMismatchException.class, "'w' is adamw 6×9 in the file, but adamw 9×6",
                    () -> transposed.load(file));
            fewer.add("w", rule, ROWS, COLS);
            refused(StateMismatchException.class, "the file has 'v/", () -> fewer.load(file));
        }
    }

    /** What load would refuse must not take the place of what it accepts. */
    @Test
    void aStateThatIsNotFiniteIsNotWritten(@TempDir Path folder) throws IOException {
        Path file = folder.resolve("state.safetensors");
        var spoiling = new boolean[1];
        Backend spoilt = FaultyBackend.around(backend, (operation, arguments, done) -> {
            if (done && spoiling[0] && operation.equals("axpby")) {
                ((Matrix) arguments[3]).set(1, 2, Double.POSITIVE_INFINITY);
            }
        });
        try (var states = new WeightStates(spoilt); Arena arena = Arena.ofConfined()) {
            RuleState state = states.add("w", new Sgd(SgdConfig.common()), ROWS, COLS);
            Matrix weight = backend.allocate(arena, ROWS, COLS);
            Matrix gradient = backend.allocate(arena, ROWS, COLS);
            state.step(weight, gradient, 1e-30f, 0);
            states.save(file, 1);
            spoiling[0] = true;
            state.step(weight, gradient, 1e-30f, 0);
            refused(ArithmeticException.class, "'w/momentum' holds Infinity at element " + (COLS + 2),
                    () -> states.save(file, 2));
            assertEquals(1, states.load(file));
        }
    }

    @Test
    void badArgumentsAndUseAfterCloseAreRefused(@TempDir Path folder) {
        Rule rule = new Asgo(AsgoConfig.defaults());
        var states = new WeightStates(backend);
        RuleState state = states.add("w", rule, ROWS, COLS);
        refused(IllegalArgumentException.class, "a state of 'w' already", () -> states.add("w", rule, 1, 2));
        refused(IllegalArgumentException.class, "name of a weight must not be blank",
                () -> states.add(" ", rule, 1, 2));
        // A file of states has no place for these; without the check only the first save would say so.
        refused(IllegalArgumentException.class, "name of a weight '/optimizer' begins with '/'",
                () -> states.add("/optimizer", rule, 1, 2));
        refused(IllegalArgumentException.class, "half of a surrogate pair", () -> states.add("w\ud800", rule, 1, 2));
        refused(IllegalArgumentException.class, "'v' is 0×3", () -> states.add("v", rule, 0, 3));
        refused(IllegalArgumentException.class, "row blocks of 'v' must not be null",
                () -> states.add("v", rule, null, 3));
        refused(IllegalArgumentException.class, "'v' has 0 columns",
                () -> states.add("v", rule, RowBlocks.whole(2), 0));
        refused(IllegalArgumentException.class, "updates must be at least 0, got -1",
                () -> states.save(folder.resolve("f"), -1));
        states.close();
        states.close();
        refused(IllegalStateException.class, "closed", () -> states.add("v", rule, 1, 1));
        refused(IllegalStateException.class, "closed", () -> states.save(folder.resolve("f"), 0));
        refused(IllegalStateException.class, "closed", () -> states.load(folder.resolve("f")));
        try (Arena arena = Arena.ofConfined()) {
            Matrix m = Matrices.random(arena, ROWS, COLS, seed);
            Matrix g = Matrices.random(arena, ROWS, COLS, seed);
            refused(IllegalStateException.class, "closed", () -> state.step(m, g, RATE, DECAY)); // its memory is freed
        }
    }

    private void assertSameBits(Matrix expected, Matrix actual) {
        for (int i = 0; i < expected.rows(); i++) {
            for (int j = 0; j < expected.cols(); j++) {
                int row = i;
                int col = j;
                assertEquals(bits(expected, i, j), bits(actual, i, j),
                        () -> "element (%d, %d), seed=%d".formatted(row, col, seed));
            }
        }
    }

    private static int bits(Matrix m, int row, int col) {
        MemorySegment segment = m.segment();
        return segment.getAtIndex(ValueLayout.JAVA_INT, (long) row * m.rowStride() + col);
    }

    private interface Action {
        void run() throws IOException;
    }

    private static void refused(Class<? extends RuntimeException> type, String part, Action action) {
        var thrown = assertThrows(type, action::run);
        assertTrue(thrown.getMessage().contains(part), () -> "'" + thrown.getMessage() + "' lacks '" + part + "'");
    }
}
