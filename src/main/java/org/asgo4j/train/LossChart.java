package org.asgo4j.train;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;
import javax.imageio.ImageIO;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.XYSeries;
import org.knowm.xchart.style.Styler.LegendPosition;
import org.knowm.xchart.style.XYStyler;
import org.knowm.xchart.style.markers.SeriesMarkers;

/**
 * The picture of {@link LossPlot}: thick validation curves, thin smoothed training curves, one colour per optimizer.
 */
final class LossChart {
    /**
     * The colours of Okabe and Ito, which people with any colour vision tell apart; yellow left out, it is too pale on
     * white.
     */
    private static final Color[] COLORS = {
        new Color(0x0072B2), new Color(0xD55E00), new Color(0x009E73),
        new Color(0xCC79A7), new Color(0xE69F00), new Color(0x56B4E9), new Color(0x444444)
    };

    private static final int PANEL_WIDTH = 720;
    private static final int PANEL_HEIGHT = 500;
    private static final int TITLE_HEIGHT = 44;
    private static final int TITLE_BASELINE = 32;
    /** Pixels per point, so that the picture is sharp on dense screens. */
    private static final int SCALE = 2;

    private static final float VALIDATION_WIDTH = 2.4f;
    private static final float TRAINING_WIDTH = 1f;
    private static final int TRAINING_ALPHA = 110;
    private static final int MARKER_SIZE = 5;
    private static final int MOST_MARKED = 30;
    private static final Color GRID = new Color(0xE4E4E4);
    private static final Color INK = new Color(0x333333);
    private static final Font TITLE_FONT = new Font(Font.SANS_SERIF, Font.BOLD, 18);
    private static final Font LABEL_FONT = new Font(Font.SANS_SERIF, Font.PLAIN, 13);
    private static final Font TICK_FONT = new Font(Font.SANS_SERIF, Font.PLAIN, 12);

    private LossChart() {}

    static void write(Path png, String title, List<LossCurve> curves) throws IOException {
        LossRange range = LossRange.of(curves);
        XYChart bySteps = panel("steps", curves, range, MetricsRow::step);
        XYChart bySeconds = panel("seconds of training", curves, range, MetricsRow::seconds);
        int width = 2 * PANEL_WIDTH;
        int height = TITLE_HEIGHT + PANEL_HEIGHT;
        BufferedImage image = new BufferedImage(width * SCALE, height * SCALE, BufferedImage.TYPE_INT_RGB);
        Graphics2D graphics = image.createGraphics();
        try {
            graphics.scale(SCALE, SCALE);
            graphics.setColor(Color.WHITE);
            graphics.fillRect(0, 0, width, height);
            drawTitle(graphics, title, width);
            graphics.translate(0, TITLE_HEIGHT);
            bySteps.paint(graphics, PANEL_WIDTH, PANEL_HEIGHT);
            graphics.translate(PANEL_WIDTH, 0);
            bySeconds.paint(graphics, PANEL_WIDTH, PANEL_HEIGHT);
        } finally {
            graphics.dispose();
        }
        try (OutputStream out = Files.newOutputStream(png)) {
            if (!ImageIO.write(image, "png", out)) {
                throw new IOException("this Java runtime has no PNG writer");
            }
        }
    }

    private static void drawTitle(Graphics2D graphics, String title, int width) {
        graphics.setRenderingHint(RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
        graphics.setFont(TITLE_FONT);
        graphics.setColor(INK);
        graphics.drawString(title, (width - graphics.getFontMetrics().stringWidth(title)) / 2, TITLE_BASELINE);
    }

    private static XYChart panel(
            String xTitle, List<LossCurve> curves, LossRange range, ToDoubleFunction<MetricsRow> x) {
        XYChart chart = new XYChartBuilder()
                .width(PANEL_WIDTH)
                .height(PANEL_HEIGHT)
                .xAxisTitle(xTitle)
                .yAxisTitle("loss in nats per character (thin: training, smoothed)")
                .build();
        style(chart.getStyler(), range);
        for (int i = 0; i < curves.size(); i++) {
            addTraining(chart, curves.get(i), i, LossSeries.training(curves.get(i), x).below(range.highest()));
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
        Color color = color(index);
        Color pale = new Color(color.getRed(), color.getGreen(), color.getBlue(), TRAINING_ALPHA);
        XYSeries series = chart.addSeries(curve.name() + " training", points.x(), points.y());
        series.setShowInLegend(false);
        series.setMarker(SeriesMarkers.NONE);
        series.setLineColor(pale).setLineStyle(stroke(TRAINING_WIDTH, index));
    }

    private static void addValidation(XYChart chart, LossCurve curve, int index, LossSeries points) {
        if (points.isEmpty()) {
            return;
        }
        String name = String.format(Locale.ROOT, "%s validation, %.3f at the end", curve.name(), points.last());
        XYSeries series = chart.addSeries(name, points.x(), points.y());
        series.setMarker(points.size() <= MOST_MARKED ? SeriesMarkers.CIRCLE : SeriesMarkers.NONE);
        series.setMarkerColor(color(index));
        series.setLineColor(color(index)).setLineStyle(stroke(VALIDATION_WIDTH, index));
    }

    private static Color color(int index) {
        return COLORS[index % COLORS.length];
    }

    /** Solid lines for the first round of colours, dashed from the second. */
    private static BasicStroke stroke(float width, int index) {
        float[] dash = index < COLORS.length ? null : new float[] {3 * width, 2 * width};
        return new BasicStroke(width, BasicStroke.CAP_BUTT, BasicStroke.JOIN_ROUND, 1f, dash, 0f);
    }

    private static void style(XYStyler styler, LossRange range) {
        styler.setLocale(Locale.ROOT);
        styler.setChartBackgroundColor(Color.WHITE);
        styler.setPlotBackgroundColor(Color.WHITE);
        styler.setPlotBorderVisible(false);
        styler.setChartFontColor(INK);
        styler.setChartTitleVisible(false);
        styler.setPlotGridLinesColor(GRID);
        styler.setPlotGridLinesStroke(new BasicStroke(1f));
        styler.setAxisTickMarksColor(GRID);
        styler.setAxisTickLabelsColor(INK);
        styler.setAxisTitleFont(LABEL_FONT);
        styler.setAxisTickLabelsFont(TICK_FONT);
        styler.setLegendFont(TICK_FONT);
        styler.setLegendPosition(LegendPosition.InsideNE);
        styler.setLegendBorderColor(GRID);
        styler.setMarkerSize(MARKER_SIZE);
        styler.setXAxisMin(0.0);
        styler.setYAxisMin(range.lowest());
        styler.setYAxisMax(range.highest());
        styler.setXAxisDecimalPattern("#");
        styler.setYAxisDecimalPattern("0.0");
        styler.setAntiAlias(true);
    }
}
