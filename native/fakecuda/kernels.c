// SPDX-License-Identifier: Apache-2.0
/* For each kernel its parameters, what memory they name, and the call. */
#include "kernels.h"

#include <stdio.h>
#include <string.h>

#include "../cuda/kernels.cu"
#include "fake.h"

_Thread_local struct block_index blockIdx, blockDim, gridDim;

/* Parameter k is the address of so many elements; it becomes a pointer to them. */
static bool vector(union value *v, int k, size_t size, int64_t count) {
    char name[32];
    snprintf(name, sizeof name, "parameter %d", k);
    v[k].p = memory_of(name, v[k].address, count > 0 ? count * size : 0, size);
    return v[k].p;
}

/* Parameter k is the address of a matrix, parameter k + 1 its row stride. */
static bool matrix(union value *v, int k, size_t size, int64_t rows, int64_t cols) {
    int64_t ld = v[k + 1].l;
    if (rows < 0 || cols < 0 || ld < cols) {
        misuse("parameter %d: %ld rows, %ld columns, row stride %ld", k, (long) rows, (long) cols, (long) ld);
        return false;
    }
    return vector(v, k, size, rows && cols ? (rows - 1) * ld + cols : 0);
}

static int64_t blocks_of(int64_t cols) {
    return (cols + SQUARES_BLOCK - 1) / SQUARES_BLOCK;
}

/* What indices a gather would read outside of its matrix is seen when it runs. */
static bool is_order(const int *order, int64_t count) {
    for (int64_t i = 0; i < count; i++) {
        if (order[i] >= 0 && order[i] < count) continue;
        misuse("index %ld of an order is %d, must be below %ld", (long) i, order[i], (long) count);
        return false;
    }
    return true;
}

#define I(k) v[k].i
#define L(k) v[k].l
#define F(k) v[k].f
#define D(k) v[k].d
#define P(k) v[k].p
#define MATRIX(k, type, rows, cols) matrix(v, k, sizeof(type), rows, cols)
#define VECTOR(k, type, count) vector(v, k, sizeof(type), count)

/* (name, parameters, shape, what of memory they name, the call) */
#define SINGLE_KERNELS(X)                                                                                              \
    X(axpby, "fplfplll", GRID, MATRIX(1, float, L(6), L(7)) && MATRIX(4, float, L(6), L(7)),                           \
      axpby(F(0), P(1), L(2), F(3), P(4), L(5), L(6), L(7)))                                                           \
    X(addSquares, "fplfplll", GRID, MATRIX(1, float, L(6), L(7)) && MATRIX(4, float, L(6), L(7)),                      \
      addSquares(F(0), P(1), L(2), F(3), P(4), L(5), L(6), L(7)))                                                      \
    X(divideByRoot, "plplffplll", GRID,                                                                                \
      MATRIX(0, float, L(8), L(9)) && MATRIX(2, float, L(8), L(9)) && MATRIX(6, float, L(8), L(9)),                    \
      divideByRoot(P(0), L(1), P(2), L(3), F(4), F(5), P(6), L(7), L(8), L(9)))                                        \
    X(adamw, "ffffffffplplplplll", GRID,                                                                               \
      MATRIX(8, float, L(16), L(17)) && MATRIX(10, float, L(16), L(17)) && MATRIX(12, float, L(16), L(17))             \
          && MATRIX(14, float, L(16), L(17)),                                                                          \
      adamw(F(0), F(1), F(2), F(3), F(4), F(5), F(6), F(7), P(8), L(9), P(10), L(11), P(12), L(13), P(14), L(15),      \
            L(16), L(17)))                                                                                             \
    X(lion, "fffffffplplplll", GRID,                                                                                   \
      MATRIX(7, float, L(13), L(14)) && MATRIX(9, float, L(13), L(14)) && MATRIX(11, float, L(13), L(14)),             \
      lion(F(0), F(1), F(2), F(3), F(4), F(5), F(6), P(7), L(8), P(9), L(10), P(11), L(12), L(13), L(14)))             \
    X(widen, "plplll", GRID, MATRIX(0, float, L(4), L(5)) && MATRIX(2, double, L(4), L(5)),                            \
      widen(P(0), L(1), P(2), L(3), L(4), L(5)))                                                                       \
    X(narrow, "plplll", GRID, MATRIX(0, double, L(4), L(5)) && MATRIX(2, float, L(4), L(5)),                           \
      narrow(P(0), L(1), P(2), L(3), L(4), L(5)))                                                                      \
    X(squaresOfBlocks, "plpll", WARPS, MATRIX(0, float, L(3), L(4)) && VECTOR(2, double, L(3) * blocks_of(L(4))),      \
      squaresOfBlocks(P(0), L(1), P(2), L(3), L(4)))                                                                   \
    X(sumOfPartials, "pllp", ONE, VECTOR(0, double, L(1) * L(2)) && VECTOR(3, double, 1),                              \
      sumOfPartials(P(0), L(1), L(2), P(3)))                                                                           \
    X(gramDiagonalRows, "dpldpl", FLAT, VECTOR(1, double, L(2) * L(5)) && VECTOR(4, double, L(5)),                     \
      gramDiagonalRows(D(0), P(1), L(2), D(3), P(4), L(5)))                                                            \
    X(gramDiagonalCols, "dpldpll", FLAT, MATRIX(1, float, L(5), L(6)) && VECTOR(4, double, L(6)),                      \
      gramDiagonalCols(D(0), P(1), L(2), D(3), P(4), L(5), L(6)))                                                      \
    X(resolventPivots, "dppppl", ONE,                                                                                  \
      VECTOR(1, float, L(5)) && VECTOR(2, float, L(5) - 1) && VECTOR(3, double, 2 * L(5)) && VECTOR(4, int64_t, 1),    \
      resolventPivots(D(0), P(1), P(2), P(3), P(4), L(5)))                                                             \
    X(addResolvent, "ddppppll", FLAT,                                                                                 \
      VECTOR(2, float, L(7)) && VECTOR(3, float, L(7) - 1) && VECTOR(4, double, 2 * L(7))                              \
          && MATRIX(5, float, L(7), L(7)),                                                                             \
      addResolvent(D(0), D(1), P(2), P(3), P(4), P(5), L(6), L(7)))

