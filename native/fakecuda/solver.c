// SPDX-License-Identifier: Apache-2.0
/*
 * cuSOLVER: arguments and workspace are checked, the workspace is overwritten in its whole length, and what is
 * computed is computed in float64 by eigen.c and cholesky.c. Results: LAPACK's conventions; info is 0, or what did not
 * converge or is not positive definite.
 */
#include <stdlib.h>
#include <string.h>

#include "fake.h"

struct solver {
    const void *stream_handle;
};

/* That of cudaMalloc's memory, in bytes: the real one does not say what it needs. */
enum { WORK_ALIGNMENT = 256 };

enum operation { SYEVD, GEQRF, ORGQR, SYTRD, ORGTR, POTRF, POTRI };

/* One call: of the vectors, those that the operation has. */
struct call {
    enum operation operation;
    bool upper;
    int m, n, k, lda, lwork;
    void *a, *w, *d, *e, *tau, *work;
    int *info;
};

int solver_stream(cusolverDnHandle_t handle, struct stream **stream) {
    struct solver *solver = object_of(handle, SOLVER_HANDLE);
    if (!solver) return SOLVER_NOT_INITIALIZED;
    return stream_of(solver->stream_handle, stream) ? OK : SOLVER_EXECUTION_FAILED;
}

cusolverStatus_t cusolverDnCreate(cusolverDnHandle_t *handle) {
    ENTER(SOLVER);
    if (!handle) return SOLVER_INVALID_VALUE;
    *handle = object_new(SOLVER_HANDLE, sizeof(struct solver));
    return OK;
}

/* Given back even if the device is lost. */
cusolverStatus_t cusolverDnDestroy(cusolverDnHandle_t handle) {
    __attribute__((cleanup(leave))) struct entry entry = enter(__func__, SOLVER);
    drain_all();
    if (!object_of(handle, SOLVER_HANDLE)) return entry.status ? entry.status : SOLVER_NOT_INITIALIZED;
    object_end(handle);
    return entry.status;
}

cusolverStatus_t cusolverDnSetStream(cusolverDnHandle_t handle, cudaStream_t stream) {
    ENTER(SOLVER);
    struct solver *solver = object_of(handle, SOLVER_HANDLE);
    struct stream *found;
    if (!solver) return SOLVER_NOT_INITIALIZED;
    if (!stream_of(stream, &found)) return SOLVER_INVALID_VALUE;
    solver->stream_handle = stream;
    return OK;
}

/* Elements of workspace: as much as the real one's order of magnitude, and different for each operation. */
static int work_length(enum operation operation, int m, int n) {
    switch (operation) {
    case SYEVD:
        return 2 * n * n + 6 * n + 1;
    case SYTRD:
        return 33 * n + 1;
    case ORGTR:
        return 32 * n + 3;
    case POTRF:
        return 16 * n + 9;
    case POTRI:
        return n * n + 11;
    default:
        return 32 * (m > n ? m : n) + (operation == GEQRF ? 5 : 7);
    }
}

static bool dimensions_are_bad(enum operation operation, int m, int n, int k, int lda) {
    if (operation == ORGQR && (n > m || k < 0 || k > n)) return true;
    return m < 0 || n < 0 || lda < (m > 1 ? m : 1);
}

static int buffer_size(cusolverDnHandle_t handle, enum operation operation, int m, int n, int k, int lda, int *lwork) {
    if (!object_of(handle, SOLVER_HANDLE)) return SOLVER_NOT_INITIALIZED;
    if (dimensions_are_bad(operation, m, n, k, lda) || !lwork) return SOLVER_INVALID_VALUE;
    *lwork = work_length(operation, m, n);
    return OK;
}

/* Replaces device addresses by where the bytes are; false after noting a misuse. */
static bool locate(void **address, const char *name, size_t elements, size_t size) {
    return !*address || (*address = memory_of(name, (uint64_t) *address, elements * size, size));
}

