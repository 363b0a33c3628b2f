// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.kernel;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import java.lang.foreign.MemorySegment;

/**
 * Sums over a row in float32, in one order for every lane width; the definition of {@link VectorRowSums}.
 *
 * <p>Whole vectors of {@link #LANES} elements go to 32 partial sums (i mod 32); those 16 apart are added; the 16 sums s
 * that remain give 0 + ((s0 + s1) + (s2 + s3)) + ((s4 + s5) + (s6 + s7)) + …, left to right; the up to 15 elements
 * after the last vector are added to that one by one. So a sum of n terms is off by at most about (n/32 + 7 +
 * 15)·2⁻²⁴·Σ|term|.
 */
final class RowSums {

    /** Elements of a group: two vectors of 512 bits, since one sum would be bound by the latency of an addition. */
    static final int GROUP = 32;

    /** Lanes of the widest vector. */
    static final int LANES = 16;

    /** Lanes of the narrowest vector, the neighbours that are added before others. */
    static final int QUAD = 4;

    private RowSums() {
    }

    /** Σ x[i] for 0 ≤ i &lt; count. */
    static float sum(MemorySegment x, long from, int count) {
        int whole = count & -LANES;
        float sum = 0;
        for (long lane = from; lane < from + LANES; lane += QUAD) {
            sum += (sumOfLane(x, lane, whole) + sumOfLane(x, lane + 1, whole))
                    + (sumOfLane(x, lane + 2, whole) + sumOfLane(x, lane + 3, whole));
        }
        return addSum(sum, x, from + whole, count - whole, 1);
    }

    private static float sumOfLane(MemorySegment x, long from, int whole) {
        return addSum(0, x, from, whole, GROUP) + addSum(0, x, from + LANES, whole - LANES, GROUP);
    }

    /** sum + x[0] + x[step] + …, one after the other, below {@code count}. */
    static float addSum(float sum, MemorySegment x, long from, int count, int step) {
        float result = sum;
        for (int i = 0; i < count; i += step) {
            result += x.getAtIndex(JAVA_FLOAT, from + i);
        }
        return result;
    }

    /** Σ x[i]·y[i] for 0 ≤ i &lt; count. */
    static float dot(MemorySegment x, long xFrom, MemorySegment y, long yFrom, int count) {
        int whole = count & -LANES;
        float sum = 0;
        for (int lane = 0; lane < LANES; lane += QUAD) {
            long xLane = xFrom + lane;
            long yLane = yFrom + lane;
            sum += (dotOfLane(x, xLane, y, yLane, whole) + dotOfLane(x, xLane + 1, y, yLane + 1, whole))
                    + (dotOfLane(x, xLane + 2, y, yLane + 2, whole) + dotOfLane(x, xLane + 3, y, yLane + 3, whole));
        }
        return addDot(sum, x, xFrom + whole, y, yFrom + whole, count - whole, 1);
    }

    private static float dotOfLane(MemorySegment x, long xFrom, MemorySegment y, long yFrom, int whole) {
        return addDot(0, x, xFrom, y, yFrom, whole, GROUP)
                + addDot(0, x, xFrom + LANES, y, yFrom + LANES, whole - LANES, GROUP);
    }

    /** sum + x[0]·y[0] + x[step]·y[step] + …, one fma after the other, below {@code count}. */
    static float addDot(float sum, MemorySegment x, long xFrom, MemorySegment y, long yFrom, int count, int step) {
        float result = sum;
        for (int i = 0; i < count; i += step) {
            result = Math.fma(x.getAtIndex(JAVA_FLOAT, xFrom + i), y.getAtIndex(JAVA_FLOAT, yFrom + i), result);
        }
        return result;
    }

    /** Σ (x[i] − shift)² for 0 ≤ i &lt; count. */
    static float squares(MemorySegment x, long from, float shift, int count) {
        int whole = count & -LANES;
        float sum = 0;
        for (long lane = from; lane < from + LANES; lane += QUAD) {
            sum += (squaresOfLane(x, lane, shift, whole) + squaresOfLane(x, lane + 1, shift, whole))
                    + (squaresOfLane(x, lane + 2, shift, whole) + squaresOfLane(x, lane + 3, shift, whole));
        }
        return addSquares(sum, x, from + whole, shift, count - whole, 1);
    }

    private static float squaresOfLane(MemorySegment x, long from, float shift, int whole) {
        return addSquares(0, x, from, shift, whole, GROUP)
                + addSquares(0, x, from + LANES, shift, whole - LANES, GROUP);
    }

    /** sum + (x[0] − shift)² + (x[step] − shift)² + …, an fma each, below {@code count}. */
    static float addSquares(float sum, MemorySegment x, long from, float shift, int count, int step) {
        float result = sum;
        for (int i = 0; i < count; i += step) {
            float centered = x.getAtIndex(JAVA_FLOAT, from + i) - shift;
            result = Math.fma(centered, centered, result);
        }
        return result;
    }

