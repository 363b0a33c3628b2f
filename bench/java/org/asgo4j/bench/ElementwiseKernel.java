// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.bench;

import org.asgo4j.kernel.Kernels;
import org.asgo4j.kernel.LayerKernels;

/**
 * The kernels that are measured: one call each in Java and in C, on the same operands, with the same arguments. Those
 * that work in place settle down or drift slowly when called again and again, so that no call meets subnormal numbers.
 */
enum ElementwiseKernel {
    /** y ← ½x + ½y: a momentum, and the last line of most rules. */
    axpby(Traffic.UPDATE, 12, (k, l, o) -> {
        k.axpby(0.5f, o.x, 0, 0.5f, o.y, 0, o.count);
        return 0;
    }, o -> {
        CKernels.AXPBY.invokeExact(0.5f, o.x, 0.5f, o.y, (long) o.count);
        return 0;
    }),
    /** m ← 0.9m + 0.1x and v ← 0.9m + 0.1x: Nesterov's momentum and direction. */
    lookAhead(Traffic.TRIAD, 16, (k, l, o) -> {
        k.lookAhead(0.1f, o.x, 0, 0.9f, o.m, 0, o.v, 0, o.count);
        return 0;
    }, o -> {
        CKernels.LOOK_AHEAD.invokeExact(0.1f, o.x, 0.9f, o.m, o.v, (long) o.count);
        return 0;
    }),
    /** y ← ½x. */
    scaledCopy(Traffic.COPY, 8, (k, l, o) -> {
        k.axpby(0.5f, o.x, 0, 0, o.y, 0, o.count);
        return 0;
    }, o -> {
        CKernels.AXPBY.invokeExact(0.5f, o.x, 0f, o.y, (long) o.count);
        return 0;
    }), scale(Traffic.UPDATE, 8, (k, l, o) -> {
        k.scale(-1, o.x, 0, o.count);
        return 0;
    }, o -> {
        CKernels.SCALE.invokeExact(-1f, o.x, (long) o.count);
        return 0;
    }), scaleAndAdd(Traffic.UPDATE, 16, (k, l, o) -> {
        k.scaleAndAdd(-1, o.x, 0, o.y, 0, o.count);
        return 0;
    }, o -> {
        CKernels.SCALE_AND_ADD.invokeExact(-1f, o.x, o.y, (long) o.count);
        return 0;
    }), multiply(Traffic.UPDATE, 12, (k, l, o) -> {
        k.multiply(o.m, 0, o.y, 0, o.count);
        return 0;
    }, o -> {
        CKernels.MULTIPLY.invokeExact(o.m, o.y, (long) o.count);
        return 0;
    }), addSquares(Traffic.UPDATE, 12, (k, l, o) -> {
        k.addSquares(0.5f, o.x, 0, 0.5f, o.y, 0, o.count);
        return 0;
    }, o -> {
        CKernels.ADD_SQUARES.invokeExact(0.5f, o.x, 0.5f, o.y, (long) o.count);
        return 0;
    }), addSquaresDouble(Traffic.UPDATE, 20, (k, l, o) -> {
        k.addSquaresDouble(0.5, o.x, 0, 0.5, o.wide, 0, o.count);
        return 0;
    }, o -> {
        CKernels.ADD_SQUARES_DOUBLE.invokeExact(0.5, o.x, 0.5, o.wide, (long) o.count);
        return 0;
    }), divideByRoot(Traffic.TRIAD, 12, (k, l, o) -> {
        k.divideByRoot(o.x, 0, o.v, 0, 0.1f, 0, o.y, 0, o.count);
        return 0;
    }, o -> {
        CKernels.DIVIDE_BY_ROOT.invokeExact(o.x, o.v, 0.1f, 0f, o.y, (long) o.count);
        return 0;
    }), lion(Traffic.UPDATE, 20, (k, l, o) -> {
        k.lion(o.x, 0, o.y, 0, o.m, 0, o.count, 1, 0.9, 0.99, 1e-6f, 1);
        return 0;
    }, o -> {
        CKernels.LION.invokeExact(o.x, o.y, o.m, (long) o.count, 1f, 0.9, 0.99, 1e-6f, 1f);
        return 0;
    }), adamw(Traffic.UPDATE, 28, (k, l, o) -> {
        k.adamw(o.x, 0, o.y, 0, o.m, 0, o.v, 0, o.count, 1, 0.9, 0.999, 1e-8f, 1e-6f, 1, 1);
        return 0;
    }, o -> {
        CKernels.ADAMW.invokeExact(o.x, o.y, o.m, o.v, (long) o.count, 1f, 0.9, 0.999, 1e-8f, 1e-6f, 1f, 1f);
        return 0;
    }), sumOfSquares(Traffic.READ, 4, (k, l, o) -> k.sumOfSquares(o.x, 0, o.count),
            o -> (double) CKernels.SUM_OF_SQUARES.invokeExact(o.x, (long) o.count)),
    /** The index of the first NaN or infinity. */
    firstNonFinite(Traffic.READ, 4, (k, l, o) -> k.firstNonFinite(o.x, 0, o.count),
            o -> (long) CKernels.FIRST_NON_FINITE.invokeExact(o.x, (long) o.count)),
    /** To float64. */
    widen(Traffic.COPY, 12, (k, l, o) -> {
        k.widen(o.x, 0, o.wide, 0, o.count);
        return 0;
    }, o -> {
        CKernels.WIDEN.invokeExact(o.x, o.wide, (long) o.count);
        return 0;
    }), narrow(Traffic.COPY, 12, (k, l, o) -> {
        k.narrow(o.wide, 0, o.x, 0, o.count);
        return 0;
    }, o -> {
        CKernels.NARROW.invokeExact(o.wide, o.x, (long) o.count);
        return 0;
    }), scaleDouble(Traffic.UPDATE, 16, (k, l, o) -> {
        k.scaleDouble(-1, o.wide, 0, o.count);
        return 0;
    }, o -> {
        CKernels.SCALE_DOUBLE.invokeExact(-1.0, o.wide, (long) o.count);
        return 0;
    }),
    /** Of the largest square; reads one triangle and writes the other. */
    mirror(Traffic.UPDATE, 4, (k, l, o) -> {
        k.mirror(o.y, 0, o.size, o.size);
        return 0;
    }, o -> {
        CKernels.MIRROR.invokeExact(o.y, (long) o.size, (long) o.size);
        return 0;
    }),
    /** Of the largest square. */
    transpose(Traffic.COPY, 8, (k, l, o) -> {
        k.transpose(o.x, 0, o.size, o.y, 0, o.size, o.size, o.size);
        return 0;
    }, o -> {
        CKernels.TRANSPOSE.invokeExact(o.x, (long) o.size, o.y, (long) o.size, (long) o.size, (long) o.size);
        return 0;
    }), gelu(Traffic.COPY, 8, (k, l, o) -> {
        l.gelu(o.x, 0, o.y, 0, o.count);
        return 0;
    }, o -> {
        CKernels.GELU.invokeExact(o.x, o.y, (long) o.count);
        return 0;
    }), geluBackward(Traffic.TRIAD, 12, (k, l, o) -> {
        l.geluBackward(o.x, 0, o.y, 0, o.v, 0, o.count);
        return 0;
    }, o -> {
        CKernels.GELU_BACKWARD.invokeExact(o.x, o.y, o.v, (long) o.count);
        return 0;
    }), layerNorm(Traffic.COPY, 8, (k, l, o) -> {
        l.layerNorm(o.x, 0, o.gain, 0, o.y, 0, o.mean, 0, o.inverseDeviation, 0, o.rows, o.cols, 1e-5f);
        return 0;
    }, o -> {
        CKernels.LAYER_NORM.invokeExact(
                o.x, o.gain, o.y, o.mean, o.inverseDeviation, o.rows, o.cols, 1e-5f);
        return 0;
    }), layerNormBackward(Traffic.TRIAD, 16, (k, l, o) -> {
        l.layerNormBackward(o.y, 0, o.x, 0, o.gain, 0, o.mean, 0, o.inverseDeviation, 0, o.m, 0, o.v, 0,
                o.gainGradient, 0, o.rows, o.cols);
        return 0;
    }, o -> {
        CKernels.LAYER_NORM_BACKWARD.invokeExact(
                o.y, o.x, o.gain, o.mean, o.inverseDeviation, o.m, o.v, o.gainGradient,
                o.rows, o.cols);
        return 0;
    }),
    /** Of the largest square; reads one triangle and writes the square. */
    causalSoftmax(Traffic.UPDATE, 6, (k, l, o) -> {
        l.causalSoftmax(o.y, 0, o.size, o.size, 1);
        return 0;
    }, o -> {
        CKernels.CAUSAL_SOFTMAX.invokeExact(o.y, (long) o.size, o.size, 1f);
        return 0;
    }),
    /** As {@link #causalSoftmax}. */
    causalSoftmaxBackward(Traffic.UPDATE, 8, (k, l, o) -> {
        l.causalSoftmaxBackward(o.x, 0, o.y, 0, o.size, o.size, 1);
        return 0;
    }, o -> {
        CKernels.CAUSAL_SOFTMAX_BACKWARD.invokeExact(o.x, o.y, (long) o.size, o.size, 1f);
        return 0;
    }), crossEntropy(Traffic.UPDATE, 8,
            (k, l, o) -> l.crossEntropy(o.y, 0, o.cols, o.rows, o.cols, o.targets, 0, 1f),
            o -> (double) CKernels.CROSS_ENTROPY.invokeExact(o.y, (long) o.cols, o.rows, o.cols, o.targets, 1f)),
    /** Without gradients. */
    crossEntropyLoss(Traffic.READ, 4,
            (k, l, o) -> l.crossEntropyLoss(o.y, 0, o.cols, o.rows, o.cols, o.targets, 0),
            o -> (double) CKernels.CROSS_ENTROPY_LOSS.invokeExact(o.y, (long) o.cols, o.rows, o.cols, o.targets));

