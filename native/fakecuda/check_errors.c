// SPDX-License-Identifier: Apache-2.0
/* What the fake catches, the failures it makes, and the order of work. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"

enum { NO_DEVICE = 100, ILLEGAL_ADDRESS = 700, BLAS_INVALID_VALUE = 7, BLAS_EXECUTION_FAILED = 13 };

static const float ONE = 1, ZERO = 0;

static float *device_floats(size_t count) {
    void *p;
    CHECK(cudaMalloc(&p, count * sizeof(float)) == 0);
    return p;
}

static int gemm(const float *a, const float *b, float *c, int n, int ld) {
    return cublasSgemm_v2(blas, 0, 0, n, n, n, &ONE, a, ld, b, ld, &ZERO, c, ld);
}

/* The misuse was seen, with these words, and shows at the next synchronisation and in every call after it. */
static void expect_misuse(const char *words) {
    CHECK(fakecuda_misuses() > 0);
    CHECK(strstr(fakecuda_misuse(), words));
    CHECK(cudaStreamSynchronize(stream) == ILLEGAL_ADDRESS);
    void *p;
    CHECK(cudaMalloc(&p, 1) == ILLEGAL_ADDRESS && cudaGetLastError() == ILLEGAL_ADDRESS);
    CHECK(cublasSetMathMode(blas, 0) == BLAS_EXECUTION_FAILED);
    fakecuda_reset();
    CHECK(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking) == 0);
    CHECK(cublasCreate_v2(&blas) == 0 && cublasSetStream_v2(blas, stream) == 0);
}

void check_misuse(void) {
    float host[16] = {0}, *a = device_floats(16), *b = device_floats(16), *c = device_floats(15);
    CHECK(gemm(a, b, c, 4, 3) == BLAS_INVALID_VALUE && gemm(a, b, c, -1, 4) == BLAS_INVALID_VALUE);
    CHECK(cublasSsyrk_v2(blas, 2, 0, 4, 4, &ONE, a, 4, &ZERO, b, 4) == BLAS_INVALID_VALUE);
    CHECK(cublasSsymm_v2(blas, 0, 0, 4, 4, &ONE, a, 4, b, 4, NULL, c, 4) == BLAS_INVALID_VALUE);
    CHECK(cudaMemcpyAsync(a, host, 4, 7, stream) == 21 && cudaGetLastError() == 21 && cudaGetLastError() == 0);
    CHECK(cudaMemcpy2DAsync(a, 4, host, 8, 8, 2, cudaMemcpyHostToDevice, stream) == 12);
    CHECK(fakecuda_misuses() == 0);

    CHECK(cusolverDnSpotrf(solver, CUBLAS_FILL_MODE_UPPER, 4, c, 4, device_floats(100), 100, (int *) device_floats(1)) != 0);
    expect_misuse("ends past its allocation");
    a = device_floats(16), b = device_floats(16), c = device_floats(15);
    CHECK(gemm(a, b, c, 4, 4) != 0);
    expect_misuse("ends past its allocation");
    a = device_floats(16), b = device_floats(16), c = device_floats(16);
    cudaFree(b);
    CHECK(gemm(a, b, c, 4, 4) != 0);
    expect_misuse("was freed");
    a = device_floats(16), c = device_floats(16);
    CHECK(gemm(a, host, c, 4, 4) != 0);
    expect_misuse("not registered");
    a = device_floats(16), c = device_floats(16);
    CHECK(gemm(a, a + 4, (float *) ((char *) c + 2), 2, 2) != 0);
    expect_misuse("no multiple of 4");
    a = device_floats(16);
    CHECK(gemm(a, device_floats(16), a, 4, 4) == 0);
    expect_misuse("C is A or B");
    a = device_floats(32), c = device_floats(32);
    CHECK(cublasSgemmStridedBatched(blas, 0, 0, 4, 4, 4, &ONE, a, 4, 16, a, 4, 16, &ZERO, c, 4, 15, 2) == 0);
    expect_misuse("C overlaps the next C");
    a = device_floats(32), c = device_floats(31);
    CHECK(cublasSgemmStridedBatched(blas, 0, 0, 4, 4, 4, &ONE, a, 4, 16, a, 4, 16, &ZERO, c, 4, 16, 2) != 0);
    expect_misuse("ends past its allocation");
    a = device_floats(16);
    cudaFree(a);
    CHECK(cudaFree(a) != 0);
    expect_misuse("no live allocation");
    cudaStreamDestroy(stream);
    CHECK(gemm(device_floats(16), device_floats(16), device_floats(16), 4, 4) != 0);
    CHECK(strstr(fakecuda_misuse(), "stream") && strstr(fakecuda_misuse(), "was destroyed"));
    fakecuda_reset();
    CHECK(cudaMemsetAsync(host, 0, 4, NULL) != 0 && cudaMemcpyAsync(host, host, 4, cudaMemcpyHostToDevice, NULL) != 0);
    CHECK(fakecuda_misuses() == 2 && cudaHostRegister(host, sizeof host, 0) == 0);
    CHECK(cudaMemsetAsync(host, 0, 4, NULL) == 0 && cudaHostRegister(host + 4, 4, 0) == 712);
    CHECK(cudaHostUnregister(host) == 0 && cudaHostUnregister(host) == 713);
}

