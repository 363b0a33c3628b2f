// SPDX-License-Identifier: Apache-2.0
/*
 * Each kernel against its formula written once more, element by element, on matrices with gaps, in grids of several
 * blocks.
 */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"

enum { ROWS = 37, COLS = 45, LD = 48, SIZE = ROWS * LD, ORDER = ROWS, BLOCK = 64 };

static long long rows = ROWS, cols = COLS, ld = LD, order = ORDER;

/* Launches on blocks of few threads, so that each has several elements. */
static void launch(CUmodule module, const char *name, unsigned grid_x, unsigned grid_y, void **parameters) {
    CUfunction function;
    CHECK(cuModuleGetFunction(&function, module, name) == 0);
    CHECK(cuLaunchKernel(function, grid_x, grid_y, 1, BLOCK, 1, 1, 0, stream, parameters, NULL) == 0);
    CHECK(cudaStreamSynchronize(stream) == 0);
}

/* Whether a sum of so many terms, whose absolute values add up to all, is right. */
static bool is_sum(double actual, double expected, int terms, double all) {
    return fabs(actual - expected) <= terms * DBL_EPSILON * all;
}

#define EACH(i, j, height, width) \
    for (int i = 0; i < (height); i++) \
        for (int j = 0; j < (width); j++)
#define AT(a, i, j) a[(i) * LD + (j)]

#define REAL float
#define KERNEL_NAME(name) #name
#define NAMED(name) s##name
#define MULTIPLY_ADD fmaf
#include "check_formulas_typed.h"

#undef REAL
#undef KERNEL_NAME
#undef NAMED
#undef MULTIPLY_ADD
#define REAL double
#define KERNEL_NAME(name) #name "Double"
#define NAMED(name) d##name
#define MULTIPLY_ADD fma
#include "check_formulas_typed.h"

static void check_squares_and_quotients(CUmodule module) {
    float x[SIZE], v[SIZE], y[SIZE], r[SIZE], alpha = 0.3f, beta = -0.7f, inside = 0, outside = 0;
    srandom_array(x), srandom_array(y);
    for (int i = 0; i < SIZE; i++) v[i] = i % 7 ? fabsf(x[i]) : 0; /* some denominators are 0 */
    float *dx = to_device(x, sizeof x), *dv = to_device(v, sizeof v), *dy = to_device(y, sizeof y);
    launch(module, "addSquares", 2, 3, (void *[]){&alpha, &dx, &ld, &beta, &dy, &ld, &rows, &cols});
    to_host(r, dy, sizeof r);
    EACH(i, j, ROWS, COLS) CHECK(AT(r, i, j) == fmaf(alpha * AT(x, i, j), AT(x, i, j), beta * AT(y, i, j)));
    launch(module, "divideByRoot", 2, 3, (void *[]){&dx, &ld, &dv, &ld, &inside, &outside, &dy, &ld, &rows, &cols});
    to_host(r, dy, sizeof r);
    EACH(i, j, ROWS, COLS) CHECK(AT(r, i, j) == (AT(v, i, j) ? AT(x, i, j) / sqrtf(AT(v, i, j)) : 0));
    double wide[SIZE], *dwide = to_device(wide, sizeof wide);
    launch(module, "widen", 2, 3, (void *[]){&dx, &ld, &dwide, &ld, &rows, &cols});
    launch(module, "narrow", 2, 3, (void *[]){&dwide, &ld, &dy, &ld, &rows, &cols});
    to_host(wide, dwide, sizeof wide), to_host(r, dy, sizeof r);
    EACH(i, j, ROWS, COLS) CHECK(AT(wide, i, j) == AT(x, i, j) && AT(r, i, j) == AT(x, i, j));
    cudaFree(dx), cudaFree(dv), cudaFree(dy), cudaFree(dwide);
}

/* The beginning of both rules, then their weights; signs of 0 and of both kinds. */
static void check_rules(CUmodule module) {
    float g[SIZE], m[SIZE], v[SIZE], w[SIZE], r[SIZE], scale = 0.5f, rate1 = 0.1f, rate2 = 0.05f, keep1 = 0.9f;
    float keep2 = 0.95f, epsilon = 1e-8f, step = 0.01f, correction = 1.5f, decay = 0.999f;
    srandom_array(g), srandom_array(m), srandom_array(v), srandom_array(w);
    for (int i = 0; i < SIZE; i++) v[i] = fabsf(v[i]);
    for (int i = 0; i < SIZE; i += 5) g[i] = m[i] = 0;
    float *dg = to_device(g, sizeof g), *dm = to_device(m, sizeof m), *dv = to_device(v, sizeof v);
    float *dw = to_device(w, sizeof w);
    launch(module, "adamw", 2, 3, (void *[]){&scale, &rate1, &rate2, &keep2, &epsilon, &step, &correction, &decay, &dg,
                                             &ld, &dm, &ld, &dv, &ld, &dw, &ld, &rows, &cols});
    to_host(r, dw, sizeof r);
    EACH(i, j, ROWS, COLS) {
        float scaled = scale * AT(g, i, j), first = fmaf(scaled - AT(m, i, j), rate1, AT(m, i, j));
        float second = fmaf(rate2 * scaled, scaled, keep2 * AT(v, i, j));
        float quotient = first / fmaf(sqrtf(second), correction, epsilon);
        CHECK(AT(r, i, j) == fmaf(quotient, -step, decay * AT(w, i, j)));
        AT(m, i, j) = first;
        AT(w, i, j) = AT(r, i, j);
    }
    launch(module, "lion", 2, 3, (void *[]){&scale, &keep1, &rate1, &keep2, &rate2, &step, &decay, &dg, &ld, &dm, &ld,
                                            &dw, &ld, &rows, &cols});
    to_host(r, dw, sizeof r);
    EACH(i, j, ROWS, COLS) {
        float u = fmaf(rate1, scale * AT(g, i, j), keep1 * AT(m, i, j));
        CHECK(AT(r, i, j) == fmaf(-step, (float) ((u > 0) - (u < 0)), decay * AT(w, i, j)));
    }
    to_host(r, dm, sizeof r);
    EACH(i, j, ROWS, COLS) CHECK(AT(r, i, j) == fmaf(rate2, scale * AT(g, i, j), keep2 * AT(m, i, j)));
    cudaFree(dg), cudaFree(dm), cudaFree(dv), cudaFree(dw);
}

