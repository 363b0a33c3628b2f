// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.kernel;

import static jdk.incubator.vector.FloatVector.fromMemorySegment;
import static jdk.incubator.vector.VectorOperators.F2D;
import static org.asgo4j.kernel.Lanes.DOUBLES;
import static org.asgo4j.kernel.Lanes.HALF;
import static org.asgo4j.kernel.Lanes.ORDER;
import static org.asgo4j.kernel.OffHeap.ALL;
import static org.asgo4j.kernel.ScalarKernels.SQUARES_BLOCK;
import static org.asgo4j.kernel.ScalarKernels.SQUARES_LANES;
import static org.asgo4j.kernel.ScalarKernels.SQUARES_PARTIALS;

import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;

/**
 * {@link Kernels#sumOfSquares} with vectors. Where one has all eight lanes of a block, four blocks at once: a CPU's
 * prefetchers follow every page of 4 KiB that is being read, so four of them bring more from memory than one, 1.1 times
 * as much on the machine of docs/measured.md. The four partial sums of a lane take turns, so that what is summed stands
 * in the loop once for each block.
 *
 * <p>Where the lanes take two vectors, one block at a time, both vectors in one pass: on an AMD EPYC with AVX2 from
 * memory 22 GB/s, four blocks in two passes 12 to 15.
 *
 * <p>{@link #add} takes a vector, which {@link VectorLoops} avoids: on segments C2 had no nodes left to inline it in
 * one JVM of a few. Here it has, as nothing is asked of a segment: no object in eight JVMs (AllocationTest).
 */
final class VectorSquares {

    private static final int TWO_BLOCKS = 2 * SQUARES_BLOCK;
    private static final int THREE_BLOCKS = 3 * SQUARES_BLOCK;
    private static final int FOUR_BLOCKS = 4 * SQUARES_BLOCK;

    /** Vectors that the eight lanes of a block take: 1, 2 or 4. */
    private static final int PARTS = SQUARES_LANES / DOUBLES.length();

    /** Lanes of one pass over a block: those of two vectors if it takes so many. */
    private static final int TOGETHER = Math.min(SQUARES_LANES, 2 * DOUBLES.length());

    /** Where the second of them begins. */
    private static final int UPPER = DOUBLES.length();

    private VectorSquares() {
    }

    /** As {@link Kernels#sumOfSquares}. */
    static double sum(long x, long count) {
        double total = 0;
        long block = 0;
        for (; PARTS == 1 && block <= count - FOUR_BLOCKS; block += FOUR_BLOCKS) {
            total = addFourBlocks(total, x + block);
        }
        for (; block < count; block += SQUARES_BLOCK) {
            int size = (int) Math.min(SQUARES_BLOCK, count - block);
            int grouped = size & -SQUARES_PARTIALS;
            double sum = 0;
            for (int lane = 0; lane < SQUARES_LANES; lane += TOGETHER) {
                sum = addSquares(sum, x + block + lane, grouped);
            }
            total += ScalarKernels.addSquares(sum, ALL, x + block + grouped, size - grouped, 1);
        }
        return total;
    }

    /** The sums of four blocks, of which a vector has all lanes, added to {@code total}, one after the other. */
    private static double addFourBlocks(double total, long x) {
        DoubleVector a0 = DoubleVector.zero(DOUBLES);
        DoubleVector a1 = a0;
        DoubleVector a2 = a0;
        DoubleVector a3 = a0;
        DoubleVector b0 = a0;
        DoubleVector b1 = a0;
        DoubleVector b2 = a0;
        DoubleVector b3 = a0;
        DoubleVector c0 = a0;
        DoubleVector c1 = a0;
        DoubleVector c2 = a0;
        DoubleVector c3 = a0;
        DoubleVector d0 = a0;
        DoubleVector d1 = a0;
        DoubleVector d2 = a0;
        DoubleVector d3 = a0;
        for (int i = 0; i < SQUARES_BLOCK; i += SQUARES_LANES) {
            FloatVector narrowA = fromMemorySegment(HALF, ALL, (x + i) * Float.BYTES, ORDER);
            DoubleVector va = (DoubleVector) narrowA.convertShape(F2D, DOUBLES, 0);
            FloatVector narrowB = fromMemorySegment(HALF, ALL, (x + SQUARES_BLOCK + i) * Float.BYTES, ORDER);
            DoubleVector vb = (DoubleVector) narrowB.convertShape(F2D, DOUBLES, 0);
            FloatVector narrowC = fromMemorySegment(HALF, ALL, (x + TWO_BLOCKS + i) * Float.BYTES, ORDER);
            DoubleVector vc = (DoubleVector) narrowC.convertShape(F2D, DOUBLES, 0);
            FloatVector narrowD = fromMemorySegment(HALF, ALL, (x + THREE_BLOCKS + i) * Float.BYTES, ORDER);
            DoubleVector vd = (DoubleVector) narrowD.convertShape(F2D, DOUBLES, 0);
            va = va.fma(va, a0);
            vb = vb.fma(vb, b0);
            vc = vc.fma(vc, c0);
            vd = vd.fma(vd, d0);
            a0 = a1;
            a1 = a2;
            a2 = a3;
            a3 = va;
            b0 = b1;
            b1 = b2;
            b2 = b3;
            b3 = vb;
            c0 = c1;
            c1 = c2;
            c2 = c3;
            c3 = vc;
            d0 = d1;
            d1 = d2;
            d2 = d3;
            d3 = vd;
        }
        total += add(0, a0.add(a1).add(a2.add(a3)));
        total += add(0, b0.add(b1).add(b2.add(b3)));
        total += add(0, c0.add(c1).add(c2.add(c3)));
        return total + add(0, d0.add(d1).add(d2.add(d3)));
    }

