// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.kernel;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static jdk.incubator.vector.FloatVector.fromMemorySegment;
import static org.asgo4j.kernel.Lanes.FLOATS;
import static org.asgo4j.kernel.Lanes.ORDER;
import static org.asgo4j.kernel.RowSums.LANES;
import static org.asgo4j.kernel.ScalarLayerKernels.inverseDeviation;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;

/**
 * Two rows at once of a layer normalization and of its gradient: a row's sums are bound by the latency of an addition,
 * and what both rows need is read once. Each row's arithmetic is that of {@link ScalarLayerKernels}.
 */
final class VectorNorm {

    private VectorNorm() {
    }

    /** Rows {@code row} and {@code other} of {@link LayerKernels#layerNorm}, which may be the same. */
    static void rows(MemorySegment x, long xFrom, MemorySegment gain, long gainFrom, MemorySegment y, long yFrom,
            MemorySegment mean, long meanFrom, MemorySegment inverseDeviation, long inverseDeviationFrom, int row,
            int other, int cols, float epsilon) {
        long x0 = xFrom + (long) row * cols;
        long x1 = xFrom + (long) other * cols;
        int whole = cols & -LANES;
        float sum0 = 0;
        float sum1 = 0;
        for (int lane = 0; lane < LANES; lane += FLOATS.length()) {
            FloatVector a0 = FloatVector.zero(FLOATS);
            FloatVector a1 = a0;
            FloatVector b0 = a0;
            FloatVector b1 = a0;
            for (int i = lane; i < whole; i += LANES) {
                FloatVector a = a0.add(fromMemorySegment(FLOATS, x, (x0 + i) * Float.BYTES, ORDER));
                a0 = a1;
                a1 = a;
                FloatVector b = b0.add(fromMemorySegment(FLOATS, x, (x1 + i) * Float.BYTES, ORDER));
                b0 = b1;
                b1 = b;
            }
            sum0 = Lanes.add(sum0, a0.add(a1));
            sum1 = Lanes.add(sum1, b0.add(b1));
        }
        float mu0 = RowSums.addSum(sum0, x, x0 + whole, cols - whole, 1) / cols;
        float mu1 = RowSums.addSum(sum1, x, x1 + whole, cols - whole, 1) / cols;
        float squares0 = 0;
        float squares1 = 0;
        for (int lane = 0; lane < LANES; lane += FLOATS.length()) {
            FloatVector a0 = FloatVector.zero(FLOATS);
            FloatVector a1 = a0;
            FloatVector b0 = a0;
            FloatVector b1 = a0;
            for (int i = lane; i < whole; i += LANES) {
                FloatVector a = fromMemorySegment(FLOATS, x, (x0 + i) * Float.BYTES, ORDER).sub(mu0);
                a = a.fma(a, a0);
                a0 = a1;
                a1 = a;
                FloatVector b = fromMemorySegment(FLOATS, x, (x1 + i) * Float.BYTES, ORDER).sub(mu1);
                b = b.fma(b, b0);
                b0 = b1;
                b1 = b;
            }
            squares0 = Lanes.add(squares0, a0.add(a1));
            squares1 = Lanes.add(squares1, b0.add(b1));
        }
        squares0 = RowSums.addSquares(squares0, x, x0 + whole, mu0, cols - whole, 1);
        squares1 = RowSums.addSquares(squares1, x, x1 + whole, mu1, cols - whole, 1);
        float s0 = inverseDeviation(squares0, cols, epsilon);
        float s1 = inverseDeviation(squares1, cols, epsilon);
        normalize(x, x0, x1, mu0, mu1, s0, s1, gain, gainFrom, y, yFrom + (long) row * cols,
                yFrom + (long) other * cols, cols);
        mean.setAtIndex(JAVA_FLOAT, meanFrom + row, mu0);
        mean.setAtIndex(JAVA_FLOAT, meanFrom + other, mu1);
        inverseDeviation.setAtIndex(JAVA_FLOAT, inverseDeviationFrom + row, s0);
        inverseDeviation.setAtIndex(JAVA_FLOAT, inverseDeviationFrom + other, s1);
    }

