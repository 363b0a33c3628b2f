// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.examples.comparison;

import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;

/**
 * What one optimizer did on one problem.
 *
 * @param contender which
 * @param learningRate that which it did best with on the seed for choosing
 * @param atEdge whether that is the smallest or largest of its grid, so that another might be better
 * @param curves one per seed, none of them the one for choosing
 */
public record Result(Contender contender, float learningRate, boolean atEdge, List<Curve> curves) {

    /** From here on two digits would be written with an exponent. */
    private static final float LARGE = 100;

    /** The mean over the seeds, and the least and the most. */
    public record Spread(double mean, double least, double most) {}

    /** The learning rate with as many digits as the grid has. */
    public String learningRateText() {
        return String.format(Locale.ROOT, learningRate < LARGE ? "%.2g" : "%.0f", learningRate);
    }

    /** A number at the end of each seed's training, such as its validation loss. */
    public Spread atEnd(ToDoubleFunction<Curve.Point> number) {
        return spread(curve -> number.applyAsDouble(curve.last()));
    }

    /** A number of each seed's training. */
    public Spread spread(ToDoubleFunction<Curve> number) {
        var statistics = curves.stream().mapToDouble(number).summaryStatistics();
        return new Spread(statistics.getAverage(), statistics.getMin(), statistics.getMax());
    }
}
