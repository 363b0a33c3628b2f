// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.kernel;

import static jdk.incubator.vector.FloatVector.fromMemorySegment;
import static org.asgo4j.kernel.Lanes.DOUBLES;
import static org.asgo4j.kernel.Lanes.FLOATS;
import static org.asgo4j.kernel.Lanes.HALF;
import static org.asgo4j.kernel.Lanes.ORDER;
import static org.asgo4j.kernel.ScalarKernels.SQUARES_BLOCK;
import static org.asgo4j.kernel.ScalarKernels.SQUARES_LANES;
import static org.asgo4j.kernel.ScalarKernels.SQUARES_PARTIALS;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/**
 * One vector at a time; the tail of every loop is {@link ScalarKernels}, and so is the arithmetic, bit for bit.
 *
 * <p>Loads and stores are spelled out in the loops. A method of ours that takes or returns a vector is inlined only
 * until C2 has made 18,000 nodes (NodeCountInliningCutoff), and where it is not, every vector it passes becomes an
 * object; methods of the Vector API are always inlined.
 */
final class VectorKernels implements Kernels {

    static final VectorKernels INSTANCE = new VectorKernels();

    private static final ScalarKernels TAIL = ScalarKernels.INSTANCE;

    /** Elements of one turn of the loop of {@link #allFinite}: four vectors, as one sum is bound by its latency. */
    private static final int SCAN_GROUP = 4 * FLOATS.length();

    /** Elements looked at before {@link #firstNonFinite} asks whether one of them was not finite. */
    private static final int SCAN_BLOCK = 4096;

    private VectorKernels() {
    }

    @Override
    public String description() {
        return "vector, %d bits (%d floats)".formatted(FLOATS.vectorBitSize(), FLOATS.length());
    }

    @Override
    public void axpby(float alpha, MemorySegment x, long xFrom, float beta, MemorySegment y, long yFrom, long count) {
        FloatVector factor = FloatVector.broadcast(FLOATS, alpha);
        long end = FLOATS.loopBound(count);
        if (beta == 0) {
            for (long i = 0; i < end; i += FLOATS.length()) {
                FloatVector values = fromMemorySegment(FLOATS, x, (xFrom + i) * Float.BYTES, ORDER);
                values.mul(factor).intoMemorySegment(y, (yFrom + i) * Float.BYTES, ORDER);
            }
        } else {
            for (long i = 0; i < end; i += FLOATS.length()) {
                FloatVector values = fromMemorySegment(FLOATS, x, (xFrom + i) * Float.BYTES, ORDER);
                FloatVector old = fromMemorySegment(FLOATS, y, (yFrom + i) * Float.BYTES, ORDER).mul(beta);
                values.fma(factor, old).intoMemorySegment(y, (yFrom + i) * Float.BYTES, ORDER);
            }
        }
        TAIL.axpby(alpha, x, xFrom + end, beta, y, yFrom + end, count - end);
    }

    @Override
    public void lookAhead(float fresh, MemorySegment gradient, long gradientFrom, float keep, MemorySegment m,
            long mFrom, MemorySegment direction, long directionFrom, long count) {
        FloatVector freshVector = FloatVector.broadcast(FLOATS, fresh);
        FloatVector keepVector = FloatVector.broadcast(FLOATS, keep);
        long end = FLOATS.loopBound(count);
        for (long i = 0; i < end; i += FLOATS.length()) {
            FloatVector g = fromMemorySegment(FLOATS, gradient, (gradientFrom + i) * Float.BYTES, ORDER);
            FloatVector kept = fromMemorySegment(FLOATS, m, (mFrom + i) * Float.BYTES, ORDER).mul(keepVector);
            FloatVector newM = g.fma(freshVector, kept);
            newM.intoMemorySegment(m, (mFrom + i) * Float.BYTES, ORDER);
            FloatVector ahead = newM.fma(keepVector, g.mul(freshVector));
            ahead.intoMemorySegment(direction, (directionFrom + i) * Float.BYTES, ORDER);
        }
        TAIL.lookAhead(fresh, gradient, gradientFrom + end, keep, m, mFrom + end, direction, directionFrom + end,
                count - end);
    }