    /** {@link ScalarLayerKernels#normalize} of two rows; both are read before one is written, as they may be one. */
    private static void normalize(MemorySegment x, long x0, long x1, float mu0, float mu1, float s0, float s1,
            MemorySegment gain, long gainFrom, MemorySegment y, long y0, long y1, int cols) {
        int end = FLOATS.loopBound(cols);
        for (int i = 0; i < end; i += FLOATS.length()) {
            FloatVector gains = fromMemorySegment(FLOATS, gain, (gainFrom + i) * Float.BYTES, ORDER);
            FloatVector a = fromMemorySegment(FLOATS, x, (x0 + i) * Float.BYTES, ORDER).sub(mu0).mul(s0);
            FloatVector b = fromMemorySegment(FLOATS, x, (x1 + i) * Float.BYTES, ORDER).sub(mu1).mul(s1);
            a.mul(gains).intoMemorySegment(y, (y0 + i) * Float.BYTES, ORDER);
            b.mul(gains).intoMemorySegment(y, (y1 + i) * Float.BYTES, ORDER);
        }
        int rest = cols - end;
        ScalarLayerKernels.normalize(x, x0 + end, mu0, s0, gain, gainFrom + end, y, y0 + end, rest);
        if (x1 != x0) {
            ScalarLayerKernels.normalize(x, x1 + end, mu1, s1, gain, gainFrom + end, y, y1 + end, rest);
        }
    }

    /** Rows {@code row} and row + 1 of {@link LayerKernels#layerNormBackward}. */
    static void backwardRows(MemorySegment dy, long dyFrom, MemorySegment x, long xFrom, MemorySegment gain,
            long gainFrom, MemorySegment mean, long meanFrom, MemorySegment inverseDeviation, long inverseDeviationFrom,
            MemorySegment base, long baseFrom, MemorySegment dx, long dxFrom, MemorySegment dgain, long dgainFrom,
            int cols) {
        int whole = cols & -LANES;
        float mu0 = mean.getAtIndex(JAVA_FLOAT, meanFrom);
        float mu1 = mean.getAtIndex(JAVA_FLOAT, meanFrom + 1);
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
                FloatVector gains = fromMemorySegment(FLOATS, gain, (gainFrom + i) * Float.BYTES, ORDER);
                FloatVector h0 = gains.mul(fromMemorySegment(FLOATS, dy, (dyFrom + i) * Float.BYTES, ORDER));
                FloatVector v0 = fromMemorySegment(FLOATS, x, (xFrom + i) * Float.BYTES, ORDER).sub(mu0);
                FloatVector nextA0 = a00.add(h0);
                FloatVector nextC0 = h0.fma(v0, c00);
                a00 = a01;
                a01 = nextA0;
                c00 = c01;
                c01 = nextC0;
                FloatVector h1 = gains.mul(fromMemorySegment(FLOATS, dy, (dyFrom + cols + i) * Float.BYTES, ORDER));
                FloatVector v1 = fromMemorySegment(FLOATS, x, (xFrom + cols + i) * Float.BYTES, ORDER).sub(mu1);
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
        a0 = RowSums.addProducts(a0, dy, dyFrom + whole, gain, gainFrom + whole, rest, 1);
        c0 = RowSums.addDotShifted(c0, dy, dyFrom + whole, gain, gainFrom + whole, x, xFrom + whole, mu0, rest, 1);
        long dyTail = dyFrom + cols + whole;
        a1 = RowSums.addProducts(a1, dy, dyTail, gain, gainFrom + whole, rest, 1);
        c1 = RowSums.addDotShifted(c1, dy, dyTail, gain, gainFrom + whole, x, xFrom + cols + whole, mu1, rest, 1);
        float s0 = inverseDeviation.getAtIndex(JAVA_FLOAT, inverseDeviationFrom);
        float s1 = inverseDeviation.getAtIndex(JAVA_FLOAT, inverseDeviationFrom + 1);
        addGradients(dy, dyFrom, x, xFrom, gain, gainFrom, mu0, s0, a0 / cols, c0 * s0 / cols, mu1, s1, a1 / cols,
                c1 * s1 / cols, base, baseFrom, dx, dxFrom, dgain, dgainFrom, cols);
    }

