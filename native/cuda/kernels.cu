// SPDX-License-Identifier: Apache-2.0
/*
 * The elementwise operations and reductions of org.asgo4j.linalg.Backend on a GPU, for row-major matrices given as a
 * pointer and the elements between the starts of rows. Each is the formula of org.asgo4j.kernel.ScalarKernels with the
 * same roundings, so that the results are the same to the bit: compiled without contraction (-fmad=false), an fma
 * stands where the Java twin has Math.fma, and sums of squares are taken in the order of the twin.
 */
#include "device.h"

/* Elements whose sum of squares is one partial sum, as ScalarKernels.SQUARES_BLOCK. */
#define SQUARES_BLOCK 4096
/* Threads of a warp, and the sums of which one partial sum consists, as ScalarKernels.SQUARES_PARTIALS. */
#define WARP 32
/* Of these, neighbours in the tree of additions, as ScalarKernels.SQUARES_LANES. */
#define SQUARES_LANES 8
/* The most threads of a block that shares memory. */
#define MOST_THREADS 256
/* Rows and columns of what is mirrored at a time, and one more, so that a column's elements lie in different banks. */
#define TILE 32
#define TILE_ROW 33

/* y <- alpha x + beta y; with beta = 0, y is not read. x and y may be the same. */
KERNEL axpby(float alpha, const float *x, int64_t ldx, float beta, float *y, int64_t ldy, int64_t rows, int64_t cols) {
    ROWS(i, rows) COLS(j, cols) {
        float value = x[i * ldx + j];
        y[i * ldy + j] = beta == 0 ? alpha * value : fmaf(alpha, value, beta * y[i * ldy + j]);
    }
}

/* y <- alpha x x + beta y. */
KERNEL addSquares(float alpha, const float *x, int64_t ldx, float beta, float *y, int64_t ldy, int64_t rows,
                  int64_t cols) {
    ROWS(i, rows) COLS(j, cols) {
        float value = x[i * ldx + j];
        y[i * ldy + j] = fmaf(alpha * value, value, beta * y[i * ldy + j]);
    }
}

/* y <- x / (sqrt(v + inside) + outside), 0 where that denominator is 0. */
KERNEL divideByRoot(const float *x, int64_t ldx, const float *v, int64_t ldv, float inside, float outside, float *y,
                    int64_t ldy, int64_t rows, int64_t cols) {
    ROWS(i, rows) COLS(j, cols) {
        float denominator = sqrtf(v[i * ldv + j] + inside) + outside;
        y[i * ldy + j] = denominator == 0 ? 0 : x[i * ldx + j] / denominator;
    }
}

/* One AdamW step: m, v and w from g; rate1 = 1 - beta1, rate2 = 1 - beta2 and keep2 = beta2, each rounded once. */
KERNEL adamw(float gradientScale, float rate1, float rate2, float keep2, float epsilon, float stepSize,
             float rootCorrection, float decay, const float *gradient, int64_t ldg, float *m, int64_t ldm, float *v,
             int64_t ldv, float *w, int64_t ldw, int64_t rows, int64_t cols) {
    ROWS(i, rows) COLS(j, cols) {
        float g = gradientScale * gradient[i * ldg + j];
        float oldM = m[i * ldm + j];
        float newM = fmaf(g - oldM, rate1, oldM);
        float newV = fmaf(rate2 * g, g, keep2 * v[i * ldv + j]);
        float denominator = fmaf(sqrtf(newV), rootCorrection, epsilon);
        m[i * ldm + j] = newM;
        v[i * ldv + j] = newV;
        w[i * ldw + j] = fmaf(newM / denominator, -stepSize, decay * w[i * ldw + j]);
    }
}

/* One Lion step: m and w from g; rates and keeps as in adamw. */
KERNEL lion(float gradientScale, float keep1, float rate1, float keep2, float rate2, float stepSize, float decay,
            const float *gradient, int64_t ldg, float *m, int64_t ldm, float *w, int64_t ldw, int64_t rows,
            int64_t cols) {
    ROWS(i, rows) COLS(j, cols) {
        float g = gradientScale * gradient[i * ldg + j];
        float oldM = m[i * ldm + j];
        float direction = fmaf(rate1, g, keep1 * oldM);
        float sign = direction > 0 ? 1 : direction < 0 ? -1 : direction;
        m[i * ldm + j] = fmaf(rate2, g, keep2 * oldM);
        w[i * ldw + j] = fmaf(-stepSize, sign, decay * w[i * ldw + j]);
    }
}

