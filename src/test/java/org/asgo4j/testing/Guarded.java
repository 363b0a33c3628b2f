// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.testing;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.asgo4j.linalg.ElementType;
import org.asgo4j.linalg.Matrix;

/**
 * A matrix in the middle of memory filled with canaries, quiet NaNs with a payload: whoever reads one gets NaN, whoever
 * writes one is found by {@link #damage}. They stand before the first row, between rows, and after the last element.
 *
 * @param memory all of it
 * @param matrix the matrix inside
 */
public record Guarded(MemorySegment memory, Matrix matrix) {
    /** Elements before and after the matrix: more than the widest vector. */
    private static final int MARGIN = 19;

    private static final int FLOAT_CANARY = 0x7FC0BEEF;
    private static final long DOUBLE_CANARY = 0x7FF80BADCAFEBEEFL;

    /** A matrix of canaries, inside canaries; fill it with {@link Matrices#fill} or leave it if it is only written. */
    public static Guarded allocate(Arena arena, ElementType type, int rows, int cols, int rowStride) {
        long elements = (rows - 1L) * rowStride + cols;
        MemorySegment memory = arena.allocate((elements + 2L * MARGIN) * type.byteSize(), type.byteSize());
        Guarded guarded = new Guarded(
                memory, new Matrix(memory.asSlice((long) MARGIN * type.byteSize(), elements * type.byteSize()),
                        type, rows, cols, rowStride));
        for (long i = 0; i < guarded.count(); i++) {
            if (type == ElementType.FLOAT32) memory.setAtIndex(ValueLayout.JAVA_INT, i, FLOAT_CANARY);
            else memory.setAtIndex(ValueLayout.JAVA_LONG, i, DOUBLE_CANARY);
        }
        return guarded;
    }

    /** A guarded copy of these entries. */
    public static Guarded of(Arena arena, ElementType type, int rowStride, double[][] values) {
        Guarded guarded = allocate(arena, type, values.length, values[0].length, rowStride);
        Matrices.fill(guarded.matrix, values);
        return guarded;
    }

    /** Which canary around or between the rows was overwritten first, or an empty string. */
    public String damage() {
        for (long i = 0; i < count(); i++) {
            long element = i - MARGIN;
            long row = Math.floorDiv(element, (long) matrix.rowStride());
            long col = Math.floorMod(element, (long) matrix.rowStride());
            boolean inside = row >= 0 && row < matrix.rows() && col < matrix.cols();
            if (!inside && !isCanary(i))
                return "element %d of a %s matrix with rowStride %d was overwritten"
                        .formatted(element, matrix.shape(), matrix.rowStride());
        }
        return "";
    }

    /** Whether entry (row, col) still is the canary that {@link #allocate} put there. */
    public boolean untouched(int row, int col) {
        return isCanary(MARGIN + (long) row * matrix.rowStride() + col);
    }

    private boolean isCanary(long index) {
        return matrix.type() == ElementType.FLOAT32
                ? memory.getAtIndex(ValueLayout.JAVA_INT, index) == FLOAT_CANARY
                : memory.getAtIndex(ValueLayout.JAVA_LONG, index) == DOUBLE_CANARY;
    }

    private long count() {
        return memory.byteSize() / matrix.type().byteSize();
    }
}
