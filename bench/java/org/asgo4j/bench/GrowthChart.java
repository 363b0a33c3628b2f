// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.bench;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.function.ToDoubleFunction;
import org.asgo4j.bench.Growth.Point;
import org.asgo4j.train.ChartStyle;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.XYSeries;
import org.knowm.xchart.style.XYStyler;
import org.knowm.xchart.style.markers.SeriesMarkers;

/** Milliseconds and mebibytes against what grows, both axes logarithmic: a power is a straight line. */
final class GrowthChart {
    private static final int PANEL_WIDTH = 640;
    private static final float LINE_WIDTH = 2f;
    private static final double MIB = 1024 * 1024;
    private static final double MILLION = 1e6;
    private static final double DECADE = 10;

    private GrowthChart() {}

    static void writeAll(Path folder, List<Point> points) throws IOException {
        write(folder, "square", "One weight of n×n, one thread", "order n", Point::size, points);
        write(folder, "mlp", "One weight of n×4n, one thread", "rows n", Point::size, points);
        write(folder, "blocks", "1 to 12 blocks of GPT-2 small, two workers", "million parameters",
                point -> point.parameters() / MILLION, points);
    }

    private static void write(
            Path folder, String series, String title, String xTitle, ToDoubleFunction<Point> x, List<Point> all)
            throws IOException {
        List<Point> points = all.stream().filter(point -> point.series().equals(series)).toList();
        List<MeasuredRule> rules = points.stream().map(Point::rule).distinct().toList();
        ChartStyle.write(
                folder.resolve("growth-" + series + ".png"), title, rules.stream().map(MeasuredRule::label).toList(),
                List.of(panel(xTitle, "milliseconds per step", x, Point::milliseconds, rules, points),
                        panel(xTitle, "MiB of state and scratch memory", x, p -> p.bytes() / MIB, rules,
                                points.stream().filter(p -> p.rule() != MeasuredRule.ASGO_TENTH).toList())), // as ASGO
                PANEL_WIDTH);
    }

    private static XYChart panel(
            String xTitle, String yTitle, ToDoubleFunction<Point> x, ToDoubleFunction<Point> y,
            List<MeasuredRule> rules, List<Point> points) {
        XYChart chart = new XYChartBuilder()
                .width(PANEL_WIDTH)
                .height(ChartStyle.PANEL_HEIGHT)
                .xAxisTitle(xTitle)
                .yAxisTitle(yTitle)
                .build();
        XYStyler styler = chart.getStyler();
        ChartStyle.apply(styler);
        styler.setXAxisLogarithmic(true);
        styler.setYAxisLogarithmic(true);
        styler.setYAxisDecimalPattern("#,##0.###");
        styler.setXAxisDecimalPattern("#,##0.#");
        styler.setXAxisMin(decade(points, x, false));
        styler.setXAxisMax(decade(points, x, true));
        styler.setYAxisMin(decade(points, y, false));
        styler.setYAxisMax(decade(points, y, true));
        for (int i = 0; i < rules.size(); i++) {
            MeasuredRule rule = rules.get(i);
            List<Point> line = points.stream().filter(point -> point.rule() == rule).toList();
            if (line.isEmpty()) continue;
            XYSeries series = chart.addSeries(rule.label(), line.stream().mapToDouble(x).toArray(),
                    line.stream().mapToDouble(y).toArray());
            series.setMarker(SeriesMarkers.CIRCLE).setMarkerColor(ChartStyle.color(i));
            series.setLineColor(ChartStyle.color(i)).setLineStyle(ChartStyle.stroke(LINE_WIDTH, i));
        }
        return chart;
    }

    /** The power of ten below all, or above: only those are labelled. */
    private static double decade(List<Point> points, ToDoubleFunction<Point> value, boolean above) {
        var range = points.stream().mapToDouble(value).summaryStatistics();
        double exponent = Math.log10(above ? range.getMax() : range.getMin());
        return Math.pow(DECADE, above ? Math.ceil(exponent) : Math.floor(exponent));
    }
}
