// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.linalg;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.util.function.Supplier;
import org.asgo4j.testing.Guarded;
import org.asgo4j.testing.Matrices;
import org.asgo4j.testing.Seeds;
import org.asgo4j.testing.Tolerance;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** C ← α·op(A)·op(B) + β·C, against a product in float64, over shapes, strides, transposes and factors. */
class GemmTest {
    /** m, n, k: single elements, vectors, primes, register and cache blocks with and without tails. */
    private static final int[][] SIZES = {
        {1, 1, 1}, {1, 7, 1}, {7, 1, 5}, {1, 1, 67}, {2, 3, 5}, {16, 16, 16}, {17, 31, 13}, {64, 65, 63}, {3, 129, 2},
        {53, 47, 59}, {123, 65, 130}, {61, 129, 128} // the last two of several tiles each way
    };

    /** α and β, exact in float32. */
    private static final double[][] FACTORS = {{1, 0}, {-0.5, 0}, {1, 1}, {0.75, -0.25}, {0, 1}, {0, 0}};

    /** Elements between rows. */
    private static final int[] GAPS = {0, 3};

    @ParameterizedTest
    @MethodSource("org.asgo4j.linalg.OpenBackends#productsAndTypes")
    void agreesWithTheDefinition(Supplier<Backend> open, ElementType type) {
        long seed = Seeds.next();
        try (Backend backend = open.get()) {
            checkAll(backend, type, seed);
        }
    }

    private static void checkAll(Backend backend, ElementType type, long seed) {
        for (int[] size : SIZES) {
            for (double[] factors : FACTORS) {
                for (int gap : GAPS) {
                    for (Transpose a : Transpose.values()) {
                        for (Transpose b : Transpose.values()) check(backend, type, size, factors, gap, a, b, seed);
                    }
                }
            }
        }
    }

    private static void check(Backend backend, ElementType type, int[] size, double[] factors, int gap,
            Transpose transposeA, Transpose transposeB, long seed) {
        int m = size[0];
        int n = size[1];
        int k = size[2];
        double[][] opA = Matrices.randomArray(m, k, seed);
        double[][] opB = Matrices.randomArray(k, n, seed + 1);
        double[][] old = Matrices.randomArray(m, n, seed + 2);
        try (Arena arena = Arena.ofConfined()) {
            Guarded a = stored(arena, type, transposeA, opA, gap);
            Guarded b = stored(arena, type, transposeB, opB, gap + 1);
            Guarded c = Guarded.allocate(arena, type, m, n, n + gap);
            if (factors[1] != 0) Matrices.fill(c.matrix(), old); // else C stays NaN: it must not be read

            backend.gemm(transposeA, transposeB, factors[0], a.matrix(), b.matrix(), factors[1], c.matrix());

            double[][] expected = Matrices.product(opA, opB);
            for (int i = 0; i < m; i++) {
                for (int j = 0; j < n; j++) expected[i][j] = factors[0] * expected[i][j] + factors[1] * old[i][j];
            }
            double error = Matrices.maxAbsDifference(Matrices.toArray(c.matrix()), expected);
            String what = "%s %s m=%d n=%d k=%d α=%s β=%s gap=%d A %s B %s seed=%d".formatted(
                    backend.name(), type, m, n, k, factors[0], factors[1], gap, transposeA, transposeB, seed);
            assertTrue(error <= Tolerance.product(k, type), () -> what + ": error " + error);
            assertEquals("", a.damage() + b.damage() + c.damage(), what);
        }
    }

    private static Guarded stored(Arena arena, ElementType type, Transpose transpose, double[][] op, int gap) {
        double[][] values = transpose == Transpose.NONE ? op : Matrices.transpose(op);
        return Guarded.of(arena, type, values[0].length + gap, values);
    }

