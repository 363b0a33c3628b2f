// SPDX-License-Identifier: Apache-2.0
/* The kernels of both element types: kernels.cu includes this with REAL, NAMED and FMA set for each. */

/* a_ij <- d_i a_ij. */
KERNEL NAMED(scaleRows)(const REAL *d, REAL *a, int64_t lda, int64_t rows, int64_t cols) {
    ROWS(i, rows) COLS(j, cols) {
        a[i * lda + j] = d[i] * a[i * lda + j];
    }
}

/* a_ij <- a_ij d_j. */
KERNEL NAMED(scaleCols)(const REAL *d, REAL *a, int64_t lda, int64_t rows, int64_t cols) {
    ROWS(i, rows) COLS(j, cols) {
        a[i * lda + j] = d[j] * a[i * lda + j];
    }
}

/* a_ji <- a_ij for all i > j. In blocks of a multiple of TILE threads, one for each TILE by TILE elements or fewer. */
KERNEL NAMED(symmetrize)(REAL *a, int64_t lda, int64_t order) {
    SHARED REAL tile[TILE * TILE_ROW];
    for (int64_t top = (int64_t) blockIdx.y * TILE; top < order; top += (int64_t) gridDim.y * TILE) {
        for (int64_t left = (int64_t) blockIdx.x * TILE; left <= top; left += (int64_t) gridDim.x * TILE) {
            THREADS(t) {
                int64_t j = left + t % TILE;
                for (int r = t / TILE; r < TILE; r += blockDim.x / TILE) {
                    if (top + r < order && j < top + r) tile[r * TILE_ROW + t % TILE] = a[(top + r) * lda + j];
                }
            }
            THREADS(t) {
                int64_t i = top + t % TILE;
                for (int r = t / TILE; r < TILE; r += blockDim.x / TILE) {
                    if (i < order && left + r < i) a[(left + r) * lda + i] = tile[t % TILE * TILE_ROW + r];
                }
            }
        }
    }
}

/* a_ii <- a_ii + value. */
KERNEL NAMED(addToDiagonal)(REAL value, REAL *a, int64_t lda, int64_t order) {
    COLS(i, order) {
        a[i * lda + i] += value;
    }
}

/* d_i <- a_ii. */
KERNEL NAMED(diagonal)(const REAL *a, int64_t lda, REAL *d, int64_t order) {
    COLS(i, order) {
        d[i] = a[i * lda + i];
    }
}

/* d_i <- -1 where a_ii is below 0, else 1. */
KERNEL NAMED(signsOfDiagonal)(const REAL *a, int64_t lda, REAL *d, int64_t order) {
    COLS(i, order) {
        d[i] = a[i * lda + i] < 0 ? (REAL) -1 : (REAL) 1;
    }
}

/* result <- the sum of a's diagonal in float64, from the first row on: in one block. */
KERNEL NAMED(trace)(const REAL *a, int64_t lda, double *result, int64_t order) {
    SHARED double staged[MOST_THREADS];
    double sum = 0;
    for (int64_t from = 0; from < order; from += MOST_THREADS) {
        int size = (int) (order - from < MOST_THREADS ? order - from : MOST_THREADS);
        THREADS(t) {
            for (int k = t; k < size; k += blockDim.x) staged[k] = a[(from + k) * (lda + 1)];
        }
        THREADS(t) {
            if (t == 0) {
                for (int k = 0; k < size; k++) sum += staged[k];
            }
        }
    }
    THREADS(t) {
        if (t == 0) *result = sum;
    }
}

/* y_ij <- x_kl with k = rowOrder[i], l = colOrder[j]. */
KERNEL NAMED(gather)(const int *rowOrder, const int *colOrder, const REAL *x, int64_t ldx, REAL *y, int64_t ldy,
                     int64_t rows, int64_t cols) {
    ROWS(i, rows) COLS(j, cols) {
        y[i * ldy + j] = x[rowOrder[i] * ldx + colOrder[j]];
    }
}

/* result <- the least of it, unsigned, and i cols + j of the elements that are NaN or infinite: the first, from -1. */
KERNEL NAMED(firstNonFinite)(const REAL *x, int64_t ldx, unsigned long long *result, int64_t rows, int64_t cols) {
    ROWS(i, rows) COLS(j, cols) {
        if (!isfinite(x[i * ldx + j])) ATOMIC_MIN(result, (unsigned long long) (i * cols + j));
    }
}

/* a_ij <- value. */
KERNEL NAMED(fill)(double value, REAL *a, int64_t lda, int64_t rows, int64_t cols) {
    ROWS(i, rows) COLS(j, cols) {
        a[i * lda + j] = (REAL) value;
    }
}

