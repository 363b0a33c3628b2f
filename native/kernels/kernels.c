// SPDX-License-Identifier: Apache-2.0
/*
 * The elementwise kernels of the optimizers in C: org.asgo4j.kernel.ScalarKernels, formula by formula and rounding by
 * rounding, to measure the Java ones against. The interface org.asgo4j.kernel.Kernels says what each computes; here a
 * pointer stands for a segment and its first element.
 */
#include <math.h>
#include <stdint.h>
#include <string.h>

/* One register of doubles, and as many floats. gcc keeps a vector of more than one in memory. */
#if defined(__AVX512F__)
enum { REGISTER = 8 };
#elif defined(__AVX__)
enum { REGISTER = 4 };
#else
enum { REGISTER = 2 };
#endif
typedef double one __attribute__((vector_size(8 * REGISTER)));
typedef float narrow_one __attribute__((vector_size(4 * REGISTER), aligned(4)));

/* Sums of squares have 8 lanes, whatever a register has. */
enum { SQUARES_LANES = 8, REGISTERS = SQUARES_LANES / REGISTER };
typedef struct {
    one of[REGISTERS];
} doubles;

enum { SQUARES_BLOCK = 4096, SQUARES_PARTIALS = 32, SCAN_BLOCK = 4096, TILE = 32 };

void axpby(float alpha, const float *restrict x, float beta, float *restrict y, int64_t count) {
    if (beta == 0) {
        for (int64_t i = 0; i < count; i++) y[i] = alpha * x[i];
    } else {
        for (int64_t i = 0; i < count; i++) y[i] = fmaf(alpha, x[i], beta * y[i]);
    }
}

void look_ahead(float fresh, const float *restrict gradient, float keep, float *restrict m, float *restrict direction,
                int64_t count) {
    for (int64_t i = 0; i < count; i++) {
        m[i] = fmaf(fresh, gradient[i], keep * m[i]);
        direction[i] = fmaf(keep, m[i], fresh * gradient[i]);
    }
}

void scale(float alpha, float *x, int64_t count) {
    for (int64_t i = 0; i < count; i++) x[i] = alpha * x[i];
}

void scale_and_add(float alpha, float *restrict x, float *restrict y, int64_t count) {
    for (int64_t i = 0; i < count; i++) {
        x[i] = alpha * x[i];
        y[i] = y[i] + x[i];
    }
}

void multiply(const float *restrict x, float *restrict y, int64_t count) {
    for (int64_t i = 0; i < count; i++) y[i] = x[i] * y[i];
}

void add_squares(float alpha, const float *restrict x, float beta, float *restrict y, int64_t count) {
    for (int64_t i = 0; i < count; i++) y[i] = fmaf(alpha * x[i], x[i], beta * y[i]);
}

void add_squares_double(double alpha, const float *restrict x, double beta, double *restrict y, int64_t count) {
    for (int64_t i = 0; i < count; i++) {
        double value = x[i];
        y[i] = fma(alpha * value, value, beta * y[i]);
    }
}

void divide_by_root(const float *restrict x, const float *restrict v, float inside, float outside, float *restrict y,
                    int64_t count) {
    for (int64_t i = 0; i < count; i++) {
        float denominator = sqrtf(v[i] + inside) + outside;
        float quotient = x[i] / denominator;
        y[i] = denominator == 0 ? 0 : quotient;
    }
}

void lion(float *restrict weight, const float *restrict gradient, float *restrict m, int64_t count,
          float gradient_scale, double beta1, double beta2, float step_size, float decay) {
    float rate1 = (float)(1 - beta1);
    float rate2 = (float)(1 - beta2);
    float keep1 = (float)beta1;
    float keep2 = (float)beta2;
    for (int64_t i = 0; i < count; i++) {
        float g = gradient_scale * gradient[i];
        float c = fmaf(rate1, g, keep1 * m[i]);
        float sign = c > 0 ? 1 : c;
        sign = c < 0 ? -1 : sign;
        m[i] = fmaf(rate2, g, keep2 * m[i]);
        weight[i] = fmaf(-step_size, sign, decay * weight[i]);
    }
}