    /** {@link ScalarLayerKernels#addNormGradients} of two rows, one after the other. */
    private static void addGradients(MemorySegment dy, long dyFrom, MemorySegment x, long xFrom, MemorySegment gain,
            long gainFrom, float mu0, float s0, float a0, float b0, float mu1, float s1, float a1, float b1,
            MemorySegment base, long baseFrom, MemorySegment dx, long dxFrom, MemorySegment dgain, long dgainFrom,
            int cols) {
        FloatVector minusA0 = FloatVector.broadcast(FLOATS, -a0);
        FloatVector minusB0 = FloatVector.broadcast(FLOATS, -b0);
        FloatVector minusA1 = FloatVector.broadcast(FLOATS, -a1);
        FloatVector minusB1 = FloatVector.broadcast(FLOATS, -b1);
        FloatVector factor0 = FloatVector.broadcast(FLOATS, s0);
        FloatVector factor1 = FloatVector.broadcast(FLOATS, s1);
        int end = FLOATS.loopBound(cols);
        for (int i = 0; i < end; i += FLOATS.length()) {
            FloatVector gains = fromMemorySegment(FLOATS, gain, (gainFrom + i) * Float.BYTES, ORDER);
            FloatVector n0 = fromMemorySegment(FLOATS, x, (xFrom + i) * Float.BYTES, ORDER).sub(mu0).mul(factor0);
            FloatVector d0 = fromMemorySegment(FLOATS, dy, (dyFrom + i) * Float.BYTES, ORDER);
            FloatVector n1 = fromMemorySegment(FLOATS, x, (xFrom + cols + i) * Float.BYTES, ORDER).sub(mu1)
                    .mul(factor1);
            FloatVector d1 = fromMemorySegment(FLOATS, dy, (dyFrom + cols + i) * Float.BYTES, ORDER);
            FloatVector old0 = fromMemorySegment(FLOATS, base, (baseFrom + i) * Float.BYTES, ORDER);
            FloatVector old1 = fromMemorySegment(FLOATS, base, (baseFrom + cols + i) * Float.BYTES, ORDER);
            FloatVector oldGain = fromMemorySegment(FLOATS, dgain, (dgainFrom + i) * Float.BYTES, ORDER);
            d1.fma(n1, d0.fma(n0, oldGain)).intoMemorySegment(dgain, (dgainFrom + i) * Float.BYTES, ORDER);
            FloatVector g0 = n0.fma(minusB0, d0.fma(gains, minusA0));
            g0.fma(factor0, old0).intoMemorySegment(dx, (dxFrom + i) * Float.BYTES, ORDER);
            FloatVector g1 = n1.fma(minusB1, d1.fma(gains, minusA1));
            g1.fma(factor1, old1).intoMemorySegment(dx, (dxFrom + cols + i) * Float.BYTES, ORDER);
        }
        int rest = cols - end;
        ScalarLayerKernels.addNormGradients(dy, dyFrom + end, x, xFrom + end, gain, gainFrom + end, mu0, s0, a0, b0,
                base, baseFrom + end, dx, dxFrom + end, dgain, dgainFrom + end, rest);
        long second = cols + end;
        ScalarLayerKernels.addNormGradients(dy, dyFrom + second, x, xFrom + second, gain, gainFrom + end, mu1, s1, a1,
                b1, base, baseFrom + second, dx, dxFrom + second, dgain, dgainFrom + end, rest);
    }
}