    @Override
    public void scale(float alpha, MemorySegment x, long from, long count) {
        long end = FLOATS.loopBound(count);
        for (long i = 0; i < end; i += FLOATS.length()) {
            FloatVector values = fromMemorySegment(FLOATS, x, (from + i) * Float.BYTES, ORDER);
            values.mul(alpha).intoMemorySegment(x, (from + i) * Float.BYTES, ORDER);
        }
        TAIL.scale(alpha, x, from + end, count - end);
    }

    @Override
    public void scaleAndAdd(float alpha, MemorySegment x, long xFrom, MemorySegment y, long yFrom, long count) {
        long end = FLOATS.loopBound(count);
        for (long i = 0; i < end; i += FLOATS.length()) {
            FloatVector scaled = fromMemorySegment(FLOATS, x, (xFrom + i) * Float.BYTES, ORDER).mul(alpha);
            scaled.intoMemorySegment(x, (xFrom + i) * Float.BYTES, ORDER);
            FloatVector old = fromMemorySegment(FLOATS, y, (yFrom + i) * Float.BYTES, ORDER);
            old.add(scaled).intoMemorySegment(y, (yFrom + i) * Float.BYTES, ORDER);
        }
        TAIL.scaleAndAdd(alpha, x, xFrom + end, y, yFrom + end, count - end);
    }

    @Override
    public void multiply(MemorySegment x, long xFrom, MemorySegment y, long yFrom, long count) {
        long end = FLOATS.loopBound(count);
        for (long i = 0; i < end; i += FLOATS.length()) {
            FloatVector factors = fromMemorySegment(FLOATS, x, (xFrom + i) * Float.BYTES, ORDER);
            FloatVector values = fromMemorySegment(FLOATS, y, (yFrom + i) * Float.BYTES, ORDER);
            factors.mul(values).intoMemorySegment(y, (yFrom + i) * Float.BYTES, ORDER);
        }
        TAIL.multiply(x, xFrom + end, y, yFrom + end, count - end);
    }

    @Override
    public void addSquares(float alpha, MemorySegment x, long xFrom, float beta, MemorySegment y, long yFrom,
            long count) {
        long end = FLOATS.loopBound(count);
        for (long i = 0; i < end; i += FLOATS.length()) {
            FloatVector values = fromMemorySegment(FLOATS, x, (xFrom + i) * Float.BYTES, ORDER);
            FloatVector old = fromMemorySegment(FLOATS, y, (yFrom + i) * Float.BYTES, ORDER).mul(beta);
            values.mul(alpha).fma(values, old).intoMemorySegment(y, (yFrom + i) * Float.BYTES, ORDER);
        }
        TAIL.addSquares(alpha, x, xFrom + end, beta, y, yFrom + end, count - end);
    }

    @Override
    public void addSquaresDouble(double alpha, MemorySegment x, long xFrom, double beta, MemorySegment y, long yFrom,
            long count) {
        long end = DOUBLES.loopBound(count);
        for (long i = 0; i < end; i += DOUBLES.length()) {
            FloatVector narrow = fromMemorySegment(HALF, x, (xFrom + i) * Float.BYTES, ORDER);
            DoubleVector values = (DoubleVector) narrow.convertShape(VectorOperators.F2D, DOUBLES, 0);
            DoubleVector old = DoubleVector.fromMemorySegment(DOUBLES, y, (yFrom + i) * Double.BYTES, ORDER).mul(beta);
            values.mul(alpha).fma(values, old).intoMemorySegment(y, (yFrom + i) * Double.BYTES, ORDER);
        }
        TAIL.addSquaresDouble(alpha, x, xFrom + end, beta, y, yFrom + end, count - end);
    }

