// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.kernel;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.asgo4j.testing.Seeds;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@link Kernels#invertFactor} inverts Cholesky's factor, in both twins alike, and leaves alone what is not its. */
class SmallFactorTest {
    private static final float UNTOUCHED = 77;
    private static final int GAP = 3;
    private static final int FROM = 2;

    private final long seed = Seeds.next();
    private final SplittableRandom random = new SplittableRandom(seed);
    private final float[] work = new float[Kernels.LARGEST_FACTOR * Kernels.LARGEST_FACTOR];

    /** Where a matrix of some order lies in an array: rows with a gap, behind a few other elements. */
    private static int at(int order, int i, int j) {
        return FROM + i * (order + GAP) + j;
    }

    /** The lower triangle of BBᵀ + δI, NaN elsewhere. */
    private float[] positiveDefinite(int order, int rank, float damping) {
        double[][] b = new double[order][rank];
        for (double[] row : b) Arrays.setAll(row, _ -> random.nextGaussian());
        float[] a = new float[at(order, order, 0)];
        Arrays.fill(a, Float.NaN);
        for (int i = 0; i < order; i++) {
            for (int j = 0; j <= i; j++) {
                double sum = i == j ? damping : 0;
                for (int l = 0; l < rank; l++) sum += b[i][l] * b[j][l];
                a[at(order, i, j)] = (float) sum;
            }
        }
        return a;
    }

    /** All of X's memory after the call; null if A was refused, and then nothing was written. */
    private float[] inverse(Kernels kernels, float[] a, int order) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment source = arena.allocateFrom(JAVA_FLOAT, a);
            float[] old = new float[a.length];
            Arrays.fill(old, UNTOUCHED);
            MemorySegment target = arena.allocateFrom(JAVA_FLOAT, old);
            boolean done = kernels.invertFactor(source, FROM, order + GAP, target, FROM, order + GAP, order, work);
            float[] after = target.toArray(JAVA_FLOAT);
            assertArrayEquals(a, source.toArray(JAVA_FLOAT), "A was written to");
            if (!done) assertArrayEquals(old, after, "X was written to");
            return done ? after : null;
        }
    }

    private float[] agreed(float[] a, int order) {
        Arrays.fill(work, Float.NaN);
        float[] x = inverse(Kernels.scalar(), a, order);
        Arrays.fill(work, Float.NaN);
        float[] other = inverse(Kernels.vector(), a, order);
        assertArrayEquals(x, other, "twins differ, order=%d seed=%d".formatted(order, seed));
        return x;
    }

    /**
     * XAXᵀ = I up to the factorization's backward error: |XAXᵀ − I| ≤ c·n·u·κ with the condition κ ≤ ‖A‖_F·‖X‖_F²
     * (Higham, Accuracy and Stability of Numerical Algorithms, 2nd edition, theorem 10.3 and section 14.3).
     */
    @Test
    void inverts() {
        for (int order = 0; order <= Kernels.LARGEST_FACTOR; order++) {
            for (int rank : new int[] {1, order / 2, 2 * order}) {
                for (float damping : new float[] {1, 1e-3f}) {
                    float[] a = positiveDefinite(order, rank, damping);
                    String what = "order=%d rank=%d δ=%s seed=%d".formatted(order, rank, damping, seed);
                    check(a, agreed(a, order), order, what);
                }
            }
        }
    }

    private static void check(float[] a, float[] x, int order, String what) {
        double squaresOfA = 0;
        double squaresOfX = 0;
        double[][] product = new double[order][order]; // XA
        for (int i = 0; i < order; i++) {
            for (int j = 0; j < order; j++) {
                squaresOfA += Math.pow(a[at(order, Math.max(i, j), Math.min(i, j))], 2);
                squaresOfX += Math.pow(x[at(order, i, j)], 2);
                if (j > i) assertEquals(0f, x[at(order, i, j)], what);
                for (int l = 0; l < order; l++) {
                    product[i][j] += (double) x[at(order, i, l)] * a[at(order, Math.max(l, j), Math.min(l, j))];
                }
            }
        }
        double tolerance = 4 * order * 0x1p-24 * Math.sqrt(squaresOfA) * squaresOfX;
        for (int i = 0; i < order; i++) {
            for (int j = 0; j < order; j++) {
                double sum = 0;
                for (int l = 0; l < order; l++) sum += product[i][l] * x[at(order, j, l)];
                assertEquals(i == j ? 1 : 0, sum, tolerance, what + " at " + i + "," + j);
            }
        }
        for (int p = 0; p < x.length; p++) {
            int col = (p - FROM + order + GAP) % (order + GAP);
            if (p < FROM || col >= order) assertEquals(UNTOUCHED, x[p], what + ": wrote element " + p);
        }
    }

    /** Scaling A by a power of four scales X by a power of two, to the bit: nothing over- or underflows on the way. */
    @ParameterizedTest
    @ValueSource(ints = {-100, -40, 40, 100})
    void scalesWithTheMatrix(int exponent) {
        int order = Kernels.LARGEST_FACTOR;
        float[] a = positiveDefinite(order, 2 * order, 1);
        float[] expected = agreed(a, order);
        for (int p = 0; p < a.length; p++) a[p] = Math.scalb(a[p], exponent);
        float[] actual = agreed(a, order);
        for (int i = 0; i < order; i++) {
            for (int j = 0; j <= i; j++) {
                float scaled = Math.scalb(expected[at(order, i, j)], -exponent / 2);
                assertEquals(scaled, actual[at(order, i, j)], "seed=" + seed);
            }
        }
    }

    @Test
    void refusesWhatIsNotPositiveDefinite() {
        float[] broken = {0, -1, Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY, Float.MIN_VALUE};
        for (int order = 1; order <= Kernels.LARGEST_FACTOR; order++) {
            for (int place = 0; place < order; place++) {
                for (float value : broken) {
                    float[] a = positiveDefinite(order, 0, 1);
                    a[at(order, place, place)] = value;
                    assertFalse(agreed(a, order) != null, "order %d, %s at %d".formatted(order, value, place));
                }
            }
        }
    }

    @Test
    void refusesInfinitiesBesideTheDiagonal() {
        for (float value : new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY, Float.MAX_VALUE}) {
            float[] a = positiveDefinite(5, 10, 1);
            a[at(5, 3, 1)] = value;
            assertTrue(agreed(a, 5) == null, "with " + value);
        }
    }

    @Test
    void readsNothingOutsideItsSegment() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment small = arena.allocate(JAVA_FLOAT, 15);
            MemorySegment large = arena.allocate(JAVA_FLOAT, 16);
            for (Kernels each : new Kernels[] {Kernels.scalar(), Kernels.vector()}) {
                for (int i = 0; i < 4; i++) large.setAtIndex(JAVA_FLOAT, 5 * i, 1);
                assertThrows(
                        IndexOutOfBoundsException.class, () -> each.invertFactor(small, 0, 4, large, 0, 4, 4, work));
                assertThrows(
                        IndexOutOfBoundsException.class, () -> each.invertFactor(large, 0, 4, small, 0, 4, 4, work));
            }
        }
    }
}
