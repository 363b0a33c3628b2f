// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.kernel;

import static jdk.incubator.vector.FloatVector.fromMemorySegment;
import static org.asgo4j.kernel.Lanes.DOUBLES;
import static org.asgo4j.kernel.Lanes.FLOATS;
import static org.asgo4j.kernel.Lanes.HALF;
import static org.asgo4j.kernel.Lanes.ORDER;
import static org.asgo4j.kernel.OffHeap.ALL;

import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/**
 * The loops of {@link VectorKernels}, one vector at a time; the tail of every loop is {@link ScalarKernels}, and so is
 * the arithmetic, bit for bit. Operands are numbers of elements of {@link OffHeap#ALL}.
 *
 * <p>Loads and stores are spelled out in the loops. A method of ours that takes or returns a vector is inlined only
 * until C2 has made 18,000 nodes (NodeCountInliningCutoff), and where it is not, every vector it passes becomes an
 * object; methods of the Vector API are always inlined. {@link VectorTranspose} says why a FloatVector should have one
 * width; only {@link VectorSquares} loads halves.
 */
final class VectorLoops {

    private static final ScalarKernels TAIL = ScalarKernels.INSTANCE;

    /** Elements of one turn of the loop of {@link #allFinite}: eight vectors in four sums, as one waits for itself. */
    private static final int SCAN_GROUP = 8 * FLOATS.length();

    /**
     * The same, not a constant to C2, which would make one turn of several: an AMD EPYC read 10 GB/s from memory with
     * 16 loads in a turn, 22 with four or eight.
     */
    private static int scanStep = SCAN_GROUP;

    /** Elements looked at before {@link #firstNonFinite} asks whether one of them was not finite. */
    private static final int SCAN_BLOCK = 4096;

    private VectorLoops() {
    }

    static void axpby(float alpha, long x, float beta, long y, long count) {
        FloatVector factor = FloatVector.broadcast(FLOATS, alpha);
        long end = FLOATS.loopBound(count);
        if (beta == 0) {
            for (long i = 0; i < end; i += FLOATS.length()) {
                FloatVector values = fromMemorySegment(FLOATS, ALL, (x + i) * Float.BYTES, ORDER);
                values.mul(factor).intoMemorySegment(ALL, (y + i) * Float.BYTES, ORDER);
            }
        } else {
            for (long i = 0; i < end; i += FLOATS.length()) {
                FloatVector values = fromMemorySegment(FLOATS, ALL, (x + i) * Float.BYTES, ORDER);
                FloatVector old = fromMemorySegment(FLOATS, ALL, (y + i) * Float.BYTES, ORDER).mul(beta);
                values.fma(factor, old).intoMemorySegment(ALL, (y + i) * Float.BYTES, ORDER);
            }
        }
        TAIL.axpby(alpha, ALL, x + end, beta, ALL, y + end, count - end);
    }

    static void lookAhead(float fresh, long gradient, float keep, long m, long direction, long count) {
        FloatVector freshVector = FloatVector.broadcast(FLOATS, fresh);
        FloatVector keepVector = FloatVector.broadcast(FLOATS, keep);
        long end = FLOATS.loopBound(count);
        for (long i = 0; i < end; i += FLOATS.length()) {
            FloatVector g = fromMemorySegment(FLOATS, ALL, (gradient + i) * Float.BYTES, ORDER);
            FloatVector kept = fromMemorySegment(FLOATS, ALL, (m + i) * Float.BYTES, ORDER).mul(keepVector);
            FloatVector newM = g.fma(freshVector, kept);
            newM.intoMemorySegment(ALL, (m + i) * Float.BYTES, ORDER);
            FloatVector ahead = newM.fma(keepVector, g.mul(freshVector));
            ahead.intoMemorySegment(ALL, (direction + i) * Float.BYTES, ORDER);
        }
        TAIL.lookAhead(fresh, ALL, gradient + end, keep, ALL, m + end, ALL, direction + end,
                count - end);
    }

