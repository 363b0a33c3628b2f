// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.kernel;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import java.lang.foreign.MemorySegment;

/** {@link Kernels#invertFactor}, one element at a time, and what both twins have of it. */
final class SmallFactor {
    /** Elements of a row of the scratch. */
    static final int ROW = Kernels.LARGEST_FACTOR;

    private SmallFactor() {}

    /** As {@link Kernels#invertFactor}. */
    static boolean invert(MemorySegment a, long aFrom, long aStride, MemorySegment x, long xFrom, long xStride,
            int order, float[] work) {
        load(a, aFrom, aStride, order, work);
        for (int j = 0; j < order; j++) {
            float pivot = work[j * ROW + j];
            if (!isPivot(pivot)) return false;
            work[j * ROW + j] = 1;
            for (int i = j + 1; i < order; i++) {
                float factor = -work[j * ROW + i] * (1 / pivot);
                work[i * ROW + j] = 0;
                for (int k = 0; k <= j; k++) combine(work, i, j, k, factor);
                for (int k = i; k < order; k++) combine(work, i, j, k, factor);
            }
            work[j * ROW + j] = inverseRoot(pivot);
        }
        for (int i = 0; i < order; i++) store(work, i, 0, x, xFrom + i * xStride, order);
        return true;
    }

    private static void combine(float[] work, int i, int j, int k, float factor) {
        work[i * ROW + k] = Math.fma(work[j * ROW + k], factor, work[i * ROW + k]);
    }

    /** The rows of the upper triangle, which are the columns of A's lower one; below it the scratch stays as it is. */
    static void load(MemorySegment a, long aFrom, long aStride, int order, float[] work) {
        for (int i = 0; i < order; i++) {
            for (int k = 0; k <= i; k++) work[k * ROW + i] = a.getAtIndex(JAVA_FLOAT, aFrom + i * aStride + k);
        }
    }

    /** Row i of X, from column {@code start} on: row i of the scratch times its diagonal element, which is 1/√d. */
    static void store(float[] work, int i, int start, MemorySegment x, long rowFrom, int order) {
        float factor = work[i * ROW + i];
        for (int k = start; k < order; k++) {
            float value = k < i ? work[i * ROW + k] * factor : k == i ? factor : 0;
            x.setAtIndex(JAVA_FLOAT, rowFrom + k, value);
        }
    }

    /** Whether it is positive, finite and normal; 1 over it is finite then, and above 2¹²⁶ loses digits. */
    static boolean isPivot(float pivot) {
        return pivot >= Float.MIN_NORMAL && pivot <= Float.MAX_VALUE;
    }

    static float inverseRoot(float pivot) {
        return (float) (1 / Math.sqrt(pivot));
    }
}
