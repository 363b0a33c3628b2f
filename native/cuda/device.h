// SPDX-License-Identifier: Apache-2.0
/*
 * What the kernels are written in: CUDA C++ when nvcc compiles them, plain C when gcc does, so that the fake library
 * runs the source of the PTX. A kernel's body is the work of one block. Where its threads differ, the body says
 * THREADS(t): on a GPU each thread runs the statement for itself and all meet at a barrier behind it; in C a loop runs
 * it for one thread after the other. No variable carries anything from one THREADS to the next, unless thread 0 alone
 * reads and writes it.
 */
#ifndef ASGO4J_DEVICE_H
#define ASGO4J_DEVICE_H

#include <stdint.h>

#ifdef __CUDACC__

#define KERNEL extern "C" __global__ void
#define DEVICE static __device__
#define SHARED __shared__
#define EACH_THREAD(t) for (int t = threadIdx.x, once = 1; once; once = 0)
#define THREADS(t) for (int t = threadIdx.x, once = 1; once; once = 0, __syncthreads())
#define ATOMIC_MIN(address, value) atomicMin(address, value)

#else

#include <math.h>

struct block_index {
    unsigned x, y;
};

/* The block that runs in this thread of the host; the launch sets them. */
extern _Thread_local struct block_index blockIdx, blockDim, gridDim;

#define KERNEL static void
#define DEVICE static
#define SHARED
#define EACH_THREAD(t) for (int t = 0; t < (int) blockDim.x; t++)
#define THREADS(t) EACH_THREAD(t)
#define ATOMIC_MIN(address, value) (*(address) = *(address) < (value) ? *(address) : (value))

#endif

/* The rows that this block works on, and the columns of its threads: any grid covers the whole matrix. */
#define ROWS(i, rows) for (int64_t i = blockIdx.y; i < (rows); i += gridDim.y)
#define COLS(j, cols) \
    EACH_THREAD(thread) for (int64_t j = (int64_t) blockIdx.x * blockDim.x + thread; j < (cols); \
                             j += (int64_t) gridDim.x * blockDim.x)

#endif