    static void scale(float alpha, long x, long count) {
        long end = FLOATS.loopBound(count);
        for (long i = 0; i < end; i += FLOATS.length()) {
            FloatVector values = fromMemorySegment(FLOATS, ALL, (x + i) * Float.BYTES, ORDER);
            values.mul(alpha).intoMemorySegment(ALL, (x + i) * Float.BYTES, ORDER);
        }
        TAIL.scale(alpha, ALL, x + end, count - end);
    }

    static void scaleAndAdd(float alpha, long x, long y, long count) {
        long end = FLOATS.loopBound(count);
        for (long i = 0; i < end; i += FLOATS.length()) {
            FloatVector scaled = fromMemorySegment(FLOATS, ALL, (x + i) * Float.BYTES, ORDER).mul(alpha);
            scaled.intoMemorySegment(ALL, (x + i) * Float.BYTES, ORDER);
            FloatVector old = fromMemorySegment(FLOATS, ALL, (y + i) * Float.BYTES, ORDER);
            old.add(scaled).intoMemorySegment(ALL, (y + i) * Float.BYTES, ORDER);
        }
        TAIL.scaleAndAdd(alpha, ALL, x + end, ALL, y + end, count - end);
    }

    static void multiply(long x, long y, long count) {
        long end = FLOATS.loopBound(count);
        for (long i = 0; i < end; i += FLOATS.length()) {
            FloatVector factors = fromMemorySegment(FLOATS, ALL, (x + i) * Float.BYTES, ORDER);
            FloatVector values = fromMemorySegment(FLOATS, ALL, (y + i) * Float.BYTES, ORDER);
            factors.mul(values).intoMemorySegment(ALL, (y + i) * Float.BYTES, ORDER);
        }
        TAIL.multiply(ALL, x + end, ALL, y + end, count - end);
    }

    static void addSquares(float alpha, long x, float beta, long y, long count) {
        long end = FLOATS.loopBound(count);
        for (long i = 0; i < end; i += FLOATS.length()) {
            FloatVector values = fromMemorySegment(FLOATS, ALL, (x + i) * Float.BYTES, ORDER);
            FloatVector old = fromMemorySegment(FLOATS, ALL, (y + i) * Float.BYTES, ORDER).mul(beta);
            values.mul(alpha).fma(values, old).intoMemorySegment(ALL, (y + i) * Float.BYTES, ORDER);
        }
        TAIL.addSquares(alpha, ALL, x + end, beta, ALL, y + end, count - end);
    }

    static void addSquaresDouble(double alpha, long x, double beta, long y, long count) {
        long end = DOUBLES.loopBound(count);
        for (long i = 0; i < end; i += DOUBLES.length()) {
            FloatVector narrow = fromMemorySegment(HALF, ALL, (x + i) * Float.BYTES, ORDER);
            DoubleVector values = (DoubleVector) narrow.convertShape(VectorOperators.F2D, DOUBLES, 0);
            DoubleVector old = DoubleVector.fromMemorySegment(DOUBLES, ALL, (y + i) * Double.BYTES, ORDER).mul(beta);
            values.mul(alpha).fma(values, old).intoMemorySegment(ALL, (y + i) * Double.BYTES, ORDER);
        }
        TAIL.addSquaresDouble(alpha, ALL, x + end, beta, ALL, y + end, count - end);
    }

    static void divideByRoot(long x, long v, float inside, float outside, long y, long count) {
        FloatVector zero = FloatVector.zero(FLOATS);
        long end = FLOATS.loopBound(count);
        for (long i = 0; i < end; i += FLOATS.length()) {
            FloatVector values = fromMemorySegment(FLOATS, ALL, (x + i) * Float.BYTES, ORDER);
            FloatVector squares = fromMemorySegment(FLOATS, ALL, (v + i) * Float.BYTES, ORDER);
            FloatVector denominator = squares.add(inside).sqrt().add(outside);
            FloatVector quotient = values.div(denominator);
            quotient.blend(zero, denominator.eq(zero)).intoMemorySegment(ALL, (y + i) * Float.BYTES, ORDER);
        }
        TAIL.divideByRoot(ALL, x + end, ALL, v + end, inside, outside, ALL, y + end, count - end);
    }