    /** What a kernel does to memory, which says what loop of {@link Stream} bounds it. */
    enum Traffic {
        /** Reads. */
        READ,
        /** Reads, and writes where it read. */
        UPDATE,
        /** Reads one range and writes another. */
        COPY,
        /** Reads several ranges and writes another. */
        TRIAD
    }

    /** A call of a Java kernel. */
    interface JavaCall {
        /** Returns the kernel's result, or 0. */
        double run(Kernels kernels, LayerKernels layers, KernelOperands operands);
    }

    /** A call of its twin in C. */
    interface NativeCall {
        /** Returns the function's result, or 0. */
        double run(KernelOperands operands) throws Throwable;
    }

    /** Which loop bounds it. */
    final Traffic traffic;

    /** Every number read counts once, and so does every number written. */
    final int bytesPerElement;

    private final JavaCall java;
    private final NativeCall c;

    ElementwiseKernel(Traffic traffic, int bytesPerElement, JavaCall java, NativeCall c) {
        this.traffic = traffic;
        this.bytesPerElement = bytesPerElement;
        this.java = java;
        this.c = c;
    }

    double run(Kernels kernels, LayerKernels layers, KernelOperands operands) {
        return java.run(kernels, layers, operands);
    }

    double runInC(KernelOperands operands) {
        try {
            return c.run(operands);
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException("call of the C twin of " + this, e);
        }
    }

    /**
     * Fails unless an implementation leaves the bits that the scalar twin leaves. A result in float64 may be off by
     * rounding: a C library's logarithm is not Java's.
     *
     * @throws IllegalStateException if they differ; the operands are then undefined
     */
    void verify(KernelImplementation implementation, KernelOperands operands) {
        operands.fill();
        double expected = KernelImplementation.scalar.run(this, operands);
        long expectedBits = operands.hash();
        operands.fill();
        double actual = implementation.run(this, operands);
        long actualBits = operands.hash();
        operands.fill();
        double tolerance = operands.count * 0x1p-53 * Math.abs(expected);
        if (actualBits != expectedBits || !(Math.abs(actual - expected) <= tolerance)) {
            throw new IllegalStateException("%s of %d elements: %s gives %s (bits %x), the scalar twin %s (bits %x)"
                    .formatted(this, operands.count, implementation, actual, actualBits, expected, expectedBits));
        }
    }
}
