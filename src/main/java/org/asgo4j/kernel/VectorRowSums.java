// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.kernel;

import static jdk.incubator.vector.FloatVector.fromMemorySegment;
import static org.asgo4j.kernel.Lanes.FLOATS;
import static org.asgo4j.kernel.Lanes.ORDER;
import static org.asgo4j.kernel.OffHeap.ALL;
import static org.asgo4j.kernel.OffHeap.OFFSET;
import static org.asgo4j.kernel.OffHeap.address;
import static org.asgo4j.kernel.RowSums.LANES;

import jdk.incubator.vector.FloatVector;

/**
 * {@link RowSums} with vectors, of numbers of elements of {@link OffHeap#ALL}. The two partial sums of a lane take
 * turns, so that what is summed stands in a loop once. A vector of fewer than 16 lanes goes over the row more than
 * once, each time over its own columns of every 16; in one loop, because a method that C2 has to inline twice may be
 * one too many for it. Where little is done to an element the loop takes two such vectors, since one would wait for its
 * sum. The loops look alike but are spelled out: what is summed can't be handed in without making objects of vectors.
 */
final class VectorRowSums {

    /** Bytes from one vector to the next. */
    static final int STEP = FLOATS.vectorByteSize();

    /** Bytes from 16 columns to the next. */
    static final int STRIDE = LANES * Float.BYTES;

    /** Bytes of every 16 columns that one pass takes: two vectors if there are so many, as one waits for its sum. */
    static final int TOGETHER = Math.min(2 * STEP, STRIDE);

    /** Columns of the longest row that loops with offsets in bytes can go over; its 1 GiB are left to no test. */
    static final int LONGEST_ROW = 1 << 28;

    private VectorRowSums() {
    }

    /** As {@link RowSums#sum}. */
    static float sum(long x, int count) {
        int whole = count & -LANES;
        long xAt = address(x);
        float sum = 0;
        for (int lane = 0; lane < STRIDE; lane += TOGETHER) {
            FloatVector s0 = FloatVector.zero(FLOATS);
            FloatVector s1 = s0;
            FloatVector t0 = s0;
            FloatVector t1 = s0;
            for (int i = lane; i < whole * Float.BYTES; i += STRIDE) {
                FloatVector next = s0.add(fromMemorySegment(FLOATS, ALL, xAt + (i & OFFSET), ORDER));
                s0 = s1;
                s1 = next;
                if (STEP < STRIDE) {
                    FloatVector upper = t0.add(fromMemorySegment(FLOATS, ALL, xAt + STEP + (i & OFFSET), ORDER));
                    t0 = t1;
                    t1 = upper;
                }
            }
            sum = Lanes.add(sum, s0.add(s1));
            if (STEP < STRIDE) sum = Lanes.add(sum, t0.add(t1));
        }
        return RowSums.addSum(sum, ALL, x + whole, count - whole, 1);
    }

    /** As {@link RowSums#squares}. */
    static float squares(long x, float shift, int count) {
        int whole = count & -LANES;
        long xAt = address(x);
        float sum = 0;
        for (int lane = 0; lane < STRIDE; lane += TOGETHER) {
            FloatVector s0 = FloatVector.zero(FLOATS);
            FloatVector s1 = s0;
            FloatVector t0 = s0;
            FloatVector t1 = s0;
            for (int i = lane; i < whole * Float.BYTES; i += STRIDE) {
                FloatVector centered = fromMemorySegment(FLOATS, ALL, xAt + (i & OFFSET), ORDER).sub(shift);
                FloatVector next = centered.fma(centered, s0);
                s0 = s1;
                s1 = next;
                if (STEP < STRIDE) {
                    FloatVector upper = fromMemorySegment(FLOATS, ALL, xAt + STEP + (i & OFFSET), ORDER).sub(shift);
                    next = upper.fma(upper, t0);
                    t0 = t1;
                    t1 = next;
                }
            }
            sum = Lanes.add(sum, s0.add(s1));
            if (STEP < STRIDE) sum = Lanes.add(sum, t0.add(t1));
        }
        return RowSums.addSquares(sum, ALL, x + whole, shift, count - whole, 1);
    }

    /** As {@link RowSums#sumExp}. */
    static float sumExp(long x, float shift, int count) {
        int whole = count & -LANES;
        long xAt = address(x);
        float sum = 0;
        for (int lane = 0; lane < STRIDE; lane += STEP) {
            FloatVector s0 = FloatVector.zero(FLOATS);
            FloatVector s1 = s0;
            for (int i = lane; i < whole * Float.BYTES; i += STRIDE) {
                FloatVector values = fromMemorySegment(FLOATS, ALL, xAt + (i & OFFSET), ORDER).sub(shift);
                FloatVector next = s0.add(VectorElementary.exp(values));
                s0 = s1;
                s1 = next;
            }
            sum = Lanes.add(sum, s0.add(s1));
        }
        return RowSums.addExp(sum, ALL, x + whole, shift, count - whole, 1);
    }

    /**
     * x[i] ← exp(x[i] − shift) and returns their sum as {@link RowSums#sum} has it. Not by {@link OffHeap#address}: so
     * C2 left objects in the loops of cross-entropy in 9 of 60 JVMs, otherwise in none of 74.
     */
    static float exponentiate(long x, float shift, int count) {
        int whole = count & -LANES;
        float sum = 0;
        for (int lane = 0; lane < LANES; lane += FLOATS.length()) {
            FloatVector s0 = FloatVector.zero(FLOATS);
            FloatVector s1 = s0;
            for (int i = lane; i < whole; i += LANES) {
                FloatVector centered = fromMemorySegment(FLOATS, ALL, (x + i) * Float.BYTES, ORDER).sub(shift);
                FloatVector powers = VectorElementary.exp(centered);
                powers.intoMemorySegment(ALL, (x + i) * Float.BYTES, ORDER);
                FloatVector next = s0.add(powers);
                s0 = s1;
                s1 = next;
            }
            sum = Lanes.add(sum, s0.add(s1));
        }
        ScalarLayerKernels.exponentiate(ALL, x + whole, shift, 1, count - whole);
        return RowSums.addSum(sum, ALL, x + whole, count - whole, 1);
    }
}
