// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.linalg;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Moves elements within and between matrices: what is seldom enough to need no kernel. */
final class Rearrangement {
    /** Columns mirrored at a time: as many lines of 64 bytes are written, and stay in the cache. */
    private static final int TILE = 32;

    private Rearrangement() {}

    /** The strict upper triangle of a square float64 matrix ← the lower one's transpose. */
    static void mirrorWide(Matrix a) {
        for (int left = 0; left < a.cols(); left += TILE) {
            for (int i = left; i < a.rows(); i++) {
                int right = Math.min(left + TILE, i);
                for (int j = left; j < right; j++) {
                    double value = a.segment().getAtIndex(ValueLayout.JAVA_DOUBLE, (long) i * a.rowStride() + j);
                    a.segment().setAtIndex(ValueLayout.JAVA_DOUBLE, (long) j * a.rowStride() + i, value);
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
