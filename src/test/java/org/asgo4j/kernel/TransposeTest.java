// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

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
        var random = new SplittableRandom(Seeds.next());
        for (int order = 0; order <= LARGEST; order++) {
            int stride = order + order % 3;
            try (Arena arena = Arena.ofConfined()) {
                Strip a = Strip.special(arena, Math.max(0, (order - 1) * stride + order), order % 5, random);
                Strip before = copy(arena, a, order % 5);
                kernels.mirror(a.segment(), a.from(), stride, order);
                for (int k = 0; k < a.count(); k++) {
                    int i = k / stride;
                    int j = k % stride;
                    int from = i < j && j < order ? j * stride + i : k;
                    assertEquals(bits(before, from), bits(a, k), order + ": row " + i + ", column " + j);
                }
                assertEquals(bits(before, -1), bits(a, -1));
                assertEquals(bits(before, a.count()), bits(a, a.count()));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("twins")
    void transposeSwapsRowsAndColumns(Kernels kernels) {
        var random = new SplittableRandom(Seeds.next());
        for (int n = 0; n < 2 * LARGEST; n++) {
            int rows = random.nextInt(LARGEST);
            int cols = random.nextInt(LARGEST);
            int xStride = cols + n % 3;
            int yStride = rows + n % 4;
            try (Arena arena = Arena.ofConfined()) {
                Strip x = Strip.special(arena, rows * xStride, n % 5, random);
                Strip y = Strip.special(arena, cols * yStride, n % 7, random);
                Strip before = copy(arena, y, n % 7);
                kernels.transpose(x.segment(), x.from(), xStride, y.segment(), y.from(), yStride, rows, cols);
                for (int k = 0; k < y.count(); k++) {
                    int i = k / yStride;
                    int j = k % yStride;
                    int expected = j < rows ? bits(x, j * xStride + i) : bits(before, k);
                    assertEquals(expected, bits(y, k), rows + "x" + cols + ": row " + i + ", column " + j);
                }
                assertEquals(bits(before, -1), bits(y, -1));
                assertEquals(bits(before, y.count()), bits(y, y.count()));
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

    private static Strip copy(Arena arena, Strip strip, int misalignment) {
        Strip copy = Strip.allocate(arena, strip.count(), misalignment, Float.BYTES);
        copy.segment().copyFrom(strip.segment());
        return copy;
    }

    private static int bits(Strip strip, long index) {
        return strip.segment().getAtIndex(java.lang.foreign.ValueLayout.JAVA_INT, strip.from() + index);
    }
}
