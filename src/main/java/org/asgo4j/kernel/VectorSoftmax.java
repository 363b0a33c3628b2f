// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.kernel;

import static jdk.incubator.vector.FloatVector.fromMemorySegment;
import static jdk.incubator.vector.VectorOperators.ASHR;
import static jdk.incubator.vector.VectorOperators.GE;
import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.LSHR;
import static jdk.incubator.vector.VectorOperators.MAX;
import static jdk.incubator.vector.VectorOperators.XOR;
import static org.asgo4j.kernel.Lanes.FLOATS;
import static org.asgo4j.kernel.Lanes.INDEX;
import static org.asgo4j.kernel.Lanes.ORDER;
import static org.asgo4j.kernel.OffHeap.ALL;
import static org.asgo4j.kernel.RowSums.LANES;
import static org.asgo4j.kernel.ScalarLayerKernels.reach;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;

/**
 * Rows of a causal softmax and of its gradient, on numbers of elements of {@link OffHeap#ALL}. They are short, a few
 * vectors, so that most of their time went into beginning loops: C2 makes three of every loop with a constant step, and
 * checks of all bounds before the first. Hence the steps here are variables: the gradient of 48×48 took twice as long
 * with constants. A sum's latency is hidden by other rows: the maximum of the next one, or two at once.
 */
final class VectorSoftmax {

    /** From one vector to the next; not a constant to C2. */
    private static long stepBytes = FLOATS.vectorByteSize();

    /** From 16 columns to the next; not a constant to C2. */
    private static long strideBytes = LANES * Float.BYTES;

    private VectorSoftmax() {
    }

    /** {@link ScalarLayerKernels#causalSoftmax}, {@code scale} above 0. */
    static void forward(long x, long rowStride, int size, float scale) {
        float max = size > 0 ? prepare(x, 1, size) : 0;
        for (int live = 1; live <= size; live++) {
            long row = x + (live - 1) * rowStride;
            float sum = exponentiateRow(row, live, size, max, scale);
            max = live < size ? prepare(row + rowStride, live + 1, size) : 0;
            normalize(row, live, size, sum);
        }
    }

    /** Makes dead columns of a row that belong to whole vectors −∞ and returns the largest of the others. */
    private static float prepare(long x, int live, int size) {
        int reach = reach(live, size);
        int whole = reach & -LANES;
        hideDead(x, live, whole);
        return ScalarLayerKernels.max(max(x, whole), ALL, x + whole, reach - whole);
    }

    /** x[i] ← exp(scale·(x[i] − max)) for a prepared row; their sum. */
    private static float exponentiateRow(long x, int live, int size, float max, float scale) {
        int reach = reach(live, size);
        int whole = reach & -LANES;
        float sum = exponentiate(x, max, scale, whole);
        ScalarLayerKernels.exponentiate(ALL, x + whole, max, scale, reach - whole);
        return RowSums.addSum(sum, ALL, x + whole, reach - whole, 1);
    }

    /** x[i] ← x[i]/sum where alive, 0 elsewhere. */
    private static void normalize(long x, int live, int size, float sum) {
        int reach = reach(live, size);
        int whole = reach & -LANES;
        scale(1 / sum, x, whole);
        ScalarKernels.INSTANCE.scale(1 / sum, ALL, x + whole, reach - whole);
        zero(x, Float.isNaN(sum) ? live : reach, size);
    }

    /** x[i] ← −∞ for live ≤ i &lt; whole, columns of less than 16: their exponentials are 0. */
    private static void hideDead(long x, int live, int whole) {
        long end = (x + whole) * Float.BYTES;
        int left = live & FLOATS.length() - 1;
        for (long at = (x + live - left) * Float.BYTES; at < end; at += stepBytes) {
            FloatVector values = fromMemorySegment(FLOATS, ALL, at, ORDER);
            values = values.blend(Float.NEGATIVE_INFINITY, INDEX.compare(GE, (float) left));
            values.intoMemorySegment(ALL, at, ORDER);
            left = 0;
        }
    }

    /** The largest of the first {@code whole} elements; NaNs are passed over. */
    private static float max(long x, int whole) {
        FloatVector max = FloatVector.broadcast(FLOATS, Float.NEGATIVE_INFINITY);
        long end = (x + whole) * Float.BYTES;
        for (long at = x * Float.BYTES; at < end; at += stepBytes) {
            FloatVector values = fromMemorySegment(FLOATS, ALL, at, ORDER);
            max = max.blend(values, values.compare(GT, max));
        }
        // As integers with the order of floats: a float's maximum takes a comparison for NaN at every level.
        IntVector bits = max.reinterpretAsInts();
        int key = bits.lanewise(XOR, bits.lanewise(ASHR, Integer.SIZE - 1).lanewise(LSHR, 1)).reduceLanes(MAX);
        return Float.intBitsToFloat(key ^ (key >> Integer.SIZE - 1) >>> 1);
    }