    @ParameterizedTest
    @MethodSource("org.asgo4j.linalg.OpenBackends#namesAndTypes")
    void readsAndWritesColumnBlocksOfOneMatrix(BackendName name, ElementType type) {
        long seed = Seeds.next();
        int m = 9;
        int k = 5;
        int n = 7;
        double[][] values = Matrices.randomArray(m, k + n, seed);
        double[][] right = Matrices.randomArray(k, n, seed + 1);
        try (Backend backend = Backends.open(name); Arena arena = Arena.ofConfined()) {
            Guarded both = Guarded.of(arena, type, k + n + 2, values);
            Matrix a = both.matrix().colBlock(0, k);
            Matrix c = both.matrix().colBlock(k, n);
            backend.gemm(Transpose.NONE, Transpose.NONE, 1, a, Matrices.of(arena, type, right), 0, c);
            double[][] left = Matrices.toArray(a);
            assertTrue(Matrices.maxAbsDifference(Matrices.toArray(c), Matrices.product(left, right))
                    <= Tolerance.product(k, type), () -> name + " " + type + " seed=" + seed);
            for (int i = 0; i < m; i++) {
                for (int j = 0; j < k; j++) assertEquals(values[i][j], a.get(i, j), "input changed, seed=" + seed);
            }
            assertEquals("", both.damage());
        }
    }

    @ParameterizedTest
    @MethodSource("org.asgo4j.linalg.OpenBackends#namesAndTypes")
    void blocksAreProductsOfTheirOwn(BackendName name, ElementType type) {
        long seed = Seeds.next();
        try (Backend backend = Backends.open(name)) {
            for (int count : new int[] {1, 2, 5}) {
                for (int[] size : SIZES) {
                    for (double[] factors : FACTORS) checkBlocks(backend, type, count, size, factors, seed);
                }
            }
        }
    }

    private static void checkBlocks(
            Backend backend, ElementType type, int count, int[] size, double[] factors, long seed) {
        int m = size[0];
        int n = size[1];
        int k = size[2];
        double[][] old = Matrices.randomArray(count * m, n, seed);
        try (Arena arena = Arena.ofConfined()) {
            Guarded a = Guarded.of(arena, type, k + 1, Matrices.randomArray(count * m, k, seed + 1));
            Guarded b = Guarded.of(arena, type, n + 2, Matrices.randomArray(count * k, n, seed + 2));
            Guarded c = Guarded.allocate(arena, type, count * m, n, n + 3);
            if (factors[1] != 0) Matrices.fill(c.matrix(), old); // else C stays NaN: it must not be read
            Matrix expected = Matrices.of(arena, type, old);

            backend.gemmBlocks(count, factors[0], a.matrix(), b.matrix(), factors[1], c.matrix());

            for (int i = 0; i < count; i++) {
                backend.gemm(Transpose.NONE, Transpose.NONE, factors[0], a.matrix().rowBlock(i * m, m),
                        b.matrix().rowBlock(i * k, k), factors[1], expected.rowBlock(i * m, m));
            }
            double error = Matrices.maxAbsDifference(c.matrix(), expected);
            String what = "%s %s %d of m=%d n=%d k=%d seed=%d".formatted(backend.name(), type, count, m, n, k, seed);
            assertTrue(error <= Tolerance.product(k, type), () -> what + ": error " + error);
            assertEquals("", a.damage() + b.damage() + c.damage(), what);
        }
    }

    @Test
    void blocksMustDivideTheRows() {
        try (Backend backend = Backends.open(BackendName.REFERENCE); Arena arena = Arena.ofConfined()) {
            Matrix a = backend.allocate(arena, 6, 4);
            Matrix b = backend.allocate(arena, 8, 5);
            Matrix c = backend.allocate(arena, 6, 5);
            backend.gemmBlocks(2, 1, a, b, 0, c);
            for (int count : new int[] {0, -1, 4}) {
                String message = assertThrows(IllegalArgumentException.class,
                        () -> backend.gemmBlocks(count, 1, a, b, 0, c)).getMessage();
                assertTrue(message.contains("gemmBlocks") && message.endsWith("got " + count), message);
            }
            assertThrows(IllegalArgumentException.class, () -> backend.gemmBlocks(3, 1, a, b, 0, c));
        }
    }
}
