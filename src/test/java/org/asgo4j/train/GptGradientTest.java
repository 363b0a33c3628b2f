// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.SplittableRandom;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.BackendName;
import org.asgo4j.linalg.Backends;
import org.asgo4j.linalg.ElementType;
import org.asgo4j.linalg.Matrix;
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

    private static void check(BackendName name, GptConfig config, int batch, int chunkSequences, int entries) {
        long seed = Seeds.next();
        var random = new SplittableRandom(seed);
        try (Backend backend = Backends.open(name);
                var fixture = new GptFixture(backend, config, batch, 1, seed);
                Gpt gpt = fixture.gpt(chunkSequences)) {
            double loss = gpt.forwardBackward(fixture.inputs, fixture.targets);
            var exact = new Float64Gpt(fixture.parameters);
            double tolerance = tolerance(config);
            double expected = exact.loss(fixture.inputs, fixture.targets);
            assertEquals(expected, loss, tolerance * expected, () -> "loss, seed=" + seed);
            for (GptParameter parameter : fixture.parameters.all()) {
                checkGradient(fixture, exact, parameter, tolerance, entries, random, "seed=" + seed);
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
            SplittableRandom random,
            String message) {
        Matrix gradient = parameter.gradient();
        double largest = 0;
        for (double[] row : Float64Gpt.array(gradient)) {
            for (double value : row) largest = Math.max(largest, Math.abs(value));
        }
        assertTrue(largest > 0, () -> parameter.name() + " has no gradient, " + message);
        int size = Math.toIntExact(gradient.size());
        for (int n = 0; n < Math.min(entries, size); n++) {
            int index = entries < size ? random.nextInt(size) : n;
            int row = index / gradient.cols();
            int col = index % gradient.cols();
            double difference = difference(fixture, exact, exact.weight(parameter.name())[row], col);
            assertEquals(difference, gradient.get(row, col), tolerance * largest + STEP * STEP,
                    () -> "%s(%d, %d), %s".formatted(parameter.name(), row, col, message));
        }
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