/* T is the element type, N makes the name of it, R its scalar parameter, r the letter of that. */
#define TYPED_KERNELS(X, T, N, R, r)                                                                                   \
    X(N(scaleRows), "pplll", GRID, VECTOR(0, T, L(3)) && MATRIX(1, T, L(3), L(4)),                                     \
      N(scaleRows)(P(0), P(1), L(2), L(3), L(4)))                                                                      \
    X(N(scaleCols), "pplll", GRID, VECTOR(0, T, L(4)) && MATRIX(1, T, L(3), L(4)),                                     \
      N(scaleCols)(P(0), P(1), L(2), L(3), L(4)))                                                                      \
    X(N(symmetrize), "pll", TILES, MATRIX(0, T, L(2), L(2)), N(symmetrize)(P(0), L(1), L(2)))                          \
    X(N(addToDiagonal), r "pll", FLAT, MATRIX(1, T, L(3), L(3)), N(addToDiagonal)(R(0), P(1), L(2), L(3)))             \
    X(N(diagonal), "plpl", FLAT, MATRIX(0, T, L(3), L(3)) && VECTOR(2, T, L(3)),                                       \
      N(diagonal)(P(0), L(1), P(2), L(3)))                                                                             \
    X(N(signsOfDiagonal), "plpl", FLAT, MATRIX(0, T, L(3), L(3)) && VECTOR(2, T, L(3)),                                \
      N(signsOfDiagonal)(P(0), L(1), P(2), L(3)))                                                                      \
    X(N(trace), "plpl", ONE, MATRIX(0, T, L(3), L(3)) && VECTOR(2, double, 1), N(trace)(P(0), L(1), P(2), L(3)))       \
    X(N(gather), "ppplplll", GRID,                                                                                     \
      VECTOR(0, int, L(6)) && VECTOR(1, int, L(7)) && MATRIX(2, T, L(6), L(7)) && MATRIX(4, T, L(6), L(7)),            \
      if (is_order(P(0), L(6)) && is_order(P(1), L(7))) N(gather)(P(0), P(1), P(2), L(3), P(4), L(5), L(6), L(7)))     \
    X(N(firstNonFinite), "plpll", GRID, MATRIX(0, T, L(3), L(4)) && VECTOR(2, int64_t, 1),                             \
      N(firstNonFinite)(P(0), L(1), P(2), L(3), L(4)))                                                                 \
    X(N(fill), "dplll", GRID, MATRIX(1, T, L(3), L(4)), N(fill)(D(0), P(1), L(2), L(3), L(4)))                         \
    X(N(divide), "dplll", GRID, MATRIX(1, T, L(3), L(4)), N(divide)(D(0), P(1), L(2), L(3), L(4)))                     \
    X(N(multiply), "dplll", GRID, MATRIX(1, T, L(3), L(4)), N(multiply)(D(0), P(1), L(2), L(3), L(4)))                 \
    X(N(setDiagonal), "ppll", FLAT, VECTOR(0, double, L(3)) && MATRIX(1, T, L(3), L(3)),                               \
      N(setDiagonal)(P(0), P(1), L(2), L(3)))                                                                          \
    X(N(averageLower), "dplpll", GRID, MATRIX(1, T, L(5), L(5)) && MATRIX(3, float, L(5), L(5)),                       \
      N(averageLower)(D(0), P(1), L(2), P(3), L(4), L(5)))                                                             \
    X(N(shiftedLower), "dplpll", GRID, MATRIX(1, T, L(5), L(5)) && MATRIX(3, T, L(5), L(5)),                           \
      N(shiftedLower)(D(0), P(1), L(2), P(3), L(4), L(5)))                                                             \
    X(N(addLower), "dplpll", GRID, MATRIX(1, T, L(5), L(5)) && MATRIX(3, T, L(5), L(5)),                               \
      N(addLower)(D(0), P(1), L(2), P(3), L(4), L(5)))                                                                 \
    X(N(newtonCorrect), "plplpll", GRID,                                                                               \
      MATRIX(0, T, L(6), L(6)) && MATRIX(2, T, L(6), L(6)) && MATRIX(4, T, L(6), L(6)),                                \
      N(newtonCorrect)(P(0), L(1), P(2), L(3), P(4), L(5), L(6)))                                                      \
    X(N(squaresOfLower), "plpl", WARPS, MATRIX(0, T, L(3), L(3)) && VECTOR(2, double, L(3)),                           \
      N(squaresOfLower)(P(0), L(1), P(2), L(3)))                                                                       \
    X(N(squaresFromIdentity), "plpl", WARPS, MATRIX(0, T, L(3), L(3)) && VECTOR(2, double, L(3)),                      \
      N(squaresFromIdentity)(P(0), L(1), P(2), L(3)))                                                                  \
    X(N(rowDots), "plplpll", WARPS,                                                                                    \
      MATRIX(0, T, L(5), L(6)) && MATRIX(2, T, L(5), L(6)) && VECTOR(4, double, L(5)),                                 \
      N(rowDots)(P(0), L(1), P(2), L(3), P(4), L(5), L(6)))                                                            \
    X(N(rowSums), "plpll", WARPS, MATRIX(0, T, L(3), L(4)) && VECTOR(2, double, L(3)),                                 \
      N(rowSums)(P(0), L(1), P(2), L(3), L(4)))

