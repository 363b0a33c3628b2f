// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.train;

import java.util.List;
import java.util.function.ToDoubleFunction;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;

/** The finite points of one curve; x and y have equal lengths. */
record LossSeries(double[] x, double[] y) {
    /**
     * A value is averaged over this part of the run on either side: at the start over fewer on both sides, at
     * the end over fewer ahead. A running mean lags, and showed training above validation where the loss falls fast.
     */
    private static final int WINDOWS = 40;

    /** The validation losses of a run. */
    static LossSeries validation(LossCurve curve, ToDoubleFunction<MetricsRow> x) {
        List<MetricsRow> rows = curve.rows().stream()
                .filter(row -> Double.isFinite(row.validationLoss().orElse(Double.NaN)))
                .toList();
        return new LossSeries(
                rows.stream().mapToDouble(x).toArray(),
                rows.stream().mapToDouble(row -> row.validationLoss().getAsDouble()).toArray());
    }

    /** The training losses of a run, each the mean of a window around it. */
    static LossSeries training(LossCurve curve, ToDoubleFunction<MetricsRow> x) {
        List<MetricsRow> rows = curve.rows().stream().filter(row -> Double.isFinite(row.trainLoss())).toList();
        double[] losses = rows.stream().mapToDouble(MetricsRow::trainLoss).toArray();
        return new LossSeries(rows.stream().mapToDouble(x).toArray(), means(losses));
    }

    /** What a logarithmic axis can show of any column. */
    static LossSeries positive(
            LossCurve curve, ToDoubleFunction<MetricsRow> x, ToDoubleFunction<MetricsRow> y) {
        List<MetricsRow> rows = curve.rows().stream()
                .filter(row -> y.applyAsDouble(row) > 0 && Double.isFinite(y.applyAsDouble(row)))
                .toList();
        return new LossSeries(
                rows.stream().mapToDouble(x).toArray(),
                rows.stream().mapToDouble(y).toArray());
    }

    /** Each value replaced by the geometric mean of a window around it. */
    LossSeries smoothed() {
        double[] logarithms = DoubleStream.of(y).map(Math::log).toArray();
        return new LossSeries(x, DoubleStream.of(means(logarithms)).map(Math::exp).toArray());
    }

    private static double[] means(double[] values) {
        double[] sums = new double[values.length + 1];
        for (int i = 0; i < values.length; i++) {
            sums[i + 1] = sums[i] + values[i];
        }
        double[] means = new double[values.length];
        for (int i = 0; i < means.length; i++) {
            int back = Math.min(means.length / WINDOWS, i);
            int ahead = Math.min(back, means.length - 1 - i);
            means[i] = (sums[i + ahead + 1] - sums[i - back]) / (back + 1 + ahead);
        }
        return means;
    }

    /** The points that are no higher than a limit. */
    LossSeries below(double limit) {
        int[] kept = IntStream.range(0, size()).filter(i -> y[i] <= limit).toArray();
        return new LossSeries(
                IntStream.of(kept).mapToDouble(i -> x[i]).toArray(),
                IntStream.of(kept).mapToDouble(i -> y[i]).toArray());
    }

    DoubleStream values() {
        return DoubleStream.of(y);
    }

    int size() {
        return x.length;
    }

    boolean isEmpty() {
        return x.length == 0;
    }

    double last() {
        return y[y.length - 1];
    }
}
