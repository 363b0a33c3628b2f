// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.bench;

import org.asgo4j.kernel.Kernels;
import org.asgo4j.kernel.LayerKernels;

/** Who runs a kernel. */
enum KernelImplementation {
    /** The definition: one element at a time in Java. */
    scalar {
        @Override
        double run(ElementwiseKernel kernel, KernelOperands operands) {
            return kernel.run(SCALAR, SCALAR_LAYERS, operands);
        }
    },
    /** The Vector API. */
    vector {
        @Override
        double run(ElementwiseKernel kernel, KernelOperands operands) {
            return kernel.run(VECTOR, VECTOR_LAYERS, operands);
        }
    },
    /** C on this machine's compiler, called through {@code java.lang.foreign}. */
    c {
        @Override
        double run(ElementwiseKernel kernel, KernelOperands operands) {
            return kernel.runInC(operands);
        }
    };

    private static final Kernels SCALAR = Kernels.scalar();
    private static final LayerKernels SCALAR_LAYERS = LayerKernels.scalar();
    private static final Kernels VECTOR = Kernels.vector();
    private static final LayerKernels VECTOR_LAYERS = LayerKernels.vector();

    /** The kernel's result, or 0. */
    abstract double run(ElementwiseKernel kernel, KernelOperands operands);
}
