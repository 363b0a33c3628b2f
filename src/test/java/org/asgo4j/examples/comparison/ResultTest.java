// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.examples.comparison;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.ToDoubleFunction;
import java.util.stream.DoubleStream;
import java.util.stream.Stream;
import org.asgo4j.testing.Seeds;
import org.junit.jupiter.api.Test;

/** Checks what is said of results: choices, means, errors and differences. */
class ResultTest {
    private static final ToDoubleFunction<Curve.Point> LOSS = point -> point.validation().loss();
    private static final Choice ASGO = new Choice(Contender.ASGO, Contender.ASGO.learningRates().get(1));
    private static final Choice SGD = new Choice(Contender.SGD, Contender.SGD.learningRates().getLast());

    /** A curve whose losses end at {@code loss}. */
    private static Curve curve(double loss, double micros) {
        var score = new Problem.Score(loss, Double.NaN);
        return new Curve(List.of(new Curve.Point(1, score, score)), micros, micros);
    }

    private static Result result(Choice choice, double... losses) {
        return new Result(choice, 1, DoubleStream.of(losses).mapToObj(loss -> curve(loss, 1)).toList());
    }

    /** 2, 4 and 9 have mean 5, and squares of deviations 9 + 1 + 16, which are 26/6 after division by n(n − 1). */
    @Test
    void theStandardErrorIsThatOfTheMean() {
        assertEquals(new Estimate(5, Math.sqrt(26 / 3.0 / 2)), Estimate.of(DoubleStream.of(2, 4, 9)));
    }

    /** The error shrinks as √n, and means of many samples are as far from the truth as it says. */
    @Test
    void meansOfManySamplesAreAsFarOffAsTheirStandardErrorSays() {
        long seed = Seeds.next();
        var random = new Random(seed);
        int repetitions = 2000;
        double ratios = 0;
        for (int i = 0; i < repetitions; i++) {
            Estimate estimate = Estimate.of(DoubleStream.generate(random::nextGaussian).limit(24));
            ratios += Math.pow(estimate.mean() / estimate.standardError(), 2);
        }
        // The square of Student's t with 23 degrees of freedom has mean 23/21 and standard deviation 1.65.
        double meanRatio = ratios / repetitions;
        assertEquals(23.0 / 21, meanRatio, 6 * 1.65 / Math.sqrt(repetitions), () -> "seed=" + seed);
    }

    @Test
    void aDifferenceForgetsWhatSeedsHaveInCommon() {
        Estimate more = result(SGD, 1.5, 7.5, 100.5).atEndMoreThan(result(ASGO, 1, 7, 100), LOSS);
        assertEquals(new Estimate(0.5, 0), more);
    }

    @Test
    void trainingsThatDivergedAreCountedAndLeftOutOfMeansAndPairs() {
        var some = new Result(SGD, 1, List.of(curve(2, 1), curve(1e30, Double.NaN), curve(4, 1)));
        assertEquals(1, some.diverged());
        assertEquals(new Estimate(3, 1), some.atEnd(LOSS));
        assertEquals(new Estimate(1, 0), some.atEndMoreThan(result(ASGO, 1, 2, 3), LOSS));
        assertTrue(ResultTables.markdown(List.of(some)).contains("| 1000 (edge) (1 diverged) |"));
    }

    @Test
    void onlyTimesOfTimedTrainingsCount() {
        var curves = List.of(curve(0, 3), curve(0, 5), curve(0, 1000));
        assertEquals(4, new Result(ASGO, 2, curves).stepMicros());
    }

    @Test
    void learningRatesAreRankedByTheMeanOverSeeds() {
        List<Choice.Trial> trials = new ArrayList<>();
        List<Choice> choices = Contender.SGD.learningRates().stream()
                .map(rate -> new Choice(Contender.SGD, rate))
                .toList();
        // The larger a rate the less its mean; but the largest, the best with one seed, diverges with another.
        for (int i = 0; i < choices.size(); i++) trials.add(new Choice.Trial(choices.get(i), i));
        for (int i = 0; i < choices.size(); i++) trials.add(new Choice.Trial(choices.get(i), -3 * i));
        trials.add(new Choice.Trial(choices.getLast(), Double.POSITIVE_INFINITY));
        trials.add(new Choice.Trial(ASGO, -1000));
        List<Choice> expected = new ArrayList<>(choices.reversed());
        expected.add(expected.removeFirst());
        assertEquals(expected, Choice.ranked(Contender.SGD, trials));
    }

    @Test
    void aChoiceKnowsWhetherItIsAtTheEdgeOfItsGrid() {
        assertTrue(SGD.atEdge());
        assertFalse(ASGO.atEdge());
    }

    @Test
    void theTableHasARowPerOptimizerAndDifferencesToTheFirst() {
        String table = ResultTables.markdown(List.of(result(ASGO, 1, 3), result(SGD, 4, 4)));
        List<String> rows = Stream.of(table.split("\n")).skip(2).toList();
        assertEquals(List.of(
                "| ASGO | 0.010 | 2.00000 ± 1.00000 | – | 2.00000 ± 1.00000 | – | – | 1 | 1 |",
                "| SGD | 1000 (edge) | 4.00000 ± 0.00000 | +2.00000 ± 1.00000 | 4.00000 ± 0.00000 | +2.00000 ± 1.00000"
                        + " | – | 1 | 1 |"),
                rows);
    }
}
