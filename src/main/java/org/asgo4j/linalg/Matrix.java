// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.linalg;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.util.Objects;

/**
 * A row-major view of {@code rows × cols} elements in native memory; element (i, j) lies at index
 * {@code i·rowStride + j} of the segment. The view borrows the memory: whoever owns the segment's arena frees it, and
 * not while an operation on it runs, which checks only at its beginning that the arena is open.
 *
 * <p>The constructor checks the geometry once, so that no operation has to: the segment is native and aligned, and
 * {@code (rows−1)·rowStride + cols} elements fit into it.
 *
 * {@snippet file="MatrixExamplesTest.java" region="matrix"}
 *
 * <p>Memory of a GPU has an address that only the GPU can follow: its segment has no length, so that touching it from
 * Java throws, and the length that the geometry is checked against is carried beside it. Such matrices come from
 * {@link Backend#allocate} and {@link Backend#deviceMatrix}; {@link Backend#copy} reads and writes them.
 *
 * <p>Two are equal if shape, stride and type are, and their segments are equal.
 */
public final class Matrix {
    private final MemorySegment segment;
    private final ElementType type;
    private final int rows;
    private final int cols;
    private final int rowStride;
    private final long deviceBytes; // of device memory from the segment's address on; 0 in memory of this computer

    /**
     * A matrix in memory of this computer, whose geometry is checked.
     *
     * @param segment the memory; element (0, 0) lies at its start
     * @param type the element type
     * @param rows the number of rows, at least 1
     * @param cols the number of columns, at least 1
     * @param rowStride the distance from one row to the next in elements, at least {@code cols}
     * @throws IllegalArgumentException if a size is not positive, rows overlap, or the segment is on the heap,
     *     misaligned or too short; the message names the value and what was expected
     */
    public Matrix(MemorySegment segment, ElementType type, int rows, int cols, int rowStride) {
        this(segment, type, rows, cols, rowStride, 0);
    }

    /** In device memory if {@code deviceBytes} is positive: not public, as nothing can check an address there. */
    private Matrix(MemorySegment segment, ElementType type, int rows, int cols, int rowStride, long deviceBytes) {
        if (segment == null || type == null) {
            throw new IllegalArgumentException("matrix %d×%d: segment and type must not be null, got %s and %s"
                    .formatted(rows, cols, segment, type));
        }
        if (rows < 1 || cols < 1) {
            throw new IllegalArgumentException("matrix: rows and cols must be at least 1, got " + rows + "×" + cols);
        }
        if (rowStride < cols) {
            throw new IllegalArgumentException(
                    "matrix %d×%d: rowStride is %d, must be at least cols".formatted(rows, cols, rowStride));
        }
        if (!segment.isNative()) {
            throw new IllegalArgumentException(
                    "matrix %d×%d: segment is on the heap, must be native memory (Arena.allocate)"
                            .formatted(rows, cols));
        }
        if (segment.address() % type.byteSize() != 0) {
            throw new IllegalArgumentException(
                    "matrix %d×%d: segment starts at address 0x%x, must be a multiple of %d bytes"
                            .formatted(rows, cols, segment.address(), type.byteSize()));
        }
        // Fewer than 2^31·2^31 elements fit a long; their bytes might not, so elements are compared.
        long elements = Math.addExact(Math.multiplyExact(rows - 1L, (long) rowStride), cols);
        long held = Math.max(segment.byteSize(), deviceBytes) / type.byteSize();
        if (held < elements) {
            throw new IllegalArgumentException("matrix %d×%d with rowStride %d: segment holds %d %s elements, needs %d"
                    .formatted(rows, cols, rowStride, held, type, elements));
        }
        this.segment = segment;
        this.type = type;
        this.rows = rows;
        this.cols = cols;
        this.rowStride = rowStride;
        this.deviceBytes = deviceBytes;
    }

    /** A matrix in device memory, without gaps between rows or with: {@code bytes} of it are the segment's. */
    static Matrix onDevice(MemorySegment segment, ElementType type, int rows, int cols, int rowStride, long bytes) {
        return new Matrix(segment, type, rows, cols, rowStride, bytes);
    }

    /**
     * The memory; element (0, 0) lies at its start. Of a block it ends with the block's last element, but has what lies
     * between the block's rows. Of a device's its length is 0.
     */
    public MemorySegment segment() {
        return segment;
    }

    /** The element type. */
    public ElementType type() {
        return type;
    }

    /** The number of rows, at least 1. */
    public int rows() {
        return rows;
    }

