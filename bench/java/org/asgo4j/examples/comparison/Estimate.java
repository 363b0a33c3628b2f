// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.examples.comparison;

import java.util.Arrays;
import java.util.stream.DoubleStream;

/**
 * What independent samples x₁ … x_n tell of the mean of their distribution.
 *
 * @param mean x̄ = Σ xᵢ / n
 * @param standardError √(Σ (xᵢ − x̄)² / (n(n − 1))), how far x̄ typically is from that mean; NaN of one sample
 */
public record Estimate(double mean, double standardError) {

    /** The estimate from all numbers of a stream; NaN if one of them is. */
    public static Estimate of(DoubleStream samples) {
        double[] x = samples.toArray();
        double mean = Arrays.stream(x).average().orElse(Double.NaN);
        double squares = Arrays.stream(x).map(xi -> (xi - mean) * (xi - mean)).sum();
        return new Estimate(mean, Math.sqrt(squares / x.length / (x.length - 1)));
    }
}
