// SPDX-License-Identifier: Apache-2.0
/*
 * Householder's tridiagonal form and QR decomposition, with the reflectors stored as LAPACK stores them, and the
 * implicit QL iteration: in float64, column-major, leading dimension n or m. Golub and Van Loan, Matrix Computations,
 * 5.1, 8.3.
 */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "fake.h"

enum { MOST_ITERATIONS = 60 }; /* for one eigenvalue; two or three are usual */

/*
 * The reflector I - tau v v' with v_0 = 1 that makes x a multiple of its first element's direction: x_0 <- that
 * multiple, x_i <- v_i for i > 0. Element i is x[i step].
 */
static double reflector(int n, double *x, ptrdiff_t step) {
    double norm = 0;
    for (int i = 1; i < n; i++) norm = hypot(norm, x[i * step]);
    if (norm == 0) return 0;
    double beta = -copysign(hypot(x[0], norm), x[0]), tau = (beta - x[0]) / beta, scale = 1 / (x[0] - beta);
    for (int i = 1; i < n; i++) x[i * step] *= scale;
    x[0] = beta;
    return tau;
}

static double v(const double *x, ptrdiff_t step, int i) {
    return i ? x[i * step] : 1;
}

/* c <- (I - tau v v') c for a column c. */
static void reflect(int n, const double *x, ptrdiff_t step, double tau, double *c, ptrdiff_t c_step) {
    double dot = 0;
    for (int i = 0; i < n; i++) dot += v(x, step, i) * c[i * c_step];
    for (int i = 0; i < n; i++) c[i * c_step] -= tau * dot * v(x, step, i);
}

/*
 * The upper form is the lower one of the matrix with rows and columns in reverse, as LAPACK's are: reading from the
 * last element backwards turns one into the other.
 */
static double *origin(bool upper, int n, double *a) {
    return upper ? a + (size_t) n * n - 1 : a;
}

void tridiagonal(bool upper, int n, double *a, double *d, double *e, double *tau) {
    ptrdiff_t row = upper ? -1 : 1, col = row * n;
    double *o = origin(upper, n, a), *w = calloc(n, sizeof *w);
    for (int k = 0; k < n - 1; k++) {
        int m = n - 1 - k; /* what is below column k's diagonal */
        double *x = o + (k + 1) * row + k * col, *rest = o + (k + 1) * row + (k + 1) * col;
        double t = reflector(m, x, row), half = 0;
        for (int i = 0; i < m; i++) { /* w = tau rest v, of which only the lower triangle is there */
            w[i] = 0;
            for (int j = 0; j < m; j++) {
                w[i] += t * (i >= j ? rest[i * row + j * col] : rest[j * row + i * col]) * v(x, row, j);
            }
            half += t / 2 * w[i] * v(x, row, i);
        }
        for (int i = 0; i < m; i++) w[i] -= half * v(x, row, i);
        for (int j = 0; j < m; j++) {
            for (int i = j; i < m; i++) rest[i * row + j * col] -= v(x, row, i) * w[j] + w[i] * v(x, row, j);
        }
        tau[upper ? n - 2 - k : k] = t;
        e[upper ? n - 2 - k : k] = x[0];
    }
    for (int i = 0; i < n; i++) d[i] = a[i + (size_t) i * n];
    free(w);
}

void tridiagonal_q(bool upper, int n, double *a, const double *tau) {
    ptrdiff_t row = upper ? -1 : 1, col = row * n;
    double *q = calloc((size_t) n * n, sizeof *q);
    for (int i = 0; i < n; i++) q[i + (size_t) i * n] = 1;
    double *o = origin(upper, n, a), *qo = origin(upper, n, q);
    for (int k = n - 2; k >= 0; k--) {
        double *x = o + (k + 1) * row + k * col;
        double t = tau[upper ? n - 2 - k : k];
        for (int j = 0; j < n; j++) reflect(n - 1 - k, x, row, t, qo + (k + 1) * row + j * col, row);
    }
    memcpy(a, q, (size_t) n * n * sizeof *a);
    free(q);
}

