// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.kernel;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static jdk.incubator.vector.FloatVector.fromMemorySegment;
import static jdk.incubator.vector.VectorOperators.ASHR;
import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.LSHR;
import static jdk.incubator.vector.VectorOperators.LT;
import static jdk.incubator.vector.VectorOperators.MAX;
import static jdk.incubator.vector.VectorOperators.XOR;
import static org.asgo4j.kernel.Lanes.FLOATS;
import static org.asgo4j.kernel.Lanes.ORDER;
import static org.asgo4j.kernel.RowSums.LANES;
import static org.asgo4j.kernel.VectorElementary.HALF;
import static org.asgo4j.kernel.VectorElementary.MINUS_NORMAL_END;
import static org.asgo4j.kernel.VectorElementary.MINUS_SLOPE_END;
import static org.asgo4j.kernel.VectorElementary.NORMAL_END;
import static org.asgo4j.kernel.VectorElementary.ONE;
import static org.asgo4j.kernel.VectorElementary.P0;
import static org.asgo4j.kernel.VectorElementary.P1;
import static org.asgo4j.kernel.VectorElementary.P2;
import static org.asgo4j.kernel.VectorElementary.P3;
import static org.asgo4j.kernel.VectorElementary.P4;
import static org.asgo4j.kernel.VectorElementary.P5;
import static org.asgo4j.kernel.VectorElementary.Q1;
import static org.asgo4j.kernel.VectorElementary.Q2;
import static org.asgo4j.kernel.VectorElementary.Q3;
import static org.asgo4j.kernel.VectorElementary.Q4;
import static org.asgo4j.kernel.VectorElementary.Q5;
import static org.asgo4j.kernel.VectorElementary.S0;
import static org.asgo4j.kernel.VectorElementary.S1;
import static org.asgo4j.kernel.VectorElementary.S2;
import static org.asgo4j.kernel.VectorElementary.S3;
import static org.asgo4j.kernel.VectorElementary.S4;
import static org.asgo4j.kernel.VectorElementary.S5;
import static org.asgo4j.kernel.VectorElementary.SLOPE_END;
import static org.asgo4j.kernel.VectorElementary.T1;
import static org.asgo4j.kernel.VectorElementary.T2;
import static org.asgo4j.kernel.VectorElementary.T3;
import static org.asgo4j.kernel.VectorElementary.T4;
import static org.asgo4j.kernel.VectorElementary.T5;
import static org.asgo4j.kernel.VectorElementary.ZERO;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;

/**
 * One vector at a time; the tail of every loop is {@link ScalarLayerKernels}, and so is the arithmetic, bit for bit.
 * Loads and stores are spelled out in the loops, for the reason given in {@link VectorKernels}.
 */
final class VectorLayerKernels implements LayerKernels {

    static final VectorLayerKernels INSTANCE = new VectorLayerKernels();

    private static final ScalarLayerKernels TAIL = ScalarLayerKernels.INSTANCE;

    private VectorLayerKernels() {
    }

    /** {@link Elementary#gelu} in full, for the reason given in {@link VectorKernels}. */
    @Override
    public void gelu(MemorySegment x, long xFrom, MemorySegment y, long yFrom, long count) {
        long end = FLOATS.loopBound(count);
        for (long i = 0; i < end; i += FLOATS.length()) {
            FloatVector values = fromMemorySegment(FLOATS, x, (xFrom + i) * Float.BYTES, ORDER);
            FloatVector z = values.mul(values);
            FloatVector p = P5.fma(z, P4).fma(z, P3).fma(z, P2).fma(z, P1).fma(z, P0);
            FloatVector q = Q5.fma(z, Q4).fma(z, Q3).fma(z, Q2).fma(z, Q1).fma(z, ONE);
            FloatVector normal = values.fma(p.div(q), HALF).blend(ONE, values.compare(GT, NORMAL_END))
                    .blend(ZERO, values.compare(LT, MINUS_NORMAL_END));
            values.mul(normal).intoMemorySegment(y, (yFrom + i) * Float.BYTES, ORDER);
        }
        TAIL.gelu(x, xFrom + end, y, yFrom + end, count - end);
    }

