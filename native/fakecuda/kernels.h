// SPDX-License-Identifier: Apache-2.0
/* The kernels that can be launched: the source of the PTX, compiled as C. */
#ifndef KERNELS_H
#define KERNELS_H

#include <stdbool.h>
#include <stdint.h>

enum { MOST_PARAMETERS = 20 };

union value {
    int32_t i;
    int64_t l;
    float f;
    double d;
    uint64_t address; /* in a launch */
    void *p;          /* once located */
};

/* The grids and blocks that a kernel is right for. */
enum shape {
    GRID,  /* any, with rows along y and columns along x */
    TILES, /* that, in blocks of whole warps, at most 256 threads */
    FLAT,  /* along x only */
    WARPS, /* that, in blocks of whole warps, at most 256 threads */
    ONE    /* one block of whole warps, at least two of them, at most 256 threads */
};

struct kernel {
    const char *name;
    const char *parameters; /* one letter each: i(nt), l(ong), f(loat), d(ouble), p(ointer) */
    enum shape shape;
    bool (*locate)(union value *v); /* addresses to pointers; false after noting a misuse */
    void (*run)(union value *v);    /* one block */
};

const struct kernel *kernel_of(const char *name);
void run_kernel(const struct kernel *kernel, const unsigned grid[2], const unsigned block[2], union value *v);

#endif
