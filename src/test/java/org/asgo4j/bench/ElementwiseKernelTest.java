// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.bench;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.foreign.Arena;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The kernels in C, in vectors and in loops over arrays do what the scalar twins do, on every kernel measured. */
class ElementwiseKernelTest {
    /** Three rows and a tail for every lane width. */
    private static final int COUNT = 2305;

    /** Less than one group of partial sums. */
    private static final int FEW = 29;

    @ParameterizedTest
    @EnumSource
    void vectorsAgree(ElementwiseKernel kernel) {
        verify(kernel, KernelImplementation.vector);
    }

    @ParameterizedTest
    @EnumSource
    void cAgrees(ElementwiseKernel kernel) {
        assumeTrue(NativeSources.KERNELS.missing() == null, NativeSources.KERNELS.missing());
        verify(kernel, KernelImplementation.c);
    }

    private static void verify(ElementwiseKernel kernel, KernelImplementation implementation) {
        try (Arena arena = Arena.ofConfined()) {
            kernel.verify(implementation, new KernelOperands(arena, COUNT));
            kernel.verify(implementation, new KernelOperands(arena, FEW));
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"axpby", "adamw", "sumOfSquares"})
    void loopsAgree(ElementwiseKernel kernel) {
        try (Arena arena = Arena.ofConfined()) {
            var operands = new KernelOperands(arena, COUNT);
            new ArrayLoops(operands).verify(kernel, operands);
        }
    }

    @Test
    void aDifferenceIsFound() {
        try (Arena arena = Arena.ofConfined()) {
            var operands = new KernelOperands(arena, COUNT);
            var loops = new ArrayLoops(operands);
            loops.run(ElementwiseKernel.axpby); // once more than the kernel
            assertThrows(IllegalStateException.class, () -> loops.verify(ElementwiseKernel.axpby, operands));
        }
    }
}