    /** Σ x[i]·y[i] for 0 ≤ i &lt; count, every product rounded: {@link #dotShifted} needs it anyway. */
    static float products(MemorySegment x, long xFrom, MemorySegment y, long yFrom, int count) {
        int whole = count & -LANES;
        float sum = 0;
        for (int lane = 0; lane < LANES; lane += QUAD) {
            float s0 = productsOfLane(x, xFrom + lane, y, yFrom + lane, whole);
            float s1 = productsOfLane(x, xFrom + lane + 1, y, yFrom + lane + 1, whole);
            float s2 = productsOfLane(x, xFrom + lane + 2, y, yFrom + lane + 2, whole);
            float s3 = productsOfLane(x, xFrom + lane + 3, y, yFrom + lane + 3, whole);
            sum += (s0 + s1) + (s2 + s3);
        }
        return addProducts(sum, x, xFrom + whole, y, yFrom + whole, count - whole, 1);
    }

    private static float productsOfLane(MemorySegment x, long xFrom, MemorySegment y, long yFrom, int whole) {
        return addProducts(0, x, xFrom, y, yFrom, whole, GROUP)
                + addProducts(0, x, xFrom + LANES, y, yFrom + LANES, whole - LANES, GROUP);
    }

    /** sum + x[0]·y[0] + x[step]·y[step] + …, a product and a sum each, below {@code count}. */
    static float addProducts(float sum, MemorySegment x, long xFrom, MemorySegment y, long yFrom, int count, int step) {
        float result = sum;
        for (int i = 0; i < count; i += step) {
            result += x.getAtIndex(JAVA_FLOAT, xFrom + i) * y.getAtIndex(JAVA_FLOAT, yFrom + i);
        }
        return result;
    }

    /** Σ (x[i]·y[i])·(z[i] − shift) for 0 ≤ i &lt; count. */
    static float dotShifted(MemorySegment x, long xFrom, MemorySegment y, long yFrom, MemorySegment z, long zFrom,
            float shift, int count) {
        int whole = count & -LANES;
        float sum = 0;
        for (int lane = 0; lane < LANES; lane += QUAD) {
            float s0 = dotShiftedOfLane(x, xFrom + lane, y, yFrom + lane, z, zFrom + lane, shift, whole);
            float s1 = dotShiftedOfLane(x, xFrom + lane + 1, y, yFrom + lane + 1, z, zFrom + lane + 1, shift, whole);
            float s2 = dotShiftedOfLane(x, xFrom + lane + 2, y, yFrom + lane + 2, z, zFrom + lane + 2, shift, whole);
            float s3 = dotShiftedOfLane(x, xFrom + lane + 3, y, yFrom + lane + 3, z, zFrom + lane + 3, shift, whole);
            sum += (s0 + s1) + (s2 + s3);
        }
        return addDotShifted(sum, x, xFrom + whole, y, yFrom + whole, z, zFrom + whole, shift, count - whole,
                1);
    }

    private static float dotShiftedOfLane(MemorySegment x, long xFrom, MemorySegment y, long yFrom, MemorySegment z,
            long zFrom, float shift, int whole) {
        return addDotShifted(0, x, xFrom, y, yFrom, z, zFrom, shift, whole, GROUP)
                + addDotShifted(0, x, xFrom + LANES, y, yFrom + LANES, z, zFrom + LANES, shift, whole - LANES,
                        GROUP);
    }

    /** sum + (x[0]·y[0])·(z[0] − shift) + …, an fma each, at multiples of {@code step} below {@code count}. */
    static float addDotShifted(float sum, MemorySegment x, long xFrom, MemorySegment y, long yFrom, MemorySegment z,
            long zFrom, float shift, int count, int step) {
        float result = sum;
        for (int i = 0; i < count; i += step) {
            float product = x.getAtIndex(JAVA_FLOAT, xFrom + i) * y.getAtIndex(JAVA_FLOAT, yFrom + i);
            result = Math.fma(product, z.getAtIndex(JAVA_FLOAT, zFrom + i) - shift, result);
        }
        return result;
    }

    /** Σ exp(x[i] − shift) for 0 ≤ i &lt; count. */
    static float sumExp(MemorySegment x, long from, float shift, int count) {
        int whole = count & -LANES;
        float sum = 0;
        for (long lane = from; lane < from + LANES; lane += QUAD) {
            sum += (sumExpOfLane(x, lane, shift, whole) + sumExpOfLane(x, lane + 1, shift, whole))
                    + (sumExpOfLane(x, lane + 2, shift, whole) + sumExpOfLane(x, lane + 3, shift, whole));
        }
        return addExp(sum, x, from + whole, shift, count - whole, 1);
    }

    private static float sumExpOfLane(MemorySegment x, long from, float shift, int whole) {
        return addExp(0, x, from, shift, whole, GROUP) + addExp(0, x, from + LANES, shift, whole - LANES, GROUP);
    }

    /** sum + exp(x[0] − shift) + exp(x[step] − shift) + …, one after the other, below {@code count}. */
    static float addExp(float sum, MemorySegment x, long from, float shift, int count, int step) {
        float result = sum;
        for (int i = 0; i < count; i += step) {
            result += Elementary.exp(x.getAtIndex(JAVA_FLOAT, from + i) - shift);
        }
        return result;
    }
}
