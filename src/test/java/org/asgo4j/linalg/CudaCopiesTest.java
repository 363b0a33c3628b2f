// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.linalg;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.asgo4j.testing.Matrices;
import org.asgo4j.testing.Seeds;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Copies beside the computing wait for what they must wait for, whatever the order in which a GPU does its work. */
class CudaCopiesTest {
    private static final int ROWS = 3;
    private static final int COLS = 5;

    /** cudaErrorNotSupported. */
    private static final int NOT_SUPPORTED = 801;

    @BeforeEach
    void fakeIsThere() {
        assumeTrue(FakeCuda.prepare(), FakeCuda.whyNot());
        assumeTrue(FakeCuda.isUsed(), "a real CUDA is tested: its order of work can't be chosen");
        FakeCuda.reset();
    }

    @AfterEach
    void nothingWasLeftOrMisused() {
        FakeCuda.resetAndRequireNothingLeft();
    }

    /** Each matrix is doubled and one is added, while others go up and down by way of two places on the GPU. */
    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2})
    void aPipelineOfTwoPlacesMixesNothingUp(int deferred) {
        long seed = Seeds.next();
        try (Backend backend = Backends.open(BackendName.CUDA); Arena arena = Arena.ofConfined()) {
            FakeCuda.setDeferred(deferred);
            Matrix[] places = {backend.allocate(arena, ROWS, COLS), backend.allocate(arena, ROWS, COLS)};
            Matrix ones = ones(backend, arena);
            List<Matrix> all = new ArrayList<>();
            for (int i = 0; i < 7; i++) {
                Matrix m = i % 3 == 2 ? Matrices.zeros(arena, ElementType.FLOAT32, ROWS, COLS + i).colBlock(1, COLS)
                        : backend.allocateHost(arena, ROWS, COLS); // some are not page-locked, and have gaps
                all.add(Matrices.fill(m, Matrices.randomArray(ROWS, COLS, seed + i)));
            }
            double[][][] before = all.stream().map(Matrices::toArray).toArray(double[][][]::new);
            backend.upload(all.get(0), places[0]);
            for (int i = 0; i < all.size(); i++) {
                backend.awaitUploads();
                if (i + 1 < all.size()) backend.upload(all.get(i + 1), places[(i + 1) % 2]);
                backend.axpby(1, ones, 2, places[i % 2]);
                backend.download(places[i % 2], all.get(i));
            }
            backend.synchronize();
            for (int i = 0; i < all.size(); i++) {
                for (int row = 0; row < ROWS; row++) {
                    for (int col = 0; col < COLS; col++) {
                        float expected = Math.fma(1f, 1f, 2 * (float) before[i][row][col]);
                        assertEquals(expected, all.get(i).get(row, col), "matrix " + i + ", seed=" + seed);
                    }
                }
            }
        }
    }

    /** Matrices that are only uploaded: the next one may not come to where one is still being read. */
    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2})
    void nothingIsOverwrittenThatIsStillToBeRead(int deferred) {
        try (Backend backend = Backends.open(BackendName.CUDA); Arena arena = Arena.ofConfined()) {
            FakeCuda.setDeferred(deferred);
            Matrix[] places = {backend.allocate(arena, 1, 1), backend.allocate(arena, 1, 1)};
            Matrix powers = backend.allocateHost(arena, 1, 7);
            for (int i = 0; i < 7; i++) powers.set(0, i, 1 << i);
            Matrix sum = backend.allocate(arena, 1, 1);
            backend.upload(powers.colBlock(0, 1), places[0]);
            for (int i = 0; i < 7; i++) {
                backend.awaitUploads();
                if (i < 6) backend.upload(powers.colBlock(i + 1, 1), places[(i + 1) % 2]);
                backend.axpby(1, places[i % 2], 1, sum);
            }
            backend.synchronize();
            assertEquals((1 << 7) - 1, Math.sqrt(backend.sumOfSquares(sum)));
        }
    }

    private static Matrix ones(Backend backend, Arena arena) {
        Matrix ones = backend.allocate(arena, ROWS, COLS);
        backend.fill(1, ones);
        backend.synchronize();
        return ones;
    }

    /** That the test above can fail: what is not awaited is not there. */
    @Test
    void withoutWaitingTheComputingIsTooEarly() {
        try (Backend backend = Backends.open(BackendName.CUDA); Arena arena = Arena.ofConfined()) {
            Matrix ones = ones(backend, arena);
            Matrix zeros = backend.allocateHost(arena, ROWS, COLS);
            Matrix place = backend.allocate(arena, ROWS, COLS);
            backend.copy(ones, place);
            backend.upload(zeros, place);
            assertNotEquals(0, backend.sumOfSquares(place));
            backend.awaitUploads();
            assertEquals(0, backend.sumOfSquares(place));
        }
    }

    @Test
    void matricesOnTheWrongSideAreRefused() {
        try (Backend backend = Backends.open(BackendName.CUDA); Arena arena = Arena.ofConfined()) {
            Matrix here = backend.allocateHost(arena, ROWS, COLS);
            Matrix there = backend.allocate(arena, ROWS, COLS);
            Matrix wide = backend.allocate(arena, ElementType.FLOAT64, ROWS, COLS);
            assertRefused(() -> backend.upload(there, there.rowBlock(0, ROWS)), "upload", "device memory");
            assertRefused(() -> backend.upload(here, backend.allocateHost(arena, ROWS, COLS)), "upload", "Y");
            assertRefused(() -> backend.download(here, there), "download", "X", "must be in device memory");
            assertRefused(() -> backend.upload(here, wide), "upload", "FLOAT64");
            assertRefused(() -> backend.upload(here, there.rowBlock(0, 1)), "upload", "1×5", "3×5");
        }
    }

    private static void assertRefused(Runnable call, String... parts) {
        String message = assertThrows(IllegalArgumentException.class, call::run).getMessage();
        for (String part : parts) assertTrue(message.contains(part), message);
    }

    /** Slices of one block of memory, in any order, with gaps: no page twice, nothing left out. */
    @Test
    void rangesToLockShareNoPageAndLeaveNothingOut() {
        long seed = Seeds.next();
        Random random = new Random(seed);
        try (Backend backend = Backends.open(BackendName.CUDA); Arena arena = Arena.ofConfined()) {
            backend.synchronize();
            MemorySegment memory = arena.allocate(1 << 20, 4096);
            for (int round = 0; round < 50; round++) {
                List<Matrix> matrices = new ArrayList<>();
                for (int i = 0; i < 1 + random.nextInt(12); i++) {
                    int cols = 1 + random.nextInt(3000);
                    long at = random.nextInt((1 << 18) - cols) * 4L;
                    matrices.add(Matrix.of(memory.asSlice(at, cols * 4L), 1, cols));
                }
                List<CudaPages.Range> ranges = CudaPages.of(matrices).pieces().stream()
                        .map(CudaPages.Piece::whole).toList();
                for (int i = 1; i < ranges.size(); i++) {
                    assertTrue((ranges.get(i - 1).end() - 1) / 4096 < ranges.get(i).start() / 4096, "seed=" + seed);
                }
                for (Matrix m : matrices) {
                    long start = m.segment().address();
                    assertEquals(1, ranges.stream().filter(
                            r -> r.start() <= start && start + m.segment().byteSize() <= r.end()).count());
                }
                for (CudaPages.Range range : ranges) {
                    assertTrue(matrices.stream().anyMatch(m -> m.segment().address() == range.start()));
                    assertTrue(matrices.stream()
                            .anyMatch(m -> m.segment().address() + m.segment().byteSize() == range.end()));
                }
            }
        }
    }

    @Test
    void lockingSaysWhyItCouldNotAndLeavesWhatIsLocked() {
        try (Backend backend = Backends.open(BackendName.CUDA); Arena arena = Arena.ofConfined()) {
            Matrix locked = backend.allocateHost(arena, ROWS, COLS);
            Matrix plain = Matrices.zeros(arena, ElementType.FLOAT32, 1 << 16, COLS); // on pages of its own
            Matrix onDevice = backend.allocate(arena, ROWS, COLS);
            long before = FakeCuda.liveObjects();
            try (Arena locking = Arena.ofShared()) {
                assertTrue(backend.pinWherePossible(locking, List.of(locked, plain, onDevice)).isEmpty());
                assertEquals(before + 1, FakeCuda.liveObjects());
            }
            assertEquals(before, FakeCuda.liveObjects());
            FakeCuda.fail("cudaHostRegister", 0, NOT_SUPPORTED);
            try (Arena locking = Arena.ofShared()) {
                String reason = backend.pinWherePossible(locking, List.of(plain)).orElseThrow();
                assertTrue(reason.contains("cudaHostRegister of " + plain.segment().byteSize() + " bytes"), reason);
                assertEquals(before, FakeCuda.liveObjects());
            }
            backend.synchronize(); // CUDA has forgotten the error
        }
    }

    /** One is locked by other code, its neighbour on the same page is not. */
    @Test
    void whatIsBesideLockedMemoryIsLockedAndWhatHoldsAPartOfItIsNot() {
        try (Backend backend = Backends.open(BackendName.CUDA); Arena arena = Arena.ofShared()) {
            MemorySegment memory = arena.allocate(1 << 14, 4096);
            Matrix first = Matrix.of(memory.asSlice(0, 2048), 1, 512);
            Matrix second = Matrix.of(memory.asSlice(2048, 4096), 1, 1024);
            Matrix third = Matrix.of(memory.asSlice(6144, 4096), 1, 1024);
            Matrix all = Matrix.of(memory.asSlice(0, 10_240), 1, 2560);
            backend.synchronize(); // takes what a lane takes once
            long before = FakeCuda.liveObjects();
            try (Arena theirs = Arena.ofShared(); Arena ours = Arena.ofShared()) {
                backend.pin(theirs, second);
                String reason = backend.pinWherePossible(ours, List.of(all)).orElseThrow();
                assertTrue(reason.contains("10240 bytes") && reason.contains("AlreadyRegistered"), reason);
                assertEquals(Optional.empty(), backend.pinWherePossible(ours, List.of(first, second, third)));
                assertEquals(before + 3, FakeCuda.liveObjects());
            }
            assertEquals(before, FakeCuda.liveObjects());
            try (Arena theirs = Arena.ofShared()) {
                backend.pin(theirs, second);
                DeviceException e = assertThrows(DeviceException.class, () -> backend.sumOfSquares(all));
                assertTrue(e.getMessage().contains("cudaErrorInvalidValue"), e.getMessage());
            }
        }
    }
}
