// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.linalg;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import org.asgo4j.testing.Matrices;
import org.asgo4j.testing.Seeds;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** A matrix that exists lies in its memory; its blocks are views; overlap is told exactly where strides agree. */
class MatrixTest {
    private static final ElementType FLOAT32 = ElementType.FLOAT32;

    @Test
    void refusesSizesThatAreNotPositive() {
        MemorySegment memory = Arena.global().allocate(64, 8);
        assertRefused(() -> new Matrix(memory, FLOAT32, 0, 3, 3), "at least 1", "0×3");
        assertRefused(() -> new Matrix(memory, FLOAT32, 3, -1, 3), "at least 1", "3×-1");
        assertRefused(() -> new Matrix(memory, FLOAT32, 2, 4, 3), "2×4", "rowStride is 3", "at least cols");
    }

    @Test
    void refusesWhatIsMissing() {
        assertRefused(() -> new Matrix(null, FLOAT32, 2, 3, 3), "2×3", "segment and type must not be null");
        assertRefused(() -> Matrix.of((MemorySegment) null, 2, 3), "2×3", "segment and type must not be null");
        assertRefused(() -> new Matrix(Arena.global().allocate(64, 8), null, 2, 3, 3), "2×3", "must not be null");
    }

    /** Only a backend knows what memory a device has: an address alone, or a device's segment, makes no matrix. */
    @Test
    void refusesAddressesWithoutMemory() {
        assertRefused(() -> new Matrix(MemorySegment.ofAddress(0x1000), FLOAT32, 2, 3, 3), "2×3", "holds 0", "needs 6");
        long constructors = Arrays.stream(Matrix.class.getConstructors()).count();
        assertEquals(1, constructors, "public constructors");
    }

    @Test
    void equalsTheSameViewOfTheSameMemory() {
        MemorySegment memory = Arena.global().allocate(64, 8);
        Matrix m = Matrix.of(memory, 2, 3, 4);
        assertEquals(m, Matrix.of(memory, 2, 3, 4));
        assertEquals(m.hashCode(), Matrix.of(memory, 2, 3, 4).hashCode());
        assertNotEquals(m, Matrix.of(memory, 2, 3));
        assertNotEquals(m, Matrix.of(memory, 3, 2, 4));
        assertEquals("2×3 FLOAT32 at 0x%x, rowStride 4".formatted(memory.address()), m.toString());
    }

    @Test
    void refusesMemoryOnTheHeap() {
        assertRefused(() -> Matrix.of(MemorySegment.ofArray(new float[12]), 3, 4), "3×4", "heap", "native");
    }

    @Test
    void refusesMisalignedMemory() {
        MemorySegment memory = Arena.global().allocate(256, 64);
        for (ElementType type : ElementType.values()) {
            for (int offset = 1; offset < type.byteSize(); offset++) {
                MemorySegment misaligned = memory.asSlice(offset);
                assertRefused(() -> new Matrix(misaligned, type, 2, 2, 2), "2×2",
                        "0x" + Long.toHexString(misaligned.address()), "multiple of " + type.byteSize());
            }
        }
    }

    @Test
    void refusesShortMemoryAndTakesExactlyEnough() {
        MemorySegment memory = Arena.global().allocate(100 * 8, 8);
        for (ElementType type : ElementType.values()) {
            long needed = (2 * 7 + 5) * (long) type.byteSize();
            assertEquals(15, new Matrix(memory.asSlice(0, needed), type, 3, 5, 7).size());
            assertRefused(() -> new Matrix(memory.asSlice(0, needed - 1), type, 3, 5, 7),
                    "3×5", "rowStride 7", "holds 18", type.name(), "needs 19");
        }
    }

    @Test
    void productOfDimensionsThatOverflowsIsTooLarge() {
        MemorySegment memory = Arena.global().allocate(64, 8);
        int max = Integer.MAX_VALUE;
        long elements = (max - 1L) * max + max;
        assertRefused(() -> new Matrix(memory, ElementType.FLOAT64, max, max, max),
                max + "×" + max, "holds 8", "needs " + elements);
        assertRefused(() -> new Matrix(memory, FLOAT32, max, 1, max), "needs " + ((max - 1L) * max + 1));
        // 2^16 rows of 2^16: 0 in 32 bits.
        assertRefused(() -> Matrix.of(memory, 1 << 16, 1 << 16), "needs " + (1L << 32));
    }

    @Test
    void blocksAreViews() {
        try (Arena arena = Arena.ofConfined()) {
            for (ElementType type : ElementType.values()) {
                Matrix m = Matrices.random(arena, type, 6, 8, Seeds.next());
                Matrix block = m.rowBlock(2, 3).colBlock(4, 4);
                for (int i = 0; i < 3; i++) {
                    for (int j = 0; j < 4; j++) assertEquals(m.get(2 + i, 4 + j), block.get(i, j));
                }
                block.set(2, 3, 0.5);
                assertEquals(0.5, m.get(4, 7));
                assertEquals(8, block.rowStride());
                assertFalse(block.isContiguous());
                assertTrue(block.rowBlock(0, 1).isContiguous());
                assertEquals("3×4", block.shape());
            }
        }
    }

