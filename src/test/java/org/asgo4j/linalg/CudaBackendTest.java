// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.linalg;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.TreeSet;
import org.asgo4j.bindings.cuda.Cuda;
import org.asgo4j.testing.Matrices;
import org.asgo4j.testing.Seeds;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * What is the CUDA backend's own, beside the contract that all backends are tested for: memory, streams, failures. On
 * the fake library, which counts what is not given back and refuses what a GPU would not survive.
 */
class CudaBackendTest {
    /** cudaErrorIllegalAddress, after which a process can't use the GPU any more. */
    private static final int ILLEGAL_ADDRESS = 700;

    /** A status that every one of the four libraries has as a failure. */
    private static final int FAILURE = 3;

    @BeforeEach
    void fakeIsThere() {
        assumeTrue(FakeCuda.prepare(), FakeCuda.whyNot());
        assumeTrue(FakeCuda.isUsed(), "a real CUDA is tested: it can't be made to fail");
        FakeCuda.reset();
        CudaLibraries.load(FakeCuda.folder().toString());
    }

    @AfterEach
    void nothingWasLeftOrMisused() {
        FakeCuda.resetAndRequireNothingLeft();
    }

    @Test
    void everyFunctionOfTheBindingsIsCheckedBeforeLoading() throws IOException {
        String prefix = "--include-function ";
        var bound = new TreeSet<String>();
        for (String line : Files.readAllLines(Path.of("jextract", "cuda.symbols"))) {
            if (line.startsWith(prefix)) bound.add(line.substring(prefix.length()));
        }
        assertEquals(bound, new TreeSet<>(CudaSymbols.all()));
    }

    @Test
    void descriptionNamesDeviceDriverLibrariesAndMemory() {
        try (Backend backend = Backends.open(BackendName.CUDA)) {
            String text = backend.describe();
            for (String part : List.of("CUDA (", "compute capability", "GiB of its memory are free", "driver for CUDA",
                    "cuBLAS", "cuSOLVER", "libfakecuda.so")) {
                assertTrue(text.contains(part), text);
            }
            assertEquals(1, text.lines().count());
        }
    }

    @Test
    void deviceMemoryIsOutOfReachOfJavaAndOfOtherBackends() {
        try (Backend backend = Backends.open(BackendName.CUDA);
                Backend other = Backends.open(BackendName.REFERENCE);
                Arena arena = Arena.ofConfined()) {
            Matrix m = backend.allocate(arena, 3, 4);
            assertEquals(0, m.segment().byteSize());
            assertThrows(IndexOutOfBoundsException.class, () -> m.segment().getAtIndex(ValueLayout.JAVA_FLOAT, 0));
            assertMessage(assertThrows(UnsupportedOperationException.class, () -> m.get(1, 2)), "(1, 2)", "3×4");
            assertThrows(UnsupportedOperationException.class, () -> m.set(1, 2, 0));
            assertMessage(assertThrows(IllegalArgumentException.class, () -> other.sumOfSquares(m)),
                    "sumOfSquares", "3×4", "device memory", "reference");
            assertMessage(assertThrows(IllegalArgumentException.class, () -> m.reshape(m.type(), 3, 5)), "3×5", "12");
        }
    }

    @Test
    void blocksOfDeviceMatricesAreTheirElements() {
        long seed = Seeds.next();
        double[][] values = Matrices.randomArray(7, 9, seed);
        try (Backend backend = Backends.open(BackendName.CUDA); Arena arena = Arena.ofConfined()) {
            Matrix m = backend.allocate(arena, 7, 9);
            backend.copy(Matrices.of(arena, ElementType.FLOAT32, values), m);
            Matrix block = m.rowBlock(2, 4).colBlock(3, 5);
            assertEquals((7 * 9 - 2 * 9 - 3) * Float.BYTES, block.deviceBytes());
            Matrix read = backend.allocateHost(arena, 4, 5);
            backend.copy(block, read);
            for (int i = 0; i < 4; i++) {
                for (int j = 0; j < 5; j++) assertEquals(values[i + 2][j + 3], read.get(i, j), "seed=" + seed);
            }
            assertTrue(block.overlaps(m) && !m.rowBlock(0, 2).overlaps(block));
        }
    }

