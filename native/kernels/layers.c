// SPDX-License-Identifier: Apache-2.0
/*
 * The layers of a GPT that are not matrix products, in C: org.asgo4j.kernel.ScalarLayerKernels and Elementary, formula
 * by formula and rounding by rounding; sums over a row in the order of org.asgo4j.kernel.RowSums. The interface
 * org.asgo4j.kernel.LayerKernels says what each computes; here a pointer stands for a segment and its first element.
 */
#include <math.h>
#include <stdint.h>
#include <string.h>

/* A loop with a call in it does not become one over vectors, and gcc finds these too large to inline more than once. */
#define INLINED static inline __attribute__((always_inline))

/* One register of floats. gcc keeps a vector of more than one in memory. */
#if defined(__AVX512F__)
enum { REGISTER = 16 };
#elif defined(__AVX__)
enum { REGISTER = 8 };
#else
enum { REGISTER = 4 };
#endif
typedef float one __attribute__((vector_size(4 * REGISTER), aligned(4)));
typedef int32_t ints __attribute__((vector_size(4 * REGISTER), aligned(4)));

/* Sums over a row have 16 lanes, whatever a register has. */
enum { LANES = 16, GROUP = 2 * LANES, REGISTERS = LANES / REGISTER };
typedef struct {
    one of[REGISTERS];
} floats;

INLINED float exponential(float x) {
    const float magic = 0x1.8p23f + 127; /* adding it rounds to an integer n and leaves n + 127 in the low bits */
    float shifted = fmaf(x, 1.44269504f, magic);
    float n = shifted - magic;
    float r = fmaf(n, 2.12194440e-4f, fmaf(n, -0.693359375f, x));
    float e = fmaf(fmaf(fmaf(fmaf(0.0013814222f, r, 0.0083688991f), r, 0.041668404f), r, 0.16666520f), r, 0.49999994f);
    float p = fmaf(fmaf(e, r, 1), r, 1);
    uint32_t bits;
    memcpy(&bits, &shifted, sizeof bits);
    bits <<= 23;
    float power;
    memcpy(&power, &bits, sizeof power);
    float result = p * power;
    return x < -50 ? 0 : result;
}

/* (1 + erf(x/sqrt(2)))/2 */
INLINED float normal(float x) {
    float z = x * x;
    float p = fmaf(2.2749363e-8f, z, 6.3521084e-6f);
    p = fmaf(fmaf(fmaf(fmaf(p, z, 0.0001688255f), z, 0.00467726f), z, 0.033852637f), z, 0.39894223f);
    float q = fmaf(1.1975031e-6f, z, 7.3647396e-5f);
    q = fmaf(fmaf(fmaf(fmaf(q, z, 0.001884444f), z, 0.028645866f), z, 0.2515219f), z, 1);
    float result = fmaf(x, p / q, 0.5f);
    result = x > 5.39f ? 1 : result;
    return x < -5.39f ? 0 : result;
}

void gelu(const float *restrict x, float *restrict y, int64_t count) {
    for (int64_t i = 0; i < count; i++) y[i] = x[i] * normal(x[i]);
}

INLINED float gelu_slope(float x) {
    float z = x * x;
    float s = fmaf(1.9290732e-7f, z, 3.5954312e-5f);
    s = fmaf(fmaf(fmaf(fmaf(s, z, 1.9236237e-5f), z, 0.014230182f), z, -0.030995242f), z, 0.79788536f);
    float t = fmaf(8.95172e-6f, z, 1.9203698e-4f);
    t = fmaf(fmaf(fmaf(fmaf(t, z, 0.0035230245f), z, 0.04098032f), z, 0.2944948f), z, 1);
    float result = fmaf(x, s / t, 0.5f);
    result = x > 5.75f ? 1 : result;
    return x < -5.75f ? 0 : result;
}

void gelu_backward(const float *restrict x, const float *restrict dy, float *restrict dx, int64_t count) {
    for (int64_t i = 0; i < count; i++) dx[i] = dy[i] * gelu_slope(x[i]);
}

INLINED floats all(float value) {
    floats result;
    for (int k = 0; k < REGISTERS; k++) result.of[k] = value - (one){0};
    return result;
}

INLINED floats load(const float *x) {
    floats result;
    for (int k = 0; k < REGISTERS; k++) result.of[k] = *(const one *)(x + k * REGISTER);
    return result;
}

INLINED floats added(floats a, floats b) {
    for (int k = 0; k < REGISTERS; k++) a.of[k] += b.of[k];
    return a;
}

INLINED floats shifted(floats a, float shift) {
    for (int k = 0; k < REGISTERS; k++) a.of[k] -= shift;
    return a;
}

