// SPDX-License-Identifier: Apache-2.0
/* What cuSOLVER has for either element type: solver.c includes this with REAL, NAMED and SOLVER_NAME set for each. */

static void NAMED(widen)(const REAL *from, size_t count, double *to) {
    for (size_t i = 0; from && i < count; i++) to[i] = from[i];
}

static void NAMED(narrow)(const double *from, size_t count, REAL *to) {
    for (size_t i = 0; to && i < count; i++) to[i] = (REAL) from[i];
}

static void NAMED(run)(void *arguments) {
    struct call *c = arguments;
    size_t most = (c->m > c->n ? c->m : c->n) + 1;
    int reflectors = c->operation == ORGQR ? c->k : c->operation == GEQRF ? (c->m < c->n ? c->m : c->n) : c->n - 1;
    double *a = calloc(most * most, sizeof *a), *vectors = calloc(4 * most, sizeof *vectors);
    double *w = vectors, *d = w + most, *e = d + most, *tau = e + most;
    memset(c->work, GARBAGE, c->lwork * sizeof(REAL));
    for (int j = 0; j < c->n; j++) NAMED(widen)((REAL *) c->a + (size_t) j * c->lda, c->m, a + (size_t) j * c->m);
    bool forms_q = c->operation == ORGQR || c->operation == ORGTR;
    if (forms_q) NAMED(widen)(c->tau, reflectors, tau);
    int info = c->n ? compute(c, a, w, d, e, tau) : 0;
    if (info || c->operation != POTRF) *c->info = info; /* that of CUDA 12.0.0 leaves it as it was */
    for (int j = 0; j < c->n; j++) NAMED(narrow)(a + (size_t) j * c->m, c->m, (REAL *) c->a + (size_t) j * c->lda);
    NAMED(narrow)(w, c->n, c->w);
    NAMED(narrow)(d, c->n, c->d);
    if (c->e) NAMED(narrow)(e, c->n - 1, c->e);
    if (!forms_q) NAMED(narrow)(tau, reflectors, c->tau);
    free(a);
    free(vectors);
}

cusolverStatus_t SOLVER_NAME(syevd_bufferSize)(cusolverDnHandle_t handle, int jobz, int uplo, int n, const REAL *a,
                                               int lda, const REAL *w, int *lwork) {
    ENTER(SOLVER);
    (void) a, (void) w;
    if (!is_flag(jobz) || !is_flag(uplo)) return SOLVER_INVALID_VALUE;
    return buffer_size(handle, SYEVD, n, n, n, lda, lwork);
}

/* With vectors only, which is all that the bindings name. */
cusolverStatus_t SOLVER_NAME(syevd)(cusolverDnHandle_t handle, int jobz, int uplo, int n, REAL *a, int lda, REAL *w,
                                    REAL *work, int lwork, int *info) {
    ENTER(SOLVER);
    if (jobz != CUSOLVER_EIG_MODE_VECTOR || !is_flag(uplo)) return SOLVER_INVALID_VALUE;
    struct call c = {SYEVD, uplo, n, n, n, lda, lwork, a, w, NULL, NULL, NULL, work, info};
    return start(handle, c, sizeof(REAL), NAMED(run));
}

cusolverStatus_t SOLVER_NAME(geqrf_bufferSize)(cusolverDnHandle_t handle, int m, int n, REAL *a, int lda, int *lwork) {
    ENTER(SOLVER);
    (void) a;
    return buffer_size(handle, GEQRF, m, n, n, lda, lwork);
}

cusolverStatus_t SOLVER_NAME(geqrf)(cusolverDnHandle_t handle, int m, int n, REAL *a, int lda, REAL *tau, REAL *work,
                                    int lwork, int *info) {
    ENTER(SOLVER);
    struct call c = {GEQRF, false, m, n, n, lda, lwork, a, NULL, NULL, NULL, tau, work, info};
    return start(handle, c, sizeof(REAL), NAMED(run));
}

cusolverStatus_t SOLVER_NAME(orgqr_bufferSize)(cusolverDnHandle_t handle, int m, int n, int k, const REAL *a, int lda,
                                               const REAL *tau, int *lwork) {
    ENTER(SOLVER);
    (void) a, (void) tau;
    return buffer_size(handle, ORGQR, m, n, k, lda, lwork);
}

cusolverStatus_t SOLVER_NAME(orgqr)(cusolverDnHandle_t handle, int m, int n, int k, REAL *a, int lda, const REAL *tau,
                                    REAL *work, int lwork, int *info) {
    ENTER(SOLVER);
    struct call c = {ORGQR, false, m, n, k, lda, lwork, a, NULL, NULL, NULL, (REAL *) tau, work, info};
    return start(handle, c, sizeof(REAL), NAMED(run));
}

cusolverStatus_t SOLVER_NAME(potrf_bufferSize)(cusolverDnHandle_t handle, int uplo, int n, REAL *a, int lda,
                                               int *lwork) {
    ENTER(SOLVER);
    (void) a;
    return is_flag(uplo) ? buffer_size(handle, POTRF, n, n, n, lda, lwork) : SOLVER_INVALID_VALUE;
}

cusolverStatus_t SOLVER_NAME(potrf)(cusolverDnHandle_t handle, int uplo, int n, REAL *a, int lda, REAL *work, int lwork,
                                    int *info) {
    ENTER(SOLVER);
    if (!is_flag(uplo)) return SOLVER_INVALID_VALUE;
    struct call c = {POTRF, uplo, n, n, n, lda, lwork, a, NULL, NULL, NULL, NULL, work, info};
    return start(handle, c, sizeof(REAL), NAMED(run));
}

cusolverStatus_t SOLVER_NAME(potri_bufferSize)(cusolverDnHandle_t handle, int uplo, int n, REAL *a, int lda,
                                               int *lwork) {
    ENTER(SOLVER);
    (void) a;
    return is_flag(uplo) ? buffer_size(handle, POTRI, n, n, n, lda, lwork) : SOLVER_INVALID_VALUE;
}

cusolverStatus_t SOLVER_NAME(potri)(cusolverDnHandle_t handle, int uplo, int n, REAL *a, int lda, REAL *work, int lwork,
                                    int *info) {
    ENTER(SOLVER);
    if (!is_flag(uplo)) return SOLVER_INVALID_VALUE;
    struct call c = {POTRI, uplo, n, n, n, lda, lwork, a, NULL, NULL, NULL, NULL, work, info};
    return start(handle, c, sizeof(REAL), NAMED(run));
}