    @Override
    public void divideByRoot(MemorySegment x, long xFrom, MemorySegment v, long vFrom, float inside, float outside,
            MemorySegment y, long yFrom, long count) {
        FloatVector zero = FloatVector.zero(FLOATS);
        long end = FLOATS.loopBound(count);
        for (long i = 0; i < end; i += FLOATS.length()) {
            FloatVector values = fromMemorySegment(FLOATS, x, (xFrom + i) * Float.BYTES, ORDER);
            FloatVector squares = fromMemorySegment(FLOATS, v, (vFrom + i) * Float.BYTES, ORDER);
            FloatVector denominator = squares.add(inside).sqrt().add(outside);
            FloatVector quotient = values.div(denominator);
            quotient.blend(zero, denominator.eq(zero)).intoMemorySegment(y, (yFrom + i) * Float.BYTES, ORDER);
        }
        TAIL.divideByRoot(x, xFrom + end, v, vFrom + end, inside, outside, y, yFrom + end, count - end);
    }

    @Override
    public void lion(MemorySegment weight, long weightFrom, MemorySegment gradient, long gradientFrom, MemorySegment m,
            long mFrom, long count, float gradientScale, double beta1, double beta2, float stepSize, float decay) {
        FloatVector clip = FloatVector.broadcast(FLOATS, gradientScale);
        FloatVector rate1 = FloatVector.broadcast(FLOATS, (float) (1 - beta1));
        FloatVector rate2 = FloatVector.broadcast(FLOATS, (float) (1 - beta2));
        FloatVector step = FloatVector.broadcast(FLOATS, -stepSize);
        FloatVector zero = FloatVector.zero(FLOATS);
        FloatVector plus = FloatVector.broadcast(FLOATS, 1);
        FloatVector minus = FloatVector.broadcast(FLOATS, -1);
        long end = FLOATS.loopBound(count);
        for (long i = 0; i < end; i += FLOATS.length()) {
            FloatVector g = fromMemorySegment(FLOATS, gradient, (gradientFrom + i) * Float.BYTES, ORDER).mul(clip);
            FloatVector oldM = fromMemorySegment(FLOATS, m, (mFrom + i) * Float.BYTES, ORDER);
            FloatVector c = rate1.fma(g, oldM.mul((float) beta1));
            // What is neither above nor below 0 is its own sign: zeros, and NaN, which must not get lost.
            FloatVector sign = c.blend(plus, c.compare(VectorOperators.GT, zero));
            sign = sign.blend(minus, c.compare(VectorOperators.LT, zero));
            FloatVector decayed = fromMemorySegment(FLOATS, weight, (weightFrom + i) * Float.BYTES, ORDER).mul(decay);
            rate2.fma(g, oldM.mul((float) beta2)).intoMemorySegment(m, (mFrom + i) * Float.BYTES, ORDER);
            sign.fma(step, decayed).intoMemorySegment(weight, (weightFrom + i) * Float.BYTES, ORDER);
        }
        TAIL.lion(weight, weightFrom + end, gradient, gradientFrom + end, m, mFrom + end, count - end, gradientScale,
                beta1, beta2, stepSize, decay);
    }

    @Override
    public void adamw(MemorySegment weight, long weightFrom, MemorySegment gradient, long gradientFrom, MemorySegment m,
            long mFrom, MemorySegment v, long vFrom, long count, float gradientScale, double beta1, double beta2,
            float epsilon, float stepSize, float inverseRootCorrection, float decay) {
        FloatVector clip = FloatVector.broadcast(FLOATS, gradientScale);
        FloatVector rate1 = FloatVector.broadcast(FLOATS, (float) (1 - beta1));
        FloatVector rate2 = FloatVector.broadcast(FLOATS, (float) (1 - beta2));
        FloatVector keep2 = FloatVector.broadcast(FLOATS, (float) beta2);
        FloatVector correction = FloatVector.broadcast(FLOATS, inverseRootCorrection);
        FloatVector offset = FloatVector.broadcast(FLOATS, epsilon);
        FloatVector step = FloatVector.broadcast(FLOATS, -stepSize);
        long end = FLOATS.loopBound(count);
        for (long i = 0; i < end; i += FLOATS.length()) {
            FloatVector g = fromMemorySegment(FLOATS, gradient, (gradientFrom + i) * Float.BYTES, ORDER).mul(clip);
            FloatVector oldM = fromMemorySegment(FLOATS, m, (mFrom + i) * Float.BYTES, ORDER);
            FloatVector newM = g.sub(oldM).fma(rate1, oldM);
            FloatVector keptV = fromMemorySegment(FLOATS, v, (vFrom + i) * Float.BYTES, ORDER).mul(keep2);
            FloatVector newV = g.mul(rate2).fma(g, keptV);
            FloatVector denominator = newV.sqrt().fma(correction, offset);
            FloatVector decayed = fromMemorySegment(FLOATS, weight, (weightFrom + i) * Float.BYTES, ORDER).mul(decay);
            newM.intoMemorySegment(m, (mFrom + i) * Float.BYTES, ORDER);
            newV.intoMemorySegment(v, (vFrom + i) * Float.BYTES, ORDER);
            FloatVector newWeight = newM.div(denominator).fma(step, decayed);
            newWeight.intoMemorySegment(weight, (weightFrom + i) * Float.BYTES, ORDER);
        }
        TAIL.adamw(weight, weightFrom + end, gradient, gradientFrom + end, m, mFrom + end, v, vFrom + end, count - end,
                gradientScale, beta1, beta2, epsilon, stepSize, inverseRootCorrection, decay);
    }