void qr(int m, int n, double *a, double *tau) {
    for (int k = 0; k < (m < n ? m : n); k++) {
        double *x = a + k + (size_t) k * m;
        tau[k] = reflector(m - k, x, 1);
        for (int j = k + 1; j < n; j++) reflect(m - k, x, 1, tau[k], a + k + (size_t) j * m, 1);
    }
}

void qr_q(int m, int n, int k, double *a, const double *tau) {
    double *q = calloc((size_t) m * n, sizeof *q);
    for (int i = 0; i < n; i++) q[i + (size_t) i * m] = 1;
    for (int r = k - 1; r >= 0; r--) {
        for (int j = 0; j < n; j++) reflect(m - r, a + r + (size_t) r * m, 1, tau[r], q + r + (size_t) j * m, 1);
    }
    memcpy(a, q, (size_t) m * n * sizeof *a);
    free(q);
}

/* Columns j and j + 1 of q turned by the angle of cosine c and sine s. */
static void turn(int n, double *q, int j, double c, double s) {
    for (int i = 0; i < n; i++) {
        double left = q[i + (size_t) j * n], right = q[i + (size_t) (j + 1) * n];
        q[i + (size_t) (j + 1) * n] = s * left + c * right;
        q[i + (size_t) j * n] = c * left - s * right;
    }
}

/* One implicit QL step on rows first..last, with the shift that the corner at first suggests. */
static void ql_step(int n, double *d, double *e, double *q, int first, int last) {
    double slope = (d[first + 1] - d[first]) / (2 * e[first]), length = hypot(slope, 1);
    double g = d[last] - d[first] + e[first] / (slope + copysign(length, slope)), s = 1, c = 1, p = 0;
    for (int i = last - 1; i >= first; i--) {
        double f = s * e[i], b = c * e[i], r = hypot(f, g);
        e[i + 1] = r;
        if (r == 0) { /* it came apart here */
            d[i + 1] -= p;
            e[last] = 0;
            return;
        }
        s = f / r;
        c = g / r;
        g = d[i + 1] - p;
        r = (d[i] - g) * s + 2 * c * b;
        p = s * r;
        d[i + 1] = g + p;
        g = c * r - b;
        turn(n, q, i, c, s);
    }
    d[first] -= p;
    e[first] = g;
    e[last] = 0;
}

static void sort(int n, double *d, double *q) {
    for (int i = 0; i < n; i++) {
        int least = i;
        for (int j = i + 1; j < n; j++) least = d[j] < d[least] ? j : least;
        if (least == i) continue;
        double value = d[i];
        d[i] = d[least];
        d[least] = value;
        for (int k = 0; k < n; k++) {
            double x = q[k + (size_t) i * n];
            q[k + (size_t) i * n] = q[k + (size_t) least * n];
            q[k + (size_t) least * n] = x;
        }
    }
}

int eigen(bool upper, int n, double *a, double *w) {
    double *e = calloc(n + 1, sizeof *e), *tau = calloc(n + 1, sizeof *tau);
    int lost = 0;
    tridiagonal(upper, n, a, w, e, tau);
    tridiagonal_q(upper, n, a, tau);
    e[n - 1] = 0;
    for (int first = 0; first < n; first++) {
        for (int iteration = 0;; iteration++) {
            int last = first;
            while (last < n - 1 && !(fabs(e[last]) <= DBL_EPSILON * (fabs(w[last]) + fabs(w[last + 1])))) last++;
            if (last == first) break;
            if (iteration == MOST_ITERATIONS || !isfinite(e[first])) {
                lost++;
                break;
            }
            ql_step(n, w, e, a, first, last);
        }
    }
    sort(n, w, a);
    free(e);
    free(tau);
    return lost;
}
