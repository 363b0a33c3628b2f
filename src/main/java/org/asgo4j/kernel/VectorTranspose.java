// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.kernel;

import static org.asgo4j.kernel.Lanes.ORDER;
import static org.asgo4j.kernel.OffHeap.ALL;
import static org.asgo4j.kernel.OffHeap.address;
import static org.asgo4j.kernel.OffHeap.rowBytes;
import static org.asgo4j.kernel.ScalarTranspose.TILE;

import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/**
 * {@link ScalarTranspose} by squares of 4×4, in vectors of 128 bits on every CPU; operands are numbers of elements of
 * {@link OffHeap#ALL}. Mirroring order 128 takes 3.2 µs, element by element 7.0, by pairs of elements in a word 4.7.
 *
 * <p>The bits are moved as ints, since FloatVector's methods should meet one width alone: C2 knows that of a loaded
 * vector by what a method has met in the whole JVM. When they met 128 bits here and 256 in other kernels, it left
 * objects in the loops of layer norm and softmax in 7 of 18 JVMs, since then in none of 24 (a CPU with AVX2).
 */
final class VectorTranspose {

    private static final VectorSpecies<Integer> FOUR = IntVector.SPECIES_128;

    /** Side of a square. */
    private static final int SIDE = FOUR.length();

    /** The first halves of two vectors, element by element; an index of 4 on is the second vector's. */
    private static final VectorShuffle<Integer> FIRST_ELEMENTS = VectorShuffle.fromValues(FOUR, 0, 4, 1, 5);

    private static final VectorShuffle<Integer> LAST_ELEMENTS = VectorShuffle.fromValues(FOUR, 2, 6, 3, 7);

    /** The first halves of two vectors, one after the other. */
    private static final VectorShuffle<Integer> FIRST_PAIRS = VectorShuffle.fromValues(FOUR, 0, 1, 4, 5);

    private static final VectorShuffle<Integer> LAST_PAIRS = VectorShuffle.fromValues(FOUR, 2, 3, 6, 7);

    private VectorTranspose() {
    }

    /** As {@link Kernels#mirror}. */
    static void mirror(long a, long stride, int order) {
        int whole = order & -SIDE;
        for (long left = 0; left < whole; left += TILE) {
            for (long i = left; i < whole; i += SIDE) {
                long right = Math.min(left + TILE, i);
                for (long j = left; j < right; j += SIDE) {
                    square(a + i * stride + j, stride, a + j * stride + i, stride);
                }
            }
        }
        for (int i = 0; i < whole; i += SIDE) {
            ScalarTranspose.mirror(ALL, a + i * stride + i, stride, 0, SIDE);
        }
        ScalarTranspose.mirror(ALL, a, stride, whole, order);
    }

    /** As {@link Kernels#transpose}. */
    static void transpose(long x, long xStride, long y, long yStride, int rows, int cols) {
        int wholeRows = rows & -SIDE;
        int wholeCols = cols & -SIDE;
        for (long left = 0; left < wholeCols; left += TILE) {
            long right = Math.min(left + TILE, wholeCols);
            for (int i = 0; i < wholeRows; i += SIDE) {
                for (long j = left; j < right; j += SIDE) {
                    square(x + i * xStride + j, xStride, y + j * yStride + i, yStride);
                }
            }
        }
        ScalarTranspose.transpose(ALL, x + wholeCols, xStride, ALL, y + wholeCols * yStride, yStride, wholeRows,
                cols - wholeCols);
        ScalarTranspose.transpose(ALL, x + wholeRows * xStride, xStride, ALL, y + wholeRows, yStride, rows - wholeRows,
                cols);
    }

    /** The 4×4 at y ← the transpose of that at x. */
    private static void square(long x, long xStride, long y, long yStride) {
        long from = address(x);
        long row = rowBytes(xStride);
        IntVector row0 = IntVector.fromMemorySegment(FOUR, ALL, from, ORDER);
        IntVector row1 = IntVector.fromMemorySegment(FOUR, ALL, from + row, ORDER);
        IntVector row2 = IntVector.fromMemorySegment(FOUR, ALL, from + 2 * row, ORDER);
        IntVector row3 = IntVector.fromMemorySegment(FOUR, ALL, from + 3 * row, ORDER);
        IntVector first01 = row0.rearrange(FIRST_ELEMENTS, row1);
        IntVector last01 = row0.rearrange(LAST_ELEMENTS, row1);
        IntVector first23 = row2.rearrange(FIRST_ELEMENTS, row3);
        IntVector last23 = row2.rearrange(LAST_ELEMENTS, row3);
        long to = address(y);
        long yRow = rowBytes(yStride);
        first01.rearrange(FIRST_PAIRS, first23).intoMemorySegment(ALL, to, ORDER);
        first01.rearrange(LAST_PAIRS, first23).intoMemorySegment(ALL, to + yRow, ORDER);
        last01.rearrange(FIRST_PAIRS, last23).intoMemorySegment(ALL, to + 2 * yRow, ORDER);
        last01.rearrange(LAST_PAIRS, last23).intoMemorySegment(ALL, to + 3 * yRow, ORDER);
    }
}
