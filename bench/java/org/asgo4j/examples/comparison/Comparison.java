// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.examples.comparison;

import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.asgo4j.examples.Digits;
import org.asgo4j.linalg.Backend;

/**
 * All optimizers on one problem: each chooses its learning rate from its grid, by the validation loss at the end of a
 * training with seed {@value #CHOOSING_SEED}; then each trains with other seeds. A seed stands for the same initial
 * weights and the same batches whatever the optimizer.
 *
 * @param example the problem
 * @param digits the data
 */
public record Comparison(Example example, Digits digits) {
    private static final long CHOOSING_SEED = 0;
    private static final List<Long> SEEDS = List.of(1L, 2L, 3L);
    private static final int POINTS = 15;

    /** A training to choose by, and how it ended. */
    private record Trial(Contender contender, float learningRate, double validationLoss) {}

    /** Chooses in parallel, since nothing is timed there, and then trains one after another. */
    public List<Result> run(Backend backend) {
        List<Trial> trials = Arrays.stream(Contender.values())
                .flatMap(contender -> contender.learningRates().stream().map(rate -> new Trial(contender, rate, 0)))
                .toList()
                .parallelStream()
                .map(trial -> tried(trial, backend))
                .toList();
        return Arrays.stream(Contender.values()).map(contender -> result(best(contender, trials), backend)).toList();
    }

    private Trial tried(Trial trial, Backend backend) {
        var training = new Training(example, trial.contender().rule(), trial.learningRate(), CHOOSING_SEED,
                example.steps(), 1);
        return new Trial(trial.contender(), trial.learningRate(), training.run(backend, digits).finalValidationLoss());
    }

    private static Trial best(Contender contender, List<Trial> trials) {
        return trials.stream()
                .filter(trial -> trial.contender() == contender)
                .min(Comparator.comparingDouble(Trial::validationLoss))
                .orElseThrow();
    }

    private Result result(Trial best, Backend backend) {
        List<Float> grid = best.contender().learningRates();
        float rate = best.learningRate();
        Stream<Curve> curves = SEEDS.stream()
                .map(seed -> new Training(example, best.contender().rule(), rate, seed, example.steps(), POINTS))
                .map(training -> training.run(backend, digits));
        boolean atEdge = rate == grid.getFirst() || rate == grid.getLast();
        return new Result(best.contender(), rate, atEdge, curves.toList());
    }
}