static void check_gram_diagonals(CUmodule module) {
    float x[SIZE];
    double d[LD], by_rows[LD], by_cols[LD], alpha = 0.3, beta = -0.7;
    long long per_row = 1;
    srandom_array(x);
    for (int i = 0; i < LD; i++) d[i] = next_random();
    float *dx = to_device(x, sizeof x);
    double *drows = to_device(d, sizeof d), *dcols = to_device(d, sizeof d), *partial = to_device(d, sizeof d);
    launch(module, "squaresOfBlocks", 2, 1, (void *[]){&dx, &ld, &partial, &rows, &cols});
    launch(module, "gramDiagonalRows", 1, 1, (void *[]){&alpha, &partial, &per_row, &beta, &drows, &rows});
    launch(module, "gramDiagonalCols", 1, 1, (void *[]){&alpha, &dx, &ld, &beta, &dcols, &rows, &cols});
    to_host(by_rows, drows, sizeof by_rows), to_host(by_cols, dcols, sizeof by_cols);
    double rows_of[ROWS] = {0}, cols_of[COLS] = {0};
    EACH(i, j, ROWS, COLS) {
        rows_of[i] += (double) AT(x, i, j) * AT(x, i, j);
        cols_of[j] += (double) AT(x, i, j) * AT(x, i, j);
    }
    for (int i = 0; i < ROWS; i++) CHECK(is_sum(by_rows[i], alpha * rows_of[i] + beta * d[i], COLS, rows_of[i] + 1));
    for (int j = 0; j < COLS; j++) CHECK(is_sum(by_cols[j], alpha * cols_of[j] + beta * d[j], ROWS, cols_of[j] + 1));
    cudaFree(dx), cudaFree(drows), cudaFree(dcols), cudaFree(partial);
}

/* (T + shift I) times what was added is alpha I; and a matrix that is not positive definite is seen. */
static void check_resolvent(CUmodule module) {
    float d[ORDER], e[ORDER], zeros[SIZE] = {0}, c[SIZE];
    double alpha = 2, shift = 0.5, pivots[2 * ORDER] = {0};
    long long status = -1;
    for (int i = 0; i < ORDER; i++) d[i] = 2 + (float) next_random() / 4, e[i] = (float) next_random();
    float *dd = to_device(d, sizeof d), *de = to_device(e, sizeof e), *dc = to_device(zeros, sizeof zeros);
    double *dpivots = to_device(pivots, sizeof pivots);
    long long *dstatus = to_device(&status, sizeof status);
    void *first[] = {&shift, &dd, &de, &dpivots, &dstatus, &order};
    launch(module, "resolventPivots", 1, 1, first);
    launch(module, "addResolvent", 2, 1, (void *[]){&alpha, &shift, &dd, &de, &dpivots, &dc, &ld, &order});
    to_host(c, dc, sizeof c), to_host(&status, dstatus, sizeof status);
    CHECK(status == 0);
    EACH(i, j, ORDER, ORDER) {
        double product = 0;
        for (int k = 0; k < ORDER; k++) {
            double t = k == i ? d[i] + shift : k == i + 1 ? e[i] : k == i - 1 ? e[k] : 0;
            product += t * (k >= j ? AT(c, k, j) : AT(c, j, k));
        }
        CHECK(fabs(product - (i == j ? alpha : 0)) <= ORDER * FLT_EPSILON * 4);
        if (i < j) CHECK(AT(c, i, j) == 0);
    }
    shift = -3;
    launch(module, "resolventPivots", 1, 1, first);
    to_host(&status, dstatus, sizeof status);
    CHECK(status >= 1 && status <= ORDER);
    cudaFree(dd), cudaFree(de), cudaFree(dc), cudaFree(dpivots), cudaFree(dstatus);
}

void check_formulas(CUmodule module) {
    scheck_elements(module), dcheck_elements(module);
    scheck_diagonals(module), dcheck_diagonals(module);
    scheck_row_sums(module), dcheck_row_sums(module);
    scheck_correction(module), dcheck_correction(module);
    scheck_lower(module), dcheck_lower(module);
    check_squares_and_quotients(module);
    check_rules(module);
    check_gram_diagonals(module);
    check_resolvent(module);
    CHECK(fakecuda_misuses() == 0 && fakecuda_live_bytes() == 0);
}
