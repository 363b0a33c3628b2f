// SPDX-License-Identifier: Apache-2.0
/* The lock, the counts of calls, failures that were asked for, and misuse. */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake.h"

enum { MOST_FUNCTIONS = 256, MOST_TEXT = 512, TURING = 75 };

struct count {
    char name[64];
    long calls;
    long fail_at; /* the call that fails, or 0 */
    int status;
};

static pthread_mutex_t lock = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;
static struct count counts[MOST_FUNCTIONS];
static int functions;
static int due;  /* what the next synchronisation reports */
static int lost; /* what every call reports, since the device is gone */
static int devices = 1;
static int capability = TURING;
static long misuses;
static char first_misuse[MOST_TEXT];
static _Thread_local const char *function;
static _Thread_local int last_error;
static _Thread_local bool context;
static _Thread_local int device;

static struct count *count_of(const char *name) {
    for (int i = 0; i < functions; i++) {
        if (strcmp(counts[i].name, name) == 0) return &counts[i];
    }
    if (functions == MOST_FUNCTIONS) abort(); /* there are fewer */
    memset(&counts[functions], 0, sizeof *counts);
    snprintf(counts[functions].name, sizeof counts[functions].name, "%s", name);
    return &counts[functions++];
}

/* The status with which the library says that the device has failed. */
static int in_terms_of(enum library library, int error) {
    return library == BLAS ? BLAS_EXECUTION_FAILED : library == SOLVER ? SOLVER_EXECUTION_FAILED : error;
}

static int without_device(enum library library) {
    return library == BLAS ? BLAS_NOT_INITIALIZED : library == SOLVER ? SOLVER_NOT_INITIALIZED : NO_DEVICE;
}

/*
 * The runtime, and so the libraries on it, makes its context the calling thread's; the driver's functions need one and
 * make none.
 */
struct entry enter(const char *name, enum library library) {
    pthread_mutex_lock(&lock);
    struct entry entry = {0};
    function = name;
    struct count *count = count_of(name);
    count->calls++;
    if (count->fail_at && count->calls == count->fail_at) {
        count->fail_at = 0;
        entry.status = count->status;
    } else if (library != DRIVER_WITHOUT_CONTEXT && !devices) {
        entry.status = without_device(library);
    } else if (library == DRIVER && !context) {
        entry.status = INVALID_CONTEXT;
    } else if (library == DRIVER && device) {
        entry.status = INVALID_HANDLE;
    } else if (library != DRIVER_WITHOUT_CONTEXT && lost) {
        entry.status = in_terms_of(library, lost);
    }
    if (library != DRIVER && library != DRIVER_WITHOUT_CONTEXT && devices) context = true;
    if (entry.status && library == RUNTIME) last_error = entry.status;
    return entry;
}

void leave(struct entry *entry) {
    (void) entry;
    pthread_mutex_unlock(&lock);
}

int failed(int status) {
    if (status) last_error = status;
    return status;
}

void misuse(const char *format, ...) {
    char text[MOST_TEXT];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (!misuses++) snprintf(first_misuse, sizeof first_misuse, "%.60s: %.440s", function, text);
    if (!due) due = ILLEGAL_ADDRESS;
}

/* The errors of which the documentation says that the process must be ended to use CUDA again. */
static bool is_lasting(int error) {
    return error == ECC_UNCORRECTABLE || error == ILLEGAL_ADDRESS || error == LAUNCH_TIMEOUT || error == ASSERT
           || (error >= HARDWARE_STACK_ERROR && error <= LAUNCH_FAILED);
}

int synchronized(void) {
    int status = lost ? lost : due;
    due = 0;
    if (is_lasting(status)) lost = status;
    return failed(status);
}

cudaError_t cudaGetLastError(void) {
    ENTER(DRIVER_WITHOUT_CONTEXT);
    int status = lost ? lost : last_error;
    last_error = 0;
    return status;
}

int devices_present(void) {
    return devices;
}

int device_capability(void) {
    return capability;
}

int current_device(void) {
    return device;
}

void set_current_device(int ordinal) {
    device = ordinal;
}

void fakecuda_reset(void) {
    pthread_mutex_lock(&lock);
    streams_forget();
    objects_forget();
    memory_forget();
    batched_forget();
    functions = due = lost = last_error = device = 0;
    devices = 1;
    capability = TURING;
    misuses = 0;
    first_misuse[0] = 0;
    pthread_mutex_unlock(&lock);
}

void fakecuda_fail(const char *name, int after_calls, int status) {
    pthread_mutex_lock(&lock);
    struct count *count = count_of(name);
    count->fail_at = count->calls + after_calls + 1;
    count->status = status;
    pthread_mutex_unlock(&lock);
}

void fakecuda_fail_later(int status) {
    pthread_mutex_lock(&lock);
    due = status;
    pthread_mutex_unlock(&lock);
}

void fakecuda_set_devices(int count) {
    pthread_mutex_lock(&lock);
    devices = count;
    pthread_mutex_unlock(&lock);
}

void fakecuda_set_capability(int major, int minor) {
    pthread_mutex_lock(&lock);
    capability = 10 * major + minor;
    pthread_mutex_unlock(&lock);
}

long fakecuda_calls(const char *name) {
    pthread_mutex_lock(&lock);
    long calls = name ? count_of(name)->calls : 0;
    for (int i = 0; !name && i < functions; i++) calls += counts[i].calls;
    pthread_mutex_unlock(&lock);
    return calls;
}

long fakecuda_misuses(void) {
    return misuses;
}

const char *fakecuda_misuse(void) {
    return first_misuse;
}
