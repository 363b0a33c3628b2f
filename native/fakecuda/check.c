// SPDX-License-Identifier: Apache-2.0
/* Tests of the fake: `make check`. The argument is the PTX file. */
#include "check.h"

#include <stdio.h>
#include <stdlib.h>

cudaStream_t stream;
cublasHandle_t blas;
cusolverDnHandle_t solver;
static long checks, failures;

void checked(bool holds, const char *file, int line, const char *condition) {
    checks++;
    if (holds) return;
    failures++;
    fprintf(stderr, "%s:%d: %s does not hold; misuse: %s\n", file, line, condition, fakecuda_misuse());
}

/* Numerical Recipes' quick generator: 32 bits, of which the high ones are good. */
double next_random(void) {
    static unsigned seed = 1;
    seed = seed * 1664525u + 1013904223u;
    return seed / 2147483648.0 - 1;
}

void *to_device(const void *host, size_t bytes) {
    void *device;
    CHECK(cudaMalloc(&device, bytes) == cudaSuccess);
    CHECK(cudaMemcpyAsync(device, host, bytes, cudaMemcpyHostToDevice, stream) == cudaSuccess);
    return device;
}

void to_host(void *host, const void *device, size_t bytes) {
    CHECK(cudaMemcpyAsync(host, device, bytes, cudaMemcpyDeviceToHost, stream) == cudaSuccess);
    CHECK(cudaStreamSynchronize(stream) == cudaSuccess);
}

static void begin(void) {
    fakecuda_reset();
    CHECK(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking) == cudaSuccess);
    CHECK(cublasCreate_v2(&blas) == 0 && cublasSetStream_v2(blas, stream) == 0);
    CHECK(cusolverDnCreate(&solver) == 0 && cusolverDnSetStream(solver, stream) == 0);
}

int main(int argc, char **argv) {
    if (argc != 2) {
        fprintf(stderr, "usage: check PTX\n");
        return 2;
    }
    begin();
    check_products();
    CHECK(fakecuda_misuses() == 0);
    begin();
    check_factorizations();
    CHECK(fakecuda_misuses() == 0);
    begin();
    check_batched();
    begin();
    check_misuse();
    begin();
    check_failures();
    begin();
    check_order();
    begin();
    check_kernels(argv[1]);
    fakecuda_reset();
    CHECK(fakecuda_live_bytes() == 0 && fakecuda_live_objects() == 0);
    printf("fakecuda: %ld checks, %ld failed\n", checks, failures);
    return failures ? 1 : 0;
}
