// SPDX-License-Identifier: Apache-2.0
/* Many matrices at once: each becomes what syevd makes of it alone, of either type, also where another one fails. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"

enum { COUNT = 3, MOST = 17, GAP = 2, SIZE = COUNT * MOST * (MOST + GAP), DID_NOT_CONVERGE = 2 };

static cusolverDnParams_t params;
static float stored[SIZE], vectors[SIZE], values[COUNT * MOST];
static int infos[COUNT];

/* Every status of one call, with as many bytes of workspace less than it asks for. */
static int decompose(int n, int ld, int type, void *a, void *w, void *info, int less_on_device, int less_on_host) {
    cuda_size on_device, on_host;
    void *device;
    CHECK(cusolverDnXsyevBatched_bufferSize(solver, params, CUSOLVER_EIG_MODE_VECTOR, CUBLAS_FILL_MODE_UPPER, n, type, a,
                                            ld, type, w, type, &on_device, &on_host, COUNT) == 0);
    CHECK(cudaMalloc(&device, on_device) == 0);
    void *host = malloc(on_host);
    int status = cusolverDnXsyevBatched(solver, params, CUSOLVER_EIG_MODE_VECTOR, CUBLAS_FILL_MODE_UPPER, n, type, a, ld,
                                        type, w, type, device, on_device - less_on_device, host, on_host - less_on_host,
                                        info, COUNT);
    cudaStreamSynchronize(stream);
    free(host);
    cudaFree(device);
    return status;
}

/* Vectors, values and infos of all; matrix `failing`, unless it is below 0, fails. */
static void decompose_all(int n, int ld, int failing) {
    memset(infos, 0xFF, sizeof infos);
    float *a = to_device(stored, sizeof stored), *w = to_device(values, sizeof values);
    int *info = to_device(infos, sizeof infos);
    if (failing >= 0) fakecuda_fail_matrix(failing, DID_NOT_CONVERGE);
    CHECK(decompose(n, ld, CUDA_R_32F, a, w, info, 0, 0) == 0);
    to_host(vectors, a, sizeof vectors), to_host(values, w, sizeof values), to_host(infos, info, sizeof infos);
    cudaFree(a), cudaFree(w), cudaFree(info);
}

/* Whether matrix k is now what syevd makes of it. */
static bool is_as_alone(int n, int ld, int k) {
    size_t length = (size_t) n * ld;
    float q[SIZE], lambda[MOST];
    int lwork, *info;
    float *a = to_device(stored + k * length, length * sizeof *a), *w, *work;
    CHECK(cusolverDnSsyevd_bufferSize(solver, CUSOLVER_EIG_MODE_VECTOR, CUBLAS_FILL_MODE_UPPER, n, a, ld, NULL, &lwork) == 0);
    CHECK(cudaMalloc((void **) &w, n * sizeof *w) == 0 && cudaMalloc((void **) &info, sizeof *info) == 0);
    CHECK(cudaMalloc((void **) &work, lwork * sizeof *work) == 0);
    CHECK(cusolverDnSsyevd(solver, CUSOLVER_EIG_MODE_VECTOR, CUBLAS_FILL_MODE_UPPER, n, a, ld, w, work, lwork, info) == 0);
    to_host(q, a, length * sizeof *q), to_host(lambda, w, n * sizeof *lambda);
    cudaFree(a), cudaFree(w), cudaFree(work), cudaFree(info);
    return memcmp(q, vectors + k * length, length * sizeof *q) == 0
           && memcmp(lambda, values + k * n, n * sizeof *lambda) == 0;
}

static void check_order_of(int n) {
    int ld = n + GAP;
    for (int i = 0; i < SIZE; i++) stored[i] = (float) next_random(); /* of which the upper triangles are read */
    decompose_all(n, ld, -1);
    for (int k = 0; k < COUNT; k++) CHECK(infos[k] == 0 && is_as_alone(n, ld, k));
    decompose_all(n, ld, 1);
    CHECK(infos[0] == 0 && infos[1] == DID_NOT_CONVERGE && infos[2] == 0);
    CHECK(is_as_alone(n, ld, 0) && !is_as_alone(n, ld, 1) && is_as_alone(n, ld, 2));
    CHECK(memcmp(vectors + n * ld, stored + n * ld, n * ld * sizeof *stored) == 0 && values[n] == 0);
    decompose_all(n, ld, -1);
    CHECK(infos[1] == 0);
}

