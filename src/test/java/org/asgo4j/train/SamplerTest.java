// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.SplittableRandom;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.BackendName;
import org.asgo4j.linalg.Backends;
import org.asgo4j.testing.Seeds;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Sampling follows the model's distribution and nothing but the seed. */
class SamplerTest {
    private static final GptConfig CONFIG = new GptConfig(5, 1, 2, 8, 4);

    @Test
    void theSeedFixesTheText() {
        long seed = Seeds.next();
        try (Backend backend = Backends.open(BackendName.OPENBLAS);
                var fixture = new GptFixture(backend, CONFIG, 1, 1, seed);
                Gpt gpt = fixture.gpt()) {
            var sampler = new Sampler(gpt);
            int[] text = sampler.generate(new int[] {1, 2}, 30, 1, seed);
            assertEquals(30, text.length);
            assertArrayEquals(text, sampler.generate(new int[] {1, 2}, 30, 1, seed), () -> "seed=" + seed);
        }
    }

    /** Also past the context, where only the last T tokens count. */
    @Test
    void temperatureZeroTakesTheLikeliestToken() {
        long seed = Seeds.next();
        try (Backend backend = Backends.open(BackendName.OPENBLAS);
                var fixture = new GptFixture(backend, CONFIG, 1, 1, seed);
                Gpt gpt = fixture.gpt()) {
            var exact = new Float64Gpt(fixture.parameters);
            int[] text = Arrays.copyOf(new int[] {3}, 12);
            System.arraycopy(new Sampler(gpt).generate(new int[] {3}, 11, 0, seed), 0, text, 1, 11);
            for (int i = 1; i < text.length; i++) {
                int length = Math.min(i, CONFIG.context());
                int[] past = Arrays.copyOf(Arrays.copyOfRange(text, i - length, i), CONFIG.context());
                double[] logits = exact.logits(past, 0)[length - 1];
                double best = Arrays.stream(logits).max().orElseThrow();
                assertEquals(best, logits[text[i]], 1e-4, "token %d, seed=%d".formatted(i, seed));
            }
        }
    }

    /** Prompts longer than the context, and weights so large that its first token matters to the likeliest next one. */
    @Test
    void eachOfTheLastTokensCounts() {
        long seed = Seeds.next();
        var random = new SplittableRandom(seed);
        int context = CONFIG.context();
        try (Backend backend = Backends.open(BackendName.OPENBLAS);
                var fixture = new GptFixture(backend, CONFIG, 1, 1, seed);
                Gpt gpt = fixture.gpt()) {
            for (GptParameter each : fixture.parameters.all()) backend.divide(0.5, each.weight());
            var exact = new Float64Gpt(fixture.parameters);
            for (int i = 0; i < 50; i++) {
                int[] prompt = random.ints(context + i % 3, 0, CONFIG.vocabulary()).toArray();
                double[] logits = exact.logits(prompt, i % 3)[context - 1];
                double best = Arrays.stream(logits).max().orElseThrow();
                int token = new Sampler(gpt).generate(prompt, 1, 0, seed)[0];
                double largest = Arrays.stream(logits).map(Math::abs).max().orElseThrow();
                assertEquals(best, logits[token], 1e-4 * largest, "prompt %d, seed=%d".formatted(i, seed));
            }
        }
    }

    /** A count of n draws deviates from n·p by less than 5·√(n·p·(1−p)), but for one run in a million. */
    @ParameterizedTest
    @ValueSource(doubles = {0.5, 1, 2})
    void frequenciesAreTheModels(double temperature) {
        int draws = 2000;
        long seed = Seeds.next();
        try (Backend backend = Backends.open(BackendName.OPENBLAS);
                var fixture = new GptFixture(backend, CONFIG, 1, 1, seed);
                Gpt gpt = fixture.gpt()) {
            var sampler = new Sampler(gpt);
            int[] counts = new int[CONFIG.vocabulary()];
            var seeds = new SplittableRandom(seed);
            for (int i = 0; i < draws; i++) {
                counts[sampler.generate(new int[] {2, 0}, 1, temperature, seeds.nextLong())[0]]++;
            }
            double[] logits = new Float64Gpt(fixture.parameters).logits(new int[] {2, 0, 0, 0}, 0)[1];
            double[] scaled = Arrays.stream(logits).map(logit -> logit / temperature).toArray();
            for (int token = 0; token < counts.length; token++) {
                double p = Math.exp(-Float64Gpt.crossEntropy(scaled, token));
                double tolerance = 5 * Math.sqrt(draws * p * (1 - p)) + 1;
                assertEquals(draws * p, counts[token], tolerance, "token %d, seed=%d".formatted(token, seed));
            }
        }
    }

    @Test
    void badArgumentsAreNamed() {
        try (Backend backend = Backends.open(BackendName.REFERENCE);
                var fixture = new GptFixture(backend, CONFIG, 1, 1, Seeds.next());
                Gpt gpt = fixture.gpt()) {
            var sampler = new Sampler(gpt);
            assertMessage("prompt must have at least 1 token, got 0", () -> sampler.generate(new int[0], 1, 1, 0));
            assertMessage("count must be from 0 to 536870912, got -1", () -> sampler.generate(new int[1], -1, 1, 0));
            assertMessage(
                    "temperature must be a number of at least 0, got NaN",
                    () -> sampler.generate(new int[1], 1, Double.NaN, 0));
            assertMessage("inputs[0] is token 5, must be in [0, 5)", () -> sampler.generate(new int[] {5}, 1, 1, 0));
        }
    }

    @ParameterizedTest
    @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY})
    void nothingIsWrittenWithoutLogitsToChooseBy(float weight) {
        try (Backend backend = Backends.open(BackendName.REFERENCE);
                var fixture = new GptFixture(backend, CONFIG, 1, 1, Seeds.next());
                Gpt gpt = fixture.gpt()) {
            fixture.parameters.tokenEmbedding().weight().set(0, 0, weight);
            for (double temperature : new double[] {0, 1}) {
                var failure = assertThrows(
                        ArithmeticException.class, () -> new Sampler(gpt).generate(new int[] {0}, 9, temperature, 0));
                assertTrue(failure.getMessage().contains("must be finite"), failure::getMessage);
            }
        }
    }

    private static void assertMessage(String expected, org.junit.jupiter.api.function.Executable call) {
        assertEquals(expected, assertThrows(IllegalArgumentException.class, call).getMessage());
    }
}
