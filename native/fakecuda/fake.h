// SPDX-License-Identifier: Apache-2.0
/*
 * What the parts of the fake share. Every exported function starts with ENTER: it takes the one lock, which is given
 * back when the function returns, counts the call, and returns a failure that is due.
 */
#ifndef FAKE_H
#define FAKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What these declare is all that the library exports. */
#pragma GCC visibility push(default)
#include "../../jextract/cuda.h"
#include "fakecuda.h"
#pragma GCC visibility pop

/* Statuses of the three libraries, by their documented values, that the fake returns. */
enum { OK = 0 };
enum { INVALID_VALUE = 1, MEMORY_ALLOCATION = 2, INVALID_PITCH_VALUE = 12, INVALID_MEMCPY_DIRECTION = 21 };
enum { NO_DEVICE = 100, INVALID_DEVICE = 101, INVALID_IMAGE = 200, INVALID_CONTEXT = 201, ECC_UNCORRECTABLE = 214 };
enum { INVALID_PTX = 218, UNSUPPORTED_PTX_VERSION = 222 };
enum { INVALID_HANDLE = 400, NOT_FOUND = 500, ILLEGAL_ADDRESS = 700, LAUNCH_TIMEOUT = 702, ASSERT = 710 };
enum { ALREADY_REGISTERED = 712, NOT_REGISTERED = 713, HARDWARE_STACK_ERROR = 714, LAUNCH_FAILED = 719 };
enum { BLAS_NOT_INITIALIZED = 1, BLAS_INVALID_VALUE = 7, BLAS_EXECUTION_FAILED = 13, BLAS_NOT_SUPPORTED = 15 };
enum { SOLVER_NOT_INITIALIZED = 1, SOLVER_INVALID_VALUE = 3, SOLVER_EXECUTION_FAILED = 6 };

enum library { RUNTIME, BLAS, SOLVER, DRIVER, DRIVER_WITHOUT_CONTEXT };

/* What a call begins with. */
struct entry {
    int status;
};

/* calls.c */
struct entry enter(const char *function, enum library library);
void leave(struct entry *entry);
#define ENTER(library) \
    __attribute__((cleanup(leave))) struct entry entry = enter(__func__, library); \
    if (entry.status) return entry.status
/* The status, which cudaGetLastError of this thread returns next. */
int failed(int status);
/* Notes what a caller did wrong and lets the device fail at the next synchronisation. */
void misuse(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The failure of work done so far, which stays if the device can't go on after it; 0 if there was none. */
int synchronized(void);
int devices_present(void);
/* Ten times the major version of the compute capability and the minor one, as the PTX's target writes it. */
int device_capability(void);
/* The calling thread's device. All that the fake has, memory and handles and modules, is device 0's. */
int current_device(void);
void set_current_device(int device);

/* objects.c: handles, which are never given twice. */
enum kind { STREAM, EVENT, BLAS_HANDLE, SOLVER_HANDLE, SOLVER_PARAMS, MODULE, FUNCTION, KINDS };
void *object_new(enum kind kind, size_t size);
/* The object, or NULL after noting the misuse of what is no live object of that kind. */
void *object_of(const void *handle, enum kind kind);
void object_end(void *handle);
void *object_next(enum kind kind, void *after);
long objects_live(void);
void objects_forget(void);

/* memory.c */
/*
 * Where the bytes of device memory [address, address + bytes) lie in this process; NULL, and misuse noted, unless they
 * are inside one live allocation or one registered piece of host memory, and a multiple of alignment.
 */
void *memory_of(const char *argument, uint64_t address, size_t bytes, size_t alignment);
bool is_pinned(const void *start, size_t size);
/* Some bytes are pinned and some are not: CUDA refuses to copy such memory. */
bool is_partly_pinned(const void *start, size_t size);
bool is_device(const void *start);
void memory_forget(void);

/* streams.c */
struct stream;
/* The stream of a handle, NULL being the default stream; false, and misuse noted, if it is none. */
bool stream_of(const void *handle, struct stream **stream);
/* Runs work(arguments) on the stream: at once, or when something waits for it. The arguments are copied. */
void submit(struct stream *stream, void (*work)(void *arguments), const void *arguments, size_t size);
void drain(struct stream *stream);
/* The stream is one that computes, which fakecuda_set_deferred tells from those that copy. */
void set_computing(struct stream *stream);
void drain_all(void);
/* What waits is not done any more: the memory it names may be gone. */
void streams_forget(void);

/* solver.c: OK and the stream of a handle, or the status to return. */
int solver_stream(cusolverDnHandle_t handle, struct stream **stream);
enum { GARBAGE = 0xFF }; /* for workspaces: NaN, whatever it is read as */

/* solver_batched.c */
void batched_forget(void);

/* eigen.c: column-major float64 with leading dimension n. */
void tridiagonal(bool upper, int n, double *a, double *d, double *e, double *tau);
void tridiagonal_q(bool upper, int n, double *a, const double *tau);
void qr(int m, int n, double *a, double *tau);
void qr_q(int m, int n, int k, double *a, const double *tau);
/* Eigenvalues ascending into w, eigenvectors as columns into a; 0, or how many did not converge. */
int eigen(bool upper, int n, double *a, double *w);

/* cholesky.c: likewise. */
/* A's factor L, or its transpose, into one triangle; 0, or the order of the first minor that is not above 0. */
int cholesky(bool upper, int n, double *a);
/* The inverse of LL' into L's triangle; 0, or 1 + the index of L's first zero on the diagonal. */
int cholesky_inverse(bool upper, int n, double *a);

#endif