void adamw(float *restrict weight, const float *restrict gradient, float *restrict m, float *restrict v, int64_t count,
           float gradient_scale, double beta1, double beta2, float epsilon, float step_size,
           float inverse_root_correction, float decay) {
    float rate1 = (float)(1 - beta1);
    float rate2 = (float)(1 - beta2);
    float keep2 = (float)beta2;
    for (int64_t i = 0; i < count; i++) {
        float g = gradient_scale * gradient[i];
        float new_m = fmaf(g - m[i], rate1, m[i]);
        float new_v = fmaf(rate2 * g, g, keep2 * v[i]);
        float denominator = fmaf(sqrtf(new_v), inverse_root_correction, epsilon);
        m[i] = new_m;
        v[i] = new_v;
        weight[i] = fmaf(new_m / denominator, -step_size, decay * weight[i]);
    }
}

/* Squares of floats are exact in double: an fma would round the same way. */
static inline doubles with_squares(doubles p, const float *x) {
    for (int k = 0; k < REGISTERS; k++) {
        one wide = __builtin_convertvector(*(const narrow_one *)(x + k * REGISTER), one);
        p.of[k] += wide * wide;
    }
    return p;
}

double sum_of_squares(const float *x, int64_t count) {
    double total = 0;
    for (int64_t block = 0; block < count; block += SQUARES_BLOCK) {
        int64_t end = count - block < SQUARES_BLOCK ? count : block + SQUARES_BLOCK;
        int64_t i = block;
        doubles p0 = {{{0}}}, p1 = p0, p2 = p0, p3 = p0;
        for (; i + SQUARES_PARTIALS <= end; i += SQUARES_PARTIALS) {
            p0 = with_squares(p0, x + i);
            p1 = with_squares(p1, x + i + SQUARES_LANES);
            p2 = with_squares(p2, x + i + 2 * SQUARES_LANES);
            p3 = with_squares(p3, x + i + 3 * SQUARES_LANES);
        }
        double sum = 0;
        for (int k = 0; k < REGISTERS; k++) {
            one p = (p0.of[k] + p1.of[k]) + (p2.of[k] + p3.of[k]);
            for (int j = 0; j < REGISTER; j += 2) sum += p[j] + p[j + 1];
        }
        for (; i < end; i++) sum += (double)x[i] * x[i];
        total += sum;
    }
    return total;
}

int64_t first_non_finite(const float *x, int64_t count) {
    for (int64_t block = 0; block < count; block += SCAN_BLOCK) {
        int64_t end = count - block < SCAN_BLOCK ? count : block + SCAN_BLOCK;
        uint32_t found = 0;
        for (int64_t i = block; i < end; i++) {
            uint32_t bits;
            memcpy(&bits, x + i, sizeof bits);
            found |= (bits & 0x7F800000) == 0x7F800000;
        }
        for (int64_t i = block; found && i < end; i++) {
            if (!isfinite(x[i])) return i;
        }
    }
    return -1;
}

void widen(const float *restrict x, double *restrict y, int64_t count) {
    for (int64_t i = 0; i < count; i++) y[i] = x[i];
}

void narrow(const double *restrict x, float *restrict y, int64_t count) {
    for (int64_t i = 0; i < count; i++) y[i] = (float)x[i];
}

void scale_double(double alpha, double *x, int64_t count) {
    for (int64_t i = 0; i < count; i++) x[i] = alpha * x[i];
}

/* TILE columns at a time: as many lines of 64 bytes are written, and stay in the cache. */
void mirror(float *a, int64_t stride, int64_t order) {
    for (int64_t left = 0; left < order; left += TILE) {
        for (int64_t i = left; i < order; i++) {
            int64_t right = left + TILE < i ? left + TILE : i;
            for (int64_t j = left; j < right; j++) a[j * stride + i] = a[i * stride + j];
        }
    }
}

void transpose(const float *restrict x, int64_t x_stride, float *restrict y, int64_t y_stride, int64_t rows,
               int64_t cols) {
    for (int64_t left = 0; left < cols; left += TILE) {
        int64_t right = left + TILE < cols ? left + TILE : cols;
        for (int64_t i = 0; i < rows; i++) {
            for (int64_t j = left; j < right; j++) y[j * y_stride + i] = x[i * x_stride + j];
        }
    }
}
