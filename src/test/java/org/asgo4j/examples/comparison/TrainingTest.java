// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.examples.comparison;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.asgo4j.examples.Digits;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.Backends;
import org.asgo4j.optim.Sgd;
import org.asgo4j.optim.SgdConfig;
import org.asgo4j.testing.Seeds;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Checks the loop on every problem with every rule. */
class TrainingTest {
    private static final int STEPS = 12;
    /** Up to 4 trainings in 100 were worse than their start after 12 batches of 8, none in 1400 after 40. */
    private static final int STEPS_OF_SMALL_BATCHES = 40;
    private static final Digits DIGITS = Digits.read();
    private static Backend backend;

    @BeforeAll
    static void open() {
        backend = Backends.open();
    }

    @AfterAll
    static void close() {
        backend.close();
    }

    static Stream<Arguments> everyProblemAndRule() {
        return Arrays.stream(Example.values())
                .flatMap(example -> Arrays.stream(Contender.values()).map(rule -> Arguments.of(example, rule)));
    }

    @ParameterizedTest
    @MethodSource("everyProblemAndRule")
    void trainingLowersTheLoss(Example example, Contender contender) {
        long seed = Seeds.next();
        float rate = contender.learningRates().get(1);
        int steps = example == Example.MLP_SMALL_BATCH ? STEPS_OF_SMALL_BATCHES : STEPS;
        Curve curve = new Training(example, contender.rule(), rate, seed, steps, 1).run(backend, DIGITS);
        double before = curve.points().getFirst().training().loss();
        assertTrue(curve.finished() && curve.last().training().loss() < before,
                () -> "from %s to %s, seed=%d".formatted(before, curve.last(), seed));
    }

    @Test
    void theSameSeedIsTheSameTraining() {
        long seed = Seeds.next();
        var training = new Training(Example.MLP, Contender.ASGO.rule(), 0.01f, seed, STEPS, 4);
        List<Curve.Point> first = training.run(backend, DIGITS).points();
        assertEquals(5, first.size(), "the start and four points");
        assertEquals(STEPS, first.getLast().step());
        assertEquals(first, training.run(backend, DIGITS).points(), () -> "seed=" + seed);
    }

    @Test
    void aTrainingThatDivergesIsChosenLast() {
        var training = new Training(
                Example.FACTORIZATION, new Sgd(SgdConfig.common()), 1e30f, Seeds.next(), STEPS, 1);
        Curve curve = training.run(backend, DIGITS);
        assertFalse(curve.finished());
        assertEquals(Double.POSITIVE_INFINITY, curve.finalValidationLoss());
    }
}
