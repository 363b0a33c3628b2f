// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.kernel;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.MemorySegment;

/**
 * One element at a time: the definition of {@link LayerKernels}, its fallback, the tail of the vector twins' loops.
 */
final class ScalarLayerKernels implements LayerKernels {

    static final ScalarLayerKernels INSTANCE = new ScalarLayerKernels();

    private ScalarLayerKernels() {
    }

    @Override
    public void gelu(MemorySegment x, long xFrom, MemorySegment y, long yFrom, long count) {
        for (long i = 0; i < count; i++) {
            y.setAtIndex(JAVA_FLOAT, yFrom + i, Elementary.gelu(x.getAtIndex(JAVA_FLOAT, xFrom + i)));
        }
    }

    @Override
    public void geluBackward(MemorySegment x, long xFrom, MemorySegment dy, long dyFrom, MemorySegment dx, long dxFrom,
            long count) {
        for (long i = 0; i < count; i++) {
            float slope = Elementary.geluSlope(x.getAtIndex(JAVA_FLOAT, xFrom + i));
            dx.setAtIndex(JAVA_FLOAT, dxFrom + i, dy.getAtIndex(JAVA_FLOAT, dyFrom + i) * slope);
        }
    }

    @Override
    public void layerNorm(MemorySegment x, long xFrom, MemorySegment gain, long gainFrom, MemorySegment y, long yFrom,
            MemorySegment mean, long meanFrom, MemorySegment inverseDeviation, long inverseDeviationFrom, int rows,
            int cols, float epsilon) {
        for (int row = 0; row < rows; row++) {
            long xRow = xFrom + (long) row * cols;
            long yRow = yFrom + (long) row * cols;
            float mu = RowSums.sum(x, xRow, cols) / cols;
            float s = inverseDeviation(RowSums.squares(x, xRow, mu, cols), cols, epsilon);
            normalize(x, xRow, mu, s, gain, gainFrom, y, yRow, cols);
            mean.setAtIndex(JAVA_FLOAT, meanFrom + row, mu);
            inverseDeviation.setAtIndex(JAVA_FLOAT, inverseDeviationFrom + row, s);
        }
    }

    /**
     * 1/√(Σ(x − μ)²/cols + ε) in float32: a row waits for it, and a root and a quotient in double take twice as long.
     */
    static float inverseDeviation(float sumOfSquares, int cols, float epsilon) {
        return 1 / (float) Math.sqrt(sumOfSquares / cols + epsilon);
    }

