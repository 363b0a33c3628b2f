// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.kernel;

import static jdk.incubator.vector.FloatVector.fromArray;
import static org.asgo4j.kernel.Lanes.FLOATS;
import static org.asgo4j.kernel.Lanes.INDEX;
import static org.asgo4j.kernel.Lanes.ORDER;
import static org.asgo4j.kernel.OffHeap.ALL;
import static org.asgo4j.kernel.SmallFactor.ROW;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/**
 * {@link SmallFactor} by whole rows, on numbers of elements of {@link OffHeap#ALL}: lanes below the diagonal of what is
 * left of A, and beyond the order, hold anything, and no result depends on them. Order 16 takes 0.5 µs, LAPACK's spotrf
 * and strtri 1.9 (one thread of a Xeon with AVX-512).
 */
final class VectorSmallFactor {
    private VectorSmallFactor() {}

    /** As {@link Kernels#invertFactor}. */
    static boolean invert(long a, long aStride,
            long x, long xStride, int order, float[] work) {
        SmallFactor.load(ALL, a, aStride, order, work);
        for (int j = 0; j < order; j++) {
            float pivot = work[j * ROW + j];
            if (!SmallFactor.isPivot(pivot)) return false;
            eliminate(work, order, j, 1 / pivot);
            work[j * ROW + j] = SmallFactor.inverseRoot(pivot);
        }
        for (int i = 0; i < order; i++) store(work, i, x + i * xStride, order);
        return true;
    }

    /** Step j for the rows below. */
    private static void eliminate(float[] work, int order, int j, float inverse) {
        for (int lane = 0; lane < order; lane += FLOATS.length()) {
            VectorMask<Float> columnJ = INDEX.compare(VectorOperators.EQ, j - lane);
            FloatVector row = fromArray(FLOATS, work, j * ROW + lane).blend(1, columnJ);
            for (int i = j + 1; i < order; i++) {
                FloatVector factor = FloatVector.broadcast(FLOATS, -work[j * ROW + i] * inverse);
                FloatVector old = fromArray(FLOATS, work, i * ROW + lane).blend(0, columnJ);
                row.fma(factor, old).intoArray(work, i * ROW + lane);
            }
        }
    }

    /** As {@link SmallFactor#store}, whole vectors first: not every CPU can store a part of one. */
    private static void store(float[] work, int i, long row, int order) {
        float factor = work[i * ROW + i];
        int end = FLOATS.loopBound(order);
        for (int lane = 0; lane < end; lane += FLOATS.length()) {
            VectorMask<Float> before = INDEX.compare(VectorOperators.LT, i - lane);
            VectorMask<Float> behind = INDEX.compare(VectorOperators.GT, i - lane);
            FloatVector values = fromArray(FLOATS, work, i * ROW + lane).mul(factor);
            FloatVector.broadcast(FLOATS, factor).blend(values, before).blend(0, behind)
                    .intoMemorySegment(ALL, (row + lane) * Float.BYTES, ORDER);
        }
        SmallFactor.store(work, i, end, ALL, row, order);
    }
}