/* a_ij <- a_ij / divisor. */
KERNEL NAMED(divide)(double divisor, REAL *a, int64_t lda, int64_t rows, int64_t cols) {
    ROWS(i, rows) COLS(j, cols) {
        a[i * lda + j] = (REAL) (a[i * lda + j] / divisor);
    }
}

/* a_ij <- a_ij factor. */
KERNEL NAMED(multiply)(double factor, REAL *a, int64_t lda, int64_t rows, int64_t cols) {
    ROWS(i, rows) COLS(j, cols) {
        a[i * lda + j] = (REAL) (a[i * lda + j] * factor);
    }
}

/* a_ii <- d_i. */
KERNEL NAMED(setDiagonal)(const double *d, REAL *a, int64_t lda, int64_t order) {
    COLS(i, order) {
        a[i * lda + i] = (REAL) d[i];
    }
}

/* y_ij <- scale (x_ij + x_ji) / 2 for j <= i. */
KERNEL NAMED(averageLower)(double scale, const REAL *x, int64_t ldx, float *y, int64_t ldy, int64_t order) {
    ROWS(i, order) COLS(j, i + 1) {
        y[i * ldy + j] = (float) (scale * ((double) x[i * ldx + j] + (double) x[j * ldx + i]) / 2);
    }
}

/* b_ij <- a_ij for j < i, a_ii + shift for j = i, 0 for j > i. */
KERNEL NAMED(shiftedLower)(double shift, const REAL *a, int64_t lda, REAL *b, int64_t ldb, int64_t order) {
    ROWS(i, order) COLS(j, order) {
        b[i * ldb + j] = j > i ? (REAL) 0 : j < i ? a[i * lda + j] : (REAL) (a[i * lda + i] + shift);
    }
}

/* y_ij <- alpha x_ij + y_ij for j <= i. */
KERNEL NAMED(addLower)(double alpha, const REAL *x, int64_t ldx, REAL *y, int64_t ldy, int64_t order) {
    ROWS(i, order) COLS(j, i + 1) {
        y[i * ldy + j] = FMA((REAL) alpha, x[i * ldx + j], y[i * ldy + j]);
    }
}

/*
 * One correction of x towards the inverse root of b, from xbx = x b x: with r_ij = (i = j) - (xbx_ij + xbx_ji) / 2,
 * x_ij and x_ji <- (x_ij + x_ji) / 2 + r_ij / (sqrt b_ii + sqrt b_jj).
 */
KERNEL NAMED(newtonCorrect)(REAL *x, int64_t ldx, const REAL *xbx, int64_t ldr, const REAL *b, int64_t ldb,
                            int64_t order) {
    ROWS(i, order) COLS(j, i + 1) {
        double r = (i == j ? 1 : 0) - ((double) xbx[i * ldr + j] + (double) xbx[j * ldr + i]) / 2;
        double roots = sqrt((double) b[i * ldb + i]) + sqrt((double) b[j * ldb + j]);
        REAL corrected = (REAL) (((double) x[i * ldx + j] + (double) x[j * ldx + i]) / 2 + r / roots);
        x[i * ldx + j] = corrected;
        x[j * ldx + i] = corrected;
    }
}

/* partial_i <- the sum of 2 a_ij a_ij over j < i, and of a_ii a_ii. */
KERNEL NAMED(squaresOfLower)(const REAL *a, int64_t lda, double *partial, int64_t order) {
    SUM_OF_EACH_ROW(i, order, j, i + 1, (j < i ? 2.0 : 1.0) * a[i * lda + j] * a[i * lda + j], partial[i])
}

/* partial_i <- the sum of ((i = j) - a_ij)^2 over all j. */
KERNEL NAMED(squaresFromIdentity)(const REAL *a, int64_t lda, double *partial, int64_t order) {
    SUM_OF_EACH_ROW(i, order, j, order,
                    ((i == j ? 1.0 : 0.0) - a[i * lda + j]) * ((i == j ? 1.0 : 0.0) - a[i * lda + j]), partial[i])
}

/* d_i <- the sum of x_ij y_ij over all j. */
KERNEL NAMED(rowDots)(const REAL *x, int64_t ldx, const REAL *y, int64_t ldy, double *d, int64_t rows, int64_t cols) {
    SUM_OF_EACH_ROW(i, rows, j, cols, (double) x[i * ldx + j] * (double) y[i * ldy + j], d[i])
}

/* d_i <- the sum of x_ij over all j. */
KERNEL NAMED(rowSums)(const REAL *x, int64_t ldx, double *d, int64_t rows, int64_t cols) {
    SUM_OF_EACH_ROW(i, rows, j, cols, (double) x[i * ldx + j], d[i])
}
