// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.linalg;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.Buffer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;

/** Makes segments of memory that somebody else allocated, a direct buffer or an address, and says what is wrong. */
final class Borrowed {
    private Borrowed() {}

    /** The bytes from position to limit; keeps the buffer reachable, and is read-only where the buffer is. */
    static MemorySegment of(ByteBuffer buffer, int rows, int cols, int rowStride) {
        return direct(buffer, buffer.order(), rows, cols, rowStride);
    }

    /** The floats from position to limit; keeps the buffer reachable, and is read-only where the buffer is. */
    static MemorySegment of(FloatBuffer buffer, int rows, int cols, int rowStride) {
        return direct(buffer, buffer.order(), rows, cols, rowStride);
    }

    private static MemorySegment direct(
            Buffer buffer, ByteOrder order, int rows, int cols, int rowStride) {
        String matrix = "matrix %d×%d: ".formatted(rows, cols);
        if (!buffer.isDirect()) {
            throw new IllegalArgumentException(
                    matrix + "buffer is on the heap, must be direct (ByteBuffer.allocateDirect)");
        }
        if (order != ByteOrder.nativeOrder()) {
            throw new IllegalArgumentException((matrix + "buffer's order is %s, must be this machine's, %s "
                    + "(ByteBuffer.order(ByteOrder.nativeOrder()), before asFloatBuffer())")
                    .formatted(order, ByteOrder.nativeOrder()));
        }
        MemorySegment segment = MemorySegment.ofBuffer(buffer);
        if (segment.address() % Float.BYTES != 0) {
            throw new IllegalArgumentException((matrix + "buffer at position %d starts at address 0x%x, must be a "
                    + "multiple of %d bytes").formatted(buffer.position(), segment.address(), Float.BYTES));
        }
        long floats = segment.byteSize() / Float.BYTES;
        long needed = Math.addExact(Math.multiplyExact(rows - 1L, (long) rowStride), cols); // as in Matrix
        if (floats < needed) {
            throw new IllegalArgumentException((matrix + "buffer holds %d floats from position %d to limit %d, "
                    + "needs %d with rowStride %d").formatted(floats, buffer.position(), buffer.limit(), needed,
                            rowStride));
        }
        return segment;
    }

    /** The bytes at an address, until the arena closes; nobody frees them here. */
    static MemorySegment of(long address, long byteSize, Arena lifetime) {
        if (address == 0) {
            throw new IllegalArgumentException("address is 0: the native object has no memory, or was freed");
        }
        if (byteSize < 1) throw new IllegalArgumentException("byteSize must be at least 1, got " + byteSize);
        if (!lifetime.scope().isAlive()) {
            throw new IllegalStateException("the arena that limits memory at 0x%x is closed".formatted(address));
        }
        try {
            return MemorySegment.ofAddress(address).reinterpret(byteSize, lifetime, null);
        } catch (IllegalCallerException e) {
            throw NativeAccess.denied("borrow memory at an address", e);
        }
    }
}