    /** {@link Elementary#geluSlope} in full, for the reason given in {@link VectorKernels}. */
    @Override
    public void geluBackward(MemorySegment x, long xFrom, MemorySegment dy, long dyFrom, MemorySegment dx, long dxFrom,
            long count) {
        long end = FLOATS.loopBound(count);
        for (long i = 0; i < end; i += FLOATS.length()) {
            FloatVector values = fromMemorySegment(FLOATS, x, (xFrom + i) * Float.BYTES, ORDER);
            FloatVector z = values.mul(values);
            FloatVector s = S5.fma(z, S4).fma(z, S3).fma(z, S2).fma(z, S1).fma(z, S0);
            FloatVector t = T5.fma(z, T4).fma(z, T3).fma(z, T2).fma(z, T1).fma(z, ONE);
            FloatVector slope = values.fma(s.div(t), HALF).blend(ONE, values.compare(GT, SLOPE_END))
                    .blend(ZERO, values.compare(LT, MINUS_SLOPE_END));
            FloatVector outer = fromMemorySegment(FLOATS, dy, (dyFrom + i) * Float.BYTES, ORDER);
            outer.mul(slope).intoMemorySegment(dx, (dxFrom + i) * Float.BYTES, ORDER);
        }
        TAIL.geluBackward(x, xFrom + end, dy, dyFrom + end, dx, dxFrom + end, count - end);
    }

    @Override
    public void layerNorm(MemorySegment x, long xFrom, MemorySegment gain, long gainFrom, MemorySegment y, long yFrom,
            MemorySegment mean, long meanFrom, MemorySegment inverseDeviation, long inverseDeviationFrom, int rows,
            int cols, float epsilon) {
        for (int row = 0; row < rows; row += 2) {
            VectorNorm.rows(x, xFrom, gain, gainFrom, y, yFrom, mean, meanFrom, inverseDeviation, inverseDeviationFrom,
                    row, Math.min(row + 1, rows - 1), cols, epsilon);
        }
    }

    @Override
    public void layerNormBackward(MemorySegment dy, long dyFrom, MemorySegment x, long xFrom, MemorySegment gain,
            long gainFrom, MemorySegment mean, long meanFrom, MemorySegment inverseDeviation, long inverseDeviationFrom,
            MemorySegment base, long baseFrom, MemorySegment dx, long dxFrom, MemorySegment dgain, long dgainFrom,
            int rows, int cols) {
        int paired = rows & -2;
        for (int row = 0; row < paired; row += 2) {
            long first = (long) row * cols;
            VectorNorm.backwardRows(dy, dyFrom + first, x, xFrom + first, gain, gainFrom, mean, meanFrom + row,
                    inverseDeviation, inverseDeviationFrom + row, base, baseFrom + first, dx, dxFrom + first, dgain,
                    dgainFrom, cols);
        }
        if (paired < rows) {
            long first = (long) paired * cols;
            float mu = mean.getAtIndex(JAVA_FLOAT, meanFrom + paired);
            float s = inverseDeviation.getAtIndex(JAVA_FLOAT, inverseDeviationFrom + paired);
            backwardRow(dy, dyFrom + first, x, xFrom + first, gain, gainFrom, mu, s, base, baseFrom + first, dx,
                    dxFrom + first, dgain, dgainFrom, cols);
        }
    }

