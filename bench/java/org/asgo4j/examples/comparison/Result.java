// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.examples.comparison;

import java.util.List;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;

/**
 * What one optimizer did on one problem.
 *
 * @param choice which, and at which learning rate
 * @param timed how many of the curves, from the first on, are of trainings that had the machine to themselves
 * @param curves one per seed, in an order that all results have in common
 */
public record Result(Choice choice, int timed, List<Curve> curves) {

    /** The curves of trainings that came to their end; only these count in means. */
    public List<Curve> finished() {
        return curves.stream().filter(Curve::finished).toList();
    }

    /** How many trainings did not come to their end. */
    public int diverged() {
        return curves.size() - finished().size();
    }

    /** A number at the end of training, such as the validation loss. */
    public Estimate atEnd(ToDoubleFunction<Curve.Point> number) {
        return Estimate.of(finished().stream().mapToDouble(curve -> number.applyAsDouble(curve.last())));
    }

    /**
     * How much larger a number at the end of training is than another optimizer's. Seeds are paired: what a seed's
     * weights and batches do to both optimizers alike does not count.
     */
    public Estimate atEndMoreThan(Result other, ToDoubleFunction<Curve.Point> number) {
        return Estimate.of(IntStream.range(0, curves.size())
                .filter(seed -> curves.get(seed).finished() && other.curves.get(seed).finished())
                .mapToDouble(seed -> number.applyAsDouble(curves.get(seed).last())
                        - number.applyAsDouble(other.curves.get(seed).last())));
    }

    /** The time of a gradient. */
    public double gradientMicros() {
        return meanOfTimed(Curve::gradientMicros);
    }

    /** The time of an optimizer step. */
    public double stepMicros() {
        return meanOfTimed(Curve::stepMicros);
    }

    private double meanOfTimed(ToDoubleFunction<Curve> micros) {
        return curves.stream().limit(timed).mapToDouble(micros).average().orElse(Double.NaN);
    }
}
