// SPDX-License-Identifier: Apache-2.0
/* cuSOLVER's 64-bit eigendecomposition of many matrices, of which each is what syevd makes of it. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "fake.h"

/* What the documentation allows of n lda batch_size. */
static const long long MOST_ELEMENTS = 2147483647;

/* Of the batch, then of each matrix. */
enum { DEVICE_BYTES = 520, HOST_BYTES = 72, HOST_BYTES_EACH = 24 };

struct batch {
    bool upper, wide;
    int n, count, failing, info_of_failing;
    long long lda;
    void *a, *w, *device, *host;
    size_t device_bytes, host_bytes;
    int *info;
};

static int failing = -1; /* matrix of the next batch, or below 0 */
static int info_of_failing;

void fakecuda_fail_matrix(int index, int info) {
    failing = index;
    info_of_failing = info;
}

void batched_forget(void) {
    failing = -1;
}

cusolverStatus_t cusolverDnCreateParams(cusolverDnParams_t *params) {
    ENTER(SOLVER);
    if (!params) return SOLVER_INVALID_VALUE;
    *params = object_new(SOLVER_PARAMS, 1);
    return OK;
}

/* Given back even if the device is lost. */
cusolverStatus_t cusolverDnDestroyParams(cusolverDnParams_t params) {
    __attribute__((cleanup(leave))) struct entry entry = enter(__func__, SOLVER);
    if (!object_of(params, SOLVER_PARAMS)) return entry.status ? entry.status : SOLVER_INVALID_VALUE;
    object_end(params);
    return entry.status;
}

static size_t bytes_on_device(long long n, size_t size, long long count) {
    return DEVICE_BYTES + (size_t) (2 * n * n + 3 * n) * size * count;
}

static size_t bytes_on_host(long long count) {
    return HOST_BYTES + HOST_BYTES_EACH * (size_t) count;
}

/* Both element types and the type of computing agree: mixtures are another function's. */
static bool is_supported(int jobz, int uplo, int a, int w, int compute) {
    return jobz == CUSOLVER_EIG_MODE_VECTOR && (uplo == CUBLAS_FILL_MODE_LOWER || uplo == CUBLAS_FILL_MODE_UPPER)
           && (a == CUDA_R_32F || a == CUDA_R_64F) && w == a && compute == a;
}

static bool dimensions_are_bad(long long n, long long lda, long long count) {
    return n < 0 || count < 1 || lda < (n > 1 ? n : 1) || (n && lda > MOST_ELEMENTS / n / count);
}

cusolverStatus_t cusolverDnXsyevBatched_bufferSize(cusolverDnHandle_t handle, cusolverDnParams_t params, int jobz,
                                                   int uplo, long long n, int type_a, const void *a, long long lda,
                                                   int type_w, const void *w, int compute, cuda_size *device,
                                                   cuda_size *host, long long count) {
    ENTER(SOLVER);
    (void) a, (void) w;
    if (!object_of(handle, SOLVER_HANDLE) || !object_of(params, SOLVER_PARAMS)) return SOLVER_NOT_INITIALIZED;
    if (!is_supported(jobz, uplo, type_a, type_w, compute) || dimensions_are_bad(n, lda, count) || !device || !host) {
        return SOLVER_INVALID_VALUE;
    }
    *device = bytes_on_device(n, type_a == CUDA_R_64F ? sizeof(double) : sizeof(float), count);
    *host = bytes_on_host(count);
    return OK;
}

static double get(const void *from, bool wide, size_t i) {
    return wide ? ((const double *) from)[i] : ((const float *) from)[i];
}

static void set(void *to, bool wide, size_t i, double value) {
    if (wide) ((double *) to)[i] = value;
    else ((float *) to)[i] = (float) value;
}

static int decompose(const struct batch *b, int k, double *a, double *w) {
    size_t first = (size_t) k * b->n * b->lda, n = b->n;
    for (size_t j = 0; j < n; j++) {
        for (size_t i = 0; i < n; i++) {
            a[i + j * n] = get(b->a, b->wide, first + i + j * b->lda);
            bool is_read = b->upper ? i <= j : i >= j;
            if (is_read && !isfinite(a[i + j * n])) misuse("matrix %d is not finite: a real one may not return", k);
        }
    }
    bool fails = k == b->failing;
    int info = fails ? b->info_of_failing : n ? eigen(b->upper, b->n, a, w) : 0;
    for (size_t j = 0; j < n; j++) {
        set(b->w, b->wide, k * n + j, fails ? 0 : w[j]);
        for (size_t i = 0; !fails && i < n; i++) set(b->a, b->wide, first + i + j * b->lda, a[i + j * n]);
    }
    return info;
}

static void run(void *arguments) {
    struct batch *b = arguments;
    double *a = calloc((size_t) b->n * b->n + 1, sizeof *a), *w = calloc((size_t) b->n + 1, sizeof *w);
    memset(b->device, GARBAGE, b->device_bytes);
    memset(b->host, GARBAGE, b->host_bytes);
    for (int k = 0; k < b->count; k++) b->info[k] = decompose(b, k, a, w);
    free(a);
    free(w);
}

cusolverStatus_t cusolverDnXsyevBatched(cusolverDnHandle_t handle, cusolverDnParams_t params, int jobz, int uplo,
                                        long long n, int type_a, void *a, long long lda, int type_w, void *w,
                                        int compute, void *device, cuda_size device_bytes, void *host,
                                        cuda_size host_bytes, int *info, long long count) {
    ENTER(SOLVER);
    struct stream *stream;
    int status = solver_stream(handle, &stream);
    if (status) return status;
    if (!object_of(params, SOLVER_PARAMS)) return SOLVER_NOT_INITIALIZED;
    bool wide = type_a == CUDA_R_64F;
    size_t size = wide ? sizeof(double) : sizeof(float);
    if (!is_supported(jobz, uplo, type_a, type_w, compute) || dimensions_are_bad(n, lda, count) || !a || !w || !device
        || !host || !info || device_bytes < bytes_on_device(n, size, count) || host_bytes < bytes_on_host(count)) {
        return SOLVER_INVALID_VALUE;
    }
    if (is_device(host)) {
        misuse("the workspace on the host is device memory");
        return SOLVER_EXECUTION_FAILED;
    }
    struct batch b = {.upper = uplo == CUBLAS_FILL_MODE_UPPER, .wide = wide, .n = (int) n, .count = (int) count,
                      .failing = failing, .info_of_failing = info_of_failing, .lda = lda, .host = host,
                      .device_bytes = device_bytes, .host_bytes = host_bytes};
    failing = -1;
    size_t elements = n ? (size_t) ((count * n - 1) * lda + n) : 0;
    if (!(b.a = memory_of("A", (uint64_t) a, elements * size, size))
        || !(b.w = memory_of("W", (uint64_t) w, (size_t) (n * count) * size, size))
        || !(b.device = memory_of("bufferOnDevice", (uint64_t) device, device_bytes, 256))
        || !(b.info = memory_of("info", (uint64_t) info, (size_t) count * sizeof(int), sizeof(int)))) {
        return SOLVER_EXECUTION_FAILED;
    }
    submit(stream, run, &b, sizeof b);
    return OK;
}
