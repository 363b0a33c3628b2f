// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.kernel;

import java.lang.foreign.MemorySegment;
import java.util.Objects;

/**
 * All memory outside the heap as one segment, whose n-th float lies at address 4n and whose n-th double at 8n: what the
 * vector twins read and write once an operand's range was checked.
 *
 * <p>An access to a segment asks which class it is of, whether its arena is open and whether this is its thread. C2
 * takes that out of a loop by what it has seen at that access, which stands once in the JDK for all its callers: after
 * some thousand vectors of a heap array, a mapped file or a confined arena anywhere in the JVM it asks at every
 * element, and the Vector API itself uses heap arrays until it is compiled. Kernels on segments took 1.4 to 14 times as
 * long as C then ({@link Kernels#axpby} of 2304 elements 1.5 µs, C and this 0.1), and ten times as long to compile.
 * Here the segment is a constant, and nothing is asked.
 *
 * <p>So an operand is checked once a call. What is lost: an arena that another thread closes during a call is not
 * noticed any more.
 */
final class OffHeap {

    /** Address 0 on. */
    static final MemorySegment ALL = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

    /** All bits that an address in use has set, and less than half of the longs, so that an offset may be added. */
    private static final long ADDRESS = Long.MAX_VALUE >> 1;

    /** All bits of a stride in bytes: three of them may be added to an address. */
    private static final long ROW = Long.MAX_VALUE >> 3;

    /** All bits of an offset in bytes: see {@link #address}. */
    static final int OFFSET = Integer.MAX_VALUE;

    private OffHeap() {
    }

    /**
     * The address of float {@code number}, for loops that read at {@code address(x) + (i & OFFSET)} with i in bytes.
     *
     * <p>The two masks change nothing, but by them C2 knows that the sum is in range. So it leaves the check of the
     * range out of a loop, and adds base and offset within the instruction that loads; without, it took two or three
     * instructions for each address of a loop with several operands. Layer norm's gradient took 240 ns a row of 768
     * instead of 440 (AMD EPYC).
     */
    static long address(long number) {
        return number * Float.BYTES & ADDRESS;
    }

    /** The bytes of {@code stride} elements, which may be added to an {@link #address} three times. */
    static long rowBytes(long stride) {
        return stride * Float.BYTES & ROW;
    }

    /**
     * Number in {@link #ALL} of float {@code from} of {@code x}, of which {@code count} from there on are read.
     *
     * @throws IndexOutOfBoundsException if they are not all in {@code x}
     * @throws IllegalStateException if the arena of {@code x} is closed
     * @throws WrongThreadException if the arena of {@code x} is confined to another thread
     * @throws IllegalArgumentException if {@code x} is a heap array, or does not lie at a multiple of 4 bytes
     */
    static long read(MemorySegment x, long from, long count) {
        return (addressOf(x, Float.BYTES) >> 2) + Objects.checkFromIndexSize(from, count, x.byteSize() >> 2);
    }

    /** As {@link #read} for elements that are written, which {@code x} must allow too. */
    static long write(MemorySegment x, long from, long count) {
        checkWritable(x);
        return read(x, from, count);
    }

    /** As {@link #read} for doubles. */
    static long readDoubles(MemorySegment x, long from, long count) {
        return (addressOf(x, Double.BYTES) >> 3) + Objects.checkFromIndexSize(from, count, x.byteSize() >> 3);
    }

    /** As {@link #write} for doubles. */
    static long writeDoubles(MemorySegment x, long from, long count) {
        checkWritable(x);
        return readDoubles(x, from, count);
    }

    /** As {@link #read} for {@code rows} rows of {@code cols} elements that begin {@code stride} apart. */
    static long readRows(MemorySegment x, long from, long stride, int rows, int cols) {
        return read(x, from, extent(x, stride, rows, cols));
    }

    /** As {@link #readRows} for elements that are written. */
    static long writeRows(MemorySegment x, long from, long stride, int rows, int cols) {
        return write(x, from, extent(x, stride, rows, cols));
    }

    private static long extent(MemorySegment x, long stride, int rows, int cols) {
        if (rows < 0 || cols < 0) {
            throw new IndexOutOfBoundsException("%d rows of %d elements".formatted(rows, cols));
        }
        if (rows == 0 || cols == 0) return 0;
        if (rows > 1 && (stride < 0 || stride > x.byteSize() / (rows - 1))) {
            throw new IndexOutOfBoundsException("%d rows begin %d elements apart in %d bytes of memory"
                    .formatted(rows, stride, x.byteSize()));
        }
        return (rows - 1) * stride + cols;
    }

    private static long addressOf(MemorySegment x, int alignment) {
        if (!x.isNative()) throw new IllegalArgumentException("operand must be native memory, got a heap array");
        if (!x.isAccessibleBy(Thread.currentThread())) {
            throw new WrongThreadException("the operand's arena is confined to another thread");
        }
        if (!x.scope().isAlive()) throw new IllegalStateException("the operand's arena is closed");
        long address = x.address();
        if ((address & alignment - 1) != 0) {
            throw new IllegalArgumentException(
                    "operand must lie at a multiple of %d bytes, got address 0x%x".formatted(alignment, address));
        }
        return address;
    }

    private static void checkWritable(MemorySegment x) {
        if (x.isReadOnly()) throw new IllegalArgumentException("an operand that is written must not be read-only");
    }
}
