// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.linalg;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.foreign.Arena;
import org.asgo4j.testing.Matrices;
import org.asgo4j.testing.Seeds;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The GPU's kernels round as their twins on the CPU do: elementwise operations and sums of squares, bit by bit. */
class CudaTwinsTest {
    @BeforeAll
    static void cudaIsThere() {
        assumeTrue(FakeCuda.prepare(), FakeCuda.whyNot());
    }

    @ParameterizedTest
    @CsvSource({"1, 2, 3", "7, 11, 5", "33, 130, 9", "65, 300, 17"})
    void resultsAreThoseOfTheCpuToTheBit(int m, int n, int k) {
        long seed = Seeds.next();
        int compared = 0;
        try (Backend cpu = Backends.open(OpenBackends.BLAS); Backend gpu = Backends.open(BackendName.CUDA)) {
            for (Operation operation : Operation.all(m, n, k)) {
                if (!Operation.ELEMENTWISE.contains(operation.name())) continue;
                for (ElementType type : operation.types()) {
                    compare(operation, type, cpu, gpu, seed);
                    compared++;
                }
            }
            try (Arena arena = Arena.ofConfined()) {
                Matrix x = Matrices.random(arena, m, n, seed);
                assertEquals(cpu.sumOfSquares(x), gpu.sumOfSquares(x), () -> "sumOfSquares seed=" + seed);
            }
        }
        assertTrue(compared >= Operation.ELEMENTWISE.size(), "operations compared: " + compared);
    }

    private static void compare(Operation operation, ElementType type, Backend cpu, Backend gpu, long seed) {
        try (Arena arena = Arena.ofConfined()) {
            Matrix[] expected = filled(operation, type, arena, seed);
            Matrix[] actual = filled(operation, type, arena, seed);
            operation.run(cpu, expected);
            operation.run(gpu, actual);
            for (int i = 0; i < expected.length; i++) {
                int which = i;
                double[][] wanted = Matrices.toArray(expected[i]);
                double[][] found = Matrices.toArray(actual[i]);
                for (int row = 0; row < wanted.length; row++) {
                    assertArrayEquals(wanted[row], found[row],
                            () -> "%s %s, matrix %d, seed=%d".formatted(operation, type, which, seed));
                }
            }
        }
    }

    private static Matrix[] filled(Operation operation, ElementType type, Arena arena, long seed) {
        Matrix[] matrices = operation.matrices(arena, type);
        for (int i = 0; i < matrices.length; i++) Matrices.fill(matrices[i], operation.values(i, seed));
        return matrices;
    }
}
