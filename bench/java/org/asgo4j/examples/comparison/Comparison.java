// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.examples.comparison;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.LongStream;
import org.asgo4j.examples.Digits;
import org.asgo4j.examples.comparison.Choice.Trial;
import org.asgo4j.linalg.Backend;

/**
 * All optimizers on one problem: each chooses its learning rate from its grid, by the validation loss at the end of
 * training; one seed leaves three rates, and their mean losses over more seeds decide. Then each trains with other
 * seeds. A seed stands for the same initial weights and the same batches whatever the optimizer.
 *
 * @param example the problem
 * @param digits the data
 */
public record Comparison(Example example, Digits digits) {
    private static final List<Long> SHORTLIST_SEEDS = seeds(1, 1);
    private static final int SHORTLIST = 3;
    /** Of three seeds noise chose: AdamW a rate for the MLP that ended at 0.26 in place of 0.19 with others. */
    private static final List<Long> CHOOSING_SEEDS = seeds(2, 9);
    private static final List<Long> TIMED_SEEDS = seeds(10, 13);
    private static final List<Long> UNTIMED_SEEDS = seeds(14, 33);
    private static final int POINTS = 15;

    private static List<Long> seeds(long first, long last) {
        return LongStream.rangeClosed(first, last).boxed().toList();
    }

    /** What the numbers of the results are, in a sentence or two. */
    public static String method() {
        return """
                Mean ± standard error of the mean, at the end of training, over %d seeds; differences are per seed. \
                A learning rate is that with the least mean validation loss over %d other seeds. \
                Times: interquartile means, with nothing beside, averaged over %d of the seeds."""
                .formatted(TIMED_SEEDS.size() + UNTIMED_SEEDS.size(), CHOOSING_SEEDS.size(), TIMED_SEEDS.size());
    }

    /** Trains in parallel where nothing is timed, and one after another where something is. */
    public List<Result> run(Backend backend) {
        List<Choice> choices = choices(backend);
        List<List<Curve>> ofSeeds = new ArrayList<>(); // of each seed a curve per choice
        for (long seed : TIMED_SEEDS) ofSeeds.add(curves(choices, seed, backend));
        ofSeeds.addAll(UNTIMED_SEEDS.parallelStream().map(seed -> curves(choices, seed, backend)).toList());
        List<Result> results = new ArrayList<>();
        for (int i = 0; i < choices.size(); i++) {
            int place = i;
            List<Curve> curves = ofSeeds.stream().map(ofSeed -> ofSeed.get(place)).toList();
            results.add(new Result(choices.get(i), TIMED_SEEDS.size(), curves));
        }
        return results;
    }

    private List<Choice> choices(Backend backend) {
        List<Choice> all = Arrays.stream(Contender.values())
                .flatMap(contender -> contender.learningRates().stream().map(rate -> new Choice(contender, rate)))
                .toList();
        List<Trial> shortlisting = trials(all, SHORTLIST_SEEDS, backend);
        List<Choice> shortlist = Arrays.stream(Contender.values())
                .flatMap(contender -> Choice.ranked(contender, shortlisting).stream().limit(SHORTLIST))
                .toList();
        List<Trial> choosing = trials(shortlist, CHOOSING_SEEDS, backend);
        return Arrays.stream(Contender.values())
                .map(contender -> Choice.ranked(contender, choosing).getFirst())
                .toList();
    }

    private List<Trial> trials(List<Choice> choices, List<Long> seeds, Backend backend) {
        return choices.parallelStream()
                .flatMap(choice -> seeds.stream().map(seed -> trial(choice, seed, backend)))
                .toList();
    }

    private Trial trial(Choice choice, long seed, Backend backend) {
        return new Trial(choice, curve(choice, seed, 1, backend).finalValidationLoss());
    }

    private List<Curve> curves(List<Choice> choices, long seed, Backend backend) {
        return choices.stream().map(choice -> curve(choice, seed, POINTS, backend)).toList();
    }

    private Curve curve(Choice choice, long seed, int points, Backend backend) {
        return new Training(example, choice.contender().rule(), choice.learningRate(), seed, example.steps(), points)
                .run(backend, digits);
    }
}