    /** y[i] ← ((x[i] − mu)·s)·gain[i]. */
    static void normalize(MemorySegment x, long xFrom, float mu, float s, MemorySegment gain, long gainFrom,
            MemorySegment y, long yFrom, int count) {
        for (int i = 0; i < count; i++) {
            float normal = (x.getAtIndex(JAVA_FLOAT, xFrom + i) - mu) * s;
            y.setAtIndex(JAVA_FLOAT, yFrom + i, normal * gain.getAtIndex(JAVA_FLOAT, gainFrom + i));
        }
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
            float a = RowSums.products(dy, dyFrom + first, gain, gainFrom, cols) / cols;
            float c = RowSums.dotShifted(dy, dyFrom + first, gain, gainFrom, x, xFrom + first, mu, cols);
            float b = c * s / cols;
            addNormGradients(dy, dyFrom + first, x, xFrom + first, gain, gainFrom, mu, s, a, b, base, baseFrom + first,
                    dx, dxFrom + first, dgain, dgainFrom, cols);
        }
    }

    /** dgain[i] += dy·x̂ and dx[i] ← base[i] + s·(dy·gain − a − x̂·b) with x̂ = (x − mu)·s, for one row. */
    static void addNormGradients(MemorySegment dy, long dyFrom, MemorySegment x, long xFrom, MemorySegment gain,
            long gainFrom, float mu, float s, float a, float b, MemorySegment base, long baseFrom, MemorySegment dx,
            long dxFrom, MemorySegment dgain, long dgainFrom, int count) {
        for (int i = 0; i < count; i++) {
            float normal = (x.getAtIndex(JAVA_FLOAT, xFrom + i) - mu) * s;
            float d = dy.getAtIndex(JAVA_FLOAT, dyFrom + i);
            float oldGain = dgain.getAtIndex(JAVA_FLOAT, dgainFrom + i);
            dgain.setAtIndex(JAVA_FLOAT, dgainFrom + i, Math.fma(d, normal, oldGain));
            float centered = Math.fma(d, gain.getAtIndex(JAVA_FLOAT, gainFrom + i), -a);
            float gradient = Math.fma(normal, -b, centered);
            float old = base.getAtIndex(JAVA_FLOAT, baseFrom + i);
            dx.setAtIndex(JAVA_FLOAT, dxFrom + i, Math.fma(gradient, s, old));
        }
    }

    @Override
    public void causalSoftmax(MemorySegment scores, long from, long rowStride, int size, float scale) {
        for (int row = 0; row < size; row++) {
            long first = from + row * rowStride;
            int live = row + 1;
            float max = max(Float.NEGATIVE_INFINITY, scores, first, live);
            exponentiate(scores, first, max, scale, live);
            zero(scores, first + live, size - live);
            float sum = RowSums.sum(scores, first, reach(live, size));
            ScalarKernels.INSTANCE.scale(1 / sum, scores, first, live);
        }
    }

    /** {@code live} rounded up to whole vectors of 16, or itself where these would not fit in {@code size}. */
    static int reach(int live, int size) {
        int rounded = (live + RowSums.LANES - 1) & -RowSums.LANES;
        return rounded <= size ? rounded : live;
    }

    /** The largest of {@code max} and x[i]; NaNs are passed over, they show up in what is computed from the maximum. */
    static float max(float max, MemorySegment x, long from, int count) {
        float result = max;
        for (int i = 0; i < count; i++) {
            float value = x.getAtIndex(JAVA_FLOAT, from + i);
            result = value > result ? value : result;
        }
        return result;
    }

    /** x[i] ← exp(scale·(x[i] − shift)). */
    static void exponentiate(MemorySegment x, long from, float shift, float scale, int count) {
        for (int i = 0; i < count; i++) {
            float exponent = (x.getAtIndex(JAVA_FLOAT, from + i) - shift) * scale;
            x.setAtIndex(JAVA_FLOAT, from + i, Elementary.exp(exponent));
        }
    }

    /** x[i] ← 0. */
    static void zero(MemorySegment x, long from, int count) {
        for (int i = 0; i < count; i++) {
            x.setAtIndex(JAVA_FLOAT, from + i, 0);
        }
    }

    @Override
    public void causalSoftmaxBackward(MemorySegment p, long pFrom, MemorySegment dp, long dpFrom, long rowStride,
            int size, float scale) {
        for (int row = 0; row < size; row++) {
            long pRow = pFrom + row * rowStride;
            long dpRow = dpFrom + row * rowStride;
            int live = row + 1;
            zero(dp, dpRow + live, size - live);
            float mean = RowSums.dot(p, pRow, dp, dpRow, reach(live, size));
            multiplyCentered(p, pRow, mean, scale, dp, dpRow, live);
        }
    }

    /** dp[i] ← (dp[i] − mean)·p[i]·scale. */
    static void multiplyCentered(MemorySegment p, long pFrom, float mean, float scale, MemorySegment dp, long dpFrom,
            int count) {
        for (int i = 0; i < count; i++) {
            float centered = dp.getAtIndex(JAVA_FLOAT, dpFrom + i) - mean;
            dp.setAtIndex(JAVA_FLOAT, dpFrom + i, centered * p.getAtIndex(JAVA_FLOAT, pFrom + i) * scale);
        }
    }

    @Override
    public double crossEntropy(MemorySegment logits, long from, long rowStride, int rows, int vocabulary,
            MemorySegment targets, long targetsFrom, float scale) {
        double loss = 0;
        for (int row = 0; row < rows; row++) {
            long first = from + row * rowStride;
            int target = target(targets, targetsFrom, row, vocabulary);
            float targetLogit = logits.getAtIndex(JAVA_FLOAT, first + target);
            float max = max(Float.NEGATIVE_INFINITY, logits, first, vocabulary);
            exponentiate(logits, first, max, 1, vocabulary);
            float sum = RowSums.sum(logits, first, vocabulary);
            loss += loss(sum, max, targetLogit);
            ScalarKernels.INSTANCE.scale(scale / sum, logits, first, vocabulary);
            subtractOne(logits, first + target, scale);
        }
        return loss;
    }

    @Override
    public double crossEntropyLoss(MemorySegment logits, long from, long rowStride, int rows, int vocabulary,
            MemorySegment targets, long targetsFrom) {
        double loss = 0;
        for (int row = 0; row < rows; row++) {
            long first = from + row * rowStride;
            int target = target(targets, targetsFrom, row, vocabulary);
            float max = max(Float.NEGATIVE_INFINITY, logits, first, vocabulary);
            float sum = RowSums.sumExp(logits, first, max, vocabulary);
            loss += loss(sum, max, logits.getAtIndex(JAVA_FLOAT, first + target));
        }
        return loss;
    }

    /** The target of a row, checked: it indexes native memory. */
    static int target(MemorySegment targets, long targetsFrom, int row, int vocabulary) {
        int target = targets.getAtIndex(JAVA_INT, targetsFrom + row);
        if (target < 0 || target >= vocabulary) {
            throw new IllegalArgumentException("crossEntropy: target %d of row %d is not in [0, %d)"
                    .formatted(target, row, vocabulary));
        }
        return target;
    }

    /** −log softmax of the target, from Σ exp(l − max); StrictMath, so that every machine gets the same bits. */
    static double loss(float sum, float max, float targetLogit) {
        return StrictMath.log(sum) - ((double) targetLogit - max);
    }

    /** The −[j = t]·scale of the gradient of a softmax. */
    static void subtractOne(MemorySegment x, long target, float scale) {
        x.setAtIndex(JAVA_FLOAT, target, x.getAtIndex(JAVA_FLOAT, target) - scale);
    }
}
