// SPDX-License-Identifier: Apache-2.0
/*
 * syevd, geqrf with orgqr, sytrd with orgtr, potrf with potri: orthogonality and residual, from either triangle, with
 * gaps between columns.
 */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"

enum { GAP = 2, MOST = 40, SIZE = MOST * (MOST + GAP) };

static double at(const float *a, int ld, int i, int j) {
    return a[i + (size_t) j * ld];
}

/* A symmetric matrix, of which the triangle that is not read is NaN in stored. */
static void symmetric(int n, int ld, int uplo, float *full, float *stored) {
    for (int j = 0; j < n; j++) {
        for (int i = j; i < n; i++) full[i + j * ld] = full[j + i * ld] = (float) next_random();
    }
    memcpy(stored, full, SIZE * sizeof *full);
    for (int j = 0; j < n; j++) {
        for (int i = 0; i < n; i++) {
            if (uplo == CUBLAS_FILL_MODE_LOWER ? i < j : i > j) stored[i + j * ld] = NAN;
        }
    }
}

/* |Q'Q - I| and |A - Q T Q'| are below a few n epsilon, where T is tridiagonal; e may be NULL. */
static void check_decomposition(int n, int ld, const float *a, const float *q, const float *d, const float *e) {
    double bound = 4 * (n + 2) * FLT_EPSILON, norm = 0;
    for (int j = 0; j < n; j++) {
        for (int i = 0; i < n; i++) norm += at(a, ld, i, j) * at(a, ld, i, j);
    }
    for (int j = 0; j < n; j++) {
        for (int i = 0; i < n; i++) {
            double dot = 0, product = 0;
            for (int l = 0; l < n; l++) {
                dot += at(q, ld, l, i) * at(q, ld, l, j);
                product += at(q, ld, i, l) * d[l] * at(q, ld, j, l);
                if (!e || l == n - 1) continue;
                product += e[l] * (at(q, ld, i, l) * at(q, ld, j, l + 1) + at(q, ld, i, l + 1) * at(q, ld, j, l));
            }
            CHECK(fabs(dot - (i == j)) <= bound);
            CHECK(fabs(product - at(a, ld, i, j)) <= bound * (1 + sqrt(norm)));
        }
    }
}

static float *floats(int count) {
    static float zeros[SIZE];
    return to_device(zeros, count * sizeof(float));
}

static void check_syevd(int n, int uplo) {
    float a[SIZE] = {0}, stored[SIZE], w[MOST];
    int ld = n + GAP, lwork, info = -1;
    symmetric(n, ld, uplo, a, stored);
    float *da = to_device(stored, sizeof stored), *dw = floats(n);
    int *dinfo = to_device(&info, sizeof info);
    CHECK(cusolverDnSsyevd_bufferSize(solver, CUSOLVER_EIG_MODE_VECTOR, uplo, n, da, ld, dw, &lwork) == 0);
    float *work = floats(0);
    CHECK(cudaMalloc((void **) &work, lwork * sizeof(float)) == 0);
    CHECK(cusolverDnSsyevd(solver, CUSOLVER_EIG_MODE_VECTOR, uplo, n, da, ld, dw, work, lwork, dinfo) == 0);
    to_host(stored, da, sizeof stored), to_host(w, dw, n * sizeof *w), to_host(&info, dinfo, sizeof info);
    CHECK(info == 0);
    for (int i = 1; i < n; i++) CHECK(w[i - 1] <= w[i]);
    check_decomposition(n, ld, a, stored, w, NULL);
    CHECK(cusolverDnSsyevd(solver, CUSOLVER_EIG_MODE_VECTOR, uplo, n, da, ld, dw, work, lwork - 1, dinfo)
          == CUSOLVER_STATUS_INVALID_VALUE);
    cudaFree(da), cudaFree(dw), cudaFree(work), cudaFree(dinfo);
}