    /** The number of columns, at least 1. */
    public int cols() {
        return cols;
    }

    /** The distance from one row to the next in elements, at least {@link #cols}. */
    public int rowStride() {
        return rowStride;
    }

    /** The bytes of device memory from the segment's address on; 0 if it is memory of this computer. */
    long deviceBytes() {
        return deviceBytes;
    }

    /** A float32 matrix whose rows follow each other without gaps; see {@link #of(MemorySegment, int, int, int)}. */
    public static Matrix of(MemorySegment segment, int rows, int cols) {
        return of(segment, rows, cols, cols);
    }

    /** Whether it lies in a device's memory, where only the backend of that device can read and write it. */
    public boolean isOnDevice() {
        return deviceBytes > 0;
    }

    /**
     * The first elements of this matrix's memory as another matrix without gaps; the same memory.
     *
     * @throws IllegalArgumentException if it is too short for that
     */
    public Matrix reshape(ElementType newType, int newRows, int newCols) {
        return new Matrix(segment, newType, newRows, newCols, newCols, deviceBytes);
    }

    /** The number of elements, {@code rows·cols}. */
    public long size() {
        return (long) rows * cols;
    }

    /** Whether the rows follow each other without gaps. */
    public boolean isContiguous() {
        return rowStride == cols || rows == 1;
    }

    /** The shape for messages, such as {@code 128×512}. */
    public String shape() {
        return rows + "×" + cols;
    }

    /**
     * A float32 matrix whose rows begin {@code rowStride} elements apart.
     *
     * @throws IllegalArgumentException if the constructor refuses it, or the segment is null
     * @throws IllegalStateException if the segment's arena is closed
     */
    public static Matrix of(MemorySegment segment, int rows, int cols, int rowStride) {
        if (segment != null && !segment.scope().isAlive()) {
            throw new IllegalStateException("memory of a %d×%d matrix is closed".formatted(rows, cols));
        }
        return new Matrix(segment, ElementType.FLOAT32, rows, cols, rowStride);
    }

    /** A float32 matrix in a direct buffer, without gaps; see {@link #of(ByteBuffer, int, int, int)}. */
    public static Matrix of(ByteBuffer buffer, int rows, int cols) {
        return of(buffer, rows, cols, cols);
    }

    /**
     * A float32 matrix in a direct buffer: element (0, 0) lies at the buffer's position, and the last one before its
     * limit. Both are read now; moving them later changes nothing. The buffer stays reachable as long as the matrix.
     *
     * {@snippet file="MatrixExamplesTest.java" region="borrowed"}
     *
     * @param buffer direct, in the machine's byte order, its position's address a multiple of 4
     * @param rowStride the distance from one row to the next in elements
     * @throws IllegalArgumentException if the buffer is on the heap, of the other byte order, misaligned or too short
     */
    public static Matrix of(ByteBuffer buffer, int rows, int cols, int rowStride) {
        return of(Borrowed.of(buffer, rows, cols, rowStride), rows, cols, rowStride);
    }

    /** A float32 matrix in a direct buffer, without gaps; see {@link #of(FloatBuffer, int, int, int)}. */
    public static Matrix of(FloatBuffer buffer, int rows, int cols) {
        return of(buffer, rows, cols, cols);
    }

    /**
     * A float32 matrix in a direct buffer of floats, from its position to its limit; otherwise as
     * {@link #of(ByteBuffer, int, int, int)}.
     */
    public static Matrix of(FloatBuffer buffer, int rows, int cols, int rowStride) {
        return of(Borrowed.of(buffer, rows, cols, rowStride), rows, cols, rowStride);
    }

    /**
     * A float32 matrix at an address that another engine gave out. The library can't know whether it is one: a wrong
     * address or size reads or writes other memory, or ends the JVM.
     *
     * @param address where element (0, 0) lies, a multiple of 4
     * @param byteSize how many bytes from there on belong to the engine's object
     * @param rowStride the distance from one row to the next in elements
     * @param lifetime every use of the matrix after it has been closed is refused. It does not free the memory, and is
     *     to be closed before the engine does. {@link Arena#global()} says that the caller vouches for the memory;
     *     several workers need {@link Arena#ofShared()} or that
     * @throws IllegalArgumentException if the address is 0 or misaligned, or {@code byteSize} too small for the rows
     * @throws IllegalStateException if the arena is closed
     * @throws IllegalCallerException if the JVM refuses native access to this library; the message names the option
     */
    public static Matrix of(long address, long byteSize, int rows, int cols, int rowStride, Arena lifetime) {
        return of(Borrowed.of(address, byteSize, lifetime), rows, cols, rowStride);
    }

