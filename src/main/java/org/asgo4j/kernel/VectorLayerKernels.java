// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.kernel;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static jdk.incubator.vector.FloatVector.fromMemorySegment;
import static jdk.incubator.vector.VectorOperators.GE;
import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LT;
import static jdk.incubator.vector.VectorOperators.MAX;
import static org.asgo4j.kernel.Elementary.EXPONENT_SHIFT;
import static org.asgo4j.kernel.Lanes.FLOATS;
import static org.asgo4j.kernel.Lanes.INDEX;
import static org.asgo4j.kernel.Lanes.ORDER;
import static org.asgo4j.kernel.ScalarLayerKernels.inverseDeviation;
import static org.asgo4j.kernel.ScalarLayerKernels.summed;
import static org.asgo4j.kernel.VectorElementary.E0;
import static org.asgo4j.kernel.VectorElementary.E1;
import static org.asgo4j.kernel.VectorElementary.E2;
import static org.asgo4j.kernel.VectorElementary.E3;
import static org.asgo4j.kernel.VectorElementary.E4;
import static org.asgo4j.kernel.VectorElementary.EXPONENT_MAGIC;
import static org.asgo4j.kernel.VectorElementary.EXP_LOWER;
import static org.asgo4j.kernel.VectorElementary.EXP_UPPER;
import static org.asgo4j.kernel.VectorElementary.HALF;
import static org.asgo4j.kernel.VectorElementary.INFINITY;
import static org.asgo4j.kernel.VectorElementary.LOG2_E;
import static org.asgo4j.kernel.VectorElementary.MINUS_LN2_HIGH;
import static org.asgo4j.kernel.VectorElementary.MINUS_LN2_LOW;
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
import jdk.incubator.vector.VectorMask;

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
        for (int row = 0; row < rows; row++) {
            long xRow = xFrom + (long) row * cols;
            long yRow = yFrom + (long) row * cols;
            float mu = VectorRowSums.sum(x, xRow, cols) / cols;
            float s = inverseDeviation(VectorRowSums.center(x, xRow, mu, y, yRow, cols), cols, epsilon);
            multiply(s, gain, gainFrom, y, yRow, cols);
            mean.setAtIndex(JAVA_FLOAT, meanFrom + row, mu);
            inverseDeviation.setAtIndex(JAVA_FLOAT, inverseDeviationFrom + row, s);
        }
    }

    private static void multiply(float s, MemorySegment gain, long gainFrom, MemorySegment y, long yFrom, int count) {
        int end = FLOATS.loopBound(count);
        for (int i = 0; i < end; i += FLOATS.length()) {
            FloatVector normal = fromMemorySegment(FLOATS, y, (yFrom + i) * Float.BYTES, ORDER).mul(s);
            FloatVector gains = fromMemorySegment(FLOATS, gain, (gainFrom + i) * Float.BYTES, ORDER);
            normal.mul(gains).intoMemorySegment(y, (yFrom + i) * Float.BYTES, ORDER);
        }
        ScalarLayerKernels.multiply(s, gain, gainFrom + end, y, yFrom + end, count - end);
    }

    @Override
    public void layerNormBackward(MemorySegment dy, long dyFrom, MemorySegment x, long xFrom, MemorySegment gain,
            long gainFrom, MemorySegment mean, long meanFrom, MemorySegment inverseDeviation, long inverseDeviationFrom,
            MemorySegment base, long baseFrom, MemorySegment dx, long dxFrom, MemorySegment dgain, long dgainFrom,
            int rows, int cols) {
        for (int row = 0; row < rows; row++) {
            long first = (long) row * cols;
            float mu = mean.getAtIndex(JAVA_FLOAT, meanFrom + row);
            float s = inverseDeviation.getAtIndex(JAVA_FLOAT, inverseDeviationFrom + row);
            float a = VectorRowSums.dot(dy, dyFrom + first, gain, gainFrom, cols) / cols;
            float c = VectorRowSums.dotShifted(dy, dyFrom + first, gain, gainFrom, x, xFrom + first, mu, cols);
            float b = c * s / cols;
            addNormGradients(dy, dyFrom + first, x, xFrom + first, gain, gainFrom, mu, s, a, b, base, baseFrom + first,
                    dx, dxFrom + first, dgain, dgainFrom, cols);
        }
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

    /**
     * A row's live columns are its first row + 1. Vectors run over the row until the last live column is covered, as
     * far as whole vectors fit in {@code size}; dead lanes are blended away. Live columns after that are the scalar
     * tail.
     */
    @Override
    public void causalSoftmax(MemorySegment scores, long from, long rowStride, int size, float scale) {
        for (int row = 0; row < size; row++) {
            long first = from + row * rowStride;
            int live = row + 1;
            int end = covered(live, size);
            int rest = Math.max(0, live - end);
            float max = ScalarLayerKernels.max(maxOfLive(scores, first, live, end), scores, first + end, rest);
            exponentiateLive(scores, first, max, scale, live, end);
            ScalarLayerKernels.exponentiate(scores, first + end, max, scale, rest);
            zero(scores, first + end + rest, size - end - rest);
            float factor = 1 / VectorRowSums.sum(scores, first, summed(live, size));
            scaleLive(factor, scores, first, live, end);
            ScalarKernels.INSTANCE.scale(factor, scores, first + end, rest);
        }
    }

    /** Columns of the whole vectors within {@code size} that hold the first {@code live}. */
    private static int covered(int live, int size) {
        return Math.min(FLOATS.loopBound(size), FLOATS.loopBound(live + FLOATS.length() - 1));
    }

    /** The largest of the first {@code live} elements, {@code end} as in {@link #covered}. */
    private static float maxOfLive(MemorySegment x, long from, int live, int end) {
        FloatVector max = FloatVector.broadcast(FLOATS, Float.NEGATIVE_INFINITY);
        for (int i = 0; i < end; i += FLOATS.length()) {
            FloatVector values = fromMemorySegment(FLOATS, x, (from + i) * Float.BYTES, ORDER);
            VectorMask<Float> larger = values.compare(GT, max).and(INDEX.compare(LT, (float) (live - i)));
            max = max.blend(values, larger);
        }
        return max.reduceLanes(MAX);
    }

    /**
     * x[i] ← exp(scale·(x[i] − shift)) for i &lt; live, 0 for live ≤ i &lt; end. {@link VectorElementary#exp} stands
     * here in full: a softmax is over C2's node limit by this loop, and a call would make an object of every vector.
     */
    private static void exponentiateLive(MemorySegment x, long from, float shift, float scale, int live, int end) {
        for (int i = 0; i < end; i += FLOATS.length()) {
            FloatVector values = fromMemorySegment(FLOATS, x, (from + i) * Float.BYTES, ORDER);
            FloatVector t = values.sub(shift).mul(scale);
            FloatVector shifted = t.fma(LOG2_E, EXPONENT_MAGIC);
            FloatVector n = shifted.sub(EXPONENT_MAGIC);
            FloatVector r = n.fma(MINUS_LN2_LOW, n.fma(MINUS_LN2_HIGH, t));
            FloatVector p = E4.fma(r, E3).fma(r, E2).fma(r, E1).fma(r, E0).fma(r, ONE).fma(r, ONE);
            FloatVector power = shifted.reinterpretAsInts().lanewise(LSHL, EXPONENT_SHIFT).reinterpretAsFloats();
            FloatVector powers = p.mul(power).blend(0f, t.compare(LT, EXP_LOWER))
                    .blend(INFINITY, t.compare(GT, EXP_UPPER))
                    .blend(0f, INDEX.compare(GE, (float) (live - i)));
            powers.intoMemorySegment(x, (from + i) * Float.BYTES, ORDER);
        }
    }

    /** x[i] ← factor·x[i] for i &lt; live, 0 for live ≤ i &lt; end: even where the factor is NaN. */
    private static void scaleLive(float factor, MemorySegment x, long from, int live, int end) {
        for (int i = 0; i < end; i += FLOATS.length()) {
            FloatVector values = fromMemorySegment(FLOATS, x, (from + i) * Float.BYTES, ORDER).mul(factor);
            values = values.blend(0f, INDEX.compare(GE, (float) (live - i)));
            values.intoMemorySegment(x, (from + i) * Float.BYTES, ORDER);
        }
    }

    private static void zero(MemorySegment x, long from, int count) {
        int end = FLOATS.loopBound(count);
        for (int i = 0; i < end; i += FLOATS.length()) {
            FloatVector.zero(FLOATS).intoMemorySegment(x, (from + i) * Float.BYTES, ORDER);
        }
        ScalarLayerKernels.zero(x, from + end, count - end);
    }

    @Override
    public void causalSoftmaxBackward(MemorySegment p, long pFrom, MemorySegment dp, long dpFrom, long rowStride,
            int size, float scale) {
        for (int row = 0; row < size; row++) {
            long pRow = pFrom + row * rowStride;
            long dpRow = dpFrom + row * rowStride;
            int live = row + 1;
            int end = covered(live, size);
            int rest = Math.max(0, live - end);
            zeroDead(dp, dpRow, live, size);
            float mean = VectorRowSums.dot(p, pRow, dp, dpRow, summed(live, size));
            multiplyCentered(p, pRow, mean, scale, dp, dpRow, live, end);
            ScalarLayerKernels.multiplyCentered(p, pRow + end, mean, scale, dp, dpRow + end, rest);
        }
    }

    /** x[i] ← 0 for live ≤ i &lt; size. */
    private static void zeroDead(MemorySegment x, long from, int live, int size) {
        int i = FLOATS.loopBound(live);
        int next = i + FLOATS.length();
        if (next > size) {
            ScalarLayerKernels.zero(x, from + live, size - live);
            return;
        }
        FloatVector values = fromMemorySegment(FLOATS, x, (from + i) * Float.BYTES, ORDER);
        values = values.blend(0f, INDEX.compare(GE, (float) (live - i)));
        values.intoMemorySegment(x, (from + i) * Float.BYTES, ORDER);
        zero(x, from + next, size - next);
    }

    private static void multiplyCentered(MemorySegment p, long pFrom, float mean, float scale, MemorySegment dp,
            long dpFrom, int live, int end) {
        for (int i = 0; i < end; i += FLOATS.length()) {
            FloatVector centered = fromMemorySegment(FLOATS, dp, (dpFrom + i) * Float.BYTES, ORDER).sub(mean);
            FloatVector weights = fromMemorySegment(FLOATS, p, (pFrom + i) * Float.BYTES, ORDER);
            FloatVector values = centered.mul(weights).mul(scale).blend(0f, INDEX.compare(GE, (float) (live - i)));
            values.intoMemorySegment(dp, (dpFrom + i) * Float.BYTES, ORDER);
        }
    }

    @Override
    public double crossEntropy(MemorySegment logits, long from, long rowStride, int rows, int vocabulary,
            MemorySegment targets, long targetsFrom, float scale) {
        double loss = 0;
        for (int row = 0; row < rows; row++) {
            long first = from + row * rowStride;
            int target = ScalarLayerKernels.target(targets, targetsFrom, row, vocabulary);
            float targetLogit = logits.getAtIndex(JAVA_FLOAT, first + target);
            float max = max(logits, first, vocabulary);
            exponentiate(logits, first, max, vocabulary);
            float sum = VectorRowSums.sum(logits, first, vocabulary);
            loss += ScalarLayerKernels.loss(sum, max, targetLogit);
            VectorKernels.INSTANCE.scale(scale / sum, logits, first, vocabulary);
            ScalarLayerKernels.subtractOne(logits, first + target, scale);
        }
        return loss;
    }

    @Override
    public double crossEntropyLoss(MemorySegment logits, long from, long rowStride, int rows, int vocabulary,
            MemorySegment targets, long targetsFrom) {
        double loss = 0;
        for (int row = 0; row < rows; row++) {
            long first = from + row * rowStride;
            int target = ScalarLayerKernels.target(targets, targetsFrom, row, vocabulary);
            float max = max(logits, first, vocabulary);
            float sum = VectorRowSums.sumExp(logits, first, max, vocabulary);
            loss += ScalarLayerKernels.loss(sum, max, logits.getAtIndex(JAVA_FLOAT, first + target));
        }
        return loss;
    }

    private static float max(MemorySegment x, long from, int count) {
        int end = FLOATS.loopBound(count);
        return ScalarLayerKernels.max(maxOfLive(x, from, end, end), x, from + end, count - end);
    }

    private static void exponentiate(MemorySegment x, long from, float shift, int count) {
        int end = FLOATS.loopBound(count);
        for (int i = 0; i < end; i += FLOATS.length()) {
            FloatVector values = fromMemorySegment(FLOATS, x, (from + i) * Float.BYTES, ORDER).sub(shift);
            VectorElementary.exp(values).intoMemorySegment(x, (from + i) * Float.BYTES, ORDER);
        }
        ScalarLayerKernels.exponentiate(x, from + end, shift, 1, count - end);
    }
}
