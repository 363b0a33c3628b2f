// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.linalg;

import java.util.List;

/** The functions that the CUDA backend needs of each library, by the beginning of the library's file name. */
final class CudaSymbols {
    private static final List<String> RUNTIME = List.of("cudaRuntimeGetVersion", "cudaGetDeviceCount",
            "cudaSetDevice", "cudaDeviceGetAttribute", "cudaMemGetInfo", "cudaGetLastError", "cudaGetErrorName",
            "cudaGetErrorString", "cudaStreamCreateWithFlags", "cudaStreamSynchronize", "cudaStreamDestroy",
            "cudaStreamWaitEvent", "cudaEventCreateWithFlags", "cudaEventRecord", "cudaEventDestroy",
            "cudaMalloc", "cudaFree", "cudaMallocHost", "cudaFreeHost", "cudaHostRegister", "cudaHostUnregister",
            "cudaMemsetAsync", "cudaMemcpyAsync", "cudaMemcpy2DAsync");

    private static final List<String> DRIVER = List.of("cuInit", "cuDriverGetVersion", "cuDeviceGet",
            "cuDeviceGetName", "cuGetErrorName", "cuGetErrorString", "cuModuleLoadData", "cuModuleUnload",
            "cuModuleGetFunction", "cuLaunchKernel", "cuPointerGetAttribute");

    private static final List<String> CUBLAS = List.of("cublasCreate_v2", "cublasDestroy_v2", "cublasGetVersion_v2",
            "cublasSetStream_v2", "cublasSetPointerMode_v2", "cublasSetMathMode", "cublasGetStatusName",
            "cublasGetStatusString", "cublasSgemm_v2", "cublasDgemm_v2", "cublasSsyrk_v2", "cublasDsyrk_v2",
            "cublasSsymm_v2", "cublasDsymm_v2", "cublasSgemmStridedBatched",
            "cublasDgemmStridedBatched");

    private static final List<String> CUSOLVER = List.of("cusolverGetVersion", "cusolverDnCreate",
            "cusolverDnDestroy", "cusolverDnSetStream", "cusolverDnSsyevd_bufferSize", "cusolverDnSsyevd",
            "cusolverDnDsyevd_bufferSize", "cusolverDnDsyevd", "cusolverDnSgeqrf_bufferSize", "cusolverDnSgeqrf",
            "cusolverDnDgeqrf_bufferSize", "cusolverDnDgeqrf", "cusolverDnSorgqr_bufferSize", "cusolverDnSorgqr",
            "cusolverDnDorgqr_bufferSize", "cusolverDnDorgqr", "cusolverDnSpotrf_bufferSize", "cusolverDnSpotrf",
            "cusolverDnSpotri_bufferSize", "cusolverDnSpotri", "cusolverDnDpotrf_bufferSize", "cusolverDnDpotrf",
            "cusolverDnDpotri_bufferSize", "cusolverDnDpotri", "cusolverDnSsytrd_bufferSize", "cusolverDnSsytrd",
            "cusolverDnSorgtr_bufferSize", "cusolverDnSorgtr", "cusolverDnCreateParams", "cusolverDnDestroyParams");

    /** What cuSOLVER has from 11.7.1 on, and the backend does without where it is missing. */
    static final List<String> EIGEN_BATCH = List.of("cusolverDnXsyevBatched_bufferSize", "cusolverDnXsyevBatched");

    private CudaSymbols() {}

    /** What the library of this file name must have. */
    static List<String> of(String file) {
        if (file.startsWith("libcudart")) return RUNTIME;
        if (file.startsWith("libcublas")) return CUBLAS;
        return file.startsWith("libcusolver") ? CUSOLVER : DRIVER;
    }

    /** All of them, those too that may be missing. */
    static List<String> all() {
        return List.of(RUNTIME, DRIVER, CUBLAS, CUSOLVER, EIGEN_BATCH).stream().flatMap(List::stream).toList();
    }
}
