// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.kernel;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static jdk.incubator.vector.FloatVector.fromMemorySegment;
import static org.asgo4j.kernel.Lanes.FLOATS;
import static org.asgo4j.kernel.Lanes.ORDER;
import static org.asgo4j.kernel.OffHeap.ALL;
import static org.asgo4j.kernel.RowSums.LANES;
import static org.asgo4j.kernel.ScalarLayerKernels.inverseDeviation;

import jdk.incubator.vector.FloatVector;

/**
 * Layer normalization and its gradient, on numbers of elements of {@link OffHeap#ALL}.
 *
 * <p>Two rows at once are taken: a row's sums are bound by the latency of an addition,
 * and what both rows need is read once. Each row's arithmetic is that of {@link ScalarLayerKernels}.
 */
final class VectorNorm {

    private VectorNorm() {
    }

    /** As {@link LayerKernels#layerNorm}. */
    static void forward(long x, long gain, long y, long mean, long inverseDeviation, int rows, int cols,
            float epsilon) {
        for (long row = 0; row < rows; row += 2) {
            rows(x, gain, y, mean, inverseDeviation, row, Math.min(row + 1, rows - 1), cols, epsilon);
        }
    }

    /** As {@link LayerKernels#layerNormBackward}. */
    static void backward(long dy, long x, long gain, long mean, long inverseDeviation, long base, long dx, long dgain,
            int rows, int cols) {
        int paired = rows & -2;
        for (int row = 0; row < paired; row += 2) {
            long first = (long) row * cols;
            backwardRows(dy + first, x + first, gain, mean + row, inverseDeviation + row, base + first, dx + first,
                    dgain, cols);
        }
        if (paired < rows) {
            long first = (long) paired * cols;
            float mu = ALL.getAtIndex(JAVA_FLOAT, mean + paired);
            float s = ALL.getAtIndex(JAVA_FLOAT, inverseDeviation + paired);
            backwardRow(dy + first, x + first, gain, mu, s, base + first, dx + first, dgain, cols);
        }
    }

