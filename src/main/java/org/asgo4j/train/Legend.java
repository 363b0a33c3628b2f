// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.train;

import java.awt.Color;
import java.awt.Font;
import java.awt.FontMetrics;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.List;

/** Names with the lines they stand for, in centred rows as wide as a picture. */
final class Legend {
    private static final int ROW_HEIGHT = 22;
    private static final int BASELINE = 15;
    private static final int LINE_HEIGHT = 10;
    private static final int LINE_LENGTH = 28;
    private static final int LINE_GAP = 7;
    private static final int ENTRY_GAP = 24;
    private static final float LINE_WIDTH = 2.4f;

    private final Font font;
    private final int width;
    private final List<List<Entry>> rows = new ArrayList<>();

    /** A name, its place among the optimizers, and how many points it takes with its line and a gap. */
    private record Entry(String name, int index, int width) {}

    Legend(List<String> names, Font font, int width) {
        this.font = font;
        this.width = width;
        Graphics2D graphics = new BufferedImage(1, 1, BufferedImage.TYPE_INT_RGB).createGraphics();
        FontMetrics metrics = graphics.getFontMetrics(font);
        graphics.dispose();
        int room = 0;
        for (int i = 0; i < names.size(); i++) {
            String name = names.get(i);
            var entry = new Entry(name, i, LINE_LENGTH + LINE_GAP + metrics.stringWidth(name) + ENTRY_GAP);
            if (entry.width() > room) {
                rows.add(new ArrayList<>());
                room = width;
            }
            rows.getLast().add(entry);
            room -= entry.width();
        }
    }

    int height() {
        return rows.size() * ROW_HEIGHT;
    }

    /** Paints from the origin down. */
    void paint(Graphics2D graphics, Color ink) {
        graphics.setFont(font);
        for (int row = 0; row < rows.size(); row++) {
            int x = (width - rows.get(row).stream().mapToInt(Entry::width).sum() + ENTRY_GAP) / 2;
            int y = row * ROW_HEIGHT;
            for (Entry entry : rows.get(row)) {
                graphics.setColor(ChartStyle.color(entry.index()));
                graphics.setStroke(ChartStyle.stroke(LINE_WIDTH, entry.index()));
                graphics.drawLine(x, y + LINE_HEIGHT, x + LINE_LENGTH, y + LINE_HEIGHT);
                graphics.setColor(ink);
                graphics.drawString(entry.name(), x + LINE_LENGTH + LINE_GAP, y + BASELINE);
                x += entry.width();
            }
        }
    }
}