    /**
     * The rows {@code from … from+count−1} of this matrix; the same memory.
     *
     * @throws IndexOutOfBoundsException if the block leaves the matrix
     */
    public Matrix rowBlock(int from, int count) {
        if (from < 0 || count < 1 || from > rows - count) {
            throw new IndexOutOfBoundsException(
                    "rows %d … %d of a %s matrix".formatted(from, from + count - 1L, shape()));
        }
        return block((long) from * rowStride, count, cols);
    }

    /**
     * The columns {@code from … from+count−1} of this matrix; the same memory.
     *
     * @throws IndexOutOfBoundsException if the block leaves the matrix
     */
    public Matrix colBlock(int from, int count) {
        if (from < 0 || count < 1 || from > cols - count) {
            throw new IndexOutOfBoundsException(
                    "cols %d … %d of a %s matrix".formatted(from, from + count - 1L, shape()));
        }
        return block(from, rows, count);
    }

    /**
     * Whether this matrix and another share an element: exact for equal types and row strides, where column blocks of
     * one matrix may interleave; by address range otherwise.
     */
    public boolean overlaps(Matrix other) {
        long distance = other.segment.address() - segment.address();
        if (distance >= extent() || -distance >= other.extent()) return false;
        if (rowStride != other.rowStride || type != other.type) return true;
        long column = Math.floorMod(Math.floorDiv(distance, type.byteSize()), (long) rowStride);
        return column < cols || column + other.cols > rowStride;
    }

    /** The bytes from the first element's start to the last one's end. */
    private long extent() {
        return extent(rows, cols, rowStride) * type.byteSize();
    }

    /** The elements from the first one to the last, those between rows included. */
    private static long extent(int rows, int cols, int rowStride) {
        return (rows - 1L) * rowStride + cols;
    }

    /** Element (row, col), widened to double. For tests, examples and reports; loops belong in kernels. */
    public double get(int row, int col) {
        long index = index(row, col);
        return type == ElementType.FLOAT32
                ? segment.getAtIndex(ValueLayout.JAVA_FLOAT, index)
                : segment.getAtIndex(ValueLayout.JAVA_DOUBLE, index);
    }

    /** Sets element (row, col), rounded to the element type. For tests and examples. */
    public void set(int row, int col, double value) {
        long index = index(row, col);
        if (type == ElementType.FLOAT32) {
            segment.setAtIndex(ValueLayout.JAVA_FLOAT, index, (float) value);
        } else {
            segment.setAtIndex(ValueLayout.JAVA_DOUBLE, index, value);
        }
    }

    private long index(int row, int col) {
        if (row < 0 || row >= rows || col < 0 || col >= cols) {
            throw new IndexOutOfBoundsException("element (%d, %d) of a %s matrix".formatted(row, col, shape()));
        }
        if (isOnDevice()) {
            throw new UnsupportedOperationException(
                    "element (%d, %d) of a %s matrix in device memory; Backend.copy reads it"
                            .formatted(row, col, shape()));
        }
        return (long) row * rowStride + col;
    }

    private Matrix block(long firstElement, int blockRows, int blockCols) {
        long bytes = firstElement * type.byteSize();
        if (!isOnDevice()) {
            long length = extent(blockRows, blockCols, rowStride) * type.byteSize();
            return new Matrix(segment.asSlice(bytes, length), type, blockRows, blockCols, rowStride);
        }
        // A segment without length can't be sliced: it gets one, ending where the block begins, and keeps its lifetime.
        MemorySegment end = segment.reinterpret(bytes).asSlice(bytes);
        return new Matrix(end, type, blockRows, blockCols, rowStride, deviceBytes - bytes);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Matrix m && rows == m.rows && cols == m.cols && rowStride == m.rowStride
                && deviceBytes == m.deviceBytes && type == m.type && segment.equals(m.segment);
    }

    @Override
    public int hashCode() {
        return Objects.hash(segment, type, rows, cols, rowStride, deviceBytes);
    }

    /** The shape, the type and where it lies, such as {@code 3×4 FLOAT32 at 0x7f00, rowStride 4}. */
    @Override
    public String toString() {
        return "%s %s at 0x%x%s, rowStride %d"
                .formatted(shape(), type, segment.address(), isOnDevice() ? " of a device" : "", rowStride);
    }
}