    static void lion(long weight, long gradient, long m, long count, float gradientScale, double beta1, double beta2,
            float stepSize, float decay) {
        FloatVector clip = FloatVector.broadcast(FLOATS, gradientScale);
        FloatVector rate1 = FloatVector.broadcast(FLOATS, (float) (1 - beta1));
        FloatVector rate2 = FloatVector.broadcast(FLOATS, (float) (1 - beta2));
        FloatVector step = FloatVector.broadcast(FLOATS, -stepSize);
        FloatVector zero = FloatVector.zero(FLOATS);
        FloatVector plus = FloatVector.broadcast(FLOATS, 1);
        FloatVector minus = FloatVector.broadcast(FLOATS, -1);
        long end = FLOATS.loopBound(count);
        for (long i = 0; i < end; i += FLOATS.length()) {
            FloatVector g = fromMemorySegment(FLOATS, ALL, (gradient + i) * Float.BYTES, ORDER).mul(clip);
            FloatVector oldM = fromMemorySegment(FLOATS, ALL, (m + i) * Float.BYTES, ORDER);
            FloatVector c = rate1.fma(g, oldM.mul((float) beta1));
            // What is neither above nor below 0 is its own sign: zeros, and NaN, which must not get lost.
            FloatVector sign = c.blend(plus, c.compare(VectorOperators.GT, zero));
            sign = sign.blend(minus, c.compare(VectorOperators.LT, zero));
            FloatVector decayed = fromMemorySegment(FLOATS, ALL, (weight + i) * Float.BYTES, ORDER).mul(decay);
            rate2.fma(g, oldM.mul((float) beta2)).intoMemorySegment(ALL, (m + i) * Float.BYTES, ORDER);
            sign.fma(step, decayed).intoMemorySegment(ALL, (weight + i) * Float.BYTES, ORDER);
        }
        TAIL.lion(ALL, weight + end, ALL, gradient + end, ALL, m + end, count - end, gradientScale,
                beta1, beta2, stepSize, decay);
    }

    static void adamw(long weight, long gradient, long m, long v, long count, float gradientScale, double beta1,
            double beta2, float epsilon, float stepSize, float inverseRootCorrection, float decay) {
        FloatVector clip = FloatVector.broadcast(FLOATS, gradientScale);
        FloatVector rate1 = FloatVector.broadcast(FLOATS, (float) (1 - beta1));
        FloatVector rate2 = FloatVector.broadcast(FLOATS, (float) (1 - beta2));
        FloatVector keep2 = FloatVector.broadcast(FLOATS, (float) beta2);
        FloatVector correction = FloatVector.broadcast(FLOATS, inverseRootCorrection);
        FloatVector offset = FloatVector.broadcast(FLOATS, epsilon);
        FloatVector step = FloatVector.broadcast(FLOATS, -stepSize);
        long end = FLOATS.loopBound(count);
        for (long i = 0; i < end; i += FLOATS.length()) {
            FloatVector g = fromMemorySegment(FLOATS, ALL, (gradient + i) * Float.BYTES, ORDER).mul(clip);
            FloatVector oldM = fromMemorySegment(FLOATS, ALL, (m + i) * Float.BYTES, ORDER);
            FloatVector newM = g.sub(oldM).fma(rate1, oldM);
            FloatVector keptV = fromMemorySegment(FLOATS, ALL, (v + i) * Float.BYTES, ORDER).mul(keep2);
            FloatVector newV = g.mul(rate2).fma(g, keptV);
            FloatVector denominator = newV.sqrt().fma(correction, offset);
            FloatVector decayed = fromMemorySegment(FLOATS, ALL, (weight + i) * Float.BYTES, ORDER).mul(decay);
            newM.intoMemorySegment(ALL, (m + i) * Float.BYTES, ORDER);
            newV.intoMemorySegment(ALL, (v + i) * Float.BYTES, ORDER);
            FloatVector newWeight = newM.div(denominator).fma(step, decayed);
            newWeight.intoMemorySegment(ALL, (weight + i) * Float.BYTES, ORDER);
        }
        TAIL.adamw(ALL, weight + end, ALL, gradient + end, ALL, m + end, ALL, v + end, count - end,
                gradientScale, beta1, beta2, epsilon, stepSize, inverseRootCorrection, decay);
    }

