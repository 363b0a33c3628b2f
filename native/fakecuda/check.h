// SPDX-License-Identifier: Apache-2.0
/* What the checks share: a context with one stream, and device copies of host arrays. */
#ifndef CHECK_H
#define CHECK_H

#include <stdbool.h>
#include <stddef.h>

#include "../../jextract/cuda.h"
#include "fakecuda.h"

#define CHECK(condition) checked(condition, __FILE__, __LINE__, #condition)

void checked(bool holds, const char *file, int line, const char *condition);

/* In every check: reset, and these made. */
extern cudaStream_t stream;
extern cublasHandle_t blas;
extern cusolverDnHandle_t solver;

/* Numbers from -1 to 1, the same ones in every run. */
double next_random(void);
/* A device array with the bytes of a host array, and back; both wait. */
void *to_device(const void *host, size_t bytes);
void to_host(void *host, const void *device, size_t bytes);

void check_products(void);
void check_factorizations(void);
void check_batched(void);
void check_misuse(void);
void check_failures(void);
void check_order(void);
void check_kernels(const char *ptx_file);
void check_formulas(CUmodule module);

#endif
