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
import static org.asgo4j.kernel.RowSums.LANES;
import static org.asgo4j.kernel.ScalarLayerKernels.reach;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;

/**
 * Rows of a causal softmax and of its gradient. They are short, a few vectors, so that most of their time went into
 * beginning loops: C2 makes three of every loop with a constant step, and checks of all bounds before the first. Hence
 * the steps here are variables: the gradient of 48×48 took twice as long with constants.
 */
final class VectorSoftmax {

    /** From one vector to the next; not a constant to C2. */
    private static long stepBytes = FLOATS.vectorByteSize();

    /** From 16 columns to the next; not a constant to C2. */
    private static long strideBytes = LANES * Float.BYTES;

    private VectorSoftmax() {
    }

    /** A row of {@link ScalarLayerKernels#causalSoftmax}, {@code scale} above 0. */
    static void row(MemorySegment x, long from, int live, int size, float scale) {
        int reach = reach(live, size);
        int whole = reach & -LANES;
        hideDead(x, from, live, whole);
        float max = ScalarLayerKernels.max(max(x, from, whole), x, from + whole, reach - whole);
        float sum = exponentiate(x, from, max, scale, whole);
        ScalarLayerKernels.exponentiate(x, from + whole, max, scale, reach - whole);
        sum = RowSums.addSum(sum, x, from + whole, reach - whole, 1);
        scale(1 / sum, x, from, whole);
        ScalarKernels.INSTANCE.scale(1 / sum, x, from + whole, reach - whole);
        zero(x, from, Float.isNaN(sum) ? live : reach, size);
    }

    /** x[i] ← −∞ for live ≤ i &lt; whole, columns of less than 16: their exponentials are 0. */
    private static void hideDead(MemorySegment x, long from, int live, int whole) {
        long end = (from + whole) * Float.BYTES;
        int left = live & FLOATS.length() - 1;
        for (long at = (from + live - left) * Float.BYTES; at < end; at += stepBytes) {
            FloatVector values = fromMemorySegment(FLOATS, x, at, ORDER);
            values = values.blend(Float.NEGATIVE_INFINITY, INDEX.compare(GE, (float) left));
            values.intoMemorySegment(x, at, ORDER);
            left = 0;
        }
    }

    /** The largest of the first {@code whole} elements; NaNs are passed over. */
    private static float max(MemorySegment x, long from, int whole) {
        FloatVector max = FloatVector.broadcast(FLOATS, Float.NEGATIVE_INFINITY);
        long end = (from + whole) * Float.BYTES;
        for (long at = from * Float.BYTES; at < end; at += stepBytes) {
            FloatVector values = fromMemorySegment(FLOATS, x, at, ORDER);
            max = max.blend(values, values.compare(GT, max));
        }
        // As integers with the order of floats: a float's maximum takes a comparison for NaN at every level.
        IntVector bits = max.reinterpretAsInts();
        int key = bits.lanewise(XOR, bits.lanewise(ASHR, Integer.SIZE - 1).lanewise(LSHR, 1)).reduceLanes(MAX);
        return Float.intBitsToFloat(key ^ (key >> Integer.SIZE - 1) >>> 1);
    }

    /** x[i] ← exp(scale·(x[i] − shift)) for 0 ≤ i &lt; whole; their sum. */
    private static float exponentiate(MemorySegment x, long from, float shift, float scale, int whole) {
        float sum = 0;
        for (int lane = 0; lane < LANES; lane += FLOATS.length()) {
            FloatVector s0 = FloatVector.zero(FLOATS);
            FloatVector s1 = s0;
            long end = (from + whole) * Float.BYTES;
            for (long at = (from + lane) * Float.BYTES; at < end; at += strideBytes) {
                FloatVector centered = fromMemorySegment(FLOATS, x, at, ORDER).sub(shift);
                FloatVector powers = VectorElementary.exp(centered.mul(scale));
                powers.intoMemorySegment(x, at, ORDER);
                FloatVector next = s0.add(powers);
                s0 = s1;
                s1 = next;
            }
            sum = Lanes.add(sum, s0.add(s1));
        }
        return sum;
    }