    /** One row; both sums of {@link ScalarLayerKernels#layerNormBackward} in one pass. */
    private static void backwardRow(long dy, long x, long gain, float mu, float s, long base, long dx, long dgain,
            int cols) {
        int whole = cols & -LANES;
        float a = 0;
        float c = 0;
        for (int lane = 0; lane < LANES; lane += FLOATS.length()) {
            FloatVector a0 = FloatVector.zero(FLOATS);
            FloatVector a1 = a0;
            FloatVector c0 = a0;
            FloatVector c1 = a0;
            for (int i = lane; i < whole; i += LANES) {
                FloatVector d = fromMemorySegment(FLOATS, ALL, (dy + i) * Float.BYTES, ORDER);
                FloatVector h = d.mul(fromMemorySegment(FLOATS, ALL, (gain + i) * Float.BYTES, ORDER));
                FloatVector centered = fromMemorySegment(FLOATS, ALL, (x + i) * Float.BYTES, ORDER).sub(mu);
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
        a = RowSums.addProducts(a, ALL, dy + whole, ALL, gain + whole, rest, 1);
        c = RowSums.addDotShifted(c, ALL, dy + whole, ALL, gain + whole, ALL, x + whole, mu, rest, 1);
        addGradients(dy, x, gain, mu, s, a / cols, c * s / cols, base, dx, dgain, cols);
    }

    private static void addGradients(long dy, long x, long gain, float mu, float s, float a, float b, long base,
            long dx, long dgain, int count) {
        FloatVector minusA = FloatVector.broadcast(FLOATS, -a);
        FloatVector minusB = FloatVector.broadcast(FLOATS, -b);
        FloatVector factor = FloatVector.broadcast(FLOATS, s);
        int end = FLOATS.loopBound(count);
        for (int i = 0; i < end; i += FLOATS.length()) {
            FloatVector normal = fromMemorySegment(FLOATS, ALL, (x + i) * Float.BYTES, ORDER).sub(mu).mul(s);
            FloatVector d = fromMemorySegment(FLOATS, ALL, (dy + i) * Float.BYTES, ORDER);
            FloatVector oldGain = fromMemorySegment(FLOATS, ALL, (dgain + i) * Float.BYTES, ORDER);
            d.fma(normal, oldGain).intoMemorySegment(ALL, (dgain + i) * Float.BYTES, ORDER);
            FloatVector gains = fromMemorySegment(FLOATS, ALL, (gain + i) * Float.BYTES, ORDER);
            FloatVector gradient = normal.fma(minusB, d.fma(gains, minusA));
            FloatVector old = fromMemorySegment(FLOATS, ALL, (base + i) * Float.BYTES, ORDER);
            gradient.fma(factor, old).intoMemorySegment(ALL, (dx + i) * Float.BYTES, ORDER);
        }
        ScalarLayerKernels.addNormGradients(ALL, dy + end, ALL, x + end, ALL, gain + end, mu, s, a, b, ALL,
                base + end, ALL, dx + end, ALL, dgain + end, count - end);
    }

    /** Rows {@code row} and {@code other} of {@link LayerKernels#layerNorm}, which may be the same. */
    private static void rows(long x, long gain, long y, long mean, long inverseDeviation, long row, long other,
            int cols, float epsilon) {
        long x0 = x + row * cols;
        long x1 = x + other * cols;
        int whole = cols & -LANES;
        float sum0 = 0;
        float sum1 = 0;
        for (int lane = 0; lane < LANES; lane += FLOATS.length()) {
            FloatVector a0 = FloatVector.zero(FLOATS);
            FloatVector a1 = a0;
            FloatVector b0 = a0;
            FloatVector b1 = a0;
            for (int i = lane; i < whole; i += LANES) {
                FloatVector a = a0.add(fromMemorySegment(FLOATS, ALL, (x0 + i) * Float.BYTES, ORDER));
                a0 = a1;
                a1 = a;
                FloatVector b = b0.add(fromMemorySegment(FLOATS, ALL, (x1 + i) * Float.BYTES, ORDER));
                b0 = b1;
                b1 = b;
            }
            sum0 = Lanes.add(sum0, a0.add(a1));
            sum1 = Lanes.add(sum1, b0.add(b1));
        }
        float mu0 = RowSums.addSum(sum0, ALL, x0 + whole, cols - whole, 1) / cols;
        float mu1 = RowSums.addSum(sum1, ALL, x1 + whole, cols - whole, 1) / cols;
        float squares0 = 0;
        float squares1 = 0;
        for (int lane = 0; lane < LANES; lane += FLOATS.length()) {
            FloatVector a0 = FloatVector.zero(FLOATS);
            FloatVector a1 = a0;
            FloatVector b0 = a0;
            FloatVector b1 = a0;
            for (int i = lane; i < whole; i += LANES) {
                FloatVector a = fromMemorySegment(FLOATS, ALL, (x0 + i) * Float.BYTES, ORDER).sub(mu0);
                a = a.fma(a, a0);
                a0 = a1;
                a1 = a;
                FloatVector b = fromMemorySegment(FLOATS, ALL, (x1 + i) * Float.BYTES, ORDER).sub(mu1);
                b = b.fma(b, b0);
                b0 = b1;
                b1 = b;
            }
            squares0 = Lanes.add(squares0, a0.add(a1));
            squares1 = Lanes.add(squares1, b0.add(b1));
        }
        squares0 = RowSums.addSquares(squares0, ALL, x0 + whole, mu0, cols - whole, 1);
        squares1 = RowSums.addSquares(squares1, ALL, x1 + whole, mu1, cols - whole, 1);
        float s0 = inverseDeviation(squares0, cols, epsilon);
        float s1 = inverseDeviation(squares1, cols, epsilon);
        normalize(x0, x1, mu0, mu1, s0, s1, gain, y + row * cols,
                y + other * cols, cols);
        ALL.setAtIndex(JAVA_FLOAT, mean + row, mu0);
        ALL.setAtIndex(JAVA_FLOAT, mean + other, mu1);
        ALL.setAtIndex(JAVA_FLOAT, inverseDeviation + row, s0);
        ALL.setAtIndex(JAVA_FLOAT, inverseDeviation + other, s1);
    }

    /** {@link ScalarLayerKernels#normalize} of two rows; both are read before one is written, as they may be one. */
    private static void normalize(long x0, long x1, float mu0, float mu1, float s0, float s1, long gain, long y0,
            long y1, int cols) {
        int end = FLOATS.loopBound(cols);
        for (int i = 0; i < end; i += FLOATS.length()) {
            FloatVector gains = fromMemorySegment(FLOATS, ALL, (gain + i) * Float.BYTES, ORDER);
            FloatVector a = fromMemorySegment(FLOATS, ALL, (x0 + i) * Float.BYTES, ORDER).sub(mu0).mul(s0);
            FloatVector b = fromMemorySegment(FLOATS, ALL, (x1 + i) * Float.BYTES, ORDER).sub(mu1).mul(s1);
            a.mul(gains).intoMemorySegment(ALL, (y0 + i) * Float.BYTES, ORDER);
            b.mul(gains).intoMemorySegment(ALL, (y1 + i) * Float.BYTES, ORDER);
        }
        int rest = cols - end;
        ScalarLayerKernels.normalize(ALL, x0 + end, mu0, s0, ALL, gain + end, ALL, y0 + end, rest);
        if (x1 != x0) {
            ScalarLayerKernels.normalize(ALL, x1 + end, mu1, s1, ALL, gain + end, ALL, y1 + end, rest);
        }
    }

    /** Rows {@code row} and row + 1 of {@link LayerKernels#layerNormBackward}. */
    private static void backwardRows(long dy, long x, long gain, long mean, long inverseDeviation, long base, long dx,
            long dgain, int cols) {
        int whole = cols & -LANES;
        float mu0 = ALL.getAtIndex(JAVA_FLOAT, mean);
        float mu1 = ALL.getAtIndex(JAVA_FLOAT, mean + 1);
        float a0 = 0;
        float a1 = 0;
        float c0 = 0;
        float c1 = 0;
        for (int lane = 0; lane < LANES; lane += FLOATS.length()) {
            FloatVector a00 = FloatVector.zero(FLOATS);
            FloatVector a01 = a00;
            FloatVector c00 = a00;
            FloatVector c01 = a00;
            FloatVector a10 = a00;
            FloatVector a11 = a00;
            FloatVector c10 = a00;
            FloatVector c11 = a00;
            for (int i = lane; i < whole; i += LANES) {
                FloatVector gains = fromMemorySegment(FLOATS, ALL, (gain + i) * Float.BYTES, ORDER);
                FloatVector h0 = gains.mul(fromMemorySegment(FLOATS, ALL, (dy + i) * Float.BYTES, ORDER));
                FloatVector v0 = fromMemorySegment(FLOATS, ALL, (x + i) * Float.BYTES, ORDER).sub(mu0);
                FloatVector nextA0 = a00.add(h0);
                FloatVector nextC0 = h0.fma(v0, c00);
                a00 = a01;
                a01 = nextA0;
                c00 = c01;
                c01 = nextC0;
                FloatVector h1 = gains.mul(fromMemorySegment(FLOATS, ALL, (dy + cols + i) * Float.BYTES, ORDER));
                FloatVector v1 = fromMemorySegment(FLOATS, ALL, (x + cols + i) * Float.BYTES, ORDER).sub(mu1);
                FloatVector nextA1 = a10.add(h1);
                FloatVector nextC1 = h1.fma(v1, c10);
                a10 = a11;
                a11 = nextA1;
                c10 = c11;
                c11 = nextC1;
            }
            a0 = Lanes.add(a0, a00.add(a01));
            c0 = Lanes.add(c0, c00.add(c01));
            a1 = Lanes.add(a1, a10.add(a11));
            c1 = Lanes.add(c1, c10.add(c11));
        }
        int rest = cols - whole;
        a0 = RowSums.addProducts(a0, ALL, dy + whole, ALL, gain + whole, rest, 1);
        c0 = RowSums.addDotShifted(c0, ALL, dy + whole, ALL, gain + whole, ALL, x + whole, mu0, rest, 1);
        long dyTail = dy + cols + whole;
        a1 = RowSums.addProducts(a1, ALL, dyTail, ALL, gain + whole, rest, 1);
        c1 = RowSums.addDotShifted(c1, ALL, dyTail, ALL, gain + whole, ALL, x + cols + whole, mu1, rest, 1);
        float s0 = ALL.getAtIndex(JAVA_FLOAT, inverseDeviation);
        float s1 = ALL.getAtIndex(JAVA_FLOAT, inverseDeviation + 1);
        addGradients(dy, x, gain, mu0, s0, a0 / cols, c0 * s0 / cols, mu1, s1, a1 / cols,
                c1 * s1 / cols, base, dx, dgain, cols);
    }

    /** {@link ScalarLayerKernels#addNormGradients} of two rows, one after the other. */
    private static void addGradients(long dy, long x, long gain, float mu0, float s0, float a0, float b0, float mu1,
            float s1, float a1, float b1, long base, long dx, long dgain, int cols) {
        FloatVector minusA0 = FloatVector.broadcast(FLOATS, -a0);
        FloatVector minusB0 = FloatVector.broadcast(FLOATS, -b0);
        FloatVector minusA1 = FloatVector.broadcast(FLOATS, -a1);
        FloatVector minusB1 = FloatVector.broadcast(FLOATS, -b1);
        FloatVector factor0 = FloatVector.broadcast(FLOATS, s0);
        FloatVector factor1 = FloatVector.broadcast(FLOATS, s1);
        int end = FLOATS.loopBound(cols);
        for (int i = 0; i < end; i += FLOATS.length()) {
            FloatVector gains = fromMemorySegment(FLOATS, ALL, (gain + i) * Float.BYTES, ORDER);
            FloatVector n0 = fromMemorySegment(FLOATS, ALL, (x + i) * Float.BYTES, ORDER).sub(mu0).mul(factor0);
            FloatVector d0 = fromMemorySegment(FLOATS, ALL, (dy + i) * Float.BYTES, ORDER);
            FloatVector n1 = fromMemorySegment(FLOATS, ALL, (x + cols + i) * Float.BYTES, ORDER).sub(mu1)
                    .mul(factor1);
            FloatVector d1 = fromMemorySegment(FLOATS, ALL, (dy + cols + i) * Float.BYTES, ORDER);
            FloatVector old0 = fromMemorySegment(FLOATS, ALL, (base + i) * Float.BYTES, ORDER);
            FloatVector old1 = fromMemorySegment(FLOATS, ALL, (base + cols + i) * Float.BYTES, ORDER);
            FloatVector oldGain = fromMemorySegment(FLOATS, ALL, (dgain + i) * Float.BYTES, ORDER);
            d1.fma(n1, d0.fma(n0, oldGain)).intoMemorySegment(ALL, (dgain + i) * Float.BYTES, ORDER);
            FloatVector g0 = n0.fma(minusB0, d0.fma(gains, minusA0));
            g0.fma(factor0, old0).intoMemorySegment(ALL, (dx + i) * Float.BYTES, ORDER);
            FloatVector g1 = n1.fma(minusB1, d1.fma(gains, minusA1));
            g1.fma(factor1, old1).intoMemorySegment(ALL, (dx + cols + i) * Float.BYTES, ORDER);
        }
        int rest = cols - end;
        ScalarLayerKernels.addNormGradients(ALL, dy + end, ALL, x + end, ALL, gain + end, mu0, s0, a0, b0,
                ALL, base + end, ALL, dx + end, ALL, dgain + end, rest);
        long second = cols + end;
        ScalarLayerKernels.addNormGradients(ALL, dy + second, ALL, x + second, ALL, gain + end, mu1, s1, a1,
                b1, ALL, base + second, ALL, dx + second, ALL, dgain + end, rest);
    }
}
