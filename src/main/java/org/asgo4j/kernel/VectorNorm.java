// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.kernel;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static jdk.incubator.vector.FloatVector.fromMemorySegment;
import static org.asgo4j.kernel.Lanes.FLOATS;
import static org.asgo4j.kernel.Lanes.ORDER;
import static org.asgo4j.kernel.OffHeap.ALL;
import static org.asgo4j.kernel.OffHeap.OFFSET;
import static org.asgo4j.kernel.OffHeap.address;
import static org.asgo4j.kernel.RowSums.LANES;
import static org.asgo4j.kernel.ScalarLayerKernels.inverseDeviation;
import static org.asgo4j.kernel.VectorRowSums.LONGEST_ROW;
import static org.asgo4j.kernel.VectorRowSums.STEP;
import static org.asgo4j.kernel.VectorRowSums.STRIDE;
import static org.asgo4j.kernel.VectorRowSums.TOGETHER;

import jdk.incubator.vector.FloatVector;

/**
 * Layer normalization and its gradient, one row after the other, on numbers of elements of {@link OffHeap#ALL}. Sums go
 * over a row as in {@link VectorRowSums}; the arithmetic is that of {@link ScalarLayerKernels}, bit for bit.
 */
final class VectorNorm {

    private static final ScalarLayerKernels SCALAR = ScalarLayerKernels.INSTANCE;

    private VectorNorm() {
    }

    /** As {@link LayerKernels#layerNorm}. */
    static void forward(long x, long gain, long y, long mean, long inverseDeviation, int rows, int cols,
            float epsilon) {
        if (cols > LONGEST_ROW) {
            SCALAR.layerNorm(ALL, x, ALL, gain, ALL, y, ALL, mean, ALL, inverseDeviation, rows, cols, epsilon);
            return;
        }
        for (int row = 0; row < rows; row++) {
            long first = (long) row * cols;
            float mu = VectorRowSums.sum(x + first, cols) / cols;
            float s = inverseDeviation(VectorRowSums.squares(x + first, mu, cols), cols, epsilon);
            normalize(x + first, mu, s, gain, y + first, cols);
            ALL.setAtIndex(JAVA_FLOAT, mean + row, mu);
            ALL.setAtIndex(JAVA_FLOAT, inverseDeviation + row, s);
        }
    }

    /** As {@link ScalarLayerKernels#normalize}. */
    private static void normalize(long x, float mu, float s, long gain, long y, int cols) {
        int end = FLOATS.loopBound(cols);
        long xAt = address(x);
        long gainAt = address(gain);
        long yAt = address(y);
        for (int i = 0; i < end * Float.BYTES; i += STEP) {
            FloatVector normal = fromMemorySegment(FLOATS, ALL, xAt + (i & OFFSET), ORDER).sub(mu).mul(s);
            normal.mul(fromMemorySegment(FLOATS, ALL, gainAt + (i & OFFSET), ORDER))
                    .intoMemorySegment(ALL, yAt + (i & OFFSET), ORDER);
        }
        ScalarLayerKernels.normalize(ALL, x + end, mu, s, ALL, gain + end, ALL, y + end, cols - end);
    }

    /** As {@link LayerKernels#layerNormBackward}. */
    static void backward(long dy, long x, long gain, long mean, long inverseDeviation, long base, long dx, long dgain,
            int rows, int cols) {
        if (cols > LONGEST_ROW) {
            SCALAR.layerNormBackward(ALL, dy, ALL, x, ALL, gain, ALL, mean, ALL, inverseDeviation, ALL, base, ALL, dx,
                    ALL, dgain, rows, cols);
            return;
        }
        for (int row = 0; row < rows; row++) {
            long first = (long) row * cols;
            float mu = ALL.getAtIndex(JAVA_FLOAT, mean + row);
            float s = ALL.getAtIndex(JAVA_FLOAT, inverseDeviation + row);
            backwardRow(dy + first, x + first, gain, mu, s, base + first, dx + first, dgain, cols);
        }
    }

