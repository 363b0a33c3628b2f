// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.kernel;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What the vector twins ask of an operand before they go by its address. */
class OffHeapTest {
    private static final int COUNT = 40;

    private final Arena arena = Arena.ofConfined();
    private final MemorySegment memory = arena.allocate(JAVA_FLOAT, COUNT);

    @AfterEach
    void close() {
        if (arena.scope().isAlive()) arena.close();
    }

    @Test
    void theNumberOfAnElementIsItsAddress() {
        MemorySegment doubles = arena.allocate(ValueLayout.JAVA_DOUBLE, 2);
        doubles.setAtIndex(ValueLayout.JAVA_DOUBLE, 1, 0.5);
        memory.setAtIndex(JAVA_FLOAT, 3, 7);
        assertEquals(7, OffHeap.ALL.getAtIndex(JAVA_FLOAT, OffHeap.read(memory, 3, 1)));
        assertEquals(0.5, OffHeap.ALL.getAtIndex(ValueLayout.JAVA_DOUBLE, OffHeap.readDoubles(doubles, 1, 1)));
        OffHeap.ALL.setAtIndex(JAVA_FLOAT, OffHeap.write(memory, 4, 1), 8);
        assertEquals(8, memory.getAtIndex(JAVA_FLOAT, 4));
    }

    @Test
    void rangesEndWithTheSegment() {
        OffHeap.read(memory, 0, COUNT);
        OffHeap.read(memory, COUNT, 0);
        OffHeap.readRows(memory, 4, 12, 3, 12);
        OffHeap.writeRows(memory, COUNT, 12, 0, 12);
        assertThrows(IndexOutOfBoundsException.class, () -> OffHeap.read(memory, 0, COUNT + 1));
        assertThrows(IndexOutOfBoundsException.class, () -> OffHeap.read(memory, -1, 1));
        assertThrows(IndexOutOfBoundsException.class, () -> OffHeap.read(memory, 0, -1));
        assertThrows(IndexOutOfBoundsException.class, () -> OffHeap.read(memory, Long.MAX_VALUE, Long.MAX_VALUE));
        assertThrows(IndexOutOfBoundsException.class, () -> OffHeap.readDoubles(memory, 0, COUNT / 2 + 1));
        assertThrows(IndexOutOfBoundsException.class, () -> OffHeap.readRows(memory, 5, 12, 3, 12));
        assertThrows(IndexOutOfBoundsException.class, () -> OffHeap.writeRows(memory, 0, -12, 3, 12));
        assertThrows(IndexOutOfBoundsException.class, () -> OffHeap.readRows(memory, 0, -1, 3, 12));
        assertThrows(IndexOutOfBoundsException.class, () -> OffHeap.readRows(memory, 0, 12, -1, 12));
        assertThrows(IndexOutOfBoundsException.class, () -> OffHeap.readRows(memory, 0, 12, 3, -1));
        assertThrows(IndexOutOfBoundsException.class, () -> OffHeap.readRows(memory, 0, Long.MAX_VALUE, 3, 12));
    }

    @Test
    void aClosedArenaIsRefused() {
        arena.close();
        assertThrows(IllegalStateException.class, () -> Kernels.vector().scale(1, memory, 0, COUNT));
        assertThrows(IllegalStateException.class, () -> Kernels.vector().sumOfSquares(memory, 0, COUNT));
    }

    @Test
    void anotherThreadsArenaIsRefused() {
        var other = CompletableFuture.supplyAsync(() -> Kernels.vector().sumOfSquares(memory, 0, COUNT));
        Throwable cause = assertThrows(CompletionException.class, other::join).getCause();
        assertTrue(cause instanceof WrongThreadException, cause::toString);
    }

    @Test
    void heapReadOnlyAndMisplacedMemoryIsRefused() {
        MemorySegment heap = MemorySegment.ofArray(new float[COUNT]);
        assertThrows(IllegalArgumentException.class, () -> Kernels.vector().sumOfSquares(heap, 0, COUNT));
        MemorySegment displaced = memory.asSlice(1, 4 * (COUNT - 1));
        assertThrows(IllegalArgumentException.class, () -> Kernels.vector().sumOfSquares(displaced, 0, COUNT - 1));
        MemorySegment halfway = arena.allocate(24, 8).asSlice(4, 16);
        assertThrows(IllegalArgumentException.class, () -> OffHeap.readDoubles(halfway, 0, 1));
        MemorySegment readOnly = memory.asReadOnly();
        assertEquals(0, Kernels.vector().sumOfSquares(readOnly, 0, COUNT));
        assertThrows(IllegalArgumentException.class, () -> Kernels.vector().scale(1, readOnly, 0, COUNT));
    }

    @Test
    void nothingIsWrittenWhereAnOperandIsRefused() {
        for (int i = 0; i < COUNT; i++) memory.setAtIndex(JAVA_FLOAT, i, i);
        float[] before = memory.toArray(JAVA_FLOAT);
        MemorySegment small = arena.allocate(JAVA_FLOAT, COUNT - 1);
        assertThrows(IndexOutOfBoundsException.class,
                () -> Kernels.vector().scaleAndAdd(2, memory, 0, small, 0, COUNT));
        assertArrayEquals(before, memory.toArray(JAVA_FLOAT));
    }
}