    /** One row; both sums of {@link ScalarLayerKernels#layerNormBackward} in one pass. */
    private static void backwardRow(MemorySegment dy, long dyFrom, MemorySegment x, long xFrom, MemorySegment gain,
            long gainFrom, float mu, float s, MemorySegment base, long baseFrom, MemorySegment dx, long dxFrom,
            MemorySegment dgain, long dgainFrom, int cols) {
        int whole = cols & -LANES;
        float a = 0;
        float c = 0;
        for (int lane = 0; lane < LANES; lane += FLOATS.length()) {
            FloatVector a0 = FloatVector.zero(FLOATS);
            FloatVector a1 = a0;
            FloatVector c0 = a0;
            FloatVector c1 = a0;
            for (int i = lane; i < whole; i += LANES) {
                FloatVector d = fromMemorySegment(FLOATS, dy, (dyFrom + i) * Float.BYTES, ORDER);
                FloatVector h = d.mul(fromMemorySegment(FLOATS, gain, (gainFrom + i) * Float.BYTES, ORDER));
                FloatVector centered = fromMemorySegment(FLOATS, x, (xFrom + i) * Float.BYTES, ORDER).sub(mu);
                FloatVector nextA = a0.add(h);
                FloatVector nextC = h.fma(centered, c0);
                a0 = a1;
                a1 = nextA;
                c0 = c1;
                c1 = nextC;
            }
            a = Lanes.add(a, a0.add(a1));
            c = Lanes.add(c, c0.add(c1));
        }
        int rest = cols - whole;
        a = RowSums.addProducts(a, dy, dyFrom + whole, gain, gainFrom + whole, rest, 1);
        c = RowSums.addDotShifted(c, dy, dyFrom + whole, gain, gainFrom + whole, x, xFrom + whole, mu, rest, 1);
        addNormGradients(dy, dyFrom, x, xFrom, gain, gainFrom, mu, s, a / cols, c * s / cols, base, baseFrom, dx,
                dxFrom, dgain, dgainFrom, cols);
    }

    private static void addNormGradients(MemorySegment dy, long dyFrom, MemorySegment x, long xFrom, MemorySegment gain,
            long gainFrom, float mu, float s, float a, float b, MemorySegment base, long baseFrom, MemorySegment dx,
            long dxFrom, MemorySegment dgain, long dgainFrom, int count) {
        FloatVector minusA = FloatVector.broadcast(FLOATS, -a);
        FloatVector minusB = FloatVector.broadcast(FLOATS, -b);
        FloatVector factor = FloatVector.broadcast(FLOATS, s);
        int end = FLOATS.loopBound(count);
        for (int i = 0; i < end; i += FLOATS.length()) {
            FloatVector normal = fromMemorySegment(FLOATS, x, (xFrom + i) * Float.BYTES, ORDER).sub(mu).mul(s);
            FloatVector d = fromMemorySegment(FLOATS, dy, (dyFrom + i) * Float.BYTES, ORDER);
            FloatVector oldGain = fromMemorySegment(FLOATS, dgain, (dgainFrom + i) * Float.BYTES, ORDER);
            d.fma(normal, oldGain).intoMemorySegment(dgain, (dgainFrom + i) * Float.BYTES, ORDER);
            FloatVector gains = fromMemorySegment(FLOATS, gain, (gainFrom + i) * Float.BYTES, ORDER);
            FloatVector gradient = normal.fma(minusB, d.fma(gains, minusA));
            FloatVector old = fromMemorySegment(FLOATS, base, (baseFrom + i) * Float.BYTES, ORDER);
            gradient.fma(factor, old).intoMemorySegment(dx, (dxFrom + i) * Float.BYTES, ORDER);
        }
        ScalarLayerKernels.addNormGradients(dy, dyFrom + end, x, xFrom + end, gain, gainFrom + end, mu, s, a, b, base,
                baseFrom + end, dx, dxFrom + end, dgain, dgainFrom + end, count - end);
    }

    @Override
    public void causalSoftmax(MemorySegment scores, long from, long rowStride, int size, float scale) {
        if (!(scale > 0)) {
            TAIL.causalSoftmax(scores, from, rowStride, size, scale); // VectorSoftmax takes dead columns as −∞
            return;
        }
        VectorSoftmax.forward(scores, from, rowStride, size, scale);
    }