    /** One row; both sums of {@link ScalarLayerKernels#layerNormBackward} in one pass. */
    private static void backwardRow(long dy, long x, long gain, float mu, float s, long base, long dx, long dgain,
            int cols) {
        int whole = cols & -LANES;
        long dyAt = address(dy);
        long xAt = address(x);
        long gainAt = address(gain);
        float a = 0;
        float c = 0;
        for (int lane = 0; lane < STRIDE; lane += TOGETHER) {
            FloatVector a0 = FloatVector.zero(FLOATS);
            FloatVector a1 = a0;
            FloatVector c0 = a0;
            FloatVector c1 = a0;
            FloatVector upperA0 = a0;
            FloatVector upperA1 = a0;
            FloatVector upperC0 = a0;
            FloatVector upperC1 = a0;
            for (int i = lane; i < whole * Float.BYTES; i += STRIDE) {
                FloatVector d = fromMemorySegment(FLOATS, ALL, dyAt + (i & OFFSET), ORDER);
                FloatVector h = d.mul(fromMemorySegment(FLOATS, ALL, gainAt + (i & OFFSET), ORDER));
                FloatVector centered = fromMemorySegment(FLOATS, ALL, xAt + (i & OFFSET), ORDER).sub(mu);
                FloatVector nextA = a0.add(h);
                FloatVector nextC = h.fma(centered, c0);
                a0 = a1;
                a1 = nextA;
                c0 = c1;
                c1 = nextC;
                if (STEP < STRIDE) {
                    d = fromMemorySegment(FLOATS, ALL, dyAt + STEP + (i & OFFSET), ORDER);
                    h = d.mul(fromMemorySegment(FLOATS, ALL, gainAt + STEP + (i & OFFSET), ORDER));
                    centered = fromMemorySegment(FLOATS, ALL, xAt + STEP + (i & OFFSET), ORDER).sub(mu);
                    nextA = upperA0.add(h);
                    nextC = h.fma(centered, upperC0);
                    upperA0 = upperA1;
                    upperA1 = nextA;
                    upperC0 = upperC1;
                    upperC1 = nextC;
                }
            }
            a = Lanes.add(a, a0.add(a1));
            c = Lanes.add(c, c0.add(c1));
            if (STEP < STRIDE) {
                a = Lanes.add(a, upperA0.add(upperA1));
                c = Lanes.add(c, upperC0.add(upperC1));
            }
        }
        int rest = cols - whole;
        a = RowSums.addProducts(a, ALL, dy + whole, ALL, gain + whole, rest, 1);
        c = RowSums.addDotShifted(c, ALL, dy + whole, ALL, gain + whole, ALL, x + whole, mu, rest, 1);
        addGradients(dy, x, gain, mu, s, a / cols, c * s / cols, base, dx, dgain, cols);
    }

    /** As {@link ScalarLayerKernels#addNormGradients}. */
    private static void addGradients(long dy, long x, long gain, float mu, float s, float a, float b, long base,
            long dx, long dgain, int cols) {
        FloatVector minusA = FloatVector.broadcast(FLOATS, -a);
        FloatVector minusB = FloatVector.broadcast(FLOATS, -b);
        FloatVector factor = FloatVector.broadcast(FLOATS, s);
        int end = FLOATS.loopBound(cols);
        long dyAt = address(dy);
        long xAt = address(x);
        long gainAt = address(gain);
        long baseAt = address(base);
        long dxAt = address(dx);
        long dgainAt = address(dgain);
        for (int i = 0; i < end * Float.BYTES; i += STEP) {
            FloatVector normal = fromMemorySegment(FLOATS, ALL, xAt + (i & OFFSET), ORDER).sub(mu).mul(factor);
            FloatVector d = fromMemorySegment(FLOATS, ALL, dyAt + (i & OFFSET), ORDER);
            FloatVector oldGain = fromMemorySegment(FLOATS, ALL, dgainAt + (i & OFFSET), ORDER);
            d.fma(normal, oldGain).intoMemorySegment(ALL, dgainAt + (i & OFFSET), ORDER);
            FloatVector gains = fromMemorySegment(FLOATS, ALL, gainAt + (i & OFFSET), ORDER);
            FloatVector gradient = normal.fma(minusB, d.fma(gains, minusA));
            FloatVector old = fromMemorySegment(FLOATS, ALL, baseAt + (i & OFFSET), ORDER);
            gradient.fma(factor, old).intoMemorySegment(ALL, dxAt + (i & OFFSET), ORDER);
        }
        ScalarLayerKernels.addNormGradients(ALL, dy + end, ALL, x + end, ALL, gain + end, mu, s, a, b, ALL,
                base + end, ALL, dx + end, ALL, dgain + end, cols - end);
    }
}