    /** sum + the squares of as many lanes as one pass takes, in every group of {@code SQUARES_PARTIALS}. */
    private static double addSquares(double sum, long x, int grouped) {
        long y = x + UPPER;
        DoubleVector p0 = DoubleVector.zero(DOUBLES);
        DoubleVector p1 = p0;
        DoubleVector p2 = p0;
        DoubleVector p3 = p0;
        DoubleVector q0 = p0;
        DoubleVector q1 = p0;
        DoubleVector q2 = p0;
        DoubleVector q3 = p0;
        for (int i = 0; i < grouped; i += SQUARES_PARTIALS) {
            FloatVector narrow0 = fromMemorySegment(HALF, ALL, (x + i) * Float.BYTES, ORDER);
            DoubleVector x0 = (DoubleVector) narrow0.convertShape(F2D, DOUBLES, 0);
            FloatVector narrow1 = fromMemorySegment(HALF, ALL, (x + i + SQUARES_LANES) * Float.BYTES, ORDER);
            DoubleVector x1 = (DoubleVector) narrow1.convertShape(F2D, DOUBLES, 0);
            FloatVector narrow2 = fromMemorySegment(HALF, ALL, (x + i + 2 * SQUARES_LANES) * Float.BYTES, ORDER);
            DoubleVector x2 = (DoubleVector) narrow2.convertShape(F2D, DOUBLES, 0);
            FloatVector narrow3 = fromMemorySegment(HALF, ALL, (x + i + 3 * SQUARES_LANES) * Float.BYTES, ORDER);
            DoubleVector x3 = (DoubleVector) narrow3.convertShape(F2D, DOUBLES, 0);
            p0 = x0.fma(x0, p0);
            p1 = x1.fma(x1, p1);
            p2 = x2.fma(x2, p2);
            p3 = x3.fma(x3, p3);
            if (PARTS > 1) {
                FloatVector narrow4 = fromMemorySegment(HALF, ALL, (y + i) * Float.BYTES, ORDER);
                DoubleVector x4 = (DoubleVector) narrow4.convertShape(F2D, DOUBLES, 0);
                FloatVector narrow5 = fromMemorySegment(HALF, ALL, (y + i + SQUARES_LANES) * Float.BYTES, ORDER);
                DoubleVector x5 = (DoubleVector) narrow5.convertShape(F2D, DOUBLES, 0);
                FloatVector narrow6 = fromMemorySegment(HALF, ALL, (y + i + 2 * SQUARES_LANES) * Float.BYTES, ORDER);
                DoubleVector x6 = (DoubleVector) narrow6.convertShape(F2D, DOUBLES, 0);
                FloatVector narrow7 = fromMemorySegment(HALF, ALL, (y + i + 3 * SQUARES_LANES) * Float.BYTES, ORDER);
                DoubleVector x7 = (DoubleVector) narrow7.convertShape(F2D, DOUBLES, 0);
                q0 = x4.fma(x4, q0);
                q1 = x5.fma(x5, q1);
                q2 = x6.fma(x6, q2);
                q3 = x7.fma(x7, q3);
            }
        }
        double lower = add(sum, p0.add(p1).add(p2.add(p3)));
        return PARTS == 1 ? lower : add(lower, q0.add(q1).add(q2.add(q3)));
    }

    /** sum + (l0 + l1) + (l2 + l3) + …, left to right, over the lanes l. */
    private static double add(double sum, DoubleVector lanes) {
        double result = sum + (lanes.lane(0) + lanes.lane(1));
        if (DOUBLES.length() > 2) {
            result += lanes.lane(2) + lanes.lane(3);
        }
        if (DOUBLES.length() > 4) {
            result += lanes.lane(4) + lanes.lane(5);
            result += lanes.lane(6) + lanes.lane(7);
        }
        return result;
    }
}
