// SPDX-License-Identifier: Apache-2.0
/*
 * Cholesky's factorization and the inverse that it gives: in float64, column-major, leading dimension n. Golub and Van
 * Loan, Matrix Computations, 4.2.
 */
#include <math.h>

#include "fake.h"

/* Element (i, j), i >= j, of what is below the diagonal, or of what is above it in the transpose's place. */
static double *at(bool upper, int n, double *a, int i, int j) {
    return upper ? a + j + (size_t) i * n : a + i + (size_t) j * n;
}

int cholesky(bool upper, int n, double *a) {
    for (int j = 0; j < n; j++) {
        for (int i = j; i < n; i++) {
            double sum = *at(upper, n, a, i, j);
            for (int k = 0; k < j; k++) sum -= *at(upper, n, a, i, k) * *at(upper, n, a, j, k);
            if (i == j && sum <= 0) return j + 1; /* a NaN passes, as it does through some versions of the real one */
            *at(upper, n, a, i, j) = i == j ? sqrt(sum) : sum / *at(upper, n, a, j, j);
        }
    }
    return 0;
}

/* X = inverse of L, column by column, then X'X, row by row. The real one does not keep the other triangle either. */
int cholesky_inverse(bool upper, int n, double *a) {
    for (int j = 0; j < n; j++) {
        if (*at(upper, n, a, j, j) == 0) return j + 1;
    }
    for (int j = 0; j < n; j++) {
        *at(upper, n, a, j, j) = 1 / *at(upper, n, a, j, j);
        for (int i = j + 1; i < n; i++) {
            double sum = 0;
            for (int k = j; k < i; k++) sum -= *at(upper, n, a, i, k) * *at(upper, n, a, k, j);
            *at(upper, n, a, i, j) = sum / *at(upper, n, a, i, i);
        }
    }
    for (int i = 0; i < n; i++) {
        for (int j = 0; j <= i; j++) { /* the diagonal last: the others of its row need it */
            double sum = 0;
            for (int k = i; k < n; k++) sum += *at(upper, n, a, k, i) * *at(upper, n, a, k, j);
            *at(upper, n, a, i, j) = sum;
            if (j < i) *at(!upper, n, a, i, j) = NAN;
        }
    }
    return 0;
}