INLINED floats multiplied(floats a, floats b) {
    for (int k = 0; k < REGISTERS; k++) a.of[k] *= b.of[k];
    return a;
}

/* ab + c */
INLINED floats fused(floats a, floats b, floats c) {
    for (int k = 0; k < REGISTERS; k++) {
        one x = a.of[k], y = b.of[k], z = c.of[k];
        for (int i = 0; i < REGISTER; i++) z[i] = fmaf(x[i], y[i], z[i]);
        c.of[k] = z;
    }
    return c;
}

/* ((l0 + l1) + (l2 + l3)) + ((l4 + l5) + (l6 + l7)) + ..., left to right. */
INLINED float sum_of_lanes(floats l) {
    float sum = 0;
    for (int k = 0; k < REGISTERS; k++) {
        one r = l.of[k];
        for (int i = 0; i < REGISTER; i += 4) sum += (r[i] + r[i + 1]) + (r[i + 2] + r[i + 3]);
    }
    return sum;
}

static float sum(const float *x, int count) {
    floats s0 = all(0), s1 = s0;
    int i = 0;
    for (; i + GROUP <= count; i += GROUP) {
        s0 = added(s0, load(x + i));
        s1 = added(s1, load(x + i + LANES));
    }
    if (i + LANES <= count) {
        s0 = added(s0, load(x + i));
        i += LANES;
    }
    float result = sum_of_lanes(added(s0, s1));
    for (; i < count; i++) result += x[i];
    return result;
}

static float dot(const float *x, const float *y, int count) {
    floats s0 = all(0), s1 = s0;
    int i = 0;
    for (; i + GROUP <= count; i += GROUP) {
        s0 = fused(load(x + i), load(y + i), s0);
        s1 = fused(load(x + i + LANES), load(y + i + LANES), s1);
    }
    if (i + LANES <= count) {
        s0 = fused(load(x + i), load(y + i), s0);
        i += LANES;
    }
    float result = sum_of_lanes(added(s0, s1));
    for (; i < count; i++) result = fmaf(x[i], y[i], result);
    return result;
}

/* The sum of (x - shift)^2. */
static float squares(const float *x, float shift, int count) {
    floats s0 = all(0), s1 = s0;
    int i = 0;
    for (; i + GROUP <= count; i += GROUP) {
        floats y0 = shifted(load(x + i), shift), y1 = shifted(load(x + i + LANES), shift);
        s0 = fused(y0, y0, s0);
        s1 = fused(y1, y1, s1);
    }
    if (i + LANES <= count) {
        floats y0 = shifted(load(x + i), shift);
        s0 = fused(y0, y0, s0);
        i += LANES;
    }
    float result = sum_of_lanes(added(s0, s1));
    for (; i < count; i++) result = fmaf(x[i] - shift, x[i] - shift, result);
    return result;
}

void layer_norm(const float *restrict x, const float *restrict gain, float *restrict y, float *restrict mean,
                float *restrict inverse_deviation, int rows, int cols, float epsilon) {
    for (int row = 0; row < rows; row++, x += cols, y += cols) {
        float mu = sum(x, cols) / cols;
        float s = 1 / sqrtf(squares(x, mu, cols) / cols + epsilon);
        for (int i = 0; i < cols; i++) y[i] = (x[i] - mu) * s * gain[i];
        mean[row] = mu;
        inverse_deviation[row] = s;
    }
}

void layer_norm_backward(const float *restrict dy, const float *restrict x, const float *restrict gain,
                         const float *restrict mean, const float *restrict inverse_deviation,
                         const float *restrict base, float *restrict dx, float *restrict dgain, int rows, int cols) {
    for (int row = 0; row < rows; row++, dy += cols, x += cols, base += cols, dx += cols) {
        float mu = mean[row];
        float s = inverse_deviation[row];
        floats a0 = all(0), a1 = a0, c0 = a0, c1 = a0;
        int whole = cols & -LANES;
        for (int i = 0; i < whole; i += LANES) {
            floats h = multiplied(load(dy + i), load(gain + i));
            floats next_a = added(a0, h);
            floats next_c = fused(h, shifted(load(x + i), mu), c0);
            a0 = a1;
            a1 = next_a;
            c0 = c1;
            c1 = next_c;
        }
        float a = sum_of_lanes(added(a0, a1));
        float c = sum_of_lanes(added(c0, c1));
        for (int i = whole; i < cols; i++) {
            a += dy[i] * gain[i];
            c = fmaf(dy[i] * gain[i], x[i] - mu, c);
        }
        a = a / cols;
        float b = c * s / cols;
        for (int i = 0; i < cols; i++) {
            float normal = (x[i] - mu) * s;
            dgain[i] = fmaf(dy[i], normal, dgain[i]);
            float gradient = fmaf(normal, -b, fmaf(dy[i], gain[i], -a));
            dx[i] = fmaf(gradient, s, base[i]);
        }
    }
}

