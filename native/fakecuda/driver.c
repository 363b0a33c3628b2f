// SPDX-License-Identifier: Apache-2.0
/*
 * The driver's modules: reads of a PTX text which kernels it has, with which types of parameters, and runs those that
 * the fake was compiled with under the same names.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake.h"
#include "kernels.h"

enum { WARP_THREADS = 32, MOST_SHARING = 256, MOST_THREADS_OF_BLOCK = 1024, MOST_GRID_Y = 65535 };
static const double NEWEST_PTX = 9.0;

struct module {
    char *ptx;
};

struct function {
    const struct module *module;
    const struct kernel *kernel;
};

struct launch {
    const struct kernel *kernel;
    unsigned grid[2], block[2];
    union value values[MOST_PARAMETERS];
};

CUresult cuModuleLoadData(CUmodule *module, const void *image) {
    ENTER(DRIVER);
    if (!module || !image) return INVALID_VALUE;
    const char *version = strstr(image, "\n.version ");
    if (!version || !strstr(image, ".entry")) return INVALID_IMAGE;
    if (atof(version + strlen("\n.version ")) > NEWEST_PTX) return UNSUPPORTED_PTX_VERSION;
    const char *target = strstr(image, "\n.target sm_");
    if (!target || atoi(target + strlen("\n.target sm_")) > device_capability()) return INVALID_PTX;
    struct module *made = object_new(MODULE, sizeof *made);
    made->ptx = strdup(image);
    *module = made;
    return OK;
}

/* Given back even if the device is lost. */
CUresult cuModuleUnload(CUmodule module) {
    __attribute__((cleanup(leave))) struct entry entry = enter(__func__, DRIVER);
    drain_all();
    struct module *ended = object_of(module, MODULE);
    if (!ended) return entry.status ? entry.status : INVALID_HANDLE;
    free(ended->ptx);
    object_end(ended);
    return entry.status;
}

/* Whether the entry's parameters, which start at text, have the types that the letters say. */
static bool has_parameters(const char *text, const char *letters) {
    const char *end = strchr(text, ')');
    for (const char *p = strstr(text, ".param ."); p && p < end; p = strstr(p + 1, ".param .")) {
        const char *type = p + strlen(".param .");
        const char *wanted = *letters == 'f' ? "f32" : *letters == 'd' ? "f64" : *letters == 'i' ? "u32" : "u64";
        if (!*letters++ || strncmp(type, wanted, strlen(wanted)) != 0) return false;
    }
    return !*letters;
}

CUresult cuModuleGetFunction(CUfunction *function, CUmodule handle, const char *name) {
    ENTER(DRIVER);
    struct module *module = object_of(handle, MODULE);
    if (!module) return INVALID_HANDLE;
    if (!function || !name) return INVALID_VALUE;
    char wanted[128];
    snprintf(wanted, sizeof wanted, ".entry %s(", name);
    const char *entry_text = strstr(module->ptx, wanted);
    if (!entry_text) return NOT_FOUND;
    const struct kernel *kernel = kernel_of(name);
    if (!kernel || !has_parameters(entry_text, kernel->parameters)) {
        misuse("the PTX's %s is %s", name, kernel ? "not that of the sources" : "no kernel of the fake");
        return NOT_FOUND;
    }
    struct function *made = object_new(FUNCTION, sizeof *made);
    *made = (struct function){module, kernel};
    *function = made;
    return OK;
}

static void run_launch(void *arguments) {
    struct launch *l = arguments;
    run_kernel(l->kernel, l->grid, l->block, l->values);
}

/* Whether the kernel is right for the grid and block; notes a misuse if not. */
static bool is_right(const struct kernel *kernel, const unsigned grid[2], unsigned threads) {
    enum shape shape = kernel->shape;
    bool shares = shape == TILES || shape == WARPS || shape == ONE;
    bool right = (!shares || (threads % WARP_THREADS == 0 && threads <= MOST_SHARING))
                 && (shape == GRID || shape == TILES || grid[1] == 1)
                 && (shape != ONE || (grid[0] == 1 && threads >= 2 * WARP_THREADS));
    if (!right) misuse("%s in a grid of %u by %u blocks of %u threads", kernel->name, grid[0], grid[1], threads);
    return right;
}

CUresult cuLaunchKernel(CUfunction handle, unsigned int grid_x, unsigned int grid_y, unsigned int grid_z,
                        unsigned int block_x, unsigned int block_y, unsigned int block_z, unsigned int shared_bytes,
                        cudaStream_t stream_handle, void **parameters, void **extra) {
    ENTER(DRIVER);
    struct function *function = object_of(handle, FUNCTION);
    struct stream *stream;
    if (!function || !object_of(function->module, MODULE) || !stream_of(stream_handle, &stream)) return INVALID_HANDLE;
    bool fits = grid_x && grid_x <= INT32_MAX && grid_y && grid_y <= MOST_GRID_Y && grid_z == 1 && block_x
                && block_x <= MOST_THREADS_OF_BLOCK && block_y == 1 && block_z == 1 && !shared_bytes;
    if (!fits || extra || !parameters) return INVALID_VALUE;
    const struct kernel *kernel = function->kernel;
    struct launch launch = {kernel, {grid_x, grid_y}, {block_x, 1}, {{0}}};
    for (int k = 0; kernel->parameters[k]; k++) {
        bool small = strchr("if", kernel->parameters[k]);
        memcpy(&launch.values[k], parameters[k], small ? sizeof(float) : sizeof(double));
    }
    /* The real one would start, and fail later. */
    if (!is_right(kernel, launch.grid, block_x) || !kernel->locate(launch.values)) return OK;
    submit(stream, run_launch, &launch, sizeof launch);
    return OK;
}
