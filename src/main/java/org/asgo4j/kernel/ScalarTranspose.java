// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.kernel;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import java.lang.foreign.MemorySegment;

/** Transpositions element by element: the definition of {@link VectorTranspose}, and its edges. */
final class ScalarTranspose {

    /** Columns at a time: as many lines of 64 bytes are written, and stay in the cache. */
    static final int TILE = 32;

    private ScalarTranspose() {
    }

    /** As {@link Kernels#mirror}, for the columns that rows {@code top} ≤ i {@literal <} {@code bottom} become. */
    static void mirror(MemorySegment a, long from, long stride, int top, int bottom) {
        for (long left = 0; left < bottom; left += TILE) {
            for (long i = Math.max(top, left); i < bottom; i++) {
                long right = Math.min(left + TILE, i);
                for (long j = left; j < right; j++) copy(a, from + i * stride + j, a, from + j * stride + i);
            }
        }
    }

    /** As {@link Kernels#transpose}. */
    static void transpose(MemorySegment x, long xFrom, long xStride, MemorySegment y, long yFrom, long yStride,
            int rows, int cols) {
        for (long left = 0; left < cols; left += TILE) {
            long right = Math.min(left + TILE, cols);
            for (int i = 0; i < rows; i++) {
                for (long j = left; j < right; j++) copy(x, xFrom + i * xStride + j, y, yFrom + j * yStride + i);
            }
        }
    }

    private static void copy(MemorySegment x, long xAt, MemorySegment y, long yAt) {
        y.setAtIndex(JAVA_FLOAT, yAt, x.getAtIndex(JAVA_FLOAT, xAt));
    }
}
