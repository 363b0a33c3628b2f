// SPDX-License-Identifier: Apache-2.0
/* Loading the PTX, and launching: what is refused, and results over sizes with and without tails. */
#define _GNU_SOURCE
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"

enum { INVALID_CONTEXT = 201, INVALID_PTX = 218, NOT_FOUND = 500, ROWS = 3, COLS = 9000, ORDER = 70 };

static CUmodule module;
static char *ptx;

static char *read_text(const char *file) {
    FILE *f = fopen(file, "r");
    char *text = NULL;
    size_t size = 0;
    CHECK(f && getdelim(&text, &size, '\0', f) > 0);
    if (f) fclose(f);
    return text ? text : strdup("");
}

static int launch(const char *name, unsigned grid_x, unsigned grid_y, unsigned block, void **parameters) {
    CUfunction function;
    CHECK(cuModuleGetFunction(&function, module, name) == 0);
    return cuLaunchKernel(function, grid_x, grid_y, 1, block, 1, 1, 0, stream, parameters, NULL);
}

/* The driver makes no context; the runtime does. */
static void *in_another_thread(void *unused) {
    (void) unused;
    CUmodule another;
    CHECK(cuModuleLoadData(&another, ptx) == INVALID_CONTEXT);
    CHECK(cudaSetDevice(0) == 0 && cuModuleLoadData(&another, ptx) == 0);
    CHECK(cuModuleUnload(another) == 0);
    return NULL;
}

/* Every kernel that the PTX has is one of the fake's, with the parameters of the same types. */
static void check_entries(void) {
    int entries = 0;
    for (const char *p = strstr(ptx, ".entry "); p; p = strstr(p + 1, ".entry ")) {
        char name[64];
        CHECK(sscanf(p, ".entry %63[^(]", name) == 1);
        CUfunction function;
        CHECK(cuModuleGetFunction(&function, module, name) == 0);
        entries++;
    }
    CHECK(entries > 40 && fakecuda_misuses() == 0);
}

static void check_axpby(void) {
    static float x[ROWS * COLS], y[ROWS * COLS], result[ROWS * COLS];
    for (int i = 0; i < ROWS * COLS; i++) x[i] = (float) next_random(), y[i] = (float) next_random();
    float alpha = 0.3f, beta = -0.7f;
    long long rows = ROWS, cols = COLS - 1, ldx = COLS, ldy = COLS;
    float *dx = to_device(x, sizeof x), *dy = to_device(y, sizeof y);
    void *parameters[] = {&alpha, &dx, &ldx, &beta, &dy, &ldy, &rows, &cols};
    CHECK(launch("axpby", 2, 2, 256, parameters) == 0);
    to_host(result, dy, sizeof result);
    for (int i = 0; i < ROWS * COLS; i++) {
        CHECK(result[i] == (i % COLS < cols ? fmaf(alpha, x[i], beta * y[i]) : y[i]));
    }
    long long too_many = ROWS + 1;
    parameters[6] = &too_many;
    CHECK(launch("axpby", 2, 2, 256, parameters) == 0); /* as on a GPU, it shows later */
    CHECK(fakecuda_misuses() == 1 && strstr(fakecuda_misuse(), "ends past"));
    CHECK(cudaStreamSynchronize(stream) == 700);
}

static void check_sum_of_squares(void) {
    static float x[ROWS * COLS];
    double expected = 0, total;
    for (int i = 0; i < ROWS * COLS; i++) {
        x[i] = (float) next_random();
        if (i % COLS < COLS - 1) expected += (double) x[i] * x[i];
    }
    long long rows = ROWS, cols = COLS - 1, ld = COLS, per_row = 3;
    float *dx = to_device(x, sizeof x);
    double *partial, *dtotal;
    CHECK(cudaMalloc((void **) &partial, ROWS * per_row * 8) == 0 && cudaMalloc((void **) &dtotal, 8) == 0);
    void *squares[] = {&dx, &ld, &partial, &rows, &cols}, *sum[] = {&partial, &per_row, &rows, &dtotal};
    CHECK(launch("squaresOfBlocks", 1, 1, 64, squares) == 0 && launch("sumOfPartials", 1, 1, 256, sum) == 0);
    to_host(&total, dtotal, sizeof total);
    CHECK(fabs(total - expected) <= 1e-12 * expected);
    CHECK(launch("sumOfPartials", 2, 1, 256, sum) == 0 && fakecuda_misuses() == 1); /* one block is right */
}

