// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.examples.comparison;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;
import org.asgo4j.train.ChartStyle;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.XYSeries;
import org.knowm.xchart.style.XYStyler;
import org.knowm.xchart.style.markers.SeriesMarkers;

/** Training and validation losses against steps: thick the mean over the seeds, thin each seed. */
final class ResultChart {
    private static final int PANEL_WIDTH = 640;
    private static final float MEAN_WIDTH = 2.2f;
    private static final float SEED_WIDTH = 0.7f;
    private static final double DECADE = 10;
    private static final double MARGIN = 1.05;

    private ResultChart() {}

    static void write(Path png, Example example, List<Result> results) throws IOException {
        ChartStyle.write(
                png,
                example.title() + ", %d steps, three seeds".formatted(example.steps()),
                results.stream().map(ResultChart::legend).toList(),
                List.of(
                        panel("training loss, " + example.unit(), results, point -> point.training().loss()),
                        panel("validation loss, " + example.unit(), results, point -> point.validation().loss())),
                PANEL_WIDTH);
    }

    private static String legend(Result result) {
        return "%s, η %s".formatted(result.contender().label(), result.learningRateText());
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
            for (int seed = 0; seed < results.get(i).curves().size(); seed++) {
                List<Curve.Point> points = results.get(i).curves().get(seed).points();
                add(chart, "%d seed %d".formatted(i, seed), points, points.stream().mapToDouble(loss).toArray())
                        .setLineColor(ChartStyle.pale(i))
                        .setLineStyle(ChartStyle.stroke(SEED_WIDTH, i));
            }
        }
        for (int i = 0; i < results.size(); i++) {
            add(chart, "%d mean".formatted(i), results.get(i).curves().getFirst().points(), means(results.get(i), loss))
                    .setLineColor(ChartStyle.color(i))
                    .setLineStyle(ChartStyle.stroke(MEAN_WIDTH, i));
        }
        return chart;
    }

    private static XYSeries add(XYChart chart, String name, List<Curve.Point> points, double[] y) {
        double[] x = points.stream().limit(y.length).mapToDouble(Curve.Point::step).toArray();
        XYSeries series = chart.addSeries(name, x, y);
        series.setMarker(SeriesMarkers.NONE);
        return series;
    }

    /** The mean over the seeds at every step that all of them reached. */
    private static double[] means(Result result, ToDoubleFunction<Curve.Point> loss) {
        int length = result.curves().stream().mapToInt(curve -> curve.points().size()).min().orElse(0);
        return IntStream.range(0, length)
                .mapToDouble(i -> result.curves().stream()
                        .mapToDouble(curve -> loss.applyAsDouble(curve.points().get(i)))
                        .average()
                        .orElseThrow())
                .toArray();
    }

    /** All points but the start, which all have in common; logarithmic where they are more than a decade apart. */
    private static void range(XYStyler styler, List<Result> results, ToDoubleFunction<Curve.Point> loss) {
        var losses = results.stream()
                .flatMap(result -> result.curves().stream())
                .flatMap(curve -> curve.points().stream().skip(1))
                .mapToDouble(loss)
                .summaryStatistics();
        boolean logarithmic = losses.getMax() > DECADE * losses.getMin();
        styler.setYAxisLogarithmic(logarithmic);
        styler.setYAxisMax(losses.getMax() * MARGIN);
        // From a power of ten on, since only those are labelled.
        double decade = Math.pow(DECADE, Math.floor(Math.log10(losses.getMin())));
        styler.setYAxisMin(logarithmic ? decade : losses.getMin() / MARGIN);
    }
}