void check_failures(void) {
    void *p, *q;
    fakecuda_fail("cudaMalloc", 1, 2);
    CHECK(cudaMalloc(&p, 100) == 0 && cudaMalloc(&q, 100) == 2 && cudaMalloc(&q, 100) == 0);
    CHECK(fakecuda_calls("cudaMalloc") == 3 && fakecuda_live_bytes() == 200);
    fakecuda_set_total(1000);
    cuda_size left, total;
    CHECK(cudaMemGetInfo(&left, &total) == 0 && left == 800 && total == 1000);
    void *large;
    CHECK(cudaMalloc(&large, 801) == 2 && !large && cudaMalloc(&large, 800) == 0);
    CHECK(cudaFree(p) == 0 && cudaFree(q) == 0 && cudaFree(large) == 0 && cudaFree(NULL) == 0);
    CHECK(fakecuda_live_bytes() == 0 && fakecuda_live_objects() == 3);

    fakecuda_fail_later(2);
    CHECK(cudaMalloc(&p, 4) == 0 && cudaStreamSynchronize(stream) == 2 && cudaStreamSynchronize(stream) == 0);
    fakecuda_fail_later(ILLEGAL_ADDRESS);
    CHECK(cudaStreamSynchronize(stream) == ILLEGAL_ADDRESS && cudaFree(p) == ILLEGAL_ADDRESS);
    CHECK(cublasDestroy_v2(blas) != 0 && cusolverDnDestroy(solver) != 0 && cudaStreamDestroy(stream) != 0);
    CHECK(fakecuda_live_bytes() == 0 && fakecuda_live_objects() == 0 && fakecuda_misuses() == 0);

    fakecuda_reset();
    fakecuda_set_devices(0);
    int count = -1;
    CHECK(cudaGetDeviceCount(&count) == NO_DEVICE && count == 0 && cuInit(0) == NO_DEVICE);
    CHECK(cudaMalloc(&p, 4) == NO_DEVICE && cublasCreate_v2(&blas) == 1);
}

/* In either order of doing things a copy that waits for an event takes what was there then, and no other does. */
static void check_events(float *pinned) {
    cudaStream_t copies;
    cudaEvent_t event;
    float *device = device_floats(16), *ones = device_floats(16), one[16];
    for (int i = 0; i < 16; i++) one[i] = 1;
    CHECK(cudaStreamCreateWithFlags(&copies, cudaStreamNonBlocking) == 0);
    CHECK(cudaEventCreateWithFlags(&event, cudaEventDisableTiming) == 0 && cudaStreamWaitEvent(copies, event, 0) == 0);
    for (int order = 1; order <= 2; order++) {
        fakecuda_set_deferred(order);
        CHECK(cudaMemcpyAsync(ones, one, sizeof one, cudaMemcpyHostToDevice, stream) == 0);
        CHECK(cudaMemsetAsync(device, 0, 4, stream) == 0 && cudaEventRecord(event, stream) == 0);
        CHECK(gemm(ones, ones, device, 4, 4) == 0); /* behind the event: 4 */
        CHECK(cudaStreamWaitEvent(copies, event, 0) == 0 && cudaEventRecord(event, copies) == 0);
        CHECK(cudaMemcpyAsync(pinned, device, 4, cudaMemcpyDeviceToHost, copies) == 0);
        CHECK(cudaStreamSynchronize(copies) == 0 && *pinned == 0);
        CHECK(cudaStreamSynchronize(stream) == 0);
        CHECK(cudaMemcpyAsync(pinned, device, 4, cudaMemcpyDeviceToHost, copies) == 0);
        CHECK(cudaStreamSynchronize(copies) == 0 && *pinned == 4);
        CHECK(gemm(ones, ones, device, 4, 4) == 0 && cudaMemsetAsync(device, 0, 4, stream) == 0);
        CHECK(cudaMemcpyAsync(pinned, device, 4, cudaMemcpyDeviceToHost, copies) == 0); /* too early */
        CHECK(cudaStreamSynchronize(copies) == 0 && *pinned == 4);
        CHECK(cudaStreamSynchronize(stream) == 0);
    }
    fakecuda_set_deferred(1);
    CHECK(cudaEventDestroy(event) == 0 && cudaStreamDestroy(copies) == 0 && fakecuda_misuses() == 0);
    CHECK(cudaFree(device) == 0 && cudaFree(ones) == 0);
}

/*
 * Work waits: what pinned memory holds when the stream gets there counts, and what comes back is there after waiting.
 */
void check_order(void) {
    float *pinned, pageable = 1, *device = device_floats(1), back;
    CHECK(cudaMallocHost((void **) &pinned, sizeof *pinned) == 0);
    CHECK(isnan(*pinned));
    CHECK(cudaMemcpyAsync(device, &pageable, 4, cudaMemcpyHostToDevice, stream) == 0);
    pageable = 2; /* too late */
    CHECK(cudaMemcpyAsync(pinned, device, 4, cudaMemcpyDeviceToHost, stream) == 0);
    CHECK(isnan(*pinned));
    CHECK(cudaStreamSynchronize(stream) == 0 && *pinned == 1);
    *pinned = 3;
    CHECK(cudaMemcpyAsync(device, pinned, 4, cudaMemcpyHostToDevice, stream) == 0);
    *pinned = 4; /* still in time, which a caller must not do */
    CHECK(cudaMemcpyAsync(&back, device, 4, cudaMemcpyDeviceToHost, stream) == 0 && back == 4);
    CHECK(cudaMemsetAsync(device, 0, 4, stream) == 0 && cudaFree(device) == 0);

    check_events(pinned);

    fakecuda_set_deferred(0);
    float *another = device_floats(1);
    CHECK(cudaMemcpyAsync(another, &pageable, 4, cudaMemcpyHostToDevice, stream) == 0);
    CHECK(cudaMemcpyAsync(pinned, another, 4, cudaMemcpyDeviceToHost, stream) == 0 && *pinned == 2);
    CHECK(cudaFree(another) == 0 && cudaFreeHost(pinned) == 0 && cudaFreeHost(&back) != 0);
}
