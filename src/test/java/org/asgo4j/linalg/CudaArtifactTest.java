// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.linalg;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.asgo4j.bindings.cuda.Cuda;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * NVIDIA's own libraries, where the profile cuda has unpacked them: what of them can be asked without a GPU. They are
 * opened beside the fake ones and never loaded.
 */
class CudaArtifactTest {
    private static final Path FOLDER = Path.of("target", "cuda", "org", "bytedeco", "cuda",
            Platform.current().classifier()).toAbsolutePath();

    private static final String RUNTIME = "libcudart.so.12";
    private static final String CUBLAS = "libcublas.so.12";
    private static final String CUSOLVER = "libcusolver.so.11";

    /** What the profile's version of CUDA calls itself. */
    private static final int VERSION = 12_000;

    @BeforeEach
    void unpacked() {
        assumeTrue(Files.isDirectory(FOLDER), "needs -Pcuda");
    }

    @Test
    void everyFunctionThatIsBoundIsThere() {
        try (Arena arena = Arena.ofConfined()) {
            for (String library : List.of(RUNTIME, CUBLAS, CUSOLVER)) {
                assertEquals(List.of(), BlasSymbols.missing(CudaSymbols.of(library), open(library, arena)), library);
            }
        }
    }

    /** They came with CUDA 12.6: that a library without them is taken is what the profile's shows. */
    @Test
    void theBatchedEigendecompositionIsLeftOut() {
        try (Arena arena = Arena.ofConfined()) {
            assertEquals(CudaSymbols.EIGEN_BATCH,
                    BlasSymbols.missing(CudaSymbols.EIGEN_BATCH, open(CUSOLVER, arena)));
        }
    }

    @Test
    void valuesOfTheBindingsHaveTheNamesThatTheLibrariesGiveThem() {
        try (Arena arena = Arena.ofConfined()) {
            SymbolLookup runtime = open(RUNTIME, arena);
            assertEquals("cudaErrorMemoryAllocation",
                    text(runtime, "cudaGetErrorName", Cuda.cudaErrorMemoryAllocation()));
            assertEquals("cudaSuccess", text(runtime, "cudaGetErrorName", Cuda.cudaSuccess()));
            assertEquals("CUBLAS_STATUS_SUCCESS",
                    text(open(CUBLAS, arena), "cublasGetStatusName", Cuda.CUBLAS_STATUS_SUCCESS()));
        }
    }

    @Test
    void versionsAreThoseOfOneToolkit() {
        try (Arena arena = Arena.ofConfined()) {
            assertTrue(number(open(RUNTIME, arena), "cudaRuntimeGetVersion", arena) >= VERSION);
            assertTrue(number(open(CUSOLVER, arena), "cusolverGetVersion", arena) > 0);
        }
    }

    /** Dependencies first, as the backend does. */
    private static SymbolLookup open(String library, Arena arena) {
        List<String> dependencies = CudaLibraries.VERSIONS.stream()
                .flatMap(version -> version.dependencies().stream()).distinct().toList();
        for (String name : dependencies) {
            if (Files.exists(FOLDER.resolve(name))) DynamicLoader.open(FOLDER.resolve(name).toString(), arena);
        }
        return DynamicLoader.open(FOLDER.resolve(library).toString(), arena);
    }

    private static String text(SymbolLookup library, String function, int status) {
        var type = ValueLayout.ADDRESS.withTargetLayout(
                MemoryLayout.sequenceLayout(Long.MAX_VALUE, ValueLayout.JAVA_BYTE));
        return ((MemorySegment) call(library, function, FunctionDescriptor.of(type, ValueLayout.JAVA_INT), status))
                .getString(0);
    }

    private static int number(SymbolLookup library, String function, Arena arena) {
        MemorySegment out = arena.allocate(ValueLayout.JAVA_INT);
        assertEquals(0, call(library, function,
                FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.ADDRESS), out), function);
        return out.get(ValueLayout.JAVA_INT, 0);
    }

    private static Object call(SymbolLookup library, String function, FunctionDescriptor type, Object... arguments) {
        try {
            return Linker.nativeLinker().downcallHandle(library.findOrThrow(function), type)
                    .invokeWithArguments(arguments);
        } catch (Throwable e) {
            throw new IllegalStateException(function + " could not be called", e);
        }
    }
}
