// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.linalg;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.asgo4j.bindings.cuda.Cuda;

/**
 * Memory of the GPU and page-locked memory of this computer. A device pointer is a segment without length: Java can't
 * touch what it points to, and its lifetime is an arena's.
 */
final class CudaMemory {

    private CudaMemory() {}

    /**
     * New device memory with undefined content.
     *
     * @param bytes at least 1
     * @throws OutOfMemoryError if the GPU has no such block, with what was asked for and what is free
     */
    static MemorySegment take(long bytes) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment pointer = arena.allocate(ValueLayout.ADDRESS);
            int status = Cuda.cudaMalloc(pointer, bytes);
            if (status == Cuda.cudaErrorMemoryAllocation()) {
                Cuda.cudaGetLastError(); // or the next check of another call would find it
                throw new OutOfMemoryError("device memory: asked for %d bytes, %s".formatted(bytes, free()));
            }
            CudaErrors.runtime("cudaMalloc of %d bytes".formatted(bytes), status);
            return pointer.get(ValueLayout.ADDRESS, 0);
        }
    }

    /** Gives device memory back; CUDA waits for the work that uses it. */
    static void give(MemorySegment memory) {
        CudaResources.release("cudaFree", memory, Cuda::cudaFree);
    }

    /** New device memory, freed when {@code arena} closes. */
    static MemorySegment allocate(Arena arena, long bytes) {
        return take(bytes).reinterpret(0, arena, CudaMemory::give);
    }

    /** New page-locked memory of this computer, filled with zeros, freed when {@code arena} closes. */
    static MemorySegment allocateHost(Arena arena, long bytes) {
        try (Arena scratch = Arena.ofConfined()) {
            MemorySegment pointer = scratch.allocate(ValueLayout.ADDRESS);
            int status = Cuda.cudaMallocHost(pointer, bytes);
            if (status == Cuda.cudaErrorMemoryAllocation()) {
                Cuda.cudaGetLastError();
                throw new OutOfMemoryError("page-locked memory: asked for %d bytes".formatted(bytes));
            }
            CudaErrors.runtime("cudaMallocHost of %d bytes".formatted(bytes), status);
            MemorySegment memory = pointer.get(ValueLayout.ADDRESS, 0).reinterpret(bytes, arena,
                    each -> CudaResources.release("cudaFreeHost", each, Cuda::cudaFreeHost));
            return memory.fill((byte) 0);
        }
    }

    /** Page-locks memory of this computer until {@code arena} closes. */
    static void register(Arena arena, MemorySegment memory, long bytes) {
        CudaErrors.runtime("cudaHostRegister of %d bytes at 0x%x".formatted(bytes, memory.address()),
                Cuda.cudaHostRegister(memory, bytes, Cuda.cudaHostRegisterPortable()));
        MemorySegment.ofAddress(memory.address()).reinterpret(arena,
                each -> CudaResources.release("cudaHostUnregister", each, Cuda::cudaHostUnregister));
    }

    /**
     * The bytes from an address of device 0 to the end of the memory that the driver knows there.
     *
     * @throws IllegalArgumentException if it is not memory of device 0
     */
    static long bytesFrom(long address) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment value = arena.allocate(ValueLayout.JAVA_LONG);
            boolean onDevice = attribute(value, Cuda.CU_POINTER_ATTRIBUTE_MEMORY_TYPE(), address)
                    && value.get(ValueLayout.JAVA_INT, 0) == Cuda.CU_MEMORYTYPE_DEVICE()
                    && attribute(value, Cuda.CU_POINTER_ATTRIBUTE_DEVICE_ORDINAL(), address)
                    && value.get(ValueLayout.JAVA_INT, 0) == CudaDevice.ORDINAL;
            if (!onDevice) {
                throw new IllegalArgumentException(
                        "deviceMatrix: 0x%x is no address in the memory of GPU %d"
                                .formatted(address, CudaDevice.ORDINAL));
            }
            CudaErrors.driver("cuPointerGetAttribute",
                    Cuda.cuPointerGetAttribute(value, Cuda.CU_POINTER_ATTRIBUTE_RANGE_START_ADDR(), address));
            long start = value.get(ValueLayout.JAVA_LONG, 0);
            CudaErrors.driver("cuPointerGetAttribute",
                    Cuda.cuPointerGetAttribute(value, Cuda.CU_POINTER_ATTRIBUTE_RANGE_SIZE(), address));
            return start + value.get(ValueLayout.JAVA_LONG, 0) - address;
        }
    }

    /** Whether the driver knows an address of this computer's memory, which is that it is page-locked. */
    static boolean isLocked(long address) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment value = arena.allocate(ValueLayout.JAVA_LONG);
            return attribute(value, Cuda.CU_POINTER_ATTRIBUTE_MEMORY_TYPE(), address)
                    && value.get(ValueLayout.JAVA_INT, 0) != Cuda.CU_MEMORYTYPE_DEVICE();
        }
    }

    /** Asks the driver about an address; false if it doesn't know it. */
    private static boolean attribute(MemorySegment value, int attribute, long address) {
        value.fill((byte) 0);
        return Cuda.cuPointerGetAttribute(value, attribute, address) == Cuda.CUDA_SUCCESS();
    }

    /** What is free, for messages: {@code 12 of 34 bytes are free}. */
    static String free() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment free = arena.allocate(ValueLayout.JAVA_LONG);
            MemorySegment total = arena.allocate(ValueLayout.JAVA_LONG);
            int status = Cuda.cudaMemGetInfo(free, total);
            if (status != Cuda.cudaSuccess()) return "free memory unknown: " + CudaErrors.runtimeText(status);
            return "%d of %d bytes are free".formatted(
                    free.get(ValueLayout.JAVA_LONG, 0), total.get(ValueLayout.JAVA_LONG, 0));
        }
    }
}
