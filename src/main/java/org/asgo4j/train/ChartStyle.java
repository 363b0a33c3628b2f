// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.train;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYSeries;
import org.knowm.xchart.style.XYStyler;
import org.knowm.xchart.style.lines.SeriesLines;
import org.knowm.xchart.style.markers.SeriesMarkers;

/** How all pictures of a run look: one colour per optimizer, panels side by side under a title. */
public final class ChartStyle {
    public static final int PANEL_HEIGHT = 500;

    /**
     * The colours of Okabe and Ito, which people with any colour vision tell apart; yellow left out, it is too pale on
     * white. Then wine, indigo and olive of Paul Tol's, for those who compare that many optimizers.
     */
    private static final Color[] COLORS = {
        new Color(0x0072B2), new Color(0xD55E00), new Color(0x009E73), new Color(0xCC79A7), new Color(0xE69F00),
        new Color(0x56B4E9), new Color(0x444444), new Color(0x882255), new Color(0x332288), new Color(0x999933)
    };

    private static final int TITLE_HEIGHT = 44;
    private static final int TITLE_BASELINE = 32;
    /** Pixels per point, so that the picture is sharp on dense screens. */
    private static final int SCALE = 2;

    private static final int PALE_ALPHA = 110;
    private static final int MARKER_SIZE = 5;
    private static final Color GRID = new Color(0xE4E4E4);
    private static final Color INK = new Color(0x333333);
    private static final Font TITLE_FONT = new Font(Font.SANS_SERIF, Font.BOLD, 18);
    private static final Font LABEL_FONT = new Font(Font.SANS_SERIF, Font.PLAIN, 13);
    private static final Font TICK_FONT = new Font(Font.SANS_SERIF, Font.PLAIN, 12);

    private ChartStyle() {}

    /** The colour of the optimizer at a place in the list. */
    public static Color color(int index) {
        return COLORS[index % COLORS.length];
    }

    /** The same for what lies behind. */
    public static Color pale(int index) {
        Color color = color(index);
        return new Color(color.getRed(), color.getGreen(), color.getBlue(), PALE_ALPHA);
    }

    /** Solid lines for the first round of colours, dashed from the second. */
    public static BasicStroke stroke(float width, int index) {
        float[] dash = index < COLORS.length ? null : new float[] {3 * width, 2 * width};
        return new BasicStroke(width, BasicStroke.CAP_BUTT, BasicStroke.JOIN_ROUND, 1f, dash, 0f);
    }

    /**
     * Has ticks at round numbers of the x axis. XChart puts them where points are if those are equally spaced, at 11,
     * 22, 33 … and as close as labels fit; an unseen point between the first two spoils that.
     */
    static void tickRoundly(XYChart chart, LossSeries points) {
        if (points.size() < 2) return;
        double between = (points.x()[0] + points.x()[1]) / 2;
        XYSeries unseen = chart.addSeries("unseen", new double[] {between}, new double[] {points.y()[0]});
        unseen.setMarker(SeriesMarkers.NONE).setLineStyle(SeriesLines.NONE);
    }

    /** Everything but the axes' ranges. */
    public static void apply(XYStyler styler) {
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
        styler.setLegendVisible(false); // one for all panels, above them, where it covers nothing
        styler.setMarkerSize(MARKER_SIZE);
        styler.setXAxisDecimalPattern("#");
        styler.setAntiAlias(true);
    }

    /**
     * Writes panels of {@code panelWidth} points, from left to right, as a PNG.
     *
     * @param legend what to call the optimizers
     */
    public static void write(Path png, String title, List<String> legend, List<XYChart> panels, int panelWidth)
            throws IOException {
        int width = panels.size() * panelWidth;
        Legend above = new Legend(legend, LABEL_FONT, width);
        int height = TITLE_HEIGHT + above.height() + PANEL_HEIGHT;
        BufferedImage image = new BufferedImage(width * SCALE, height * SCALE, BufferedImage.TYPE_INT_RGB);
        Graphics2D graphics = image.createGraphics();
        try {
            graphics.scale(SCALE, SCALE);
            graphics.setColor(Color.WHITE);
            graphics.fillRect(0, 0, width, height);
            graphics.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
            graphics.setRenderingHint(RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
            graphics.setFont(TITLE_FONT);
            graphics.setColor(INK);
            int left = (width - graphics.getFontMetrics().stringWidth(title)) / 2;
            graphics.drawString(title, left, TITLE_BASELINE);
            graphics.translate(0, TITLE_HEIGHT);
            above.paint(graphics, INK);
            graphics.translate(0, above.height());
            for (XYChart panel : panels) {
                panel.paint(graphics, panelWidth, PANEL_HEIGHT);
                graphics.translate(panelWidth, 0);
            }
        } finally {
            graphics.dispose();
        }
        PngFile.write(png, image);
    }
}