static void check_float64(void) {
    double a[COUNT * 4] = {2, 0, 0, 3, 5, 0, 0, 4, 6, 0, 0, 6}, w[COUNT * 2];
    int info[COUNT] = {-1, -1, -1};
    void *da = to_device(a, sizeof a), *dw = to_device(w, sizeof w), *dinfo = to_device(info, sizeof info);
    CHECK(decompose(2, 2, CUDA_R_64F, da, dw, dinfo, 0, 0) == 0);
    to_host(w, dw, sizeof w), to_host(info, dinfo, sizeof info);
    CHECK(w[0] == 2 && w[1] == 3 && w[2] == 4 && w[3] == 5 && w[4] == 6 && w[5] == 6 && info[2] == 0);
    cudaFree(da), cudaFree(dw), cudaFree(dinfo);
}

static void check_refusals(void) {
    void *a = to_device(stored, sizeof stored), *w = to_device(values, sizeof values), *info = to_device(infos, sizeof infos);
    cuda_size device, host;
    CHECK(decompose(4, 4, CUDA_R_32F, a, w, info, 1, 0) == CUSOLVER_STATUS_INVALID_VALUE);
    CHECK(decompose(4, 4, CUDA_R_32F, a, w, info, 0, 1) == CUSOLVER_STATUS_INVALID_VALUE);
    CHECK(decompose(4, 4, CUDA_R_32F, a, w, NULL, 0, 0) == CUSOLVER_STATUS_INVALID_VALUE);
    CHECK(cusolverDnXsyevBatched_bufferSize(solver, params, 1, 1, 4, CUDA_R_32F, a, 3, CUDA_R_32F, w, CUDA_R_32F, &device,
                                            &host, COUNT) == CUSOLVER_STATUS_INVALID_VALUE);
    CHECK(cusolverDnXsyevBatched_bufferSize(solver, params, 1, 1, 4, CUDA_R_32F, a, 4, CUDA_R_64F, w, CUDA_R_32F, &device,
                                            &host, COUNT) == CUSOLVER_STATUS_INVALID_VALUE);
    CHECK(cusolverDnXsyevBatched_bufferSize(solver, params, 1, 1, 1 << 16, CUDA_R_32F, a, 1 << 15, CUDA_R_32F, w, CUDA_R_32F,
                                            &device, &host, COUNT) == CUSOLVER_STATUS_INVALID_VALUE);
    CHECK(cusolverDnXsyevBatched_bufferSize(solver, params, 1, 1, 1 << 15, CUDA_R_32F, a, 1 << 15, CUDA_R_32F, w, CUDA_R_32F,
                                            &device, &host, 2) == CUSOLVER_STATUS_INVALID_VALUE);
    CHECK(fakecuda_misuses() == 0);
    int *short_info;
    CHECK(cudaMalloc((void **) &short_info, (COUNT - 1) * sizeof(int)) == 0);
    CHECK(decompose(4, 4, CUDA_R_32F, a, w, short_info, 0, 0) == CUSOLVER_STATUS_EXECUTION_FAILED);
    CHECK(strstr(fakecuda_misuse(), "info") && strstr(fakecuda_misuse(), "ends past its allocation"));
}

void check_batched(void) {
    CHECK(cusolverDnCreateParams(&params) == 0);
    int orders[] = {1, 2, 5, MOST};
    for (int i = 0; i < 4; i++) check_order_of(orders[i]);
    check_float64();
    CHECK(fakecuda_misuses() == 0);
    check_refusals();
    CHECK(cusolverDnDestroyParams(params) != 0 && fakecuda_misuses() == 1); /* of a device that is lost */
}
