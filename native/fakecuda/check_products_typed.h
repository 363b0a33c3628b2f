// SPDX-License-Identifier: Apache-2.0
/* For either element type: check_products.c includes this. Without beta, C is NaN before. */

static void NAMED(fill)(REAL *a, bool as_nan) {
    for (int i = 0; i < MOST; i++) a[i] = as_nan ? (REAL) NAN : (REAL) next_random();
}

static void NAMED(gemm)(int trans_a, int trans_b, bool with_beta) {
    REAL a[MOST], b[MOST], c[MOST], result[MOST], alpha = 0.5f, beta = with_beta ? -0.25f : 0;
    int lda = (trans_a ? K : M) + GAP, ldb = (trans_b ? N : K) + GAP, ldc = M + GAP;
    NAMED(fill)(a, false), NAMED(fill)(b, false), NAMED(fill)(c, !with_beta);
    REAL *da = to_device(a, sizeof a), *db = to_device(b, sizeof b), *dc = to_device(c, sizeof c);
    CHECK(CUBLAS(gemm)(blas, trans_a, trans_b, M, N, K, &alpha, da, lda, db, ldb, &beta, dc, ldc) == 0);
    to_host(result, dc, sizeof result);
    for (int j = 0; j < N; j++) {
        for (int i = 0; i < M; i++) {
            double sum = 0;
            for (int l = 0; l < K; l++) sum += (double) OP(a, lda, trans_a, i, l) * OP(b, ldb, trans_b, l, j);
            double expected = alpha * sum + (with_beta ? beta * c[i + j * ldc] : 0);
            CHECK(is_close(result[i + j * ldc], expected, K, EPSILON));
        }
        for (int i = M; i < ldc; i++) CHECK(isnan(result[i + j * ldc]) == !with_beta); /* the gap */
    }
    cudaFree(da), cudaFree(db), cudaFree(dc);
}

/* A batch is its products one by one. */
static void NAMED(batch)(int trans_a, int trans_b, bool with_beta) {
    enum { COUNT = 3, N3 = 4, LD = N3 + GAP, STRIDE = N3 * LD + 1 };
    REAL a[COUNT * STRIDE], b[COUNT * STRIDE], c[COUNT * STRIDE], one[COUNT * STRIDE], all[COUNT * STRIDE];
    REAL alpha = 0.5f, beta = with_beta ? -0.25f : 0;
    for (int i = 0; i < COUNT * STRIDE; i++) {
        a[i] = (REAL) next_random(), b[i] = (REAL) next_random(), c[i] = (REAL) next_random();
    }
    REAL *da = to_device(a, sizeof a), *db = to_device(b, sizeof b);
    REAL *dc = to_device(c, sizeof c), *expected = to_device(c, sizeof c);
    CHECK(CUBLAS_BATCHED(blas, trans_a, trans_b, N3, N3, N3, &alpha, da, LD, STRIDE, db, LD, STRIDE, &beta, dc, LD,
                         STRIDE, COUNT) == 0);
    for (int i = 0; i < COUNT; i++) {
        CHECK(CUBLAS(gemm)(blas, trans_a, trans_b, N3, N3, N3, &alpha, da + i * STRIDE, LD, db + i * STRIDE, LD, &beta,
                           expected + i * STRIDE, LD) == 0);
    }
    to_host(all, dc, sizeof all), to_host(one, expected, sizeof one);
    for (int i = 0; i < COUNT * STRIDE; i++) CHECK(all[i] == one[i]);
    cudaFree(da), cudaFree(db), cudaFree(dc), cudaFree(expected);
}

static void NAMED(syrk)(int uplo, int trans, bool with_beta) {
    REAL a[MOST], c[MOST], result[MOST], alpha = 0.5f, beta = with_beta ? -0.25f : 0;
    int lda = (trans ? K : N) + GAP, ldc = N + GAP;
    NAMED(fill)(a, false), NAMED(fill)(c, !with_beta);
    REAL *da = to_device(a, sizeof a), *dc = to_device(c, sizeof c);
    CHECK(CUBLAS(syrk)(blas, uplo, trans, N, K, &alpha, da, lda, &beta, dc, ldc) == 0);
    to_host(result, dc, sizeof result);
    for (int j = 0; j < N; j++) {
        for (int i = 0; i < N; i++) {
            double sum = 0;
            for (int l = 0; l < K; l++) sum += (double) OP(a, lda, trans, i, l) * OP(a, lda, trans, j, l);
            double expected = alpha * sum + (with_beta ? beta * c[i + j * ldc] : 0);
            bool written = uplo == CUBLAS_FILL_MODE_LOWER ? i >= j : i <= j;
            REAL before = c[i + j * ldc], after = result[i + j * ldc];
            CHECK(written ? is_close(after, expected, K, EPSILON) : with_beta ? after == before : isnan(after));
        }
    }
    cudaFree(da), cudaFree(dc);
}

static void NAMED(symm)(int side, int uplo, bool with_beta) {
    REAL a[MOST], b[MOST], c[MOST], result[MOST], alpha = 0.5f, beta = with_beta ? -0.25f : 0;
    int order = side == CUBLAS_SIDE_LEFT ? M : N, lda = order + GAP, ldb = M + GAP, ldc = M + 1;
    NAMED(fill)(a, false), NAMED(fill)(b, false), NAMED(fill)(c, !with_beta);
    for (int j = 0; j < order; j++) { /* the other triangle is not read */
        for (int i = 0; i < order; i++) {
            if (uplo == CUBLAS_FILL_MODE_LOWER ? i < j : i > j) a[i + j * lda] = (REAL) NAN;
        }
    }
    REAL *da = to_device(a, sizeof a), *db = to_device(b, sizeof b), *dc = to_device(c, sizeof c);
    CHECK(CUBLAS(symm)(blas, side, uplo, M, N, &alpha, da, lda, db, ldb, &beta, dc, ldc) == 0);
    to_host(result, dc, sizeof result);
    for (int j = 0; j < N; j++) {
        for (int i = 0; i < M; i++) {
            double sum = 0;
            for (int l = 0; l < order; l++) {
                sum += side == CUBLAS_SIDE_LEFT ? (double) SYMMETRIC(a, lda, uplo, i, l) * b[l + j * ldb]
                                                : (double) b[i + l * ldb] * SYMMETRIC(a, lda, uplo, l, j);
            }
            double expected = alpha * sum + (with_beta ? beta * c[i + j * ldc] : 0);
            CHECK(is_close(result[i + j * ldc], expected, order, EPSILON));
        }
    }
    cudaFree(da), cudaFree(db), cudaFree(dc);
}
