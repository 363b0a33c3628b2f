// SPDX-License-Identifier: Apache-2.0
/*
 * Products of either element type: blas.c includes this with REAL, NAMED, CUBLAS and CUBLAS_BATCHED set for the one and for the other.
 */

/*
 * C <- alpha A B + beta C, where element (i, l) of A is a[i ai + l al], and so on; of C a triangle only if it has one.
 */
struct NAMED(product) {
    int m, n, k;
    double alpha, beta;
    const REAL *a, *b;
    size_t ai, al, bl, bj;
    REAL *c;
    size_t ldc;
    int symmetric_a, symmetric_b; /* the triangle that is stored, 1 + CUBLAS_FILL_MODE, or 0 */
    int triangle_c;
};

/* Whether row i, column j of a matrix lies in the triangle. */
static bool NAMED(inside)(int triangle, int i, int j) {
    return !triangle || (triangle == 1 + CUBLAS_FILL_MODE_LOWER ? i >= j : i <= j);
}

static void NAMED(run_product)(void *arguments) {
    struct NAMED(product) *p = arguments;
    for (int j = 0; j < p->n; j++) {
        for (int i = 0; i < p->m; i++) {
            if (!NAMED(inside)(p->triangle_c, i, j)) continue;
            double sum = 0;
            for (int l = 0; l < p->k; l++) {
                bool swap_a = !NAMED(inside)(p->symmetric_a, i, l), swap_b = !NAMED(inside)(p->symmetric_b, l, j);
                double a = swap_a ? p->a[l * p->ai + i * p->al] : p->a[i * p->ai + l * p->al];
                double b = swap_b ? p->b[j * p->bl + l * p->bj] : p->b[l * p->bl + j * p->bj];
                sum += a * b;
            }
            REAL *c = p->c + i + j * p->ldc;
            *c = (REAL) (p->beta == 0 ? p->alpha * sum : p->alpha * sum + p->beta * *c);
        }
    }
}

/* The matrix where the product finds it, or false after noting a misuse. */
static bool NAMED(matrix)(const char *name, const REAL *matrix, int rows, int cols, int ld, const REAL **found) {
    *found = memory_of(name, (uint64_t) matrix, extent(rows, cols, ld) * sizeof(REAL), sizeof(REAL));
    return *found != NULL;
}

/* Bytes that a matrix spans, for the check that no input is overwritten. */
static bool NAMED(overlap)(const REAL *a, size_t a_extent, const REAL *c, size_t c_extent) {
    return a < c + c_extent && c < a + a_extent;
}

/* Checks the product and puts it on the stream. */
static int NAMED(submit_gemm)(struct stream *stream, int trans_a, int trans_b, int m, int n, int k, const REAL *alpha,
                              const REAL *a, int lda, const REAL *b, int ldb, const REAL *beta, REAL *c, int ldc) {
    int rows_a = trans_a ? k : m, cols_a = trans_a ? m : k, rows_b = trans_b ? n : k, cols_b = trans_b ? k : n;
    if (!is_operation(trans_a) || !is_operation(trans_b) || m < 0 || n < 0 || k < 0 || !alpha || !beta
        || lda < at_least_1(rows_a) || ldb < at_least_1(rows_b) || ldc < at_least_1(m)) {
        return BLAS_INVALID_VALUE;
    }
    struct NAMED(product) p = {m, n, k, *alpha, *beta, NULL, NULL, trans_a ? lda : 1, trans_a ? 1 : lda,
                               trans_b ? ldb : 1, trans_b ? 1 : ldb, NULL, ldc, 0, 0, 0};
    if (!NAMED(matrix)("A", a, rows_a, cols_a, lda, &p.a) || !NAMED(matrix)("B", b, rows_b, cols_b, ldb, &p.b)
        || !NAMED(matrix)("C", c, m, n, ldc, (const REAL **) &p.c)) {
        return BLAS_EXECUTION_FAILED;
    }
    if (c == a || c == b) misuse("C is A or B");
    submit(stream, NAMED(run_product), &p, sizeof p);
    return OK;
}

