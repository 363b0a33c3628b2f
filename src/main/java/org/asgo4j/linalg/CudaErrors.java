// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.linalg;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.asgo4j.bindings.cuda.Cuda;

/** Turns the status of each of CUDA's four libraries into an exception that names it and the call. */
final class CudaErrors {
    private static final int SUCCESS = Cuda.cudaSuccess(); // 0 in all four

    private CudaErrors() {}

    /** Checks a call of the runtime. */
    static void runtime(String call, int status) {
        if (status != SUCCESS) throw new DeviceException(call + ": " + runtimeText(status));
    }

    /** Checks a call of the driver. */
    static void driver(String call, int status) {
        if (status != SUCCESS) throw new DeviceException(call + ": " + driverText(status));
    }

    /** Checks a call of cuBLAS. */
    static void blas(String call, int status) {
        if (status == SUCCESS) return;
        throw new DeviceException("%s: %s (%s)".formatted(
                call, Cuda.cublasGetStatusName(status).getString(0), Cuda.cublasGetStatusString(status).getString(0)));
    }

    /** Checks a call of cuSOLVER. */
    static void solver(String call, int status) {
        if (status != SUCCESS) throw new DeviceException(call + ": " + solverName(status));
    }

    /** Name and explanation of a status of the runtime, which then forgets it. */
    static String runtimeText(int status) {
        Cuda.cudaGetLastError();
        return "%s (%s)".formatted(
                Cuda.cudaGetErrorName(status).getString(0), Cuda.cudaGetErrorString(status).getString(0));
    }

    private static String driverText(int status) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment text = arena.allocate(ValueLayout.ADDRESS);
            boolean known = Cuda.cuGetErrorName(status, text) == SUCCESS;
            if (!known) return "CUresult " + status;
            String name = string(text);
            boolean explained = Cuda.cuGetErrorString(status, text) == SUCCESS;
            return explained ? "%s (%s)".formatted(name, string(text)) : name;
        }
    }

    private static String string(MemorySegment pointer) {
        return pointer.get(ValueLayout.ADDRESS, 0).reinterpret(Long.MAX_VALUE).getString(0);
    }

    /** cuSOLVER has no function that names its values. */
    private static String solverName(int status) {
        if (status == Cuda.CUSOLVER_STATUS_NOT_INITIALIZED()) return "CUSOLVER_STATUS_NOT_INITIALIZED";
        if (status == Cuda.CUSOLVER_STATUS_ALLOC_FAILED()) return "CUSOLVER_STATUS_ALLOC_FAILED";
        if (status == Cuda.CUSOLVER_STATUS_INVALID_VALUE()) return "CUSOLVER_STATUS_INVALID_VALUE";
        if (status == Cuda.CUSOLVER_STATUS_ARCH_MISMATCH()) return "CUSOLVER_STATUS_ARCH_MISMATCH";
        if (status == Cuda.CUSOLVER_STATUS_MAPPING_ERROR()) return "CUSOLVER_STATUS_MAPPING_ERROR";
        if (status == Cuda.CUSOLVER_STATUS_EXECUTION_FAILED()) return "CUSOLVER_STATUS_EXECUTION_FAILED";
        if (status == Cuda.CUSOLVER_STATUS_INTERNAL_ERROR()) return "CUSOLVER_STATUS_INTERNAL_ERROR";
        if (status == Cuda.CUSOLVER_STATUS_MATRIX_TYPE_NOT_SUPPORTED()) {
            return "CUSOLVER_STATUS_MATRIX_TYPE_NOT_SUPPORTED";
        }
        if (status == Cuda.CUSOLVER_STATUS_NOT_SUPPORTED()) return "CUSOLVER_STATUS_NOT_SUPPORTED";
        return "cusolverStatus_t " + status;
    }
}
