// SPDX-License-Identifier: Apache-2.0
/*
 * ASGO steps of a set of weights in C: what the BLAS and LAPACK calls of the library's step cost without a JVM. A
 * shared library that org.asgo4j.bench.NativeStep gives the addresses of the functions that the JVM calls, so that both
 * run the same BLAS with the same threads. The products are those of the library, one call each: ssyrk for V, ssyevd
 * and ssyrk for P, whose other triangle is then copied, and sgemm for PM. The library makes products of small matrices
 * in tiles (org.asgo4j.linalg.GemmTiles); here they are whole.
 *
 * The rule is AsgoConfig.published() under OptimizerConfig.published(), the smaller side preconditioned, of square
 * weights the right one: W and G of m x n, k = min(m, n), row-major. Weights are shared out over threads one by one,
 * the largest first; waiting threads spin for as long as those of org.asgo4j.linalg.Workers, then sleep.
 */
#define _GNU_SOURCE
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { ROW_MAJOR = 101, COL_MAJOR = 102, NO_TRANS = 111, TRANS = 112, LOWER = 122 };
enum { LEFT, RIGHT };
enum { ALIGNMENT = 64, SPIN_NANOS = 100000, BLOCK = 16 };

static const double BETA1 = 0.9, BETA2 = 0.8, EPSILON = 1e-10, RMS = 0.2, CLIP_NORM = 1, ROUNDOFF = 0x1p-24;

typedef void ssyrk_fn(int, int, int, int, int, float, const float *, int, float, float *, int);
typedef void sgemm_fn(
        int, int, int, int, int, int, float, const float *, int, const float *, int, float, float *, int);
typedef int ssyevd_fn(int, char, char, int, float *, int, float *, float *, int, int *, int);

typedef struct {
    int m, n, k, side;
    float *weight, *momentum, *gram, *root;
    const float *gradient;
    double squares; /* of the gradient */
    double cost;
} weight_t;

typedef struct {
    float *update, *vectors, *values, *work;
    int *integer_work;
} scratch_t;

typedef struct set set_t;
typedef void task_fn(set_t *, int index, const scratch_t *);

struct set {
    ssyrk_fn *ssyrk;
    sgemm_fn *sgemm;
    ssyevd_fn *ssyevd;
    int workers, count, work_length, integer_length;
    weight_t *weights; /* the largest first */
    scratch_t *scratch;
    pthread_t *threads;
    pthread_mutex_t mutex;
    pthread_cond_t begun;
    atomic_int round, next, busy, started, info;
    atomic_bool closed;
    task_fn *task;
    int refresh;
    float rate, decay;
    double clip;
};

