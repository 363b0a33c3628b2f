// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.examples;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.BackendName;
import org.asgo4j.linalg.Backends;
import org.asgo4j.linalg.EighWorkspace;
import org.asgo4j.linalg.ElementType;
import org.asgo4j.linalg.Matrix;
import org.asgo4j.linalg.Side;
import org.asgo4j.linalg.Transpose;
import org.asgo4j.linalg.Workers;
import org.junit.jupiter.api.Test;

/** Matrices and the operations on them, as in the documentation of {@code linalg}. */
class MatrixExamplesTest {
    @Test
    void backends() {
        String description;
        // @start region="backends"
        try (Backend backend = Backends.open()) { //          the embedded OpenBLAS, or what -Dasgo4j.backend says
            description = backend.describe(); //              which library that is
        }
        try (Backend backend = Backends.open(BackendName.REFERENCE)) { // plain Java, the definition of each operation
            description += "\n" + backend.describe();
        }
        // @end
        assertEquals(2, description.lines().count());
    }

    @Test
    void matrix() {
        // @start region="matrix"
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment memory = arena.allocate(ValueLayout.JAVA_FLOAT, 6 * 4); // yours: a Matrix only borrows it
            Matrix matrix = Matrix.of(memory, 6, 4);
            Matrix lastRows = matrix.rowBlock(4, 2); //       from row 4, two rows: the same memory
            lastRows.set(0, 3, 2.5);
            assertEquals(2.5, matrix.get(4, 3));
        }
        // @end
    }

    @Test
    void borrowed() {
        try (Arena engine = Arena.ofConfined()) {
            ByteBuffer buffer = ByteBuffer.allocateDirect(64 * 128 * Float.BYTES);
            long address = engine.allocate(64 * 128 * Float.BYTES, Float.BYTES).address();
            // @start region="borrowed"
            Matrix inBuffer = Matrix.of(buffer.order(ByteOrder.nativeOrder()), 64, 128);
            inBuffer.set(3, 5, 0.5);
            assertEquals(0.5f, buffer.getFloat((3 * 128 + 5) * Float.BYTES)); // the engine sees it: nothing is copied
            try (Arena untilTheEngineFrees = Arena.ofConfined()) {
                long bytes = 64 * 128 * Float.BYTES; //       what the engine says its tensor has
                Matrix atAddress = Matrix.of(address, bytes, 64, 128, 128, untilTheEngineFrees);
                atAddress.set(0, 0, 1);
            } //                                              from here on every use of atAddress is refused
             // @end
        }
    }

    @Test
    void backend() {
        // @start region="backend"
        try (Backend backend = Backends.open();
                Arena arena = Arena.ofConfined()) {
            Matrix a = backend.allocate(arena, 3, 5);
            Matrix c = backend.allocate(arena, 3, 3);
            for (int j = 0; j < 5; j++) a.set(1, j, j);
            backend.gemm(Transpose.NONE, Transpose.TRANSPOSED, 1, a, a, 0, c); // C ← A·Aᵀ
            assertEquals(30, c.get(1, 1)); //                 0 + 1 + 4 + 9 + 16
        }
        // @end
    }

    @Test
    void bias() {
        try (Backend backend = Backends.open();
                Arena arena = Arena.ofConfined()) {
            int examples = 4;
            Matrix bias = backend.allocate(arena, 1, 3);
            Matrix biasGradient = backend.allocate(arena, 1, 3);
            Matrix x = backend.allocate(arena, examples, 2);
            Matrix weight = backend.allocate(arena, 3, 2);
            Matrix y = backend.allocate(arena, examples, 3);
            backend.fill(2, x);
            backend.fill(5, weight);
            bias.set(0, 2, 7);
            // @start region="bias"
            Matrix ones = backend.allocate(arena, examples, 1); //                            once
            backend.fill(1, ones);
            backend.gemm(Transpose.NONE, Transpose.NONE, 1, ones, bias, 0, y); //             Y ← 1·b, in each row
            backend.gemm(Transpose.NONE, Transpose.TRANSPOSED, 1, x, weight, 1, y); //        Y ← Y + XWᵀ
            Matrix dy = y; //                                                                 ∂loss/∂Y
            backend.gemm(Transpose.TRANSPOSED, Transpose.NONE, 1, ones, dy, 0, biasGradient); // 1ᵀ·dY: sums of columns
            // @end
            assertEquals(2 * 2 * 5 + 7, y.get(3, 2));
            assertEquals(examples * 2 * 2 * 5, biasGradient.get(0, 1));
        }
    }

    @Test
    void symm() {
        // @start region="symm"
        try (Backend backend = Backends.open();
                Arena arena = Arena.ofConfined()) {
            Matrix gradient = backend.allocate(arena, 3, 5);
            Matrix gram = backend.allocate(arena, 3, 3);
            Matrix product = backend.allocate(arena, 3, 5);
            for (int j = 0; j < 5; j++) gradient.set(1, j, j);
            backend.syrk(Transpose.NONE, 1, gradient, 0, gram); //   lower triangle of G·Gᵀ
            backend.symm(Side.LEFT, gram, gradient, product); //     (G·Gᵀ)·G, which reads that triangle only
            assertEquals(30 * 4, product.get(1, 4));
        }
        // @end
    }

    @Test
    void eigen() {
        // @start region="eigen"
        try (Backend backend = Backends.open();
                Arena arena = Arena.ofConfined()) {
            Matrix a = backend.allocate(arena, ElementType.FLOAT64, 2, 2);
            Matrix eigenvalues = backend.allocate(arena, ElementType.FLOAT64, 1, 2);
            EighWorkspace workspace = backend.eighWorkspace(arena, ElementType.FLOAT64, 2); // for any order up to 2
            a.set(0, 0, 3);
            a.set(1, 1, 1);
            backend.eigh(a, eigenvalues, workspace); //       rows of A are the eigenvectors now
            assertEquals(1, eigenvalues.get(0, 0)); //        ascending
            assertEquals(1, Math.abs(a.get(1, 0))); //        of eigenvalue 3
        }
        // @end
    }

    @Test
    void workers() {
        double[] sums = new double[4];
        // @start region="workers"
        try (Workers workers = new Workers(2);
                Backend backend = Backends.open();
                Arena arena = Arena.ofShared()) { //          confined memory is one thread's
            Matrix[] matrices = new Matrix[4];
            for (int i = 0; i < 4; i++) matrices[i] = backend.allocate(arena, i + 1, 8);
            for (Matrix matrix : matrices) matrix.set(0, 0, 2);
            workers.run(4, (task, worker) -> sums[task] = backend.sumOfSquares(matrices[task]));
        }
        // @end
        assertArrayEquals(new double[] {4, 4, 4, 4}, sums);
        assertTrue(ElementType.FLOAT32.byteSize() < ElementType.FLOAT64.byteSize());
    }
}
