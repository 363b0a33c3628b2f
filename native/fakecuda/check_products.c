// SPDX-License-Identifier: Apache-2.0
/* gemm, syrk and symm of both types against sums in the order of the formula, with gaps between columns. */
#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "check.h"

enum { GAP = 3, M = 7, N = 5, K = 9, MOST = (M + N + K) * (M + N + K) };

static bool is_close(double actual, double expected, int terms, double epsilon) {
    return fabs(actual - expected) <= (terms + 2) * epsilon * (terms + 2); /* numbers below 1, terms of them */
}

/* Element (i, j) of op(A), or of the symmetric A of which a triangle is stored. */
#define OP(a, ld, trans, i, j) ((trans) ? (a)[(j) + (size_t) (i) * (ld)] : (a)[(i) + (size_t) (j) * (ld)])
#define SYMMETRIC(a, ld, uplo, i, j) \
    (((uplo) == 0) == ((i) >= (j)) || (i) == (j) ? OP(a, ld, 0, i, j) : OP(a, ld, 0, j, i))

#define REAL float
#define EPSILON FLT_EPSILON
#define NAMED(name) s##name
#define CUBLAS(name) cublasS##name##_v2
#define CUBLAS_BATCHED cublasSgemmStridedBatched
#include "check_products_typed.h"

#undef REAL
#undef EPSILON
#undef NAMED
#undef CUBLAS
#undef CUBLAS_BATCHED
#define REAL double
#define EPSILON DBL_EPSILON
#define NAMED(name) d##name
#define CUBLAS(name) cublasD##name##_v2
#define CUBLAS_BATCHED cublasDgemmStridedBatched
#include "check_products_typed.h"

void check_products(void) {
    for (int flags = 0; flags < 8; flags++) {
        sgemm(flags & 1, flags >> 1 & 1, flags >> 2 & 1);
        dgemm(flags & 1, flags >> 1 & 1, flags >> 2 & 1);
        sbatch(flags & 1, flags >> 1 & 1, flags >> 2 & 1);
        dbatch(flags & 1, flags >> 1 & 1, flags >> 2 & 1);
        ssyrk(flags & 1, flags >> 1 & 1, flags >> 2 & 1);
        dsyrk(flags & 1, flags >> 1 & 1, flags >> 2 & 1);
        ssymm(flags & 1, flags >> 1 & 1, flags >> 2 & 1);
        dsymm(flags & 1, flags >> 1 & 1, flags >> 2 & 1);
    }
}