    @Test
    void matricesOfAnotherFrameworkAreUsedInPlace() {
        try (Backend framework = Backends.open(BackendName.CUDA);
                Backend backend = Backends.open(BackendName.CUDA);
                Arena arena = Arena.ofConfined()) {
            Matrix theirs = framework.allocate(arena, 6, 8);
            long address = theirs.segment().address();
            Matrix ours = backend.deviceMatrix(arena, address, ElementType.FLOAT32, 3, 8, 16);
            Matrix ones = backend.allocate(arena, 3, 8);
            backend.copy(Matrices.fill(Matrices.zeros(arena, ElementType.FLOAT32, 3, 8), filled(3, 8)), ones);
            long copied = FakeCuda.calls("cudaMemcpyAsync") + FakeCuda.calls("cudaMemcpy2DAsync");
            backend.axpby(2, ones, 1, ours);
            backend.synchronize();
            assertEquals(copied, FakeCuda.calls("cudaMemcpyAsync") + FakeCuda.calls("cudaMemcpy2DAsync"));
            assertEquals(3 * 8 * 4, framework.sumOfSquares(theirs));

            assertMessage(assertThrows(IllegalArgumentException.class,
                    () -> backend.deviceMatrix(arena, address + Float.BYTES, ElementType.FLOAT32, 6, 8, 8)),
                    "6×8", "needs 48");
            long here = arena.allocate(64).address();
            assertMessage(assertThrows(IllegalArgumentException.class,
                    () -> backend.deviceMatrix(arena, here, ElementType.FLOAT32, 1, 1, 1)), "0x%x".formatted(here));
        }
    }

    private static double[][] filled(int rows, int cols) {
        double[][] ones = new double[rows][cols];
        for (double[] row : ones) java.util.Arrays.fill(row, 1);
        return ones;
    }

    @Test
    void tooLittleDeviceMemorySaysWhatWasAskedAndWhatIsFree() {
        try (Backend backend = Backends.open(BackendName.CUDA); Arena arena = Arena.ofConfined()) {
            backend.allocate(arena, 10, 10);
            FakeCuda.setTotal(1 << 20);
            OutOfMemoryError e = assertThrows(OutOfMemoryError.class, () -> backend.allocate(arena, 1000, 1000));
            assertMessage(e, "asked for 4000000 bytes", "of 1048576 bytes are free");
            assertEquals(0, backend.sumOfSquares(backend.allocate(arena, 10, 10)), "small ones are still to be had");
        }
    }

    @Test
    void withoutADeviceOneErrorSaysSo() {
        FakeCuda.setDevices(0);
        assertMessage(assertThrows(DeviceException.class, () -> Backends.open(BackendName.CUDA)),
                "no GPU that CUDA can use", "NO_DEVICE");
    }

    /** Otherwise the driver would say that the PTX is invalid. */
    @Test
    void aGpuThatIsTooOldForTheKernelsIsNamedAsThat() {
        for (int[] capability : new int[][] {{7, 4}, {7, 0}, {6, 9}}) {
            FakeCuda.setCapability(capability[0], capability[1]);
            assertMessage(assertThrows(DeviceException.class, () -> Backends.open(BackendName.CUDA)),
                    "compute capability %d.%d".formatted(capability[0], capability[1]), "7.5 or later");
        }
        for (int[] capability : new int[][] {{7, 5}, {8, 0}, {12, 1}}) {
            FakeCuda.setCapability(capability[0], capability[1]);
            try (Backend backend = Backends.open(BackendName.CUDA)) {
                String text = backend.describe();
                assertTrue(text.contains("compute capability %d.%d".formatted(capability[0], capability[1])), text);
            }
        }
    }

