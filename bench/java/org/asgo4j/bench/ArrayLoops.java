// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.bench;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import java.lang.foreign.MemorySegment;

/**
 * Elementwise kernels as one writes them in Java without the Vector API: loops over heap arrays, which C2 makes vectors
 * of where it can. It keeps the order of a sum, so {@link #sumOfSquares} stays a chain of additions.
 */
final class ArrayLoops {
    private final float[] x;
    private final float[] y;
    private final float[] m;
    private final float[] v;

    /** On copies of the operands. */
    ArrayLoops(MemorySegment x, MemorySegment y, MemorySegment m, MemorySegment v) {
        this.x = x.toArray(JAVA_FLOAT);
        this.y = y.toArray(JAVA_FLOAT);
        this.m = m.toArray(JAVA_FLOAT);
        this.v = v.toArray(JAVA_FLOAT);
    }

    /** y ← ½x + ½y. */
    void axpby() {
        for (int i = 0; i < x.length; i++) y[i] = Math.fma(0.5f, x[i], 0.5f * y[i]);
    }

    /** One AdamW step of the weight x with the gradient y, rounded as {@link org.asgo4j.kernel.Kernels#adamw}. */
    void adamw(float rate1, float rate2, float epsilon, float stepSize) {
        float keep2 = 1 - rate2;
        for (int i = 0; i < x.length; i++) {
            float g = y[i];
            float newM = Math.fma(g - m[i], rate1, m[i]);
            float newV = Math.fma(rate2 * g, g, keep2 * v[i]);
            m[i] = newM;
            v[i] = newV;
            x[i] = Math.fma(newM / ((float) Math.sqrt(newV) + epsilon), -stepSize, x[i]);
        }
    }

    /** Σ x², added up in float64. */
    double sumOfSquares() {
        double sum = 0;
        for (float value : x) sum += (double) value * value;
        return sum;
    }

    /** Whether x, y, m and v hold these very bits. */
    boolean equals(MemorySegment otherX, MemorySegment otherY, MemorySegment otherM, MemorySegment otherV) {
        return MemorySegment.ofArray(x).mismatch(otherX) < 0 && MemorySegment.ofArray(y).mismatch(otherY) < 0
                && MemorySegment.ofArray(m).mismatch(otherM) < 0 && MemorySegment.ofArray(v).mismatch(otherV) < 0;
    }
}
