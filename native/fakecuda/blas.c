// SPDX-License-Identifier: Apache-2.0
/*
 * cuBLAS: arguments are checked as the real one does, and the memory that a call may touch besides. Sums are
 * accumulated in float64 and rounded once.
 */
#include "fake.h"

struct blas {
    const void *stream_handle;
};

/* The elements from the first to the last of a column-major matrix. */
static size_t extent(int rows, int cols, int ld) {
    return rows > 0 && cols > 0 ? (size_t) (cols - 1) * ld + rows : 0;
}

static int at_least_1(int n) {
    return n > 1 ? n : 1;
}

static bool is_operation(int trans) {
    return trans >= 0 && trans <= 2; /* N, T and C, which is T for real numbers */
}

static bool is_flag(int value) {
    return value == 0 || value == 1;
}

/* The handle's stream, if both are still there. */
static int stream_to_use(cublasHandle_t handle, struct stream **stream) {
    struct blas *blas = object_of(handle, BLAS_HANDLE);
    if (!blas) return BLAS_NOT_INITIALIZED;
    return stream_of(blas->stream_handle, stream) ? OK : BLAS_EXECUTION_FAILED;
}

cublasStatus_t cublasCreate_v2(cublasHandle_t *handle) {
    ENTER(BLAS);
    if (!handle) return BLAS_INVALID_VALUE;
    *handle = object_new(BLAS_HANDLE, sizeof(struct blas));
    return OK;
}

/* Given back even if the device is lost. */
cublasStatus_t cublasDestroy_v2(cublasHandle_t handle) {
    __attribute__((cleanup(leave))) struct entry entry = enter(__func__, BLAS);
    drain_all();
    if (!object_of(handle, BLAS_HANDLE)) return entry.status ? entry.status : BLAS_NOT_INITIALIZED;
    object_end(handle);
    return entry.status;
}

cublasStatus_t cublasSetStream_v2(cublasHandle_t handle, cudaStream_t stream) {
    ENTER(BLAS);
    struct blas *blas = object_of(handle, BLAS_HANDLE);
    struct stream *found;
    if (!blas) return BLAS_NOT_INITIALIZED;
    if (!stream_of(stream, &found)) return BLAS_INVALID_VALUE;
    blas->stream_handle = stream;
    set_computing(found);
    return OK;
}

cublasStatus_t cublasSetPointerMode_v2(cublasHandle_t handle, int mode) {
    ENTER(BLAS);
    if (!object_of(handle, BLAS_HANDLE)) return BLAS_NOT_INITIALIZED;
    return mode == CUBLAS_POINTER_MODE_HOST ? OK : BLAS_NOT_SUPPORTED;
}

/* Only the default mode is there: float32 is float32. */
cublasStatus_t cublasSetMathMode(cublasHandle_t handle, int mode) {
    ENTER(BLAS);
    if (!object_of(handle, BLAS_HANDLE)) return BLAS_NOT_INITIALIZED;
    return mode == CUBLAS_DEFAULT_MATH ? OK : BLAS_NOT_SUPPORTED;
}

#define REAL float
#define NAMED(name) s##name
#define CUBLAS(name) cublasS##name##_v2
#define CUBLAS_BATCHED cublasSgemmStridedBatched
#include "blas_typed.h"

#undef REAL
#undef NAMED
#undef CUBLAS
#undef CUBLAS_BATCHED
#define REAL double
#define NAMED(name) d##name
#define CUBLAS(name) cublasD##name##_v2
#define CUBLAS_BATCHED cublasDgemmStridedBatched
#include "blas_typed.h"