    /** x[i] ← factor·x[i] for 0 ≤ i &lt; whole. */
    private static void scale(float factor, MemorySegment x, long from, int whole) {
        long end = (from + whole) * Float.BYTES;
        for (long at = from * Float.BYTES; at < end; at += stepBytes) {
            fromMemorySegment(FLOATS, x, at, ORDER).mul(factor).intoMemorySegment(x, at, ORDER);
        }
    }

    /** x[i] ← 0 for from ≤ i &lt; size; what is left after whole vectors by one that begins earlier. */
    private static void zero(MemorySegment x, long first, int from, int size) {
        int room = size - FLOATS.length();
        if (room < 0) {
            ScalarLayerKernels.zero(x, first + from, size - from);
            return;
        }
        FloatVector zeros = FloatVector.zero(FLOATS);
        long last = (first + room) * Float.BYTES;
        for (long at = (first + from) * Float.BYTES; at < last; at += stepBytes) {
            zeros.intoMemorySegment(x, at, ORDER);
        }
        if (from < size) {
            FloatVector values = fromMemorySegment(FLOATS, x, last, ORDER);
            values.blend(0f, INDEX.compare(GE, (float) (from - room))).intoMemorySegment(x, last, ORDER);
        }
    }

    /** A row of {@link ScalarLayerKernels#causalSoftmaxBackward}. */
    static void backwardRow(MemorySegment p, long pFrom, MemorySegment dp, long dpFrom, int live, int size,
            float scale) {
        int reach = reach(live, size);
        int whole = reach & -LANES;
        int rest = reach - whole;
        float mean = dot(p, pFrom, dp, dpFrom, live, whole);
        mean = RowSums.addDot(mean, p, pFrom + whole, dp, dpFrom + whole, rest, 1);
        multiplyCentered(p, pFrom, mean, scale, dp, dpFrom, whole);
        ScalarLayerKernels.multiplyCentered(p, pFrom + whole, mean, scale, dp, dpFrom + whole, rest);
        zero(dp, dpFrom, live, size);
    }

    /** Σ p[i]·dp[i] for 0 ≤ i &lt; whole, with dp taken as 0 from {@code live} on. */
    private static float dot(MemorySegment p, long pFrom, MemorySegment dp, long dpFrom, int live, int whole) {
        float sum = 0;
        for (int lane = 0; lane < LANES; lane += FLOATS.length()) {
            FloatVector s0 = FloatVector.zero(FLOATS);
            FloatVector s1 = s0;
            long pAt = (pFrom + lane) * Float.BYTES;
            long at = (dpFrom + lane) * Float.BYTES;
            for (long end = (dpFrom + Math.min(whole, live & -LANES)) * Float.BYTES; at < end; at += strideBytes) {
                FloatVector weights = fromMemorySegment(FLOATS, p, pAt, ORDER);
                FloatVector next = weights.fma(fromMemorySegment(FLOATS, dp, at, ORDER), s0);
                s0 = s1;
                s1 = next;
                pAt += strideBytes;
            }
            if (live < whole) {
                FloatVector weights = fromMemorySegment(FLOATS, p, pAt, ORDER);
                FloatVector values = fromMemorySegment(FLOATS, dp, at, ORDER);
                values = values.blend(0f, INDEX.compare(GE, (float) ((live & LANES - 1) - lane)));
                s0 = weights.fma(values, s0);
            }
            sum = Lanes.add(sum, s0.add(s1));
        }
        return sum;
    }

    private static void multiplyCentered(MemorySegment p, long pFrom, float mean, float scale, MemorySegment dp,
            long dpFrom, int whole) {
        long pAt = pFrom * Float.BYTES;
        long end = (dpFrom + whole) * Float.BYTES;
        for (long at = dpFrom * Float.BYTES; at < end; at += stepBytes) {
            FloatVector centered = fromMemorySegment(FLOATS, dp, at, ORDER).sub(mean);
            FloatVector weights = fromMemorySegment(FLOATS, p, pAt, ORDER);
            centered.mul(weights).mul(scale).intoMemorySegment(dp, at, ORDER);
            pAt += stepBytes;
        }
    }
}