    /** Who fills or copies a block's segment reaches nothing behind it. */
    @Test
    void aBlocksMemoryEndsWithItsLastElement() {
        try (Arena arena = Arena.ofConfined()) {
            for (ElementType type : ElementType.values()) {
                Matrix m = Matrices.zeros(arena, type, 6, 8);
                assertEquals(3 * 8 * type.byteSize(), m.rowBlock(2, 3).segment().byteSize());
                Matrix inner = m.rowBlock(2, 3).colBlock(4, 2);
                assertEquals((2 * 8 + 2) * type.byteSize(), inner.segment().byteSize());
                assertEquals(inner, m.colBlock(4, 2).rowBlock(2, 3), "cut the other way round");
                m.set(5, 7, 1);
                m.rowBlock(0, 2).segment().fill((byte) 1);
                assertEquals(0, m.get(2, 0));
                assertEquals(1, m.get(5, 7));
                assertRefused(() -> inner.reshape(type, 1, 19), "holds 18", "needs 19");
            }
        }
    }

    @Test
    void blocksAndElementsOutsideAreRefused() {
        try (Arena arena = Arena.ofConfined()) {
            Matrix m = Matrices.zeros(arena, FLOAT32, 6, 8);
            int max = Integer.MAX_VALUE;
            for (int[] bad : new int[][] {{-1, 2}, {0, 0}, {0, 9}, {5, 4}, {max, 1}, {1, max}, {max, max}}) {
                assertOutside(() -> m.rowBlock(bad[0], bad[1]), "rows " + bad[0], "6×8");
                assertOutside(() -> m.colBlock(bad[0], bad[1]), "cols " + bad[0], "6×8");
            }
            for (int[] bad : new int[][] {{-1, 0}, {0, -1}, {6, 0}, {0, 8}}) {
                assertOutside(() -> m.get(bad[0], bad[1]), "(%d, %d)".formatted(bad[0], bad[1]), "6×8");
                assertOutside(() -> m.set(bad[0], bad[1], 1), "(%d, %d)".formatted(bad[0], bad[1]), "6×8");
            }
        }
    }

    @Test
    void overlapIsExactForEqualStrides() {
        long seed = Seeds.next();
        RandomGenerator random = new SplittableRandom(seed);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment memory = arena.allocate(100L * Float.BYTES, Float.BYTES);
            for (int stride = 1; stride <= 6; stride++) {
                boolean[] seen = new boolean[2];
                for (int trial = 0; trial < 400; trial++) {
                    Matrix a = view(memory, random, stride);
                    Matrix b = view(memory, random, stride);
                    boolean expected = shareAnElement(a, b);
                    seen[expected ? 1 : 0] = true;
                    assertEquals(expected, a.overlaps(b), () -> a + " and " + b + " seed=" + seed);
                    assertEquals(expected, b.overlaps(a), () -> b + " and " + a + " seed=" + seed);
                }
                assertTrue(seen[0] && seen[1], "both cases must occur");
            }
        }
    }

    @Test
    void overlapOfOtherStridesIsByRange() {
        MemorySegment memory = Arena.global().allocate(64L * Float.BYTES, 8);
        Matrix wide = new Matrix(memory, FLOAT32, 2, 2, 10);
        Matrix between = new Matrix(memory.asSlice(4L * Float.BYTES), FLOAT32, 2, 2, 2);
        Matrix after = new Matrix(memory.asSlice(12L * Float.BYTES), FLOAT32, 2, 2, 2);
        assertTrue(wide.overlaps(between) && between.overlaps(wide));
        assertFalse(wide.overlaps(after) || after.overlaps(wide));
    }

    private static Matrix view(MemorySegment memory, RandomGenerator random, int stride) {
        int rows = random.nextInt(1, 5);
        int cols = random.nextInt(1, stride + 1);
        return new Matrix(memory.asSlice(random.nextLong(40) * Float.BYTES), FLOAT32, rows, cols, stride);
    }

    /** Whether writing all of one changes an element of the other. */
    private static boolean shareAnElement(Matrix a, Matrix b) {
        b.segment().fill((byte) 0);
        a.segment().fill((byte) 0);
        for (int i = 0; i < a.rows(); i++) {
            for (int j = 0; j < a.cols(); j++) a.set(i, j, 1);
        }
        for (double[] row : Matrices.toArray(b)) {
            for (double each : row) {
                if (each != 0) return true;
            }
        }
        return false;
    }

    private static void assertRefused(Executable call, String... parts) {
        assertContains(assertThrows(IllegalArgumentException.class, call), parts);
    }

    private static void assertOutside(Executable call, String... parts) {
        assertContains(assertThrows(IndexOutOfBoundsException.class, call), parts);
    }

    private static void assertContains(Exception e, String... parts) {
        for (String part : parts) assertTrue(e.getMessage().contains(part), () -> e.getMessage() + " lacks " + part);
    }
}