static void check_sytrd(int n, int uplo) {
    float a[SIZE] = {0}, stored[SIZE], d[MOST], e[MOST];
    int ld = n + GAP, lwork, lwork_q, info = -1;
    symmetric(n, ld, uplo, a, stored);
    float *da = to_device(stored, sizeof stored), *dd = floats(n), *de = floats(n), *dtau = floats(n), *work;
    int *dinfo = to_device(&info, sizeof info);
    CHECK(cusolverDnSsytrd_bufferSize(solver, uplo, n, da, ld, dd, de, dtau, &lwork) == 0);
    CHECK(cusolverDnSorgtr_bufferSize(solver, uplo, n, da, ld, dtau, &lwork_q) == 0);
    CHECK(cudaMalloc((void **) &work, (lwork + lwork_q) * sizeof(float)) == 0);
    CHECK(cusolverDnSsytrd(solver, uplo, n, da, ld, dd, de, dtau, work, lwork, dinfo) == 0);
    CHECK(cusolverDnSorgtr(solver, uplo, n, da, ld, dtau, work, lwork_q, dinfo) == 0);
    to_host(stored, da, sizeof stored), to_host(d, dd, n * sizeof *d), to_host(e, de, n * sizeof *e);
    to_host(&info, dinfo, sizeof info);
    CHECK(info == 0);
    check_decomposition(n, ld, a, stored, d, e);
    cudaFree(da), cudaFree(dd), cudaFree(de), cudaFree(dtau), cudaFree(work), cudaFree(dinfo);
}

/* R = Q'A is upper triangular, and what geqrf leaves above the diagonal. */
static void check_qr(int n) {
    float a[SIZE], r[SIZE], q[SIZE];
    int ld = n + GAP, lwork, lwork_q, info = -1;
    for (int i = 0; i < SIZE; i++) a[i] = (float) next_random();
    float *da = to_device(a, sizeof a), *dtau = floats(n), *work;
    int *dinfo = to_device(&info, sizeof info);
    CHECK(cusolverDnSgeqrf_bufferSize(solver, n, n, da, ld, &lwork) == 0);
    CHECK(cusolverDnSorgqr_bufferSize(solver, n, n, n, da, ld, dtau, &lwork_q) == 0);
    CHECK(cudaMalloc((void **) &work, (lwork + lwork_q) * sizeof(float)) == 0);
    CHECK(cusolverDnSgeqrf(solver, n, n, da, ld, dtau, work, lwork, dinfo) == 0);
    to_host(r, da, sizeof r);
    CHECK(cusolverDnSorgqr(solver, n, n, n, da, ld, dtau, work, lwork_q, dinfo) == 0);
    to_host(q, da, sizeof q), to_host(&info, dinfo, sizeof info);
    CHECK(info == 0);
    for (int j = 0; j < n; j++) {
        for (int i = 0; i < n; i++) {
            double dot = 0, product = 0;
            for (int l = 0; l < n; l++) {
                dot += at(q, ld, l, i) * at(q, ld, l, j);
                product += at(q, ld, l, i) * at(a, ld, l, j);
            }
            CHECK(fabs(dot - (i == j)) <= 4 * (n + 2) * FLT_EPSILON);
            CHECK(fabs(product - (i <= j ? at(r, ld, i, j) : 0)) <= 8 * (n + 2) * FLT_EPSILON * n);
        }
    }
    cudaFree(da), cudaFree(dtau), cudaFree(work), cudaFree(dinfo);
}

