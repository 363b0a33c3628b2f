// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.linalg;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.asgo4j.bindings.cuda.Cuda;

/** The GPU that is used, and what it and its libraries say of themselves. */
final class CudaDevice {
    /** The first one; CUDA_VISIBLE_DEVICES says which that is. */
    static final int ORDINAL = 0;

    /** What the PTX is compiled for: ten times the major version and the minor one. */
    private static final int LEAST_CAPABILITY = 75;

    private static final int NAME_CAPACITY = 256;
    private static final double BYTES_OF_GIB = 1L << 30;

    private CudaDevice() {}

    /**
     * Checks that there is a GPU, and that it can run the kernels.
     *
     * @throws DeviceException if there is none, it is too old for the kernels, or the driver for the libraries; the
     *     message says which
     */
    static void require() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment count = arena.allocate(ValueLayout.JAVA_INT);
            CudaErrors.driver("no GPU that CUDA can use: cuInit", Cuda.cuInit(0));
            CudaErrors.runtime("no GPU that CUDA can use: cudaGetDeviceCount", Cuda.cudaGetDeviceCount(count));
            if (count.get(ValueLayout.JAVA_INT, 0) <= ORDINAL) {
                throw new DeviceException("no GPU that CUDA can use: cudaGetDeviceCount says %d"
                        .formatted(count.get(ValueLayout.JAVA_INT, 0)));
            }
            requireCapability(count);
        }
    }

    /** Of a GPU that is too old the driver would only say that the PTX is invalid. */
    private static void requireCapability(MemorySegment value) {
        int major = attribute(Cuda.cudaDevAttrComputeCapabilityMajor(), value);
        int minor = attribute(Cuda.cudaDevAttrComputeCapabilityMinor(), value);
        if (10 * major + minor >= LEAST_CAPABILITY) return;
        throw new DeviceException("GPU %d has compute capability %d.%d, must be %d.%d or later".formatted(
                ORDINAL, major, minor, LEAST_CAPABILITY / 10, LEAST_CAPABILITY % 10));
    }

    /** Makes the calling thread's calls go to the GPU. */
    static void select() {
        CudaErrors.runtime("cudaSetDevice", Cuda.cudaSetDevice(ORDINAL));
    }

    /** Name, driver and memory of the GPU; versions of the libraries. For a thread that has selected the device. */
    static String describe(CudaLane lane, CudaLibraries libraries) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment value = arena.allocate(ValueLayout.JAVA_LONG);
            return "CUDA (%s); %s; driver for CUDA %s; libraries: runtime %s, cuBLAS %s, cuSOLVER %s (%s); from %s"
                    .formatted(hardware(arena, value), memory(arena),
                            version(driverVersion(value)),
                            version(ask("cudaRuntimeGetVersion", Cuda.cudaRuntimeGetVersion(value), value)),
                            libraryVersion(lane, value), solverVersion(value),
                            (libraries.hasEigenBatch() ? "with" : "without") + " batched eigendecomposition",
                            libraries);
        }
    }

    private static int driverVersion(MemorySegment value) {
        CudaErrors.driver("cuDriverGetVersion", Cuda.cuDriverGetVersion(value));
        return value.get(ValueLayout.JAVA_INT, 0);
    }

    private static String hardware(Arena arena, MemorySegment value) {
        MemorySegment name = arena.allocate(NAME_CAPACITY);
        CudaErrors.driver("cuDeviceGet", Cuda.cuDeviceGet(value, ORDINAL));
        int device = value.get(ValueLayout.JAVA_INT, 0);
        CudaErrors.driver("cuDeviceGetName", Cuda.cuDeviceGetName(name, NAME_CAPACITY, device));
        return "%s, compute capability %d.%d, %d multiprocessors".formatted(
                name.getString(0),
                attribute(Cuda.cudaDevAttrComputeCapabilityMajor(), value),
                attribute(Cuda.cudaDevAttrComputeCapabilityMinor(), value),
                attribute(Cuda.cudaDevAttrMultiProcessorCount(), value));
    }

    private static int attribute(int attribute, MemorySegment value) {
        return ask("cudaDeviceGetAttribute", Cuda.cudaDeviceGetAttribute(value, attribute, ORDINAL), value);
    }

    private static int ask(String call, int status, MemorySegment value) {
        CudaErrors.runtime(call, status);
        return value.get(ValueLayout.JAVA_INT, 0);
    }

    private static String memory(Arena arena) {
        MemorySegment free = arena.allocate(ValueLayout.JAVA_LONG);
        MemorySegment total = arena.allocate(ValueLayout.JAVA_LONG);
        CudaErrors.runtime("cudaMemGetInfo", Cuda.cudaMemGetInfo(free, total));
        return "%.1f of %.1f GiB of its memory are free".formatted(
                free.get(ValueLayout.JAVA_LONG, 0) / BYTES_OF_GIB, total.get(ValueLayout.JAVA_LONG, 0) / BYTES_OF_GIB);
    }

    /** CUDA writes 13.0 as 13000: 1000 times the major and 10 times the minor version. */
    static String version(int number) {
        return number / 1000 + "." + number % 1000 / 10;
    }

    private static String libraryVersion(CudaLane lane, MemorySegment value) {
        CudaErrors.blas("cublasGetVersion", Cuda.cublasGetVersion_v2(lane.blas, value));
        return threePart(value.get(ValueLayout.JAVA_INT, 0));
    }

    private static String solverVersion(MemorySegment value) {
        CudaErrors.solver("cusolverGetVersion", Cuda.cusolverGetVersion(value));
        return threePart(value.get(ValueLayout.JAVA_INT, 0));
    }

    /** cuBLAS and cuSOLVER write 12.6.4 as 120604, or as 12604 of 1000 times the major version. */
    private static String threePart(int number) {
        int major = number >= 100_000 ? 10_000 : 1000;
        return "%d.%d.%d".formatted(number / major, number % major / 100, number % 100);
    }
}
