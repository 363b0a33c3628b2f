// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.examples.comparison;

import java.util.Comparator;
import java.util.List;
import java.util.Locale;

/**
 * An optimizer with the learning rate that it is compared at.
 *
 * @param contender the optimizer
 * @param learningRate one of its grid
 */
public record Choice(Contender contender, float learningRate) {

    /** From here on two digits would be written with an exponent. */
    private static final float LARGE = 100;

    /** A training to choose by, and how it ended: with an infinite loss if it did not finish. */
    public record Trial(Choice choice, double validationLoss) {}

    /** An optimizer's choices that were tried, from the least mean validation loss of their trials on. */
    public static List<Choice> ranked(Contender contender, List<Trial> trials) {
        return trials.stream()
                .map(Trial::choice)
                .filter(choice -> choice.contender() == contender)
                .distinct()
                .sorted(Comparator.comparingDouble(choice -> meanLoss(choice, trials)))
                .toList();
    }

    private static double meanLoss(Choice choice, List<Trial> trials) {
        return trials.stream()
                .filter(trial -> trial.choice().equals(choice))
                .mapToDouble(Trial::validationLoss)
                .average()
                .orElseThrow();
    }

    /** Whether the learning rate is the smallest or largest of its grid, so that another might be better. */
    public boolean atEdge() {
        List<Float> grid = contender.learningRates();
        return learningRate == grid.getFirst() || learningRate == grid.getLast();
    }

    /** The learning rate with as many digits as the grid has. */
    public String learningRateText() {
        return String.format(Locale.ROOT, learningRate < LARGE ? "%.2g" : "%.0f", learningRate);
    }
}
