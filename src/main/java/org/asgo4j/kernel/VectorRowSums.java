// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.kernel;

import static jdk.incubator.vector.FloatVector.fromMemorySegment;
import static org.asgo4j.kernel.Lanes.FLOATS;
import static org.asgo4j.kernel.Lanes.ORDER;
import static org.asgo4j.kernel.RowSums.GROUP;
import static org.asgo4j.kernel.RowSums.LANES;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;

/**
 * {@link RowSums} with vectors. A vector of fewer than 16 lanes goes over the row more than once, each time over its
 * own columns of every group; in one loop, because a method that C2 has to inline twice may be one too many for it.
 */
final class VectorRowSums {

    private VectorRowSums() {
    }

    /** As {@link RowSums#sum}. */
    static float sum(MemorySegment x, long from, int count) {
        int grouped = count & -GROUP;
        float sum = 0;
        for (int lane = 0; lane < LANES; lane += FLOATS.length()) {
            long xLane = from + lane;
            FloatVector s0 = FloatVector.zero(FLOATS);
            FloatVector s1 = s0;
            for (int i = 0; i < grouped; i += GROUP) {
                s0 = s0.add(fromMemorySegment(FLOATS, x, (xLane + i) * Float.BYTES, ORDER));
                s1 = s1.add(fromMemorySegment(FLOATS, x, (xLane + i + LANES) * Float.BYTES, ORDER));
            }
            // Lanes.add, written out: in causalSoftmax, C2 has no nodes left to inline it, and a call boxes its vector.
            FloatVector lanes = s0.add(s1);
            FloatVector pairs = lanes.add(lanes.rearrange(Lanes.SWAP_1));
            FloatVector quads = pairs.add(pairs.rearrange(Lanes.SWAP_2));
            sum += quads.lane(0);
            if (FLOATS.length() > 4) {
                sum += quads.lane(4);
            }
            if (FLOATS.length() > 8) {
                sum += quads.lane(8);
                sum += quads.lane(12);
            }
        }
        return RowSums.addSum(sum, x, from + grouped, count - grouped, 1);
    }

    /** As {@link RowSums#dot}. */
    static float dot(MemorySegment x, long xFrom, MemorySegment y, long yFrom, int count) {
        int grouped = count & -GROUP;
        float sum = 0;
        for (int lane = 0; lane < LANES; lane += FLOATS.length()) {
            long xLane = xFrom + lane;
            long yLane = yFrom + lane;
            FloatVector s0 = FloatVector.zero(FLOATS);
            FloatVector s1 = s0;
            for (int i = 0; i < grouped; i += GROUP) {
                FloatVector x0 = fromMemorySegment(FLOATS, x, (xLane + i) * Float.BYTES, ORDER);
                FloatVector y0 = fromMemorySegment(FLOATS, y, (yLane + i) * Float.BYTES, ORDER);
                s0 = x0.fma(y0, s0);
                FloatVector x1 = fromMemorySegment(FLOATS, x, (xLane + i + LANES) * Float.BYTES, ORDER);
                FloatVector y1 = fromMemorySegment(FLOATS, y, (yLane + i + LANES) * Float.BYTES, ORDER);
                s1 = x1.fma(y1, s1);
            }
            sum = Lanes.add(sum, s0.add(s1));
        }
        return RowSums.addDot(sum, x, xFrom + grouped, y, yFrom + grouped, count - grouped, 1);
    }

