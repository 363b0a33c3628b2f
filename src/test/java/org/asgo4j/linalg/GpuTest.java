// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.linalg;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.asgo4j.testing.Matrices;
import org.asgo4j.testing.Seeds;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What only a GPU can show; its libraries and driver have the same contract tests as the fake beside it. */
@Tag("gpu")
class GpuTest {
    private static final Pattern FREE = Pattern.compile("(\\d+) of \\d+ bytes are free");

    /** What the driver hands out at a time: less than this may be missing without a leak. */
    private static final long GRANULARITY = 2L << 20;

    private static long freeBytes() {
        Matcher free = FREE.matcher(CudaMemory.free());
        assertTrue(free.find(), CudaMemory.free());
        return Long.parseLong(free.group(1));
    }

    @Test
    void aThousandRoundsLeaveTheMemoryFree() {
        try (Backend backend = Backends.open(BackendName.CUDA); Arena arena = Arena.ofConfined()) {
            Matrix host = Matrices.random(arena, 512, 768, Seeds.next());
            round(backend, host);
            long before = freeBytes();
            for (int i = 0; i < 1000; i++) round(backend, host);
            assertEquals(before, freeBytes(), GRANULARITY);
        }
    }

    private static void round(Backend backend, Matrix host) {
        try (Arena arena = Arena.ofConfined()) {
            Matrix a = backend.allocate(arena, host.rows(), host.cols());
            Matrix gram = backend.allocate(arena, host.rows(), host.rows());
            backend.copy(host, a);
            backend.syrk(Transpose.NONE, 1, a, 0, gram);
            assertTrue(backend.trace(gram) > 0);
        }
    }

    @Test
    void moreThanThereIsIsRefusedAndChangesNothing() {
        try (Backend backend = Backends.open(BackendName.CUDA); Arena arena = Arena.ofConfined()) {
            int many = 1 << 24;
            String message = assertThrows(OutOfMemoryError.class, () -> backend.allocate(arena, many, many))
                    .getMessage();
            assertTrue(message.contains("asked for " + 4L * many * many + " bytes"), message);
            assertEquals(0, backend.sumOfSquares(backend.allocate(arena, 100, 100)));
        }
    }

    /** Weights of several orders share a workspace: cuSOLVER does not say that a smaller one needs no more. */
    @ParameterizedTest
    @EnumSource(ElementType.class)
    void aWorkspaceIsEnoughForAllSmallerOrders(ElementType type) {
        int largest = 1024;
        try (Backend backend = Backends.open(BackendName.CUDA); Arena arena = Arena.ofConfined()) {
            EighWorkspace workspace = backend.eighWorkspace(arena, type, largest);
            for (int order = 1; order < largest; order += 1 + order / 64) {
                try (Arena round = Arena.ofConfined()) {
                    Matrix a = backend.allocate(round, type, order, order);
                    Matrix c = backend.allocate(round, type, order, order);
                    Matrix w = backend.allocate(round, type, 1, order);
                    backend.addToDiagonal(2, a);
                    backend.addInverse(1, 0, a, c, workspace);
                    assertEquals(order / 2.0, backend.trace(c), 1e-3 * order);
                    backend.eigh(a, w, workspace);
                    backend.orthonormalize(a, workspace);
                    assertEquals(order, backend.sumOfSquaresOfSymmetric(c) * 4, 1e-3 * order);
                    if (type != ElementType.FLOAT32) continue;
                    backend.tridiagonalize(c, w, backend.allocate(round, 1, order), workspace);
                    assertEquals(order / 4.0, backend.sumOfSquares(w), 1e-3 * order);
                }
            }
        }
    }

    /** What is locked is pages, and the rest of a page belongs to whoever has that memory. */
    @Test
    void memoryBesideAPageLockedPieceIsCopied() {
        try (Backend backend = Backends.open(BackendName.CUDA); Arena arena = Arena.ofConfined()) {
            int locked = 100;
            int beside = 10_000;
            Matrix host = Matrices.random(arena, 1, locked + beside, Seeds.next());
            backend.pin(arena, host.colBlock(0, locked));
            Matrix part = host.colBlock(locked, beside);
            Matrix device = backend.allocate(arena, 1, beside);
            backend.copy(part, device);
            double expected = part.get(0, beside - 1);
            part.set(0, beside - 1, 0);
            backend.copy(device, part);
            assertEquals(expected, part.get(0, beside - 1));
        }
    }

    /** float32 is computed in float32: TF32 would lose the last 13 bits of the factors. */
    @Test
    void productsAreNotRoundedToTf32() {
        try (Backend backend = Backends.open(BackendName.CUDA); Arena arena = Arena.ofConfined()) {
            Matrix a = backend.allocateHost(arena, 256, 256);
            Matrix b = backend.allocateHost(arena, 256, 256);
            Matrix c = backend.allocateHost(arena, 256, 256);
            double fine = 1 + 0x1p-20;
            for (int i = 0; i < 256; i++) {
                a.set(i, i, fine);
                b.set(i, i, 1);
            }
            backend.gemm(Transpose.NONE, Transpose.NONE, 1, a, b, 0, c);
            for (int i = 0; i < 256; i++) assertEquals(fine, c.get(i, i));
        }
    }
}