static void *zeros(size_t count, size_t size) {
    size_t bytes = (count * size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    void *p = aligned_alloc(ALIGNMENT, bytes);
    if (!p) abort(); /* of a benchmark; there is nothing to go on with */
    return memset(p, 0, bytes);
}

static double sum_of_squares(const float *x, size_t count) {
    double sum = 0;
#pragma omp simd reduction(+ : sum)
    for (size_t i = 0; i < count; i++) sum += (double) x[i] * x[i];
    return sum;
}

static void axpby(size_t count, float alpha, const float *restrict x, float beta, float *restrict y) {
    for (size_t i = 0; i < count; i++) y[i] = alpha * x[i] + beta * y[i];
}

static void measure(set_t *set, int index, const scratch_t *scratch) {
    (void) scratch;
    weight_t *w = &set->weights[index];
    w->squares = sum_of_squares(w->gradient, (size_t) w->m * w->n);
}

/* The upper triangle <- the lower one, in blocks whose rows and columns stay in the first cache. */
static void symmetrize(int k, float *a) {
    for (int below = 0; below < k; below += BLOCK) {
        int end = below + BLOCK < k ? below + BLOCK : k;
        for (int beside = 0; beside <= below; beside += BLOCK) {
            for (int i = below; i < end; i++) {
                int last = beside + BLOCK < i ? beside + BLOCK : i;
                for (int j = beside; j < last; j++) a[(size_t) j * k + i] = a[(size_t) i * k + j];
            }
        }
    }
}

/* P <- V^(-1/2) = S'S with S = diag(f)^(1/2) Q; V's lower triangle in rows is the upper one in columns */
static int root(const set_t *set, const weight_t *w, const scratch_t *s) {
    int k = w->k;
    memcpy(s->vectors, w->gram, (size_t) k * k * sizeof(float));
    int info = set->ssyevd(COL_MAJOR, 'V', 'U', k, s->vectors, k, s->values, s->work, set->work_length, s->integer_work,
            set->integer_length);
    if (info) return info;
    double floor = k * ROUNDOFF * s->values[k - 1];
    for (int i = 0; i < k; i++) {
        float scale = (float) sqrt(1 / sqrt(fmax(s->values[i], floor) + EPSILON));
        float *row = s->vectors + (size_t) i * k;
        for (int j = 0; j < k; j++) row[j] *= scale;
    }
    set->ssyrk(ROW_MAJOR, LOWER, TRANS, k, k, 1, s->vectors, k, 0, w->root, k);
    symmetrize(k, w->root);
    return 0;
}

static void update(set_t *set, int index, const scratch_t *s) {
    weight_t *w = &set->weights[index];
    int m = w->m, n = w->n, k = w->k;
    size_t mn = (size_t) m * n;
    double c = set->clip;
    axpby(mn, (float) ((1 - BETA1) * c), w->gradient, (float) BETA1, w->momentum);
    set->ssyrk(ROW_MAJOR, LOWER, w->side == LEFT ? NO_TRANS : TRANS, k, w->side == LEFT ? n : m,
            (float) ((1 - BETA2) * c * c), w->gradient, n, (float) BETA2, w->gram, k);
    if (set->refresh) {
        int info = root(set, w, s);
        if (info) {
            atomic_store(&set->info, info);
            return;
        }
    }
    if (w->side == LEFT) {
        set->sgemm(ROW_MAJOR, NO_TRANS, NO_TRANS, m, n, m, 1, w->root, m, w->momentum, n, 0, s->update, n);
    } else {
        set->sgemm(ROW_MAJOR, NO_TRANS, NO_TRANS, m, n, n, 1, w->momentum, n, w->root, n, 0, s->update, n);
    }
    double length = RMS * sqrt((double) mn) / sqrt(sum_of_squares(s->update, mn));
    axpby(mn, (float) (-set->rate * length), s->update, 1 - set->rate * set->decay, w->weight);
}

static void work(set_t *set, int worker) {
    for (int i; (i = atomic_fetch_add(&set->next, 1)) < set->count;) set->task(set, i, &set->scratch[worker]);
}

static int64_t nanos(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

static void await_round(set_t *set, int seen) {
    int64_t deadline = nanos() + SPIN_NANOS;
    while (atomic_load(&set->round) == seen) {
        if (nanos() < deadline) continue;
        pthread_mutex_lock(&set->mutex);
        while (atomic_load(&set->round) == seen) pthread_cond_wait(&set->begun, &set->mutex);
        pthread_mutex_unlock(&set->mutex);
    }
}

static void begin_round(set_t *set) {
    pthread_mutex_lock(&set->mutex);
    atomic_fetch_add(&set->round, 1);
    pthread_cond_broadcast(&set->begun);
    pthread_mutex_unlock(&set->mutex);
}

static void *serve(void *argument) {
    set_t *set = argument;
    int worker = 1 + atomic_fetch_add(&set->started, 1);
    for (int seen = 0;; seen++) {
        await_round(set, seen);
        if (atomic_load(&set->closed)) return NULL;
        work(set, worker);
        atomic_fetch_sub(&set->busy, 1);
    }
}

static void run(set_t *set, task_fn *task) {
    set->task = task;
    atomic_store(&set->next, 0);
    atomic_store(&set->busy, set->workers - 1);
    if (set->workers > 1) begin_round(set);
    work(set, 0);
    while (atomic_load(&set->busy) > 0) continue;
}

static int largest_first(const void *a, const void *b) {
    double x = ((const weight_t *) a)->cost, y = ((const weight_t *) b)->cost;
    return (x < y) - (x > y);
}

static void describe(weight_t *w, int rows, int cols, float *weight, const float *gradient, int interval) {
    int k = rows < cols ? rows : cols;
    double cube = (double) k * k * k;
    *w = (weight_t){
            .m = rows,
            .n = cols,
            .k = k,
            .side = rows < cols ? LEFT : RIGHT,
            .weight = weight,
            .gradient = gradient,
            .momentum = zeros((size_t) rows * cols, sizeof(float)),
            .gram = zeros((size_t) k * k, sizeof(float)),
            .root = zeros((size_t) k * k, sizeof(float)),
            .cost = 3.0 * k * rows * cols + 16 * cube / interval, /* as org.asgo4j.optim.Asgo counts */
    };
}

static void allocate(set_t *set) {
    size_t mn = 0, k = 0;
    for (int i = 0; i < set->count; i++) {
        const weight_t *w = &set->weights[i];
        if ((size_t) w->m * w->n > mn) mn = (size_t) w->m * w->n;
        if ((size_t) w->k > k) k = w->k;
    }
    float length, nothing[1] = {0};
    set->ssyevd(COL_MAJOR, 'V', 'U', (int) k, nothing, (int) k, nothing, &length, -1, &set->integer_length, -1);
    set->work_length = (int) nextafterf(length, INFINITY);
    set->scratch = zeros(set->workers, sizeof(scratch_t));
    for (int i = 0; i < set->workers; i++) {
        set->scratch[i] = (scratch_t){zeros(mn, sizeof(float)), zeros(k * k, sizeof(float)), zeros(k, sizeof(float)),
                zeros(set->work_length, sizeof(float)), zeros(set->integer_length, sizeof(int))};
    }
}

/*
 * A set of `count` weights and its state, all zeros; weights and gradients stay the caller's.
 */
set_t *step_open(ssyrk_fn *ssyrk, sgemm_fn *sgemm, ssyevd_fn *ssyevd, int workers, int interval, int count,
        const int32_t *rows, const int32_t *cols, float *const *weights, const float *const *gradients) {
    set_t *set = zeros(1, sizeof(set_t));
    *set = (set_t){.ssyrk = ssyrk, .sgemm = sgemm, .ssyevd = ssyevd, .workers = workers, .count = count,
            .weights = zeros(count, sizeof(weight_t)), .threads = zeros(workers, sizeof(pthread_t)),
            .mutex = PTHREAD_MUTEX_INITIALIZER, .begun = PTHREAD_COND_INITIALIZER};
    for (int i = 0; i < count; i++) describe(&set->weights[i], rows[i], cols[i], weights[i], gradients[i], interval);
    qsort(set->weights, count, sizeof(weight_t), largest_first);
    allocate(set);
    for (int i = 1; i < workers; i++) {
        if (pthread_create(&set->threads[i], NULL, serve, set)) abort();
    }
    return set;
}

/* One step of every weight, with new roots if `refresh`; returns what ssyevd returned if that failed, otherwise 0. */
int step_all(set_t *set, int refresh, float rate, float decay) {
    set->refresh = refresh;
    set->rate = rate;
    set->decay = decay;
    run(set, measure);
    double squares = 0;
    for (int i = 0; i < set->count; i++) squares += set->weights[i].squares;
    set->clip = squares > CLIP_NORM * CLIP_NORM ? CLIP_NORM / sqrt(squares) : 1;
    run(set, update);
    return atomic_load(&set->info);
}

/* Ends the threads and frees everything but weights and gradients. */
void step_close(set_t *set) {
    atomic_store(&set->closed, 1);
    begin_round(set);
    for (int i = 1; i < set->workers; i++) pthread_join(set->threads[i], NULL);
    for (int i = 0; i < set->count; i++) {
        free(set->weights[i].momentum);
        free(set->weights[i].gram);
        free(set->weights[i].root);
    }
    for (int i = 0; i < set->workers; i++) {
        scratch_t s = set->scratch[i];
        free(s.update), free(s.vectors), free(s.values), free(s.work), free(s.integer_work);
    }
    free(set->scratch);
    free(set->weights);
    free(set->threads);
    free(set);
}
