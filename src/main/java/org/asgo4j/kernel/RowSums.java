// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.kernel;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import java.lang.foreign.MemorySegment;

/**
 * Sums over a row in float32, in one order for every lane width; the definition of {@link VectorRowSums}.
 *
 * <p>Whole groups of {@link #GROUP} elements go to 32 partial sums (i mod 32); those 16 apart are added; the 16 sums s
 * that remain give 0 + ((s0 + s1) + (s2 + s3)) + ((s4 + s5) + (s6 + s7)) + …, left to right; the up to 31 elements
 * after the last group are added to that one by one. So a sum of n terms is off by at most about (n/32 + 7 +
 * 31)·2⁻²⁴·Σ|term|.
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
        int grouped = count & -GROUP;
        float sum = 0;
        for (long lane = from; lane < from + LANES; lane += QUAD) {
            sum += (sumOfLane(x, lane, grouped) + sumOfLane(x, lane + 1, grouped))
                    + (sumOfLane(x, lane + 2, grouped) + sumOfLane(x, lane + 3, grouped));
        }
        return addSum(sum, x, from + grouped, count - grouped, 1);
    }

    private static float sumOfLane(MemorySegment x, long from, int grouped) {
        return addSum(0, x, from, grouped, GROUP) + addSum(0, x, from + LANES, grouped, GROUP);
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
        int grouped = count & -GROUP;
        float sum = 0;
        for (int lane = 0; lane < LANES; lane += QUAD) {
            long xLane = xFrom + lane;
            long yLane = yFrom + lane;
            sum += (dotOfLane(x, xLane, y, yLane, grouped) + dotOfLane(x, xLane + 1, y, yLane + 1, grouped))
                    + (dotOfLane(x, xLane + 2, y, yLane + 2, grouped) + dotOfLane(x, xLane + 3, y, yLane + 3, grouped));
        }
        return addDot(sum, x, xFrom + grouped, y, yFrom + grouped, count - grouped, 1);
    }

    private static float dotOfLane(MemorySegment x, long xFrom, MemorySegment y, long yFrom, int grouped) {
        return addDot(0, x, xFrom, y, yFrom, grouped, GROUP)
                + addDot(0, x, xFrom + LANES, y, yFrom + LANES, grouped, GROUP);
    }

    /** sum + x[0]·y[0] + x[step]·y[step] + …, one fma after the other, below {@code count}. */
    static float addDot(float sum, MemorySegment x, long xFrom, MemorySegment y, long yFrom, int count, int step) {
        float result = sum;
        for (int i = 0; i < count; i += step) {
            result = Math.fma(x.getAtIndex(JAVA_FLOAT, xFrom + i), y.getAtIndex(JAVA_FLOAT, yFrom + i), result);
        }
        return result;
    }

    /** y[i] ← x[i] − shift and returns Σ y[i]², for 0 ≤ i &lt; count; y may be the same range as x. */
    static float center(MemorySegment x, long xFrom, float shift, MemorySegment y, long yFrom, int count) {
        int grouped = count & -GROUP;
        float sum = 0;
        for (int lane = 0; lane < LANES; lane += QUAD) {
            long xLane = xFrom + lane;
            long yLane = yFrom + lane;
            float s0 = centerLane(x, xLane, shift, y, yLane, grouped);
            float s1 = centerLane(x, xLane + 1, shift, y, yLane + 1, grouped);
            float s2 = centerLane(x, xLane + 2, shift, y, yLane + 2, grouped);
            float s3 = centerLane(x, xLane + 3, shift, y, yLane + 3, grouped);
            sum += (s0 + s1) + (s2 + s3);
        }
        return addCentered(sum, x, xFrom + grouped, shift, y, yFrom + grouped, count - grouped, 1);
    }

    private static float centerLane(MemorySegment x, long xFrom, float shift, MemorySegment y, long yFrom,
            int grouped) {
        return addCentered(0, x, xFrom, shift, y, yFrom, grouped, GROUP)
                + addCentered(0, x, xFrom + LANES, shift, y, yFrom + LANES, grouped, GROUP);
    }

    /** y[i] ← x[i] − shift and returns sum + y[0]² + y[step]² + …, at multiples of {@code step} below {@code count}. */
    static float addCentered(float sum, MemorySegment x, long xFrom, float shift, MemorySegment y, long yFrom,
            int count, int step) {
        float result = sum;
        for (int i = 0; i < count; i += step) {
            float centered = x.getAtIndex(JAVA_FLOAT, xFrom + i) - shift;
            y.setAtIndex(JAVA_FLOAT, yFrom + i, centered);
            result = Math.fma(centered, centered, result);
        }
        return result;
    }

    /** Σ (x[i]·y[i])·(z[i] − shift) for 0 ≤ i &lt; count. */
    static float dotShifted(MemorySegment x, long xFrom, MemorySegment y, long yFrom, MemorySegment z, long zFrom,
            float shift, int count) {
        int grouped = count & -GROUP;
        float sum = 0;
        for (int lane = 0; lane < LANES; lane += QUAD) {
            float s0 = dotShiftedOfLane(x, xFrom + lane, y, yFrom + lane, z, zFrom + lane, shift, grouped);
            float s1 = dotShiftedOfLane(x, xFrom + lane + 1, y, yFrom + lane + 1, z, zFrom + lane + 1, shift, grouped);
            float s2 = dotShiftedOfLane(x, xFrom + lane + 2, y, yFrom + lane + 2, z, zFrom + lane + 2, shift, grouped);
            float s3 = dotShiftedOfLane(x, xFrom + lane + 3, y, yFrom + lane + 3, z, zFrom + lane + 3, shift, grouped);
            sum += (s0 + s1) + (s2 + s3);
        }
        return addDotShifted(sum, x, xFrom + grouped, y, yFrom + grouped, z, zFrom + grouped, shift, count - grouped,
                1);
    }

    private static float dotShiftedOfLane(MemorySegment x, long xFrom, MemorySegment y, long yFrom, MemorySegment z,
            long zFrom, float shift, int grouped) {
        return addDotShifted(0, x, xFrom, y, yFrom, z, zFrom, shift, grouped, GROUP)
                + addDotShifted(0, x, xFrom + LANES, y, yFrom + LANES, z, zFrom + LANES, shift, grouped, GROUP);
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
        int grouped = count & -GROUP;
        float sum = 0;
        for (long lane = from; lane < from + LANES; lane += QUAD) {
            sum += (sumExpOfLane(x, lane, shift, grouped) + sumExpOfLane(x, lane + 1, shift, grouped))
                    + (sumExpOfLane(x, lane + 2, shift, grouped) + sumExpOfLane(x, lane + 3, shift, grouped));
        }
        return addExp(sum, x, from + grouped, shift, count - grouped, 1);
    }

    private static float sumExpOfLane(MemorySegment x, long from, float shift, int grouped) {
        return addExp(0, x, from, shift, grouped, GROUP) + addExp(0, x, from + LANES, shift, grouped, GROUP);
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
