// SPDX-License-Identifier: Apache-2.0
/*
 * How fast memory is, by loops that do nothing else: the four of STREAM (McCalpin) in float32, and two with the
 * traffic of optimizers, which update in place. A store to a line that was not read costs a read as well, which a
 * rate of bytes that the source names does not count; in-place loops have no such reads.
 */
#include <stdint.h>

void stream_copy(const float *restrict x, float *restrict y, int64_t count) {
    for (int64_t i = 0; i < count; i++) y[i] = x[i];
}

void stream_scale(float alpha, const float *restrict x, float *restrict y, int64_t count) {
    for (int64_t i = 0; i < count; i++) y[i] = alpha * x[i];
}

void stream_add(const float *restrict x, const float *restrict y, float *restrict z, int64_t count) {
    for (int64_t i = 0; i < count; i++) z[i] = x[i] + y[i];
}

void stream_triad(float alpha, const float *restrict x, const float *restrict y, float *restrict z, int64_t count) {
    for (int64_t i = 0; i < count; i++) z[i] = x[i] + alpha * y[i];
}

/* y <- y + alpha x */
void stream_update(float alpha, const float *restrict x, float *restrict y, int64_t count) {
    for (int64_t i = 0; i < count; i++) y[i] = y[i] + alpha * x[i];
}

/* Reads only; the bits joined by exclusive or, which costs next to nothing. */
uint32_t stream_read(const uint32_t *x, int64_t count) {
    uint32_t joined = 0;
    for (int64_t i = 0; i < count; i++) joined ^= x[i];
    return joined;
}

/* What a call costs by itself. */
void nothing(void) {
}
