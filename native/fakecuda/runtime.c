// SPDX-License-Identifier: Apache-2.0
/* What the fake says of itself: devices, versions, names of errors. */
#include <stdio.h>
#include <stdlib.h>

#include "fake.h"

enum { VERSION = 13000, BLAS_VERSION = 130000, SOLVER_VERSION = 12000 };

struct status_name {
    int status;
    const char *name, *text;
};

static const struct status_name CUDA_NAMES[] = {
    {0, "cudaSuccess", "no error"},
    {INVALID_VALUE, "cudaErrorInvalidValue", "invalid argument"},
    {MEMORY_ALLOCATION, "cudaErrorMemoryAllocation", "out of memory"},
    {INVALID_PITCH_VALUE, "cudaErrorInvalidPitchValue", "invalid pitch argument"},
    {INVALID_MEMCPY_DIRECTION, "cudaErrorInvalidMemcpyDirection", "invalid copy direction for memcpy"},
    {35, "cudaErrorInsufficientDriver", "CUDA driver version is insufficient for CUDA runtime version"},
    {NO_DEVICE, "cudaErrorNoDevice", "no CUDA-capable device is detected"},
    {INVALID_DEVICE, "cudaErrorInvalidDevice", "invalid device ordinal"},
    {INVALID_IMAGE, "cudaErrorInvalidKernelImage", "device kernel image is invalid"},
    {INVALID_CONTEXT, "cudaErrorDeviceUninitialized", "invalid device context"},
    {INVALID_PTX, "cudaErrorInvalidPtx", "a PTX JIT compilation failed"},
    {INVALID_HANDLE, "cudaErrorInvalidResourceHandle", "invalid resource handle"},
    {NOT_FOUND, "cudaErrorSymbolNotFound", "named symbol not found"},
    {ILLEGAL_ADDRESS, "cudaErrorIllegalAddress", "an illegal memory access was encountered"},
    {ALREADY_REGISTERED, "cudaErrorHostMemoryAlreadyRegistered",
     "part or all of the requested memory range is already mapped"},
    {NOT_REGISTERED, "cudaErrorHostMemoryNotRegistered", "pointer does not correspond to a registered memory region"},
    {LAUNCH_FAILED, "cudaErrorLaunchFailure", "unspecified launch failure"},
    {-1, "cudaErrorUnknown", "unrecognized error code"},
};

static const struct status_name DRIVER_NAMES[] = {
    {0, "CUDA_SUCCESS", "no error"},
    {INVALID_VALUE, "CUDA_ERROR_INVALID_VALUE", "invalid argument"},
    {MEMORY_ALLOCATION, "CUDA_ERROR_OUT_OF_MEMORY", "out of memory"},
    {NO_DEVICE, "CUDA_ERROR_NO_DEVICE", "no CUDA-capable device is detected"},
    {INVALID_DEVICE, "CUDA_ERROR_INVALID_DEVICE", "invalid device ordinal"},
    {INVALID_IMAGE, "CUDA_ERROR_INVALID_IMAGE", "device kernel image is invalid"},
    {INVALID_CONTEXT, "CUDA_ERROR_INVALID_CONTEXT", "invalid device context"},
    {INVALID_PTX, "CUDA_ERROR_INVALID_PTX", "a PTX JIT compilation failed"},
    {INVALID_HANDLE, "CUDA_ERROR_INVALID_HANDLE", "invalid resource handle"},
    {NOT_FOUND, "CUDA_ERROR_NOT_FOUND", "named symbol not found"},
    {ILLEGAL_ADDRESS, "CUDA_ERROR_ILLEGAL_ADDRESS", "an illegal memory access was encountered"},
    {LAUNCH_FAILED, "CUDA_ERROR_LAUNCH_FAILED", "unspecified launch failure"},
    {-1, NULL, NULL},
};