#define PLAIN(name) name
#define OF_DOUBLE(name) name##Double
#define ALL_KERNELS(X)                      \
    SINGLE_KERNELS(X)                       \
    TYPED_KERNELS(X, float, PLAIN, F, "f")  \
    TYPED_KERNELS(X, double, OF_DOUBLE, D, "d")

#define JOINED(a, b) a##b
#define FUNCTIONS(name, parameters, shape, located, call) DEFINED(name, located, call)
#define DEFINED(name, located, call)                                 \
    static bool JOINED(name, _locate)(union value *v) { return located; } \
    static void JOINED(name, _run)(union value *v) { call; }
#define ENTRY(name, parameters, shape, located, call) TABLED(name, parameters, shape)
#define TABLED(name, parameters, shape) {#name, parameters, shape, JOINED(name, _locate), JOINED(name, _run)},

ALL_KERNELS(FUNCTIONS)

static const struct kernel KERNELS[] = {ALL_KERNELS(ENTRY)};

const struct kernel *kernel_of(const char *name) {
    for (size_t i = 0; i < sizeof KERNELS / sizeof *KERNELS; i++) {
        if (strcmp(KERNELS[i].name, name) == 0) return &KERNELS[i];
    }
    return NULL;
}

void run_kernel(const struct kernel *kernel, const unsigned grid[2], const unsigned block[2], union value *v) {
    gridDim = (struct block_index){grid[0], grid[1]};
    blockDim = (struct block_index){block[0], block[1]};
    for (blockIdx.y = 0; blockIdx.y < grid[1]; blockIdx.y++) {
        for (blockIdx.x = 0; blockIdx.x < grid[0]; blockIdx.x++) kernel->run(v);
    }
}
