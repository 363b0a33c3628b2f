package org.asgo4j.train;

import java.util.List;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;

/** The finite points of one curve; x and y have equal lengths. */
record LossSeries(double[] x, double[] y) {
    /**
     * A training loss is averaged over this part of the run on either side: at the start over fewer on both sides, at
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
        double[] sums = new double[rows.size() + 1];
        for (int i = 0; i < rows.size(); i++) {
            sums[i + 1] = sums[i] + rows.get(i).trainLoss();
        }
        double[] y = new double[rows.size()];
        for (int i = 0; i < y.length; i++) {
            int back = Math.min(y.length / WINDOWS, i);
            int ahead = Math.min(back, y.length - 1 - i);
            y[i] = (sums[i + ahead + 1] - sums[i - back]) / (back + 1 + ahead);
        }
        return new LossSeries(rows.stream().mapToDouble(x).toArray(), y);
    }

    /** The points that are no higher than a limit. */
    LossSeries below(double limit) {
        int[] kept = IntStream.range(0, size()).filter(i -> y[i] <= limit).toArray();
        return new LossSeries(
                IntStream.of(kept).mapToDouble(i -> x[i]).toArray(),
                IntStream.of(kept).mapToDouble(i -> y[i]).toArray());
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