static const struct status_name BLAS_NAMES[] = {
    {0, "CUBLAS_STATUS_SUCCESS", "the operation completed successfully"},
    {BLAS_NOT_INITIALIZED, "CUBLAS_STATUS_NOT_INITIALIZED", "the library was not initialized"},
    {3, "CUBLAS_STATUS_ALLOC_FAILED", "the resource allocation failed"},
    {BLAS_INVALID_VALUE, "CUBLAS_STATUS_INVALID_VALUE", "an unsupported value or parameter was passed to the function"},
    {8, "CUBLAS_STATUS_ARCH_MISMATCH", "the function requires a feature absent from the device architecture"},
    {11, "CUBLAS_STATUS_MAPPING_ERROR", "an access to GPU memory space failed"},
    {BLAS_EXECUTION_FAILED, "CUBLAS_STATUS_EXECUTION_FAILED", "the GPU program failed to execute"},
    {14, "CUBLAS_STATUS_INTERNAL_ERROR", "an internal cuBLAS operation failed"},
    {BLAS_NOT_SUPPORTED, "CUBLAS_STATUS_NOT_SUPPORTED", "the functionality requested is not supported"},
    {-1, "CUBLAS_STATUS_UNKNOWN", "unknown cuBLAS status"},
};

static const struct status_name *name_of(const struct status_name *names, int status) {
    while (names->status != status && names->status != -1) names++;
    return names;
}

const char *cudaGetErrorName(cudaError_t error) {
    return name_of(CUDA_NAMES, error)->name;
}

const char *cudaGetErrorString(cudaError_t error) {
    return name_of(CUDA_NAMES, error)->text;
}

const char *cublasGetStatusName(cublasStatus_t status) {
    return name_of(BLAS_NAMES, status)->name;
}

const char *cublasGetStatusString(cublasStatus_t status) {
    return name_of(BLAS_NAMES, status)->text;
}

CUresult cuGetErrorName(CUresult error, const char **name) {
    *name = name_of(DRIVER_NAMES, error)->name;
    return *name ? OK : INVALID_VALUE;
}

CUresult cuGetErrorString(CUresult error, const char **text) {
    *text = name_of(DRIVER_NAMES, error)->text;
    return *text ? OK : INVALID_VALUE;
}

cudaError_t cudaRuntimeGetVersion(int *version) {
    ENTER(DRIVER_WITHOUT_CONTEXT);
    *version = VERSION;
    return OK;
}

cudaError_t cudaGetDeviceCount(int *count) {
    ENTER(DRIVER_WITHOUT_CONTEXT);
    *count = devices_present();
    return *count ? OK : failed(NO_DEVICE);
}

cudaError_t cudaSetDevice(int device) {
    ENTER(RUNTIME);
    if (device < 0 || device >= devices_present()) return failed(INVALID_DEVICE);
    set_current_device(device);
    return OK;
}

cudaError_t cudaDeviceGetAttribute(int *value, int attribute, int device) {
    ENTER(RUNTIME);
    if (device < 0 || device >= devices_present()) return failed(INVALID_DEVICE);
    switch (attribute) {
    case cudaDevAttrMultiProcessorCount:
        *value = 4;
        return OK;
    case cudaDevAttrComputeCapabilityMajor:
        *value = device_capability() / 10;
        return OK;
    case cudaDevAttrComputeCapabilityMinor:
        *value = device_capability() % 10;
        return OK;
    default:
        return failed(INVALID_VALUE);
    }
}

CUresult cuInit(unsigned int flags) {
    ENTER(DRIVER_WITHOUT_CONTEXT);
    return flags ? INVALID_VALUE : devices_present() ? OK : NO_DEVICE;
}

/* FAKECUDA_DRIVER in the environment, or that of the runtime. */
CUresult cuDriverGetVersion(int *version) {
    ENTER(DRIVER_WITHOUT_CONTEXT);
    const char *wanted = getenv("FAKECUDA_DRIVER");
    *version = wanted ? atoi(wanted) : VERSION;
    return OK;
}

CUresult cuDeviceGet(CUdevice *device, int ordinal) {
    ENTER(DRIVER_WITHOUT_CONTEXT);
    *device = ordinal;
    return ordinal >= 0 && ordinal < devices_present() ? OK : INVALID_DEVICE;
}

CUresult cuDeviceGetName(char *name, int length, CUdevice device) {
    ENTER(DRIVER_WITHOUT_CONTEXT);
    if (device < 0 || device >= devices_present() || length < 1) return INVALID_VALUE;
    snprintf(name, length, "%s", "asgo4j fake GPU");
    return OK;
}

cublasStatus_t cublasGetVersion_v2(cublasHandle_t handle, int *version) {
    ENTER(BLAS);
    (void) handle; /* the real one takes NULL too */
    *version = BLAS_VERSION;
    return OK;
}

cusolverStatus_t cusolverGetVersion(int *version) {
    ENTER(DRIVER_WITHOUT_CONTEXT);
    *version = SOLVER_VERSION;
    return OK;
}