/* A times what potri makes of potrf's factor is the identity; and a matrix that is not positive definite is seen. */
static void check_inverse(int n, int uplo) {
    float a[SIZE] = {0}, stored[SIZE], x[SIZE];
    int ld = n + GAP, lwork, lwork_i, info = -1, bad = -1;
    symmetric(n, ld, uplo, a, stored);
    for (int i = 0; i < n; i++) a[i + i * ld] += (float) n, stored[i + i * ld] += (float) n;
    float *da = to_device(stored, sizeof stored), *work;
    int *dinfo = to_device(&info, sizeof info);
    CHECK(cusolverDnSpotrf_bufferSize(solver, uplo, n, da, ld, &lwork) == 0);
    CHECK(cusolverDnSpotri_bufferSize(solver, uplo, n, da, ld, &lwork_i) == 0);
    CHECK(cudaMalloc((void **) &work, (lwork + lwork_i) * sizeof(float)) == 0);
    CHECK(cusolverDnSpotrf(solver, uplo, n, da, ld, work, lwork - 1, dinfo) == CUSOLVER_STATUS_INVALID_VALUE);
    CHECK(cusolverDnSpotri(solver, uplo, n, da, ld, work, lwork_i - 1, dinfo) == CUSOLVER_STATUS_INVALID_VALUE);
    CHECK(cusolverDnSpotrf(solver, 2, n, da, ld, work, lwork, dinfo) == CUSOLVER_STATUS_INVALID_VALUE);
    CHECK(cusolverDnSpotrf(solver, uplo, n, NULL, ld, work, lwork, dinfo) == CUSOLVER_STATUS_INVALID_VALUE);
    CHECK(cusolverDnSpotri(solver, uplo, n, da, n - 1, work, lwork_i, dinfo) == CUSOLVER_STATUS_INVALID_VALUE);
    CHECK(cusolverDnSpotrf(solver, uplo, n, da, ld, work, lwork, dinfo) == 0);
    to_host(&info, dinfo, sizeof info);
    CHECK(info == -1); /* as it was */
    CHECK(cusolverDnSpotri(solver, uplo, n, da, ld, work, lwork_i, dinfo) == 0);
    to_host(x, da, sizeof x), to_host(&info, dinfo, sizeof info);
    CHECK(info == 0);
    for (int j = 0; j < n; j++) {
        for (int i = 0; i < n; i++) {
            double product = 0;
            for (int l = 0; l < n; l++) {
                bool named = uplo == CUBLAS_FILL_MODE_LOWER ? l >= j : l <= j;
                product += at(a, ld, i, l) * (named ? at(x, ld, l, j) : at(x, ld, j, l));
            }
            CHECK(fabs(product - (i == j)) <= 8 * (n + 2) * FLT_EPSILON);
        }
    }
    stored[(n - 1) * (ld + 1)] = -1;
    float *dbad = to_device(stored, sizeof stored);
    CHECK(cusolverDnSpotrf(solver, uplo, n, dbad, ld, work, lwork, dinfo) == 0);
    to_host(&bad, dinfo, sizeof bad);
    CHECK(bad == n);
    cudaFree(da), cudaFree(dbad), cudaFree(work), cudaFree(dinfo);
}

/* Equal eigenvalues, which come apart at once, and NaN, which never does. */
static void check_special(void) {
    float identity[9] = {2, 0, 0, 0, 2, 0, 0, 0, 2}, a[9], w[3];
    int info = -1, lwork;
    for (int with_nan = 0; with_nan < 2; with_nan++) {
        if (with_nan) identity[1] = identity[3] = NAN;
        float *da = to_device(identity, sizeof identity), *dw = floats(3), *work;
        int *dinfo = to_device(&info, sizeof info);
        CHECK(cusolverDnSsyevd_bufferSize(solver, 1, 1, 3, da, 3, dw, &lwork) == 0);
        CHECK(cudaMalloc((void **) &work, lwork * sizeof(float)) == 0);
        CHECK(cusolverDnSsyevd(solver, 1, 1, 3, da, 3, dw, work, lwork, dinfo) == 0);
        to_host(a, da, sizeof a), to_host(w, dw, sizeof w), to_host(&info, dinfo, sizeof info);
        CHECK(with_nan ? info > 0 : info == 0 && w[0] == 2 && w[2] == 2);
        cudaFree(da), cudaFree(dw), cudaFree(work), cudaFree(dinfo);
    }
}

void check_factorizations(void) {
    int orders[] = {1, 2, 3, 17, MOST};
    for (int k = 0; k < 5; k++) {
        for (int uplo = 0; uplo < 2; uplo++) {
            check_syevd(orders[k], uplo);
            check_sytrd(orders[k], uplo);
            check_inverse(orders[k], uplo);
        }
        check_qr(orders[k]);
    }
    check_special();
}