static int start(cusolverDnHandle_t handle, struct call c, size_t size, void (*run)(void *)) {
    struct stream *stream;
    int status = solver_stream(handle, &stream);
    if (status) return status;
    if (dimensions_are_bad(c.operation, c.m, c.n, c.k, c.lda) || c.lwork < work_length(c.operation, c.m, c.n)) {
        return SOLVER_INVALID_VALUE;
    }
    bool positive = c.operation == POTRF || c.operation == POTRI; /* these have no vectors */
    if (!c.a || !c.work || !c.info || (!positive && !(c.operation == SYEVD ? c.w : c.tau))) return SOLVER_INVALID_VALUE;
    int reflectors = c.operation == ORGQR ? c.k : c.m < c.n ? c.m : c.n;
    if (c.operation == SYTRD || c.operation == ORGTR) reflectors = c.n - 1;
    if (!locate(&c.a, "A", c.n ? (size_t) (c.n - 1) * c.lda + c.m : 0, size) || !locate(&c.w, "W", c.n, size)
        || !locate(&c.d, "D", c.n, size) || !locate(&c.e, "E", c.n - 1, size)
        || !locate(&c.tau, "TAU", reflectors, size)
        || !(c.work = memory_of("work", (uint64_t) c.work, c.lwork * size, WORK_ALIGNMENT))
        || !locate((void **) &c.info, "devInfo", 1, sizeof(int))) {
        return SOLVER_EXECUTION_FAILED;
    }
    submit(stream, run, &c, sizeof c);
    return OK;
}

static int compute(struct call *c, double *a, double *w, double *d, double *e, double *tau) {
    switch (c->operation) {
    case SYEVD:
        return eigen(c->upper, c->n, a, w);
    case GEQRF:
        qr(c->m, c->n, a, tau);
        return 0;
    case ORGQR:
        qr_q(c->m, c->n, c->k, a, tau);
        return 0;
    case SYTRD:
        tridiagonal(c->upper, c->n, a, d, e, tau);
        if (c->upper && c->n > 1) a[c->n] = -1; /* LAPACK leaves e_0 there, the real one this: only e has it */
        return 0;
    case POTRF:
        return cholesky(c->upper, c->n, a);
    case POTRI:
        return cholesky_inverse(c->upper, c->n, a);
    default:
        tridiagonal_q(c->upper, c->n, a, tau);
        return 0;
    }
}

static bool is_flag(int value) {
    return value == 0 || value == 1;
}

#define REAL float
#define NAMED(name) s##name
#define SOLVER_NAME(name) cusolverDnS##name
#include "solver_typed.h"

cusolverStatus_t cusolverDnSsytrd_bufferSize(cusolverDnHandle_t handle, int uplo, int n, const float *a, int lda,
                                             const float *d, const float *e, const float *tau, int *lwork) {
    ENTER(SOLVER);
    (void) a, (void) d, (void) e, (void) tau;
    return is_flag(uplo) ? buffer_size(handle, SYTRD, n, n, n, lda, lwork) : SOLVER_INVALID_VALUE;
}

cusolverStatus_t cusolverDnSsytrd(cusolverDnHandle_t handle, int uplo, int n, float *a, int lda, float *d, float *e,
                                  float *tau, float *work, int lwork, int *info) {
    ENTER(SOLVER);
    if (!is_flag(uplo) || !d || !e) return SOLVER_INVALID_VALUE;
    struct call c = {SYTRD, uplo, n, n, n, lda, lwork, a, NULL, d, e, tau, work, info};
    return start(handle, c, sizeof(float), srun);
}

cusolverStatus_t cusolverDnSorgtr_bufferSize(cusolverDnHandle_t handle, int uplo, int n, const float *a, int lda,
                                             const float *tau, int *lwork) {
    ENTER(SOLVER);
    (void) a, (void) tau;
    return is_flag(uplo) ? buffer_size(handle, ORGTR, n, n, n, lda, lwork) : SOLVER_INVALID_VALUE;
}

cusolverStatus_t cusolverDnSorgtr(cusolverDnHandle_t handle, int uplo, int n, float *a, int lda, const float *tau,
                                  float *work, int lwork, int *info) {
    ENTER(SOLVER);
    if (!is_flag(uplo)) return SOLVER_INVALID_VALUE;
    struct call c = {ORGTR, uplo, n, n, n, lda, lwork, a, NULL, NULL, NULL, (float *) tau, work, info};
    return start(handle, c, sizeof(float), srun);
}

#undef REAL
#undef NAMED
#undef SOLVER_NAME
#define REAL double
#define NAMED(name) d##name
#define SOLVER_NAME(name) cusolverDnD##name
#include "solver_typed.h"