static void check_symmetrize(void) {
    static double a[ORDER * ORDER], result[ORDER * ORDER];
    for (int i = 0; i < ORDER * ORDER; i++) a[i] = next_random();
    double *da = to_device(a, sizeof a);
    long long ld = ORDER, order = ORDER - 1;
    void *parameters[] = {&da, &ld, &order};
    CHECK(launch("symmetrizeDouble", 2, 1, 256, parameters) == 0);
    to_host(result, da, sizeof result);
    for (int i = 0; i < ORDER; i++) {
        for (int j = 0; j < ORDER; j++) {
            bool mirrored = j > i && j < order;
            CHECK(result[i * ORDER + j] == (mirrored ? a[j * ORDER + i] : a[i * ORDER + j]));
        }
    }
}

static void check_gather(void) {
    float x[6] = {0, 1, 2, 3, 4, 5}, y[6];
    int rows_order[2] = {1, 0}, cols_order[3] = {2, 0, 1};
    long long rows = 2, cols = 3;
    float *dx = to_device(x, sizeof x), *dy = to_device(x, sizeof x);
    int *drows = to_device(rows_order, sizeof rows_order), *dcols = to_device(cols_order, sizeof cols_order);
    void *parameters[] = {&drows, &dcols, &dx, &cols, &dy, &cols, &rows, &cols};
    CHECK(launch("gather", 1, 2, 32, parameters) == 0);
    to_host(y, dy, sizeof y);
    CHECK(y[0] == 5 && y[1] == 3 && y[2] == 4 && y[3] == 2 && y[4] == 0 && y[5] == 1);
    parameters[1] = &dx; /* no order: NaN's bits among them, as an index */
    CHECK(launch("gather", 1, 2, 32, parameters) == 0 && cudaStreamSynchronize(stream) == 700);
}

static void renew(void) {
    fakecuda_reset();
    CHECK(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking) == 0 && cuModuleLoadData(&module, ptx) == 0);
}

void check_kernels(const char *ptx_file) {
    ptx = read_text(ptx_file);
    pthread_t thread;
    pthread_create(&thread, NULL, in_another_thread, NULL);
    pthread_join(thread, NULL);
    CUfunction function;
    CHECK(cuModuleLoadData(&module, "no PTX") == 200 && cuModuleLoadData(&module, "\n.version 9.9\n.entry a()") == 222);
    fakecuda_set_capability(7, 0);
    CHECK(cuModuleLoadData(&module, ptx) == INVALID_PTX);
    fakecuda_set_capability(12, 0);
    CHECK(cuModuleLoadData(&module, ptx) == 0 && cuModuleGetFunction(&function, module, "none") == NOT_FOUND);
    check_entries();
    CHECK(cuModuleGetFunction(&function, module, "axpby") == 0);
    CHECK(cuLaunchKernel(function, 0, 1, 1, 1, 1, 1, 0, stream, NULL, NULL) == 1);
    renew(), check_axpby();
    renew(), check_sum_of_squares();
    renew(), check_symmetrize();
    renew(), check_gather();
    renew(), check_formulas(module);
    renew();
    CHECK(cuModuleGetFunction(&function, module, "axpby") == 0 && cuModuleUnload(module) == 0);
    void *none[8] = {0};
    CHECK(cuLaunchKernel(function, 1, 1, 1, 1, 1, 1, 0, stream, none, NULL) == 400);
    free(ptx);
}
