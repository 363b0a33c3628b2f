// SPDX-License-Identifier: Apache-2.0
/*
 * The ASGO step of one weight in C, on the BLAS that asgo4j loads: what the same calls cost without a JVM.
 *
 *   ./step LIBRARY ROWS COLS [REPEATS]      LIBRARY is the file that `asgo4j doctor` names
 *
 * Prints the median milliseconds of each part and of the whole step. One BLAS thread, as in the library's workers. The parts
 * are those of org.asgo4j.optim.AsgoState on the left side, so ROWS <= COLS is expected.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { ROW_MAJOR = 101, COL_MAJOR = 102, NO_TRANS = 111, TRANS = 112, LOWER = 122, LEFT = 141 };
enum { MOMENTUM, GRAM, EIGEN, ROOT, APPLY, UPDATE, PARTS };
static const char *const NAMES[PARTS] = {"momentum", "gram syrk", "root ssyevd", "root syrk", "apply symm", "update"};

typedef void ssyrk_fn(int, int, int, int, int, float, const float *, int, float, float *, int);
typedef void ssymm_fn(int, int, int, int, int, float, const float *, int, const float *, int, float, float *, int);
typedef int ssyevd_fn(int, char, char, int, float *, int, float *, float *, int, int *, int);
typedef void threads_fn(int);

static void *symbol(void *library, const char *name) {
    void *address = dlsym(library, name);
    if (!address) {
        fprintf(stderr, "step: %s\n", dlerror());
        exit(1);
    }
    return address;
}

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1e3 + t.tv_nsec * 1e-6;
}

static int ascending(const void *a, const void *b) {
    double x = *(const double *) a, y = *(const double *) b;
    return (x > y) - (x < y);
}

static float *floats(size_t count) {
    float *p = aligned_alloc(64, (count * sizeof(float) + 63) / 64 * 64);
    if (!p) {
        fprintf(stderr, "step: out of memory for %zu floats\n", count);
        exit(1);
    }
    memset(p, 0, count * sizeof(float));
    return p;
}

int main(int argc, char **argv) {
    int m = argc > 3 ? atoi(argv[2]) : 0, n = argc > 3 ? atoi(argv[3]) : 0;
    int repeats = argc > 4 ? atoi(argv[4]) : 200;
    if (m < 1 || n < m || repeats < 1) {
        fprintf(stderr, "usage: step LIBRARY ROWS COLS [REPEATS]   with 1 <= ROWS <= COLS\n");
        return 2;
    }
    void *library = dlopen(argv[1], RTLD_NOW | RTLD_GLOBAL);
    if (!library) {
        fprintf(stderr, "step: %s\n", dlerror());
        return 1;
    }
    ssyrk_fn *ssyrk = (ssyrk_fn *) symbol(library, "cblas_ssyrk");
    ssymm_fn *ssymm = (ssymm_fn *) symbol(library, "cblas_ssymm");
    ssyevd_fn *ssyevd = (ssyevd_fn *) symbol(library, "LAPACKE_ssyevd_work");
    ((threads_fn *) symbol(library, "openblas_set_num_threads"))(1);

    size_t mn = (size_t) m * n, mm = (size_t) m * m;
    float *gradient = floats(mn), *momentum = floats(mn), *update = floats(mn), *weight = floats(mn);
    float *gram = floats(mm), *vectors = floats(mm), *root = floats(mm), *values = floats(m), query;
    int integer_query;
    ssyevd(COL_MAJOR, 'V', 'U', m, vectors, m, values, &query, -1, &integer_query, -1);
    int work_length = (int) query + 1;
    float *work = floats(work_length);
    int *integer_work = malloc(integer_query * sizeof(int));
    srand(1);

    double *samples[PARTS + 1];
    for (int p = 0; p <= PARTS; p++) samples[p] = malloc(repeats * sizeof(double));
    for (int r = -repeats / 10 - 1; r < repeats; r++) { /* the first tenth warms up */
        for (size_t i = 0; i < mn; i++) gradient[i] = (float) rand() / RAND_MAX - 0.5f;
        double t[PARTS + 1];
        t[MOMENTUM] = now();
        for (size_t i = 0; i < mn; i++) momentum[i] = 0.9f * momentum[i] + 0.1f * gradient[i];
        t[GRAM] = now();
        ssyrk(ROW_MAJOR, LOWER, NO_TRANS, m, n, 0.2f, gradient, n, 0.8f, gram, m);
        t[EIGEN] = now();
        memcpy(vectors, gram, mm * sizeof(float));
        int info = ssyevd(COL_MAJOR, 'V', 'U', m, vectors, m, values, work, work_length, integer_work, integer_query);
        if (info) {
            fprintf(stderr, "step: ssyevd returned %d\n", info);
            return 1;
        }
        t[ROOT] = now();
        float floor = m * 0x1p-24f * values[m - 1];
        for (int i = 0; i < m; i++) {
            float scale = 1 / sqrtf(sqrtf(fmaxf(values[i], floor) + 1e-10f));
            for (int j = 0; j < m; j++) vectors[(size_t) i * m + j] *= scale;
        }
        ssyrk(ROW_MAJOR, LOWER, TRANS, m, m, 1, vectors, m, 0, root, m);
        t[APPLY] = now();
        ssymm(ROW_MAJOR, LEFT, LOWER, m, n, 1, root, m, momentum, n, 0, update, n);
        t[UPDATE] = now();
        double squares = 0;
        for (size_t i = 0; i < mn; i++) squares += (double) update[i] * update[i];
        float length = 0.01f * 0.2f * sqrtf((float) mn) / (float) sqrt(squares);
        for (size_t i = 0; i < mn; i++) weight[i] = 0.999f * weight[i] - length * update[i];
        t[PARTS] = now();
        if (r < 0) continue;
        for (int p = 0; p < PARTS; p++) samples[p][r] = t[p + 1] - t[p];
        samples[PARTS][r] = t[PARTS] - t[0];
    }
    printf("%dx%d, median of %d, milliseconds\n", m, n, repeats);
    for (int p = 0; p <= PARTS; p++) {
        qsort(samples[p], repeats, sizeof(double), ascending);
        printf("%-12s %8.3f\n", p < PARTS ? NAMES[p] : "whole step", samples[p][repeats / 2]);
    }
    /* keeps the weight alive, and shows that the steps did something */
    double sum = 0;
    for (size_t i = 0; i < mn; i++) sum += fabs(weight[i]);
    printf("mean |w|     %8.5f\n", sum / mn);
    return 0;
}