    /**
     * {@inheritDoc}
     *
     * <p>From memory this is at 0.77 to 0.86 of reading alone, by run. What was tried beside it in one JVM, medians of
     * 9 rounds over 192 and 512 MiB with one thread and two, as multiples of this loop's rate: a read in each page of
     * the next block 1.04 to 1.06, a read of every line ahead 0.93 to 0.99, a loop over two blocks 1.00 to 1.10, over
     * four 1.11 to 1.15, over six 1.07 to 1.13. Loops over four blocks were not kept, since in one of a few JVMs C2 did
     * not inline all of one and allocated vectors.
     */
    @Override
    public double sumOfSquares(MemorySegment x, long from, long count) {
        double total = 0;
        for (long block = 0; block < count; block += SQUARES_BLOCK) {
            int size = (int) Math.min(SQUARES_BLOCK, count - block);
            int grouped = size & -SQUARES_PARTIALS;
            double sum = 0;
            for (int lane = 0; lane < SQUARES_LANES; lane += DOUBLES.length()) {
                sum = addSquares(sum, x, from + block + lane, grouped);
            }
            total += ScalarKernels.addSquares(sum, x, from + block + grouped, size - grouped, 1);
        }
        return total;
    }

    /** sum + the squares of the columns of one vector in every group of {@code SQUARES_PARTIALS}. */
    private static double addSquares(double sum, MemorySegment x, long from, int grouped) {
        DoubleVector p0 = DoubleVector.zero(DOUBLES);
        DoubleVector p1 = p0;
        DoubleVector p2 = p0;
        DoubleVector p3 = p0;
        for (int i = 0; i < grouped; i += SQUARES_PARTIALS) {
            FloatVector f0 = fromMemorySegment(HALF, x, (from + i) * Float.BYTES, ORDER);
            FloatVector f1 = fromMemorySegment(HALF, x, (from + i + SQUARES_LANES) * Float.BYTES, ORDER);
            FloatVector f2 = fromMemorySegment(HALF, x, (from + i + 2 * SQUARES_LANES) * Float.BYTES, ORDER);
            FloatVector f3 = fromMemorySegment(HALF, x, (from + i + 3 * SQUARES_LANES) * Float.BYTES, ORDER);
            DoubleVector x0 = (DoubleVector) f0.convertShape(VectorOperators.F2D, DOUBLES, 0);
            DoubleVector x1 = (DoubleVector) f1.convertShape(VectorOperators.F2D, DOUBLES, 0);
            DoubleVector x2 = (DoubleVector) f2.convertShape(VectorOperators.F2D, DOUBLES, 0);
            DoubleVector x3 = (DoubleVector) f3.convertShape(VectorOperators.F2D, DOUBLES, 0);
            p0 = x0.fma(x0, p0);
            p1 = x1.fma(x1, p1);
            p2 = x2.fma(x2, p2);
            p3 = x3.fma(x3, p3);
        }
        // Neighbours are added here and not in a method: where C2 does not inline it, the vector becomes an object.
        DoubleVector lanes = p0.add(p1).add(p2.add(p3));
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

    @Override
    public long firstNonFinite(MemorySegment x, long from, long count) {
        long end = count & -SCAN_GROUP;
        for (long block = 0; block < end; block += SCAN_BLOCK) {
            int size = (int) Math.min(SCAN_BLOCK, end - block);
            if (!allFinite(x, from + block, size)) {
                return block + TAIL.firstNonFinite(x, from + block, size);
            }
        }
        long last = TAIL.firstNonFinite(x, from + end, count - end);
        return last < 0 ? last : end + last;
    }

    /**
     * Whether {@code size} elements, a multiple of {@link #SCAN_GROUP}, are finite: 0·x is NaN for NaN and infinity, a
     * NaN stays in its sum, and zeros of either sign add up to zero.
     */
    private static boolean allFinite(MemorySegment x, long from, int size) {
        int lanes = FLOATS.length();
        FloatVector zero = FloatVector.zero(FLOATS);
        FloatVector s0 = zero;
        FloatVector s1 = zero;
        FloatVector s2 = zero;
        FloatVector s3 = zero;
        for (int i = 0; i < size; i += 4 * lanes) {
            s0 = fromMemorySegment(FLOATS, x, (from + i) * Float.BYTES, ORDER).fma(zero, s0);
            s1 = fromMemorySegment(FLOATS, x, (from + i + lanes) * Float.BYTES, ORDER).fma(zero, s1);
            s2 = fromMemorySegment(FLOATS, x, (from + i + 2 * lanes) * Float.BYTES, ORDER).fma(zero, s2);
            s3 = fromMemorySegment(FLOATS, x, (from + i + 3 * lanes) * Float.BYTES, ORDER).fma(zero, s3);
        }
        FloatVector sum = s0.add(s1).add(s2.add(s3));
        return sum.compare(VectorOperators.EQ, zero).allTrue();
    }

    @Override
    public void widen(MemorySegment x, long xFrom, MemorySegment y, long yFrom, long count) {
        long end = DOUBLES.loopBound(count);
        for (long i = 0; i < end; i += DOUBLES.length()) {
            FloatVector values = fromMemorySegment(HALF, x, (xFrom + i) * Float.BYTES, ORDER);
            DoubleVector wide = (DoubleVector) values.convertShape(VectorOperators.F2D, DOUBLES, 0);
            wide.intoMemorySegment(y, (yFrom + i) * Double.BYTES, ORDER);
        }
        TAIL.widen(x, xFrom + end, y, yFrom + end, count - end);
    }

    @Override
    public void narrow(MemorySegment x, long xFrom, MemorySegment y, long yFrom, long count) {
        long end = DOUBLES.loopBound(count);
        for (long i = 0; i < end; i += DOUBLES.length()) {
            DoubleVector wide = DoubleVector.fromMemorySegment(DOUBLES, x, (xFrom + i) * Double.BYTES, ORDER);
            FloatVector rounded = (FloatVector) wide.convertShape(VectorOperators.D2F, HALF, 0);
            rounded.intoMemorySegment(y, (yFrom + i) * Float.BYTES, ORDER);
        }
        TAIL.narrow(x, xFrom + end, y, yFrom + end, count - end);
    }

    @Override
    public void scaleDouble(double alpha, MemorySegment x, long from, long count) {
        long end = DOUBLES.loopBound(count);
        for (long i = 0; i < end; i += DOUBLES.length()) {
            DoubleVector values = DoubleVector.fromMemorySegment(DOUBLES, x, (from + i) * Double.BYTES, ORDER);
            values.mul(alpha).intoMemorySegment(x, (from + i) * Double.BYTES, ORDER);
        }
        TAIL.scaleDouble(alpha, x, from + end, count - end);
    }

    @Override
    public boolean invertFactor(MemorySegment a, long aFrom, long aStride, MemorySegment x, long xFrom, long xStride,
            int order, float[] work) {
        return VectorSmallFactor.invert(a, aFrom, aStride, x, xFrom, xStride, order, work);
    }
}