/* y <- x, exactly. */
KERNEL widen(const float *x, int64_t ldx, double *y, int64_t ldy, int64_t rows, int64_t cols) {
    ROWS(i, rows) COLS(j, cols) {
        y[i * ldy + j] = x[i * ldx + j];
    }
}

/* y <- x, rounded to nearest. */
KERNEL narrow(const double *x, int64_t ldx, float *y, int64_t ldy, int64_t rows, int64_t cols) {
    ROWS(i, rows) COLS(j, cols) {
        y[i * ldy + j] = (float) x[i * ldx + j];
    }
}

/* The elements of one partial sum: a block of a row, or what is left of it. */
struct squares {
    const float *start;
    int count;
    int grouped; /* those that the threads of a warp share; thread 0 adds the others one by one */
};

DEVICE struct squares squaresOf(const float *x, int64_t ldx, int64_t cols, int64_t perRow, int64_t block) {
    int64_t from = block % perRow * SQUARES_BLOCK;
    struct squares s;
    s.start = x + block / perRow * ldx + from;
    s.count = (int) (cols - from < SQUARES_BLOCK ? cols - from : SQUARES_BLOCK);
    s.grouped = s.count / WARP * WARP;
    return s;
}

/* The sum of a warp's sums, in the order of the Java twin's tree. */
DEVICE double sumOfWarp(const double *sums) {
    double lanes[SQUARES_LANES], sum = 0;
    for (int k = 0; k < SQUARES_LANES; k++) {
        const double *p = sums + k;
        lanes[k] = (p[0] + p[SQUARES_LANES]) + (p[2 * SQUARES_LANES] + p[3 * SQUARES_LANES]);
    }
    for (int k = 0; k < SQUARES_LANES; k += 2) sum += lanes[k] + lanes[k + 1];
    return sum;
}

/*
 * partial[i perRow + b] <- the sum of squares of row i's elements from column b SQUARES_BLOCK on, SQUARES_BLOCK of
 * them or what is left, where perRow is the number of such blocks in a row. One warp sums one. In blocks of whole
 * warps, at most MOST_THREADS.
 */
KERNEL squaresOfBlocks(const float *x, int64_t ldx, double *partial, int64_t rows, int64_t cols) {
    SHARED double sums[MOST_THREADS];
    int64_t perRow = (cols + SQUARES_BLOCK - 1) / SQUARES_BLOCK, blocks = rows * perRow;
    int warps = blockDim.x / WARP;
    for (int64_t first = (int64_t) blockIdx.x * warps; first < blocks; first += (int64_t) gridDim.x * warps) {
        THREADS(t) {
            int64_t block = first + t / WARP;
            double sum = 0;
            if (block < blocks) {
                struct squares s = squaresOf(x, ldx, cols, perRow, block);
                for (int k = t % WARP; k < s.grouped; k += WARP) {
                    sum = fma((double) s.start[k], (double) s.start[k], sum);
                }
            }
            sums[t] = sum;
        }
        THREADS(t) {
            int64_t block = first + t / WARP;
            if (t % WARP == 0 && block < blocks) {
                struct squares s = squaresOf(x, ldx, cols, perRow, block);
                double sum = sumOfWarp(sums + t);
                for (int k = s.grouped; k < s.count; k++) sum = fma((double) s.start[k], (double) s.start[k], sum);
                partial[block] = sum;
            }
        }
    }
}

/*
 * Sets result to the sum of term over the columns j < count of row i, for every i < rows. One warp does a row, and the
 * sums of its threads are added in their order. In blocks of whole warps, at most MOST_THREADS.
 */
#define SUM_OF_EACH_ROW(i, rows, j, count, term, result)                                                              \
    SHARED double sums[MOST_THREADS];                                                                                 \
    int warps = blockDim.x / WARP;                                                                                    \
    for (int64_t first = (int64_t) blockIdx.x * warps; first < (rows); first += (int64_t) gridDim.x * warps) {        \
        THREADS(t) {                                                                                                  \
            int64_t i = first + t / WARP;                                                                             \
            double sum = 0;                                                                                           \
            for (int64_t j = t % WARP; i < (rows) && j < (count); j += WARP) sum += (term);                           \
            sums[t] = sum;                                                                                            \
        }                                                                                                             \
        THREADS(t) {                                                                                                  \
            int64_t i = first + t / WARP;                                                                             \
            if (t % WARP == 0 && i < (rows)) {                                                                        \
                double sum = 0;                                                                                       \
                for (int k = 0; k < WARP; k++) sum += sums[t + k];                                                    \
                result = sum;                                                                                         \
            }                                                                                                         \
        }                                                                                                             \
    }

