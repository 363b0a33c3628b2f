// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.linalg;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import org.asgo4j.testing.Matrices;
import org.asgo4j.testing.Seeds;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** Memory of other engines is seen, never copied; what can't be seen is refused in the caller's terms. */
class BorrowedTest {
    private static final ByteOrder NATIVE = ByteOrder.nativeOrder();
    private static final ByteOrder OTHER =
            NATIVE == ByteOrder.LITTLE_ENDIAN ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN;
    private static final int ROWS = 3;
    private static final int COLS = 5;
    private static final int STRIDE = 7;
    private static final int FLOATS = (ROWS - 1) * STRIDE + COLS;

    private static ByteBuffer bytes(int size) {
        return ByteBuffer.allocateDirect(size).order(NATIVE);
    }

    @Test
    void aBufferIsSeenFromItsPositionInBothDirections() {
        int skipped = 2;
        ByteBuffer buffer = bytes((skipped + FLOATS) * Float.BYTES).position(skipped * Float.BYTES);
        FloatBuffer floats = buffer.duplicate().order(NATIVE).rewind().asFloatBuffer().position(skipped);
        for (Matrix m : new Matrix[] {
            Matrix.of(buffer, ROWS, COLS, STRIDE), Matrix.of(floats, ROWS, COLS, STRIDE)}) {
            buffer.putFloat((skipped + 2 * STRIDE + 4) * Float.BYTES, 0.5f);
            assertEquals(0.5, m.get(2, 4));
            m.set(1, 3, -0.25);
            assertEquals(-0.25f, floats.get(skipped + STRIDE + 3));
            assertEquals(FLOATS * (long) Float.BYTES, m.segment().byteSize());
            m.set(1, 3, 0);
        }
        buffer.position(0).limit(0); // the matrix keeps what it saw
    }

    @Test
    void aHeapBufferIsRefused() {
        assertRefused(() -> Matrix.of(ByteBuffer.allocate(60).order(NATIVE), ROWS, COLS), "3×5", "heap", "direct");
        assertRefused(() -> Matrix.of(FloatBuffer.allocate(15), ROWS, COLS), "heap", "allocateDirect");
    }

    @Test
    void theOtherByteOrderIsRefused() {
        ByteBuffer other = bytes(60).order(OTHER);
        assertRefused(() -> Matrix.of(other, ROWS, COLS), OTHER.toString(), NATIVE.toString());
        assertRefused(() -> Matrix.of(other.asFloatBuffer(), ROWS, COLS), "order", OTHER.toString());
    }

    @Test
    void aMisalignedBufferIsRefused() {
        ByteBuffer buffer = bytes(64).position(2);
        assertRefused(() -> Matrix.of(buffer, ROWS, COLS), "position 2", "0x", "multiple of 4");
    }

    @Test
    void aShortBufferIsRefusedAndExactlyEnoughTaken() {
        ByteBuffer buffer = bytes(100 * Float.BYTES).position(8).limit(8 + FLOATS * Float.BYTES);
        assertEquals(STRIDE, Matrix.of(buffer, ROWS, COLS, STRIDE).rowStride());
        buffer.limit(buffer.limit() - 1);
        assertRefused(() -> Matrix.of(buffer, ROWS, COLS, STRIDE), "3×5", "18 floats", "position 8", "needs 19",
                "rowStride 7");
        int max = Integer.MAX_VALUE;
        assertRefused(() -> Matrix.of(buffer, max, max, max), "needs");
        assertRefused(() -> Matrix.of(buffer, 0, COLS), "at least 1");
    }

    @Test
    void aReadOnlyBufferIsAnInputOnly() {
        try (Backend backend = Backends.open(BackendName.REFERENCE)) {
            ByteBuffer buffer = bytes(ROWS * COLS * Float.BYTES);
            Matrix readOnly = Matrix.of(buffer.asReadOnlyBuffer().order(NATIVE), ROWS, COLS);
            Matrix m = Matrix.of(bytes(ROWS * COLS * Float.BYTES), ROWS, COLS);
            buffer.putFloat(0, 2);
            backend.axpby(3, readOnly, 0, m);
            assertEquals(6, m.get(0, 0));
            assertRefused(() -> backend.axpby(1, m, 0, readOnly), "axpby", "read-only", "3×5");
        }
    }

    @Test
    void anAddressIsSeenAsLongAsItsArena() {
        long seed = Seeds.next();
        try (Arena engine = Arena.ofShared()) {
            Matrix theirs = Matrices.random(engine, ROWS, COLS, seed);
            long address = theirs.segment().address();
            long size = theirs.segment().byteSize();
            Matrix ours;
            try (Arena lifetime = Arena.ofShared()) {
                ours = Matrix.of(address, size, ROWS, COLS, COLS, lifetime);
                assertEquals(0, Matrices.maxAbsDifference(theirs, ours), "seed=" + seed);
                ours.set(2, 4, 9);
                assertEquals(9, theirs.get(2, 4));
            }
            assertThrows(IllegalStateException.class, () -> ours.get(0, 0));
            assertEquals(9, theirs.get(2, 4), "closing the lifetime frees nothing");
            try (Backend backend = Backends.open(BackendName.REFERENCE)) {
                assertContains(assertThrows(IllegalStateException.class, () -> backend.sumOfSquares(ours)),
                        "sumOfSquares", "closed");
            }
            assertEquals(9, Matrix.of(address, size, ROWS, COLS, COLS, Arena.global()).get(2, 4));
        }
    }

    @Test
    void aWrongAddressIsRefused() {
        Arena global = Arena.global();
        MemorySegment memory = global.allocate(64, 8);
        long address = memory.address();
        assertRefused(() -> Matrix.of(0, 60, ROWS, COLS, COLS, global), "address is 0");
        assertRefused(() -> Matrix.of(address, -1, ROWS, COLS, COLS, global), "byteSize", "-1");
        assertRefused(() -> Matrix.of(address + 2, 60, ROWS, COLS, COLS, global), "multiple of 4");
        assertRefused(() -> Matrix.of(address, 59, ROWS, COLS, COLS, global), "holds 14", "needs 15");
        Arena closed = Arena.ofShared();
        closed.close();
        assertContains(assertThrows(IllegalStateException.class,
                () -> Matrix.of(address, 60, ROWS, COLS, COLS, closed)), "arena", "closed");
    }

    private static void assertRefused(Executable call, String... parts) {
        assertContains(assertThrows(IllegalArgumentException.class, call), parts);
    }

    private static void assertContains(Exception e, String... parts) {
        for (String part : parts) assertTrue(e.getMessage().contains(part), () -> e.getMessage() + " lacks " + part);
    }
}