    @Override
    public void causalSoftmaxBackward(MemorySegment p, long pFrom, MemorySegment dp, long dpFrom, long rowStride,
            int size, float scale) {
        VectorSoftmax.backward(p, pFrom, dp, dpFrom, rowStride, size, scale);
    }

    /**
     * The largest element; NaNs are passed over. Four maxima take turns: one is bound by the latency of a comparison.
     */
    private static float max(MemorySegment x, long from, int count) {
        int end = FLOATS.loopBound(count);
        FloatVector m0 = FloatVector.broadcast(FLOATS, Float.NEGATIVE_INFINITY);
        FloatVector m1 = m0;
        FloatVector m2 = m0;
        FloatVector m3 = m0;
        for (int i = 0; i < end; i += FLOATS.length()) {
            FloatVector values = fromMemorySegment(FLOATS, x, (from + i) * Float.BYTES, ORDER);
            FloatVector larger = m0.blend(values, values.compare(GT, m0));
            m0 = m1;
            m1 = m2;
            m2 = m3;
            m3 = larger;
        }
        m0 = m0.blend(m2, m2.compare(GT, m0));
        m1 = m1.blend(m3, m3.compare(GT, m1));
        // As integers with the order of floats: a float's maximum takes a comparison for NaN at every level.
        IntVector bits = m0.blend(m1, m1.compare(GT, m0)).reinterpretAsInts();
        int key = bits.lanewise(XOR, bits.lanewise(ASHR, Integer.SIZE - 1).lanewise(LSHR, 1)).reduceLanes(MAX);
        float max = Float.intBitsToFloat(key ^ (key >> Integer.SIZE - 1) >>> 1);
        return ScalarLayerKernels.max(max, x, from + end, count - end);
    }

    /**
     * The next row's maximum is looked for before a row's sum is used, so that no latency of folding lanes is waited
     * for: 64 rows of 768 took an eighth less time.
     */
    @Override
    public double crossEntropy(MemorySegment logits, long from, long rowStride, int rows, int vocabulary,
            MemorySegment targets, long targetsFrom, float scale) {
        double loss = 0;
        float max = rows > 0 ? max(logits, from, vocabulary) : 0;
        for (int row = 0; row < rows; row++) {
            long first = from + row * rowStride;
            int target = ScalarLayerKernels.target(targets, targetsFrom, row, vocabulary);
            float targetLogit = logits.getAtIndex(JAVA_FLOAT, first + target);
            float sum = VectorRowSums.exponentiate(logits, first, max, vocabulary);
            float nextMax = row + 1 < rows ? max(logits, first + rowStride, vocabulary) : 0;
            loss += ScalarLayerKernels.loss(sum, max, targetLogit);
            VectorKernels.INSTANCE.scale(scale / sum, logits, first, vocabulary);
            ScalarLayerKernels.subtractOne(logits, first + target, scale);
            max = nextMax;
        }
        return loss;
    }

    @Override
    public double crossEntropyLoss(MemorySegment logits, long from, long rowStride, int rows, int vocabulary,
            MemorySegment targets, long targetsFrom) {
        double loss = 0;
        float max = rows > 0 ? max(logits, from, vocabulary) : 0;
        for (int row = 0; row < rows; row++) {
            long first = from + row * rowStride;
            int target = ScalarLayerKernels.target(targets, targetsFrom, row, vocabulary);
            float sum = VectorRowSums.sumExp(logits, first, max, vocabulary);
            float nextMax = row + 1 < rows ? max(logits, first + rowStride, vocabulary) : 0;
            loss += ScalarLayerKernels.loss(sum, max, logits.getAtIndex(JAVA_FLOAT, first + target));
            max = nextMax;
        }
        return loss;
    }
}
