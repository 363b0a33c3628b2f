// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.bench;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import java.lang.foreign.MemorySegment;

/**
 * Elementwise kernels as one writes them in Java without the Vector API: loops over heap arrays, which C2 makes vectors
 * of where it can. It keeps the order of a sum, so {@link #sumOfSquares} stays a chain of additions.
 */
final class ArrayLoops {
    private static final float RATE1 = (float) (1 - 0.9);
    private static final float RATE2 = (float) (1 - 0.999);
    private static final float KEEP2 = 0.999f;
    private static final float EPSILON = 1e-8f;
    private static final float STEP_SIZE = 1e-6f;

    private final float[] x;
    private final float[] y;
    private final float[] m;
    private final float[] v;

    /** On copies of the operands. */
    ArrayLoops(KernelOperands operands) {
        this.x = operands.x.toArray(JAVA_FLOAT);
        this.y = operands.y.toArray(JAVA_FLOAT);
        this.m = operands.m.toArray(JAVA_FLOAT);
        this.v = operands.v.toArray(JAVA_FLOAT);
    }

    /**
     * One call, with the arguments of the kernels.
     *
     * @throws IllegalArgumentException if there is no loop for that kernel: Java has no erf, and layers are not
     *     elementwise
     */
    double run(ElementwiseKernel kernel) {
        switch (kernel) {
            case axpby -> axpby();
            case adamw -> adamw();
            case sumOfSquares -> {
                return sumOfSquares();
            }
            default -> throw new IllegalArgumentException(
                    "no loop over arrays for %s: axpby, adamw and sumOfSquares have one".formatted(kernel));
        }
        return 0;
    }

    /** Fails unless a call, here and by the scalar twin, leaves the same bits. The operands are filled again. */
    void verify(ElementwiseKernel kernel, KernelOperands operands) {
        double actual = run(kernel);
        double expected = KernelImplementation.scalar.run(kernel, operands);
        if (!holds(operands) || !(Math.abs(actual - expected) <= operands.count * 0x1p-53 * expected)) {
            throw new IllegalStateException("the loop over arrays differs from the kernel " + kernel);
        }
        operands.fill();
    }

    /** y ← ½x + ½y. */
    private void axpby() {
        for (int i = 0; i < x.length; i++) y[i] = Math.fma(0.5f, x[i], 0.5f * y[i]);
    }

    /** One AdamW step of the weight x with the gradient y, rounded as {@link org.asgo4j.kernel.Kernels#adamw}. */
    private void adamw() {
        for (int i = 0; i < x.length; i++) {
            float g = y[i];
            float newM = Math.fma(g - m[i], RATE1, m[i]);
            float newV = Math.fma(RATE2 * g, g, KEEP2 * v[i]);
            m[i] = newM;
            v[i] = newV;
            x[i] = Math.fma(newM / ((float) Math.sqrt(newV) + EPSILON), -STEP_SIZE, x[i]);
        }
    }

    /** Σ x², added up in float64. */
    private double sumOfSquares() {
        double sum = 0;
        for (float value : x) sum += (double) value * value;
        return sum;
    }

    private boolean holds(KernelOperands other) {
        return MemorySegment.ofArray(x).mismatch(other.x) < 0 && MemorySegment.ofArray(y).mismatch(other.y) < 0
                && MemorySegment.ofArray(m).mismatch(other.m) < 0 && MemorySegment.ofArray(v).mismatch(other.v) < 0;
    }
}
