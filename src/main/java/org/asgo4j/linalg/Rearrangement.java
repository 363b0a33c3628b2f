// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.linalg;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Moves elements within and between matrices: what is seldom enough to need no kernel. */
final class Rearrangement {
    /** Rows and columns mirrored at a time: 32 lines of 64 bytes are read and 32 written, all of them in the cache. */
    private static final int TILE = 32;

    private Rearrangement() {}

    /** The strict upper triangle of a square matrix ← the lower one's transpose, tile by tile. */
    static void mirror(Matrix a) {
        for (int top = 0; top < a.rows(); top += TILE) {
            for (int left = 0; left <= top; left += TILE) mirrorTile(a, top, left);
        }
    }

    private static void mirrorTile(Matrix a, int top, int left) {
        int bottom = Math.min(top + TILE, a.rows());
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