    /** x[i] ← exp(scale·(x[i] − shift)) for 0 ≤ i &lt; whole; their sum. */
    private static float exponentiate(long x, float shift, float scale, int whole) {
        float sum = 0;
        for (int lane = 0; lane < LANES; lane += FLOATS.length()) {
            FloatVector s0 = FloatVector.zero(FLOATS);
            FloatVector s1 = s0;
            long end = (x + whole) * Float.BYTES;
            for (long at = (x + lane) * Float.BYTES; at < end; at += strideBytes) {
                FloatVector centered = fromMemorySegment(FLOATS, ALL, at, ORDER).sub(shift);
                FloatVector powers = VectorElementary.exp(centered.mul(scale));
                powers.intoMemorySegment(ALL, at, ORDER);
                FloatVector next = s0.add(powers);
                s0 = s1;
                s1 = next;
            }
            sum = Lanes.add(sum, s0.add(s1));
        }
        return sum;
    }

    /** x[i] ← factor·x[i] for 0 ≤ i &lt; whole. */
    private static void scale(float factor, long x, int whole) {
        long end = (x + whole) * Float.BYTES;
        for (long at = x * Float.BYTES; at < end; at += stepBytes) {
            fromMemorySegment(FLOATS, ALL, at, ORDER).mul(factor).intoMemorySegment(ALL, at, ORDER);
        }
    }

    /** x[i] ← 0 for from ≤ i &lt; size: a vector at each end, and between them those that begin at whole vectors. */
    private static void zero(long x, int from, int size) {
        int room = size - FLOATS.length();
        if (from > room) {
            ScalarLayerKernels.zero(ALL, x + from, size - from);
            return;
        }
        FloatVector zeros = FloatVector.zero(FLOATS);
        long at = (x + from) * Float.BYTES;
        long last = (x + room) * Float.BYTES;
        zeros.intoMemorySegment(ALL, at, ORDER);
        at += stepBytes - (at & stepBytes - 1); // a store across two cache lines takes twice as long
        for (; at < last; at += stepBytes) {
            zeros.intoMemorySegment(ALL, at, ORDER);
        }
        zeros.intoMemorySegment(ALL, last, ORDER);
    }

    /** {@link ScalarLayerKernels#causalSoftmaxBackward}; two rows at once where both consist of whole vectors. */
    static void backward(long p, long dp, long rowStride, int size, float scale) {
        int live = 1;
        for (; live < (size & -LANES); live += 2) {
            long first = (live - 1) * rowStride;
            backwardRows(p + first, dp + first, rowStride, live, size, scale);
        }
        for (; live <= size; live++) {
            long first = (live - 1) * rowStride;
            backwardRow(p + first, dp + first, live, size, scale);
        }
    }

    /** Rows of {@code live} and live + 1 columns, {@code live} odd, so that both end in the same vector. */
    private static void backwardRows(long p0, long dp0, long rowStride, int live, int size, float scale) {
        int last = live & -LANES;
        long p1 = p0 + rowStride;
        long dp1 = dp0 + rowStride;
        float mean0 = 0;
        float mean1 = 0;
        for (int lane = 0; lane < LANES; lane += FLOATS.length()) {
            FloatVector a0 = FloatVector.zero(FLOATS);
            FloatVector a1 = a0;
            FloatVector b0 = a0;
            FloatVector b1 = a0;
            long at = (long) lane * Float.BYTES;
            for (long end = (long) last * Float.BYTES; at < end; at += strideBytes) {
                FloatVector weights0 = fromMemorySegment(FLOATS, ALL, p0 * Float.BYTES + at, ORDER);
                FloatVector weights1 = fromMemorySegment(FLOATS, ALL, p1 * Float.BYTES + at, ORDER);
                FloatVector a = weights0.fma(fromMemorySegment(FLOATS, ALL, dp0 * Float.BYTES + at, ORDER), a0);
                FloatVector b = weights1.fma(fromMemorySegment(FLOATS, ALL, dp1 * Float.BYTES + at, ORDER), b0);
                a0 = a1;
                a1 = a;
                b0 = b1;
                b1 = b;
            }
            float left = (live & LANES - 1) - lane;
            FloatVector weights0 = fromMemorySegment(FLOATS, ALL, p0 * Float.BYTES + at, ORDER);
            FloatVector weights1 = fromMemorySegment(FLOATS, ALL, p1 * Float.BYTES + at, ORDER);
            FloatVector values0 = fromMemorySegment(FLOATS, ALL, dp0 * Float.BYTES + at, ORDER);
            FloatVector values1 = fromMemorySegment(FLOATS, ALL, dp1 * Float.BYTES + at, ORDER);
            a0 = weights0.fma(values0.blend(0f, INDEX.compare(GE, left)), a0);
            b0 = weights1.fma(values1.blend(0f, INDEX.compare(GE, left + 1)), b0);
            mean0 = Lanes.add(mean0, a0.add(a1));
            mean1 = Lanes.add(mean1, b0.add(b1));
        }
        multiplyCentered(p0, p1, mean0, mean1, scale, dp0, dp1, last + LANES);
        zero(dp0, live, size);
        zero(dp1, live + 1, size);
    }

