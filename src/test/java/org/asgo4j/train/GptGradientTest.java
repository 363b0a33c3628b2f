// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.asgo4j.kernel.Kernels;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.BackendName;
import org.asgo4j.linalg.Backends;
import org.asgo4j.linalg.ElementType;
import org.asgo4j.linalg.Matrix;
import org.asgo4j.testing.Matrices;
import org.asgo4j.testing.Seeds;
import org.asgo4j.testing.Tolerance;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Checks every gradient against central differences of {@link Float64Gpt}. */
class GptGradientTest {
    /** h = ∛(2⁻⁵³) balances the h² of a central difference against the rounding of the float64 losses over h. */
    private static final double STEP = Math.cbrt(ElementType.FLOAT64.unitRoundoff());

    /** Values between a weight and the loss and back: each layer has about ten each way, each rounded at least once. */
    private static final int STAGES_PER_LAYER = 20;

    @ParameterizedTest
    @EnumSource(names = {"OPENBLAS", "REFERENCE"})
    void everyEntryOfEveryParameter(BackendName name) {
        var config = new GptConfig(7, 2, 2, 8, 5);
        check(name, config, 3, 1, Integer.MAX_VALUE);
    }

    /** Every way of cutting: two blocks of queries, several tiles on each side and in depth, many logits. */
    @Test
    void someEntriesWhereProductsAreCut() {
        var config = new GptConfig(97, 1, 2, 24, 70);
        check(BackendName.OPENBLAS, config, 2, 1, 6);
    }

    /** Two and three tasks for one gradient, whose rows on both sides of a cut are tokens that were read. */
    @Test
    void entriesOnBothSidesOfTheCutsBetweenTasks() {
        int step = Product.taskRows(Integer.MAX_VALUE);
        int width = step / 2; // of the joined queries, keys and values, all values are in the second task
        int context = 6; // with two positions, what attention leaves of a gradient is a difference near its rounding
        var config = new GptConfig(2 * step + 4, 1, 2, width, context);
        check(BackendName.OPENBLAS, config, 2, 1, 3, step - 1, step, 2 * step - 1, 2 * step);
    }

    /** Workers take tasks in any order: none may leave something to one that comes later, or before it. */
    @Test
    void tasksOfTheTiedEmbeddingGiveTheSameBitsFromLastToFirst() {
        int step = Product.taskRows(Integer.MAX_VALUE);
        int[] read = {step - 1, step, 2 * step - 1, 2 * step};
        var config = new GptConfig(2 * step + 4, 1, 2, 8, read.length);
        long seed = Seeds.next();
        try (Backend backend = Backends.open(BackendName.OPENBLAS);
                var parameters = new GptParameters(backend, config);
                Arena arena = Arena.ofConfined()) {
            GptParameter embedding = parameters.tokenEmbedding();
            var tokens = new Tokens(arena, config.vocabulary(), read.length);
            tokens.setInputs(read, read.length);
            var gradients = new WeightGradients(Kernels.best());
            gradients.addTiedEmbedding(
                    new Linear(backend, Kernels.best(), arena, embedding),
                    Matrices.random(arena, read.length, config.vocabulary(), seed),
                    Matrices.random(arena, read.length, config.width(), seed + 1), tokens,
                    Matrices.random(arena, read.length, config.width(), seed + 2), embedding.gradient());
            List<GradientTask> tasks = gradients.largestFirst();
            assertEquals(3, tasks.size());
            tasks.forEach(task -> task.action().run());
            double[][] expected = Matrices.toArray(embedding.gradient());
            tasks.reversed().forEach(task -> task.action().run());
            double[][] reversed = Matrices.toArray(embedding.gradient());
            assertEquals(0, Matrices.maxAbsDifference(expected, reversed), () -> "seed=" + seed);
        }
    }

    private static void check(
            BackendName name, GptConfig config, int batch, int chunkSequences, int entries, int... rowsRead) {
        long seed = Seeds.next();
        var random = new SplittableRandom(seed);
        try (Backend backend = Backends.open(name);
                var fixture = new GptFixture(backend, config, batch, 1, seed);
                Gpt gpt = fixture.gpt(chunkSequences)) {
            System.arraycopy(rowsRead, 0, fixture.inputs, 0, rowsRead.length);
            double loss = gpt.forwardBackward(fixture.inputs, fixture.targets);
            var exact = new Float64Gpt(fixture.parameters);
            double tolerance = tolerance(config);
            double expected = exact.loss(fixture.inputs, fixture.targets);
            assertEquals(expected, loss, tolerance * expected, () -> "loss, seed=" + seed);
            for (GptParameter parameter : fixture.parameters.all()) {
                checkGradient(fixture, exact, parameter, tolerance, entries, rowsRead, random, "seed=" + seed);
            }
        }
    }

    /** Roundings add up along the way: each stage rounds sums of up to 4C terms, relative to the largest. */
    private static double tolerance(GptConfig config) {
        return Tolerance.gamma(STAGES_PER_LAYER * config.layers() * config.hidden(), ElementType.FLOAT32);
    }

    private static void checkGradient(
            GptFixture fixture,
            Float64Gpt exact,
            GptParameter parameter,
            double tolerance,
            int entries,
            int[] rows,
            SplittableRandom random,
            String message) {
        Matrix gradient = parameter.gradient();
        double largest = 0;
        for (double[] row : Float64Gpt.array(gradient)) {
            for (double value : row) largest = Math.max(largest, Math.abs(value));
        }
        assertTrue(largest > 0, () -> parameter.name() + " has no gradient, " + message);
        int size = Math.toIntExact(gradient.size());
        IntStream drawn = IntStream.range(0, Math.min(entries, size))
                .map(n -> entries < size ? random.nextInt(size) : n);
        IntStream inRows = Arrays.stream(rows)
                .filter(row -> row < gradient.rows())
                .map(row -> row * gradient.cols() + random.nextInt(gradient.cols()));
        double error = tolerance * largest + STEP * STEP;
        IntStream.concat(drawn, inRows).forEach(index -> {
            int row = index / gradient.cols();
            int col = index % gradient.cols();
            double difference = difference(fixture, exact, exact.weight(parameter.name())[row], col);
            assertEquals(difference, gradient.get(row, col), error,
                    () -> "%s(%d, %d), %s".formatted(parameter.name(), row, col, message));
        });
    }

    private static double difference(GptFixture fixture, Float64Gpt exact, double[] row, int col) {
        double weight = row[col];
        row[col] = weight + STEP;
        double above = exact.loss(fixture.inputs, fixture.targets);
        row[col] = weight - STEP;
        double below = exact.loss(fixture.inputs, fixture.targets);
        row[col] = weight;
        return (above - below) / (2 * STEP);
    }
}