    static long firstNonFinite(long x, long count) {
        long end = count & -SCAN_GROUP;
        for (long block = 0; block < end; block += SCAN_BLOCK) {
            int size = (int) Math.min(SCAN_BLOCK, end - block);
            if (!allFinite(x + block, size)) {
                return block + TAIL.firstNonFinite(ALL, x + block, size);
            }
        }
        long last = TAIL.firstNonFinite(ALL, x + end, count - end);
        return last < 0 ? last : end + last;
    }

    /**
     * Whether {@code size} elements, a multiple of {@link #SCAN_GROUP}, are finite: 0·x is NaN for NaN and infinity, a
     * NaN stays in its sum, and zeros of either sign add up to zero.
     */
    private static boolean allFinite(long x, int size) {
        int lanes = FLOATS.length();
        FloatVector zero = FloatVector.zero(FLOATS);
        FloatVector s0 = zero;
        FloatVector s1 = zero;
        FloatVector s2 = zero;
        FloatVector s3 = zero;
        for (int i = 0; i < size; i += scanStep) {
            s0 = fromMemorySegment(FLOATS, ALL, (x + i) * Float.BYTES, ORDER).fma(zero, s0);
            s1 = fromMemorySegment(FLOATS, ALL, (x + i + lanes) * Float.BYTES, ORDER).fma(zero, s1);
            s2 = fromMemorySegment(FLOATS, ALL, (x + i + 2 * lanes) * Float.BYTES, ORDER).fma(zero, s2);
            s3 = fromMemorySegment(FLOATS, ALL, (x + i + 3 * lanes) * Float.BYTES, ORDER).fma(zero, s3);
            s0 = fromMemorySegment(FLOATS, ALL, (x + i + 4 * lanes) * Float.BYTES, ORDER).fma(zero, s0);
            s1 = fromMemorySegment(FLOATS, ALL, (x + i + 5 * lanes) * Float.BYTES, ORDER).fma(zero, s1);
            s2 = fromMemorySegment(FLOATS, ALL, (x + i + 6 * lanes) * Float.BYTES, ORDER).fma(zero, s2);
            s3 = fromMemorySegment(FLOATS, ALL, (x + i + 7 * lanes) * Float.BYTES, ORDER).fma(zero, s3);
        }
        FloatVector sum = s0.add(s1).add(s2.add(s3));
        return sum.compare(VectorOperators.EQ, zero).allTrue();
    }

    static void widen(long x, long y, long count) {
        long end = DOUBLES.loopBound(count);
        for (long i = 0; i < end; i += DOUBLES.length()) {
            FloatVector values = fromMemorySegment(HALF, ALL, (x + i) * Float.BYTES, ORDER);
            DoubleVector wide = (DoubleVector) values.convertShape(VectorOperators.F2D, DOUBLES, 0);
            wide.intoMemorySegment(ALL, (y + i) * Double.BYTES, ORDER);
        }
        TAIL.widen(ALL, x + end, ALL, y + end, count - end);
    }

    static void narrow(long x, long y, long count) {
        long end = DOUBLES.loopBound(count);
        for (long i = 0; i < end; i += DOUBLES.length()) {
            DoubleVector wide = DoubleVector.fromMemorySegment(DOUBLES, ALL, (x + i) * Double.BYTES, ORDER);
            FloatVector rounded = (FloatVector) wide.convertShape(VectorOperators.D2F, HALF, 0);
            rounded.intoMemorySegment(ALL, (y + i) * Float.BYTES, ORDER);
        }
        TAIL.narrow(ALL, x + end, ALL, y + end, count - end);
    }

    static void scaleDouble(double alpha, long x, long count) {
        long end = DOUBLES.loopBound(count);
        for (long i = 0; i < end; i += DOUBLES.length()) {
            DoubleVector values = DoubleVector.fromMemorySegment(DOUBLES, ALL, (x + i) * Double.BYTES, ORDER);
            values.mul(alpha).intoMemorySegment(ALL, (x + i) * Double.BYTES, ORDER);
        }
        TAIL.scaleDouble(alpha, ALL, x + end, count - end);
    }
}