/* total <- the sum of partial's rows' sums, one addition after the other: in one block. */
KERNEL sumOfPartials(const double *partial, int64_t perRow, int64_t rows, double *total) {
    SHARED double staged[MOST_THREADS];
    double sum = 0, rowSum = 0;
    int64_t left = perRow;
    for (int64_t from = 0; from < rows * perRow; from += MOST_THREADS) {
        int size = (int) (rows * perRow - from < MOST_THREADS ? rows * perRow - from : MOST_THREADS);
        THREADS(t) {
            for (int k = t; k < size; k += blockDim.x) staged[k] = partial[from + k];
        }
        THREADS(t) {
            if (t == 0) {
                for (int k = 0; k < size; k++) {
                    rowSum += staged[k];
                    if (--left == 0) {
                        sum += rowSum;
                        rowSum = 0;
                        left = perRow;
                    }
                }
            }
        }
    }
    THREADS(t) {
        if (t == 0) *total = sum;
    }
}

/* d_i <- alpha times the sum of partial's row i, + beta d_i. */
KERNEL gramDiagonalRows(double alpha, const double *partial, int64_t perRow, double beta, double *d, int64_t rows) {
    COLS(i, rows) {
        double squares = 0;
        for (int64_t b = 0; b < perRow; b++) squares += partial[i * perRow + b];
        d[i] = fma(alpha, squares, beta * d[i]);
    }
}

/* d_j <- alpha times the sum of squares of x's column j, + beta d_j. */
KERNEL gramDiagonalCols(double alpha, const float *x, int64_t ldx, double beta, double *d, int64_t rows, int64_t cols) {
    COLS(j, cols) {
        double sum = beta * d[j];
        for (int64_t i = 0; i < rows; i++) sum = fma(alpha * x[i * ldx + j], (double) x[i * ldx + j], sum);
        d[j] = sum;
    }
}

/*
 * For the tridiagonal A = T + shift I of order n: pivots[0..n) <- those of the elimination from the first row down,
 * pivots[n..2n) <- from the last one up; status <- 0, or 1 + a row whose pivot is not above 0. In one block of at
 * least two warps.
 */
KERNEL resolventPivots(double shift, const float *diagonal, const float *offDiagonal, double *pivots, int64_t *status,
                       int64_t order) {
    THREADS(t) {
        if (t == 0) *status = 0;
    }
    THREADS(t) {
        double last = 0;
        if (t == 0) {
            for (int64_t i = 0; i < order; i++) {
                double e = i == 0 ? 0 : offDiagonal[i - 1];
                last = diagonal[i] + shift - (i == 0 ? 0 : e * e / last);
                pivots[i] = last;
                if (!(last > 0)) *status = 1 + i;
            }
        } else if (t == WARP) { /* of another warp than thread 0 */
            for (int64_t i = order - 1; i >= 0; i--) {
                double e = i == order - 1 ? 0 : offDiagonal[i];
                last = diagonal[i] + shift - (i == order - 1 ? 0 : e * e / last);
                pivots[order + i] = last;
                if (!(last > 0)) *status = 1 + i;
            }
        }
    }
}

/*
 * The lower triangle of c <- c + alpha (T + shift I)^-1 with the pivots of that matrix: a column for each thread, from
 * the diagonal down. Unlike the Java twin it leaves out no negligible element: subnormal numbers cost a GPU nothing.
 */
KERNEL addResolvent(double alpha, double shift, const float *diagonal, const float *offDiagonal, const double *pivots,
                    float *c, int64_t ldc, int64_t order) {
    COLS(j, order) {
        float value = (float) (alpha / (pivots[j] + pivots[order + j] - (diagonal[j] + shift)));
        c[j * ldc + j] += value;
        for (int64_t i = j + 1; i < order; i++) {
            value = (float) (-offDiagonal[i - 1] / pivots[order + i]) * value;
            c[i * ldc + j] += value;
        }
    }
}

#define REAL float
#define NAMED(name) name
#define FMA fmaf
#include "typed.h"

#undef REAL
#undef NAMED
#undef FMA
#define REAL double
#define NAMED(name) name##Double
#define FMA fma
#include "typed.h"
