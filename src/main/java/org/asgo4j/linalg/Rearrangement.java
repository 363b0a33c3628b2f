// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.linalg;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Moves elements within and between matrices: what is seldom enough to need no kernel. */
final class Rearrangement {
    /** Columns mirrored at a time: as many lines of 64 bytes are written, and stay in the cache. */
    private static final int TILE = 32;

    /** Rows mirrored at a time. */
    private static final int ROWS = 4;

    private Rearrangement() {}

    /** The strict upper triangle of a square matrix ← the lower one's transpose, tile by tile. */
    static void mirror(Matrix a) {
        for (int left = 0; left < a.cols(); left += TILE) {
            for (int top = left; top < a.rows(); top += ROWS) {
                if (a.type() == ElementType.FLOAT32 && top >= left + TILE && top + ROWS <= a.rows()) {
                    mirrorRows(a.segment(), a.rowStride(), top, left);
                } else {
                    mirrorTile(a, top, left);
                }
            }
        }
    }

    /** A tile of four whole rows: each element of the first comes with its three neighbours of a column. */
    private static void mirrorRows(MemorySegment a, int stride, int top, int left) {
        long row0 = (long) top * stride;
        long row1 = row0 + stride;
        long row2 = row1 + stride;
        long row3 = row2 + stride;
        for (int j = left; j < left + TILE; j++) {
            long to = (long) j * stride + top;
            a.setAtIndex(ValueLayout.JAVA_FLOAT, to, a.getAtIndex(ValueLayout.JAVA_FLOAT, row0 + j));
            a.setAtIndex(ValueLayout.JAVA_FLOAT, to + 1, a.getAtIndex(ValueLayout.JAVA_FLOAT, row1 + j));
            a.setAtIndex(ValueLayout.JAVA_FLOAT, to + 2, a.getAtIndex(ValueLayout.JAVA_FLOAT, row2 + j));
            a.setAtIndex(ValueLayout.JAVA_FLOAT, to + 3, a.getAtIndex(ValueLayout.JAVA_FLOAT, row3 + j));
        }
    }

    private static void mirrorTile(Matrix a, int top, int left) {
        int bottom = Math.min(top + ROWS, a.rows());
        for (int i = top; i < bottom; i++) {
            int right = Math.min(left + TILE, i);
            for (int j = left; j < right; j++) {
                long from = (long) i * a.rowStride() + j;
                long to = (long) j * a.rowStride() + i;
                if (a.type() == ElementType.FLOAT32) {
                    float value = a.segment().getAtIndex(ValueLayout.JAVA_FLOAT, from);
                    a.segment().setAtIndex(ValueLayout.JAVA_FLOAT, to, value);
                } else {
                    double value = a.segment().getAtIndex(ValueLayout.JAVA_DOUBLE, from);
                    a.segment().setAtIndex(ValueLayout.JAVA_DOUBLE, to, value);
                }
            }
        }
    }

    /** Checks that an order has {@code size} indices below {@code size}. */
    static void check(String operation, String name, int[] order, int size) {
        if (order.length != size) {
            throw new IllegalArgumentException(
                    "%s: %s has %d indices, must have %d".formatted(operation, name, order.length, size));
        }
        for (int i = 0; i < size; i++) {
            if (order[i] < 0 || order[i] >= size) {
                throw new IllegalArgumentException("%s: %s[%d] is %d, must be at least 0 and below %d"
                        .formatted(operation, name, i, order[i], size));
            }
        }
    }

    /** y_ij ← x_kl with k = rows[i], l = cols[j]. */
    static void gather(int[] rows, int[] cols, Matrix x, Matrix y) {
        boolean single = y.type() == ElementType.FLOAT32;
        for (int i = 0; i < y.rows(); i++) {
            long from = (long) rows[i] * x.rowStride();
            long to = (long) i * y.rowStride();
            if (single) gatherRow(cols, x.segment(), from, y.segment(), to);
            else gatherWideRow(cols, x.segment(), from, y.segment(), to);
        }
    }

    private static void gatherRow(int[] cols, MemorySegment x, long from, MemorySegment y, long to) {
        for (int j = 0; j < cols.length; j++) {
            y.setAtIndex(ValueLayout.JAVA_FLOAT, to + j, x.getAtIndex(ValueLayout.JAVA_FLOAT, from + cols[j]));
        }
    }

    private static void gatherWideRow(int[] cols, MemorySegment x, long from, MemorySegment y, long to) {
        for (int j = 0; j < cols.length; j++) {
            y.setAtIndex(ValueLayout.JAVA_DOUBLE, to + j, x.getAtIndex(ValueLayout.JAVA_DOUBLE, from + cols[j]));
        }
    }
}