    /** As {@link ScalarLayerKernels#multiplyCentered}, two rows. */
    private static void multiplyCentered(long p0, long p1, float mean0, float mean1, float scale, long dp0, long dp1,
            int whole) {
        long end = (long) whole * Float.BYTES;
        for (long at = 0; at < end; at += stepBytes) {
            FloatVector centered0 = fromMemorySegment(FLOATS, ALL, dp0 * Float.BYTES + at, ORDER).sub(mean0);
            FloatVector centered1 = fromMemorySegment(FLOATS, ALL, dp1 * Float.BYTES + at, ORDER).sub(mean1);
            FloatVector weights0 = fromMemorySegment(FLOATS, ALL, p0 * Float.BYTES + at, ORDER);
            FloatVector weights1 = fromMemorySegment(FLOATS, ALL, p1 * Float.BYTES + at, ORDER);
            centered0.mul(weights0).mul(scale).intoMemorySegment(ALL, dp0 * Float.BYTES + at, ORDER);
            centered1.mul(weights1).mul(scale).intoMemorySegment(ALL, dp1 * Float.BYTES + at, ORDER);
        }
    }

    private static void backwardRow(long p, long dp, int live, int size, float scale) {
        int reach = reach(live, size);
        int whole = reach & -LANES;
        int rest = reach - whole;
        float mean = dot(p, dp, live, whole);
        mean = RowSums.addDot(mean, ALL, p + whole, ALL, dp + whole, rest, 1);
        multiplyCentered(p, mean, scale, dp, whole);
        ScalarLayerKernels.multiplyCentered(ALL, p + whole, mean, scale, ALL, dp + whole, rest);
        zero(dp, live, size);
    }

    /** Σ p[i]·dp[i] for 0 ≤ i &lt; whole, with dp taken as 0 from {@code live} on. */
    private static float dot(long p, long dp, int live, int whole) {
        float sum = 0;
        for (int lane = 0; lane < LANES; lane += FLOATS.length()) {
            FloatVector s0 = FloatVector.zero(FLOATS);
            FloatVector s1 = s0;
            long pAt = (p + lane) * Float.BYTES;
            long at = (dp + lane) * Float.BYTES;
            for (long end = (dp + Math.min(whole, live & -LANES)) * Float.BYTES; at < end; at += strideBytes) {
                FloatVector weights = fromMemorySegment(FLOATS, ALL, pAt, ORDER);
                FloatVector next = weights.fma(fromMemorySegment(FLOATS, ALL, at, ORDER), s0);
                s0 = s1;
                s1 = next;
                pAt += strideBytes;
            }
            if (live < whole) {
                FloatVector weights = fromMemorySegment(FLOATS, ALL, pAt, ORDER);
                FloatVector values = fromMemorySegment(FLOATS, ALL, at, ORDER);
                values = values.blend(0f, INDEX.compare(GE, (float) ((live & LANES - 1) - lane)));
                s0 = weights.fma(values, s0);
            }
            sum = Lanes.add(sum, s0.add(s1));
        }
        return sum;
    }

    private static void multiplyCentered(long p, float mean, float scale, long dp, int whole) {
        long pAt = p * Float.BYTES;
        long end = (dp + whole) * Float.BYTES;
        for (long at = dp * Float.BYTES; at < end; at += stepBytes) {
            FloatVector centered = fromMemorySegment(FLOATS, ALL, at, ORDER).sub(mean);
            FloatVector weights = fromMemorySegment(FLOATS, ALL, pAt, ORDER);
            centered.mul(weights).mul(scale).intoMemorySegment(ALL, at, ORDER);
            pAt += stepBytes;
        }
    }
}