cublasStatus_t CUBLAS(gemm)(cublasHandle_t handle, int trans_a, int trans_b, int m, int n, int k, const REAL *alpha,
                            const REAL *a, int lda, const REAL *b, int ldb, const REAL *beta, REAL *c, int ldc) {
    ENTER(BLAS);
    struct stream *stream;
    int status = stream_to_use(handle, &stream);
    if (status) return status;
    return NAMED(submit_gemm)(stream, trans_a, trans_b, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
}

/* One after the other; what is written twice is a misuse, as the real one's products have no order. */
cublasStatus_t CUBLAS_BATCHED(cublasHandle_t handle, int trans_a, int trans_b, int m, int n, int k, const REAL *alpha,
                              const REAL *a, int lda, long long stride_a, const REAL *b, int ldb, long long stride_b,
                              const REAL *beta, REAL *c, int ldc, long long stride_c, int count) {
    ENTER(BLAS);
    struct stream *stream;
    int status = stream_to_use(handle, &stream);
    if (status) return status;
    if (count < 0) return BLAS_INVALID_VALUE;
    if (count > 1 && stride_c < (long long) extent(m, n, ldc)) misuse("C overlaps the next C");
    for (int i = 0; i < count && !status; i++) {
        status = NAMED(submit_gemm)(stream, trans_a, trans_b, m, n, k, alpha, a + i * stride_a, lda, b + i * stride_b,
                                    ldb, beta, c + i * stride_c, ldc);
    }
    return status;
}

cublasStatus_t CUBLAS(syrk)(cublasHandle_t handle, int uplo, int trans, int n, int k, const REAL *alpha, const REAL *a,
                            int lda, const REAL *beta, REAL *c, int ldc) {
    ENTER(BLAS);
    struct stream *stream;
    int status = stream_to_use(handle, &stream);
    if (status) return status;
    int rows_a = trans ? k : n, cols_a = trans ? n : k;
    if (!is_flag(uplo) || !is_operation(trans) || n < 0 || k < 0 || !alpha || !beta || lda < at_least_1(rows_a)
        || ldc < at_least_1(n)) {
        return BLAS_INVALID_VALUE;
    }
    struct NAMED(product) p = {n, n, k, *alpha, *beta, NULL, NULL, trans ? lda : 1, trans ? 1 : lda,
                               trans ? 1 : lda, trans ? lda : 1, NULL, ldc, 0, 0, 1 + uplo};
    if (!NAMED(matrix)("A", a, rows_a, cols_a, lda, &p.a) || !NAMED(matrix)("C", c, n, n, ldc, (const REAL **) &p.c)) {
        return BLAS_EXECUTION_FAILED;
    }
    p.b = p.a;
    if (NAMED(overlap)(a, extent(rows_a, cols_a, lda), c, extent(n, n, ldc))) misuse("C overlaps A");
    submit(stream, NAMED(run_product), &p, sizeof p);
    return OK;
}

cublasStatus_t CUBLAS(symm)(cublasHandle_t handle, int side, int uplo, int m, int n, const REAL *alpha, const REAL *a,
                            int lda, const REAL *b, int ldb, const REAL *beta, REAL *c, int ldc) {
    ENTER(BLAS);
    struct stream *stream;
    int status = stream_to_use(handle, &stream);
    if (status) return status;
    bool left = side == CUBLAS_SIDE_LEFT;
    int order = left ? m : n;
    if (!is_flag(side) || !is_flag(uplo) || m < 0 || n < 0 || !alpha || !beta || lda < at_least_1(order)
        || ldb < at_least_1(m) || ldc < at_least_1(m)) {
        return BLAS_INVALID_VALUE;
    }
    const REAL *symmetric, *other;
    struct NAMED(product) p = {m, n, order, *alpha, *beta, NULL, NULL, 1, left ? lda : ldb, 1, left ? ldb : lda, NULL,
                               ldc, left ? 1 + uplo : 0, left ? 0 : 1 + uplo, 0};
    if (!NAMED(matrix)("A", a, order, order, lda, &symmetric) || !NAMED(matrix)("B", b, m, n, ldb, &other)
        || !NAMED(matrix)("C", c, m, n, ldc, (const REAL **) &p.c)) {
        return BLAS_EXECUTION_FAILED;
    }
    p.a = left ? symmetric : other;
    p.b = left ? other : symmetric;
    if (c == a || c == b) misuse("C is A or B");
    submit(stream, NAMED(run_product), &p, sizeof p);
    return OK;
}
