// SPDX-License-Identifier: Apache-2.0
/*
 * Device memory: addresses from a reserved range in which nothing can be read or written, so that the host can't touch
 * it; the bytes lie elsewhere. No address is given twice. Fresh bytes are 0xFF, which makes numbers of them NaN.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "fake.h"

enum { ALIGNMENT = 512, CANARY = 64, CANARY_BYTE = 0xA5, UNTOUCHED_BYTE = 0xFF, ALL_REGISTER_FLAGS = 15 };
static const size_t RESERVED = (size_t) 1 << 40;
#define DEFAULT_TOTAL (4L << 30)

struct allocation {
    uint64_t address;
    size_t size;
    unsigned char *bytes; /* NULL once freed */
};

struct host_range {
    unsigned char *start;
    size_t size;
    bool ours; /* from cudaMallocHost, else registered */
    struct host_range *next;
};

static uint64_t first_address, next_address;
static struct allocation *allocations; /* by rising address */
static size_t allocated, capacity;
static struct host_range *host_ranges;
static long live_bytes, total = DEFAULT_TOTAL;

static bool reserve(void) {
    if (first_address) return true;
    void *range = mmap(NULL, RESERVED, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (range == MAP_FAILED) return false;
    first_address = ((uint64_t) range + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    next_address = first_address;
    return true;
}

static bool is_device_address(uint64_t address) {
    return first_address && address >= first_address && address < first_address + RESERVED;
}

/* The last allocation, live or freed, that starts at the address or before it. */
static struct allocation *before(uint64_t address) {
    size_t low = 0, high = allocated;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (allocations[middle].address <= address) low = middle + 1;
        else high = middle;
    }
    return low ? &allocations[low - 1] : NULL;
}

static struct host_range *host_range_of(const void *start, size_t size) {
    const unsigned char *p = start;
    for (struct host_range *r = host_ranges; r; r = r->next) {
        if (p >= r->start && p - r->start <= (ptrdiff_t) r->size && size <= r->size - (size_t) (p - r->start)) return r;
    }
    return NULL;
}

static void *not_memory(const char *argument, uint64_t address, size_t bytes) {
    struct allocation *a = before(address);
    char range[96];
    snprintf(range, sizeof range, "%s: [%#lx, +%zu)", argument, (unsigned long) address, bytes);
    if (!is_device_address(address)) {
        misuse("%s is host memory that was not registered, must be device memory", range);
    } else if (!a || address - a->address >= a->size + ALIGNMENT) {
        misuse("%s is in no allocation", range);
    } else if (!a->bytes) {
        misuse("%s is in memory of %zu bytes that was freed", range, a->size);
    } else {
        misuse("%s ends past its allocation, of which %ld bytes are left there", range,
               (long) (a->size - (address - a->address)));
    }
    return NULL;
}

void *memory_of(const char *argument, uint64_t address, size_t bytes, size_t alignment) {
    static unsigned char nothing[ALIGNMENT];
    if (address % alignment) {
        misuse("%s: %#lx is no multiple of %zu", argument, (unsigned long) address, alignment);
        return NULL;
    }
    if (!bytes) return nothing;
    if (!is_device_address(address)) {
        void *host = (void *) address;
        return host_range_of(host, bytes) ? host : not_memory(argument, address, bytes);
    }
    struct allocation *a = before(address);
    if (!a || !a->bytes || address - a->address >= a->size || bytes > a->size - (address - a->address)) {
        return not_memory(argument, address, bytes);
    }
    return a->bytes + (address - a->address);
}

cudaError_t cudaMalloc(void **device_pointer, cuda_size bytes) {
    ENTER(RUNTIME);
    if (!device_pointer) return failed(INVALID_VALUE);
    *device_pointer = NULL;
    if (!bytes) return OK;
    if (current_device()) misuse("the memory would be on device %d", current_device());
    if ((long) bytes < 0 || (long) bytes > total - live_bytes || !reserve()) return failed(MEMORY_ALLOCATION);
    unsigned char *memory = aligned_alloc(ALIGNMENT, (bytes + CANARY + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT);
    if (!memory) return failed(MEMORY_ALLOCATION);
    memset(memory, UNTOUCHED_BYTE, bytes);
    memset(memory + bytes, CANARY_BYTE, CANARY);
    if (allocated == capacity) {
        capacity = capacity ? 2 * capacity : 64;
        allocations = realloc(allocations, capacity * sizeof *allocations);
    }
    allocations[allocated++] = (struct allocation){next_address, bytes, memory};
    *device_pointer = (void *) next_address;
    next_address += (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT + ALIGNMENT;
    live_bytes += bytes;
    return OK;
}

static void free_allocation(struct allocation *a) {
    for (int i = 0; i < CANARY; i++) {
        if (a->bytes[a->size + i] == CANARY_BYTE) continue;
        misuse("something wrote past the end of %zu bytes at %#lx", a->size, (unsigned long) a->address);
        break;
    }
    free(a->bytes);
    a->bytes = NULL;
    live_bytes -= a->size;
}

/* Waits for all work before, as CUDA does. Memory is given back even if the device is lost. */
cudaError_t cudaFree(void *device_pointer) {
    __attribute__((cleanup(leave))) struct entry entry = enter(__func__, RUNTIME);
    drain_all();
    struct allocation *a = before((uint64_t) device_pointer);
    bool found = a && a->address == (uint64_t) device_pointer && a->bytes;
    if (found) free_allocation(a);
    if (entry.status) return entry.status;
    if (device_pointer && !found) {
        misuse("%p is no live allocation", device_pointer);
        return failed(INVALID_VALUE);
    }
    return synchronized();
}

cudaError_t cudaMemGetInfo(cuda_size *free_bytes, cuda_size *total_bytes) {
    ENTER(RUNTIME);
    *free_bytes = total - live_bytes;
    *total_bytes = total;
    return OK;
}

static void add_host_range(void *start, size_t size, bool ours) {
    struct host_range *range = malloc(sizeof *range);
    *range = (struct host_range){start, size, ours, host_ranges};
    host_ranges = range;
}

static cudaError_t end_host_range(void *start, bool ours, int missing) {
    for (struct host_range **r = &host_ranges; *r; r = &(*r)->next) {
        if ((*r)->start != start || (*r)->ours != ours) continue;
        struct host_range *ended = *r;
        *r = ended->next;
        if (ours) free(start);
        free(ended);
        return OK;
    }
    misuse("%p was not %s", start, ours ? "allocated by cudaMallocHost" : "registered");
    return failed(missing);
}

cudaError_t cudaMallocHost(void **host_pointer, cuda_size bytes) {
    ENTER(RUNTIME);
    if (!host_pointer) return failed(INVALID_VALUE);
    *host_pointer = bytes ? aligned_alloc(ALIGNMENT, (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT) : NULL;
    if (!bytes) return OK;
    if (!*host_pointer) return failed(MEMORY_ALLOCATION);
    memset(*host_pointer, UNTOUCHED_BYTE, bytes);
    add_host_range(*host_pointer, bytes, true);
    return OK;
}

cudaError_t cudaFreeHost(void *host_pointer) {
    __attribute__((cleanup(leave))) struct entry entry = enter(__func__, RUNTIME);
    drain_all();
    cudaError_t status = host_pointer ? end_host_range(host_pointer, true, INVALID_VALUE) : OK;
    return entry.status ? entry.status : status;
}

cudaError_t cudaHostRegister(void *host_pointer, cuda_size bytes, unsigned int flags) {
    ENTER(RUNTIME);
    unsigned char *start = host_pointer;
    if (!start || !bytes || flags > ALL_REGISTER_FLAGS || is_device_address((uint64_t) start)) {
        return failed(INVALID_VALUE);
    }
    for (struct host_range *r = host_ranges; r; r = r->next) {
        if (start < r->start + r->size && r->start < start + bytes) return failed(ALREADY_REGISTERED);
    }
    add_host_range(host_pointer, bytes, false);
    return OK;
}

cudaError_t cudaHostUnregister(void *host_pointer) {
    __attribute__((cleanup(leave))) struct entry entry = enter(__func__, RUNTIME);
    drain_all();
    cudaError_t status = end_host_range(host_pointer, false, NOT_REGISTERED);
    return entry.status ? entry.status : status;
}

CUresult cuPointerGetAttribute(void *value, int attribute, CUdeviceptr pointer) {
    ENTER(DRIVER);
    struct allocation *a = is_device_address(pointer) ? before(pointer) : NULL;
    bool device = a && a->bytes && pointer - a->address < a->size;
    struct host_range *host = device ? NULL : host_range_of((void *) pointer, 1);
    if (!value || (!device && !host)) return INVALID_VALUE;
    switch (attribute) {
    case CU_POINTER_ATTRIBUTE_MEMORY_TYPE:
        *(unsigned *) value = device ? CU_MEMORYTYPE_DEVICE : 1;
        return OK;
    case CU_POINTER_ATTRIBUTE_DEVICE_ORDINAL:
        *(int *) value = 0;
        return OK;
    case CU_POINTER_ATTRIBUTE_RANGE_START_ADDR:
        *(CUdeviceptr *) value = device ? a->address : (CUdeviceptr) host->start;
        return OK;
    case CU_POINTER_ATTRIBUTE_RANGE_SIZE:
        *(cuda_size *) value = device ? a->size : host->size;
        return OK;
    default:
        return INVALID_VALUE;
    }
}

long host_ranges_live(void) {
    long count = 0;
    for (struct host_range *r = host_ranges; r; r = r->next) count++;
    return count;
}

bool is_pinned(const void *start, size_t size) {
    return host_range_of(start, size) != NULL;
}

bool is_partly_pinned(const void *start, size_t size) {
    const unsigned char *first = start, *end = first + size;
    size_t pinned = 0;
    for (struct host_range *r = host_ranges; r; r = r->next) {
        const unsigned char *from = first > r->start ? first : r->start;
        const unsigned char *to = end < r->start + r->size ? end : r->start + r->size;
        if (from < to) pinned += to - from;
    }
    return pinned && pinned < size;
}

bool is_device(const void *start) {
    return is_device_address((uint64_t) start);
}

void memory_forget(void) {
    for (size_t i = 0; i < allocated; i++) {
        if (allocations[i].bytes) free_allocation(&allocations[i]);
    }
    while (host_ranges) end_host_range(host_ranges->start, host_ranges->ours, OK);
    total = DEFAULT_TOTAL;
}

void fakecuda_set_total(long bytes) {
    total = bytes;
}

long fakecuda_live_bytes(void) {
    return live_bytes;
}

long fakecuda_live_objects(void) {
    return objects_live() + host_ranges_live();
}