    /** As {@link RowSums#center}. */
    static float center(MemorySegment x, long xFrom, float shift, MemorySegment y, long yFrom, int count) {
        int grouped = count & -GROUP;
        float sum = 0;
        for (int lane = 0; lane < LANES; lane += FLOATS.length()) {
            long xLane = xFrom + lane;
            long yLane = yFrom + lane;
            FloatVector s0 = FloatVector.zero(FLOATS);
            FloatVector s1 = s0;
            for (int i = 0; i < grouped; i += GROUP) {
                FloatVector y0 = fromMemorySegment(FLOATS, x, (xLane + i) * Float.BYTES, ORDER).sub(shift);
                y0.intoMemorySegment(y, (yLane + i) * Float.BYTES, ORDER);
                s0 = y0.fma(y0, s0);
                FloatVector y1 = fromMemorySegment(FLOATS, x, (xLane + i + LANES) * Float.BYTES, ORDER).sub(shift);
                y1.intoMemorySegment(y, (yLane + i + LANES) * Float.BYTES, ORDER);
                s1 = y1.fma(y1, s1);
            }
            sum = Lanes.add(sum, s0.add(s1));
        }
        return RowSums.addCentered(sum, x, xFrom + grouped, shift, y, yFrom + grouped, count - grouped, 1);
    }

    /** As {@link RowSums#dotShifted}. */
    static float dotShifted(MemorySegment x, long xFrom, MemorySegment y, long yFrom, MemorySegment z, long zFrom,
            float shift, int count) {
        int grouped = count & -GROUP;
        float sum = 0;
        for (int lane = 0; lane < LANES; lane += FLOATS.length()) {
            long xLane = xFrom + lane;
            long yLane = yFrom + lane;
            long zLane = zFrom + lane;
            FloatVector s0 = FloatVector.zero(FLOATS);
            FloatVector s1 = s0;
            for (int i = 0; i < grouped; i += GROUP) {
                FloatVector x0 = fromMemorySegment(FLOATS, x, (xLane + i) * Float.BYTES, ORDER);
                FloatVector y0 = fromMemorySegment(FLOATS, y, (yLane + i) * Float.BYTES, ORDER);
                FloatVector z0 = fromMemorySegment(FLOATS, z, (zLane + i) * Float.BYTES, ORDER).sub(shift);
                s0 = x0.mul(y0).fma(z0, s0);
                FloatVector x1 = fromMemorySegment(FLOATS, x, (xLane + i + LANES) * Float.BYTES, ORDER);
                FloatVector y1 = fromMemorySegment(FLOATS, y, (yLane + i + LANES) * Float.BYTES, ORDER);
                FloatVector z1 = fromMemorySegment(FLOATS, z, (zLane + i + LANES) * Float.BYTES, ORDER).sub(shift);
                s1 = x1.mul(y1).fma(z1, s1);
            }
            sum = Lanes.add(sum, s0.add(s1));
        }
        return RowSums.addDotShifted(sum, x, xFrom + grouped, y, yFrom + grouped, z, zFrom + grouped, shift,
                count - grouped, 1);
    }

    /** As {@link RowSums#sumExp}. */
    static float sumExp(MemorySegment x, long from, float shift, int count) {
        int grouped = count & -GROUP;
        float sum = 0;
        for (int lane = 0; lane < LANES; lane += FLOATS.length()) {
            long xLane = from + lane;
            FloatVector s0 = FloatVector.zero(FLOATS);
            FloatVector s1 = s0;
            // The sums take turns, so that exp, which is most of C2's nodes here, stands in the loop once.
            for (int i = 0; i < grouped; i += LANES) {
                FloatVector values = fromMemorySegment(FLOATS, x, (xLane + i) * Float.BYTES, ORDER).sub(shift);
                FloatVector next = s0.add(VectorElementary.exp(values));
                s0 = s1;
                s1 = next;
            }
            // Written out as in sum: exp leaves no nodes either.
            FloatVector lanes = s0.add(s1);
            FloatVector pairs = lanes.add(lanes.rearrange(Lanes.SWAP_1));
            FloatVector quads = pairs.add(pairs.rearrange(Lanes.SWAP_2));
            sum += quads.lane(0);
            if (FLOATS.length() > 4) {
                sum += quads.lane(4);
            }
            if (FLOATS.length() > 8) {
                sum += quads.lane(8);
                sum += quads.lane(12);
            }
        }
        return RowSums.addExp(sum, x, from + grouped, shift, count - grouped, 1);
    }
}
