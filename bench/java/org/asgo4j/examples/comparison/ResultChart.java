// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.examples.comparison;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;
import org.asgo4j.train.ChartStyle;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.style.XYStyler;
import org.knowm.xchart.style.markers.SeriesMarkers;

/** Training and validation losses against steps: means over the seeds. */
final class ResultChart {
    private static final int PANEL_WIDTH = 640;
    private static final float LINE_WIDTH = 2.2f;
    private static final double DECADE = 10;
    private static final double MARGIN = 1.05;

    private ResultChart() {}

    static void write(Path png, Example example, List<Result> results) throws IOException {
        ChartStyle.write(
                png,
                "%s, %d steps, means of %d seeds".formatted(example.title(), example.steps(),
                        results.getFirst().curves().size()),
                results.stream().map(ResultChart::legend).toList(),
                List.of(
                        panel("training loss, " + example.unit(), results, point -> point.training().loss()),
                        panel("validation loss, " + example.unit(), results, point -> point.validation().loss())),
                PANEL_WIDTH);
    }

    private static String legend(Result result) {
        return "%s, η %s".formatted(result.choice().contender().label(), result.choice().learningRateText());
    }

    private static XYChart panel(String title, List<Result> results, ToDoubleFunction<Curve.Point> loss) {
        XYChart chart = new XYChartBuilder()
                .width(PANEL_WIDTH)
                .height(ChartStyle.PANEL_HEIGHT)
                .xAxisTitle("steps")
                .yAxisTitle(title)
                .build();
        XYStyler styler = chart.getStyler();
        ChartStyle.apply(styler);
        styler.setXAxisMin(0.0);
        styler.setYAxisDecimalPattern("0.###");
        range(styler, results, loss);
        for (int i = 0; i < results.size(); i++) {
            if (results.get(i).finished().isEmpty()) continue;
            double[] x = results.get(i).finished().getFirst().points().stream()
                    .mapToDouble(Curve.Point::step)
                    .toArray();
            chart.addSeries(results.get(i).choice().contender().label(), x, means(results.get(i), loss))
                    .setMarker(SeriesMarkers.NONE)
                    .setLineColor(ChartStyle.color(i))
                    .setLineStyle(ChartStyle.stroke(LINE_WIDTH, i));
        }
        return chart;
    }

    /** The mean over the seeds whose training came to its end, at every point. */
    private static double[] means(Result result, ToDoubleFunction<Curve.Point> loss) {
        List<Curve> finished = result.finished();
        int points = finished.isEmpty() ? 0 : finished.getFirst().points().size();
        return IntStream.range(0, points)
                .mapToDouble(i -> finished.stream()
                        .mapToDouble(curve -> loss.applyAsDouble(curve.points().get(i)))
                        .average()
                        .orElseThrow())
                .toArray();
    }

    /** All points but the start, which all have in common; logarithmic where they are more than a decade apart. */
    private static void range(XYStyler styler, List<Result> results, ToDoubleFunction<Curve.Point> loss) {
        var losses = results.stream()
                .flatMapToDouble(result -> Arrays.stream(means(result, loss)).skip(1))
                .summaryStatistics();
        boolean logarithmic = losses.getMax() > DECADE * losses.getMin();
        styler.setYAxisLogarithmic(logarithmic);
        styler.setYAxisMax(losses.getMax() * MARGIN);
        // From a power of ten on, since only those are labelled.
        double decade = Math.pow(DECADE, Math.floor(Math.log10(losses.getMin())));
        styler.setYAxisMin(logarithmic ? decade : losses.getMin() / MARGIN);
    }
}