    /** As a virtual thread finds it that moved to another thread of the system, or that other code left. */
    @Test
    void anotherGpuThatTheThreadHasSelectedIsLeftAlone() {
        FakeCuda.setDevices(2);
        try (Backend backend = Backends.open(BackendName.CUDA); Arena arena = Arena.ofConfined()) {
            Matrix m = backend.allocate(arena, 4, 4);
            assertEquals(0, Cuda.cudaSetDevice(1));
            backend.fill(2, m);
            assertEquals(0, Cuda.cudaSetDevice(1));
            assertEquals(64, backend.sumOfSquares(m));
            assertEquals(0, Cuda.cudaSetDevice(1));
            assertEquals(0, backend.sumOfSquares(backend.allocate(arena, 3, 3)));
            assertEquals(0, Cuda.cudaSetDevice(1));
        }
    }

    /** Both orders are queued before either is read. */
    @Test
    void gathersThatFollowEachOtherHaveEachItsOwnOrder() {
        try (Backend backend = Backends.open(BackendName.CUDA); Arena arena = Arena.ofConfined()) {
            Matrix x = backend.allocate(arena, 2, 2);
            backend.copy(Matrices.of(arena, ElementType.FLOAT32, new double[][] {{1, 2}, {3, 4}}), x);
            Matrix turned = backend.allocate(arena, 2, 2);
            Matrix same = backend.allocate(arena, 2, 2);
            backend.gather(new int[] {1, 0}, new int[] {1, 0}, x, turned);
            backend.gather(new int[] {0, 1}, new int[] {0, 1}, x, same);
            Matrix read = backend.allocateHost(arena, 2, 2);
            backend.copy(turned, read);
            assertEquals(4, read.get(0, 0));
            backend.copy(same, read);
            assertEquals(1, read.get(0, 0));
        }
    }

    @Test
    void anOrderThatFindsNoPageLockedMemoryIsNotTheEndOfShorterOnes() {
        try (Backend backend = Backends.open(BackendName.CUDA); Arena arena = Arena.ofConfined()) {
            Matrix x = backend.allocate(arena, 3, 3);
            Matrix y = backend.allocate(arena, 3, 3);
            int[] one = {0};
            int[] three = {2, 1, 0};
            backend.gather(one, one, x.rowBlock(0, 1).colBlock(0, 1), y.rowBlock(0, 1).colBlock(0, 1));
            FakeCuda.fail("cudaMallocHost", 0, Cuda.cudaErrorMemoryAllocation());
            assertMessage(assertThrows(OutOfMemoryError.class, () -> backend.gather(three, three, x, y)),
                    "page-locked memory: asked for 24 bytes");
            backend.gather(one, one, x.rowBlock(0, 1).colBlock(0, 1), y.rowBlock(0, 1).colBlock(0, 1));
            backend.gather(three, three, x, y);
            backend.synchronize();
        }
    }

    @Test
    void aQueuedFailureShowsAtTheNextSynchronizationWithWhatWasQueued() {
        try (Backend backend = Backends.open(BackendName.CUDA); Arena arena = Arena.ofConfined()) {
            Matrix a = backend.allocate(arena, 4, 4);
            Matrix b = backend.allocate(arena, 4, 4);
            FakeCuda.failLater(ILLEGAL_ADDRESS);
            backend.syrk(Transpose.NONE, 1, a, 0, b);
            backend.axpby(1, b, 1, a);
            assertMessage(assertThrows(DeviceException.class, backend::synchronize),
                    "cudaErrorIllegalAddress", "an illegal memory access", "from the first syrk to the last axpby");
        }
    }