/* Lane by lane the larger; a NaN in a is passed over. */
INLINED floats larger(floats a, floats b) {
    for (int k = 0; k < REGISTERS; k++) {
        ints above = a.of[k] > b.of[k];
        b.of[k] = (one)((above & (ints)a.of[k]) | (~above & (ints)b.of[k]));
    }
    return b;
}

INLINED float largest(const float *x, int count) {
    float max = -INFINITY;
    floats m0 = all(max), m1 = m0, m2 = m0, m3 = m0;
    int i = 0;
    for (; i + 4 * LANES <= count; i += 4 * LANES) {
        m0 = larger(load(x + i), m0);
        m1 = larger(load(x + i + LANES), m1);
        m2 = larger(load(x + i + 2 * LANES), m2);
        m3 = larger(load(x + i + 3 * LANES), m3);
    }
    for (; i + LANES <= count; i += LANES) m0 = larger(load(x + i), m0);
    m0 = larger(larger(m0, m2), larger(m1, m3));
    for (int k = 0; k < REGISTERS; k++) {
        for (int j = 0; j < REGISTER; j++) max = m0.of[k][j] > max ? m0.of[k][j] : max;
    }
    for (; i < count; i++) max = x[i] > max ? x[i] : max;
    return max;
}

/* x <- exp(x - shift); their sum. */
INLINED float exponentiate(float *x, float shift, int count) {
    floats s0 = all(0), s1 = s0;
    int i = 0;
    for (; i + LANES <= count; i += LANES) {
        for (int j = 0; j < LANES; j++) x[i + j] = exponential(x[i + j] - shift);
        floats next = added(s0, load(x + i));
        s0 = s1;
        s1 = next;
    }
    float result = sum_of_lanes(added(s0, s1));
    for (; i < count; i++) {
        x[i] = exponential(x[i] - shift);
        result += x[i];
    }
    return result;
}

void causal_softmax(float *restrict scores, int64_t row_stride, int size, float scale) {
    for (int row = 0; row < size; row++, scores += row_stride) {
        int live = row + 1;
        int rounded = (live + LANES - 1) / LANES * LANES; /* a sum is of whole vectors, whose rest is zeros, */
        int reach = rounded <= size ? rounded : live;     /* where they fit in the row */
        float max = largest(scores, live);
        for (int i = 0; i < live; i++) scores[i] = exponential((scores[i] - max) * scale);
        for (int i = live; i < size; i++) scores[i] = 0;
        float factor = 1 / sum(scores, reach);
        for (int i = 0; i < live; i++) scores[i] = factor * scores[i];
    }
}

void causal_softmax_backward(const float *restrict p, float *restrict dp, int64_t row_stride, int size, float scale) {
    for (int row = 0; row < size; row++, p += row_stride, dp += row_stride) {
        int live = row + 1;
        int rounded = (live + LANES - 1) / LANES * LANES;
        int reach = rounded <= size ? rounded : live;
        for (int i = live; i < size; i++) dp[i] = 0;
        float mean = dot(p, dp, reach);
        for (int i = 0; i < live; i++) dp[i] = (dp[i] - mean) * p[i] * scale;
    }
}

double cross_entropy(float *restrict logits, int64_t row_stride, int rows, int vocabulary,
                     const int32_t *restrict targets, float scale) {
    double loss = 0;
    for (int row = 0; row < rows; row++, logits += row_stride) {
        float target = logits[targets[row]];
        float max = largest(logits, vocabulary);
        float total = exponentiate(logits, max, vocabulary);
        loss += log(total) - ((double)target - max);
        float factor = scale / total;
        for (int i = 0; i < vocabulary; i++) logits[i] = factor * logits[i];
        logits[targets[row]] -= scale;
    }
    return loss;
}

double cross_entropy_loss(const float *restrict logits, int64_t row_stride, int rows, int vocabulary,
                          const int32_t *restrict targets) {
    double loss = 0;
    for (int row = 0; row < rows; row++, logits += row_stride) {
        float max = largest(logits, vocabulary);
        floats s0 = all(0), s1 = s0;
        int i = 0;
        for (; i + LANES <= vocabulary; i += LANES) {
            float e[LANES];
            for (int j = 0; j < LANES; j++) e[j] = exponential(logits[i + j] - max);
            floats next = added(s0, load(e));
            s0 = s1;
            s1 = next;
        }
        float total = sum_of_lanes(added(s0, s1));
        for (; i < vocabulary; i++) total += exponential(logits[i] - max);
        loss += log(total) - ((double)logits[targets[row]] - max);
    }
    return loss;
}
