// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.train;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToDoubleFunction;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.XYSeries;
import org.knowm.xchart.style.XYStyler;
import org.knowm.xchart.style.markers.SeriesMarkers;

/**
 * {@code dynamics.png}: what the optimizers saw and did at each step, on logarithmic axes: thin as reported, thick
 * smoothed.
 */
final class DynamicsChart {
    private static final int PANEL_WIDTH = 600;
    private static final float SMOOTHED_WIDTH = 2f;
    private static final float REPORTED_WIDTH = 0.7f;

    private static final double DECADE = 10;
    private static final int TICK_SPACING = 100;

    private DynamicsChart() {}

    static void write(Path png, String title, List<LossCurve> curves) throws IOException {
        List<XYChart> panels = new ArrayList<>();
        panels.add(panel("‖update‖ / ‖weights‖", points(curves, row -> row.dynamics().updateRatio())));
        panels.add(panel("‖gradient‖ before clipping", points(curves, row -> row.dynamics().gradientNorm())));
        List<LossSeries> conditions = points(curves, row -> row.dynamics().condition());
        boolean gramMatrices = conditions.stream().anyMatch(points -> !points.isEmpty());
        if (gramMatrices) panels.add(panel("largest condition number of a gram matrix", conditions));
        List<String> names = curves.stream().map(LossCurve::name).toList();
        ChartStyle.write(png, title, names, panels, PANEL_WIDTH);
    }

    /** A series per curve, in their order. */
    private static List<LossSeries> points(List<LossCurve> curves, ToDoubleFunction<MetricsRow> y) {
        return curves.stream().map(curve -> LossSeries.positive(curve, MetricsRow::step, y)).toList();
    }

    private static XYChart panel(String title, List<LossSeries> reported) {
        XYChart chart = new XYChartBuilder()
                .width(PANEL_WIDTH)
                .height(ChartStyle.PANEL_HEIGHT)
                .xAxisTitle("steps")
                .yAxisTitle(title)
                .build();
        XYStyler styler = chart.getStyler();
        ChartStyle.apply(styler);
        styler.setXAxisMin(0.0);
        styler.setXAxisTickMarkSpacingHint(TICK_SPACING);
        styler.setYAxisLogarithmic(true);
        styler.setYAxisDecimalPattern("0E0");
        range(styler, reported);
        for (int i = 0; i < reported.size(); i++) addReported(chart, i, reported.get(i));
        for (int i = 0; i < reported.size(); i++) addSmoothed(chart, i, reported.get(i).smoothed());
        if (!reported.isEmpty()) ChartStyle.tickRoundly(chart, reported.getFirst());
        return chart;
    }

    /** Whole decades, since only their ends are labelled. */
    private static void range(XYStyler styler, List<LossSeries> all) {
        double lowest = all.stream().flatMapToDouble(LossSeries::values).min().orElse(1);
        double highest = all.stream().flatMapToDouble(LossSeries::values).max().orElse(1);
        double floor = Math.floor(Math.log10(lowest));
        styler.setYAxisMin(Math.pow(DECADE, floor));
        styler.setYAxisMax(Math.pow(DECADE, Math.max(floor + 1, Math.ceil(Math.log10(highest)))));
    }

    private static void addReported(XYChart chart, int index, LossSeries points) {
        if (points.isEmpty()) return;
        XYSeries series = chart.addSeries(index + " as reported", points.x(), points.y());
        series.setMarker(SeriesMarkers.NONE);
        series.setLineColor(ChartStyle.pale(index)).setLineStyle(ChartStyle.stroke(REPORTED_WIDTH, index));
    }

    private static void addSmoothed(XYChart chart, int index, LossSeries points) {
        if (points.isEmpty()) return;
        XYSeries series = chart.addSeries(index + " smoothed", points.x(), points.y());
        series.setMarker(SeriesMarkers.NONE);
        series.setLineColor(ChartStyle.color(index)).setLineStyle(ChartStyle.stroke(SMOOTHED_WIDTH, index));
    }
}
