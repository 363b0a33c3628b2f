// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.kernel;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.asgo4j.testing.Seeds;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Both twins put every element in its place, bit for bit, and write nowhere else. */
class TransposeTest {
    /** Beyond two tiles of either twin, with every remainder of a vector. */
    private static final int LARGEST = 70;

    static Stream<Kernels> twins() {
        return Stream.of(Kernels.scalar(), Kernels.vector());
    }

    @ParameterizedTest
    @MethodSource("twins")
    void mirrorCopiesTheLowerTriangleAndLeavesItAlone(Kernels kernels) {
        long seed = Seeds.next();
        var random = new SplittableRandom(seed);
        for (int order = 0; order <= LARGEST; order++) {
            int stride = order + order % 3;
            try (Arena arena = Arena.ofConfined()) {
                Strip a = Strip.special(arena, Math.max(0, (order - 1) * stride + order), order % 5, random);
                Strip before = a.copy(arena);
                kernels.mirror(a.segment(), a.from(), stride, order);
                for (int k = 0; k < a.count(); k++) {
                    int i = k / stride;
                    int j = k % stride;
                    int from = i < j && j < order ? j * stride + i : k;
                    assertEquals(bits(before, from), bits(a, k),
                            "seed " + seed + ", order " + order + ": row " + i + ", column " + j);
                }
                assertTrue(a.canariesAlive(Float.BYTES), "outside of order " + order);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("twins")
    void transposeSwapsRowsAndColumns(Kernels kernels) {
        long seed = Seeds.next();
        var random = new SplittableRandom(seed);
        for (int n = 0; n < 2 * LARGEST; n++) {
            int rows = random.nextInt(LARGEST);
            int cols = random.nextInt(LARGEST);
            int xStride = cols + n % 3;
            int yStride = rows + n % 4;
            try (Arena arena = Arena.ofConfined()) {
                Strip x = Strip.special(arena, rows * xStride, n % 5, random);
                Strip y = Strip.special(arena, cols * yStride, n % 7, random);
                Strip before = y.copy(arena);
                kernels.transpose(x.segment(), x.from(), xStride, y.segment(), y.from(), yStride, rows, cols);
                for (int k = 0; k < y.count(); k++) {
                    int i = k / yStride;
                    int j = k % yStride;
                    int expected = j < rows ? bits(x, j * xStride + i) : bits(before, k);
                    assertEquals(expected, bits(y, k),
                            "seed " + seed + ", " + rows + "x" + cols + ": row " + i + ", column " + j);
                }
                assertTrue(y.canariesAlive(Float.BYTES), "outside of " + rows + "x" + cols);
            }
        }
    }

    @Test
    void aRangeOutsideItsSegmentIsRefused() {
        try (Arena arena = Arena.ofConfined()) {
            var large = arena.allocate(400);
            var small = arena.allocate(392);
            for (Kernels each : twins().toList()) {
                assertThrows(IndexOutOfBoundsException.class, () -> each.mirror(small, 0, 10, 10));
                assertThrows(
                        IndexOutOfBoundsException.class, () -> each.transpose(large, 0, 10, small, 0, 10, 10, 10));
                assertThrows(
                        IndexOutOfBoundsException.class, () -> each.transpose(small, 0, 10, large, 0, 10, 10, 10));
            }
        }
    }

    private static int bits(Strip strip, long index) {
        return strip.segment().getAtIndex(JAVA_INT, strip.from() + index);
    }
}