    /** Each function fails once, at its first call, in the middle of whatever calls it. */
    @Test
    void whateverFailsIsNamedAndEverythingIsFreed() {
        var silent = List.of("cudaFree", "cudaFreeHost", "cudaHostUnregister", "cudaStreamDestroy",
                "cudaEventDestroy",
                "cublasDestroy_v2", "cusolverDnDestroy", "cusolverDnDestroyParams", "cuModuleUnload");
        var texts = List.of("cudaGetErrorName", "cudaGetErrorString", "cudaGetLastError", "cuGetErrorName",
                "cuGetErrorString", "cublasGetStatusName", "cublasGetStatusString");
        for (String function : CudaSymbols.all()) {
            if (texts.contains(function)) continue;
            FakeCuda.reset();
            FakeCuda.fail(function, 0, FAILURE);
            if (silent.contains(function)) {
                useEverything();
                continue;
            }
            RuntimeException e = assertThrows(RuntimeException.class, CudaBackendTest::useEverything, function);
            String name = function.replace("_v2", "").replace("cusolverDnD", "").replace("cusolverDnS", "");
            boolean attribute = function.equals("cuPointerGetAttribute"); // says that the address is not the GPU's
            assertTrue(attribute || e.getMessage().contains(name), function + ": " + e.getMessage());
            assertEquals(0, FakeCuda.liveBytes(), function);
            assertEquals(0, FakeCuda.liveObjects(), function);
        }
        FakeCuda.reset();
    }

    private static void useEverything() {
        try (Backend backend = Backends.open(BackendName.CUDA); Arena arena = Arena.ofConfined()) {
            backend.describe();
            for (ElementType type : ElementType.values()) {
                for (Operation operation : Operation.all(5, 7, 6)) {
                    if (!operation.types().contains(type)) continue;
                    Matrix[] matrices = operation.matrices(arena, type);
                    for (Matrix m : matrices) Matrices.fill(m, Matrices.randomArray(m.rows(), m.cols(), 1));
                    operation.run(backend, matrices);
                }
            }
            Matrix onDevice = backend.allocate(arena, 3, 4);
            Matrix pinned = Matrices.zeros(arena, ElementType.FLOAT32, 3, 4);
            try (Arena pin = Arena.ofConfined()) {
                backend.pin(pin, pinned);
                backend.copy(pinned.colBlock(0, 2), onDevice.colBlock(0, 2));
            }
            backend.deviceMatrix(arena, onDevice.segment().address(), ElementType.FLOAT32, 3, 4, 4);
            backend.upload(pinned, onDevice);
            backend.awaitUploads();
            backend.download(onDevice, pinned);
            backend.synchronize();
        }
    }

    @Test
    void threadsThatEndedLeaveNothingBehind() throws InterruptedException {
        try (Backend backend = Backends.open(BackendName.CUDA); Arena arena = Arena.ofShared()) {
            Matrix m = backend.allocate(arena, 4, 4);
            long afterTwo = 0;
            for (int i = 0; i < 20; i++) {
                Thread thread = Thread.ofPlatform().start(() -> {
                    backend.symmetrize(m);
                    backend.synchronize();
                });
                thread.join();
                if (i == 1) afterTwo = FakeCuda.liveObjects();
            }
            assertEquals(afterTwo, FakeCuda.liveObjects());
        }
    }

    @Test
    void aThousandRoundsTakeNoMoreMemoryThanTen() {
        try (Backend backend = Backends.open(BackendName.CUDA); Arena arena = Arena.ofConfined()) {
            Matrix host = Matrices.random(arena, 12, 8, Seeds.next());
            Matrix a = backend.allocate(arena, 12, 8);
            Matrix gram = backend.allocate(arena, 8, 8);
            long afterTen = 0;
            for (int i = 0; i < 1000; i++) {
                try (Arena round = Arena.ofConfined()) {
                    Matrix b = backend.allocate(round, 12, 8);
                    backend.copy(host, b);
                    backend.axpby(0.5f, b, 0.5f, a);
                    backend.syrk(Transpose.TRANSPOSED, 1, a, 0.5, gram);
                    backend.sumOfSquares(host);
                }
                if (i == 9) afterTen = FakeCuda.liveBytes();
            }
            assertEquals(afterTen, FakeCuda.liveBytes());
        }
    }

    private static void assertMessage(Throwable e, String... parts) {
        for (String part : parts) assertTrue(e.getMessage().contains(part), () -> e.getMessage() + " lacks " + part);
    }
}
