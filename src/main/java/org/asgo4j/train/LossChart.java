// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.train;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.XYSeries;
import org.knowm.xchart.style.XYStyler;
import org.knowm.xchart.style.markers.SeriesMarkers;

/** {@code loss.png}: thick validation curves, thin smoothed training curves, by steps and by seconds. */
final class LossChart {
    private static final int PANEL_WIDTH = 720;
    private static final float VALIDATION_WIDTH = 2.4f;
    private static final float TRAINING_WIDTH = 1f;
    private static final int MOST_MARKED = 30;

    private LossChart() {}

    static void write(Path png, String title, List<LossCurve> curves) throws IOException {
        LossRange range = LossRange.of(curves);
        XYChart bySteps = panel("steps", curves, range, MetricsRow::step);
        XYChart bySeconds = panel("seconds of training", curves, range, MetricsRow::seconds);
        List<String> legend = curves.stream().map(LossChart::name).toList();
        ChartStyle.write(png, title, legend, List.of(bySteps, bySeconds), PANEL_WIDTH);
    }

    private static String name(LossCurve curve) {
        LossSeries validation = LossSeries.validation(curve, MetricsRow::step);
        return validation.isEmpty()
                ? curve.name()
                : String.format(Locale.ROOT, "%s, %.3f at the end", curve.name(), validation.last());
    }

    private static XYChart panel(
            String xTitle, List<LossCurve> curves, LossRange range, ToDoubleFunction<MetricsRow> x) {
        XYChart chart = new XYChartBuilder()
                .width(PANEL_WIDTH)
                .height(ChartStyle.PANEL_HEIGHT)
                .xAxisTitle(xTitle)
                .yAxisTitle("loss in nats per character (thick: validation, thin: training, smoothed)")
                .build();
        XYStyler styler = chart.getStyler();
        ChartStyle.apply(styler);
        styler.setXAxisMin(0.0);
        styler.setYAxisMin(range.lowest());
        styler.setYAxisMax(range.highest());
        styler.setYAxisDecimalPattern("0.0");
        for (int i = 0; i < curves.size(); i++) {
            addTraining(chart, curves.get(i), i, LossSeries.training(curves.get(i), x).below(range.highest()));
        }
        if (!curves.isEmpty()) {
            ChartStyle.tickRoundly(chart, LossSeries.training(curves.getFirst(), x).below(range.highest()));
        }
        for (int i = 0; i < curves.size(); i++) {
            addValidation(chart, curves.get(i), i, LossSeries.validation(curves.get(i), x).below(range.highest()));
        }
        return chart;
    }

    private static void addTraining(XYChart chart, LossCurve curve, int index, LossSeries points) {
        if (points.isEmpty()) {
            return;
        }
        XYSeries series = chart.addSeries(curve.name() + " training", points.x(), points.y());
        series.setMarker(SeriesMarkers.NONE);
        series.setLineColor(ChartStyle.pale(index)).setLineStyle(ChartStyle.stroke(TRAINING_WIDTH, index));
    }

    private static void addValidation(XYChart chart, LossCurve curve, int index, LossSeries points) {
        if (points.isEmpty()) {
            return;
        }
        XYSeries series = chart.addSeries(curve.name() + " validation", points.x(), points.y());
        series.setMarker(points.size() <= MOST_MARKED ? SeriesMarkers.CIRCLE : SeriesMarkers.NONE);
        series.setMarkerColor(ChartStyle.color(index));
        series.setLineColor(ChartStyle.color(index)).setLineStyle(ChartStyle.stroke(VALIDATION_WIDTH, index));
    }
}
