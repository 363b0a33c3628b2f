// SPDX-License-Identifier: Apache-2.0
/*
 * The fake's own functions, with which a test makes it fail and looks into it. All may be called from any thread.
 */
#ifndef FAKECUDA_H
#define FAKECUDA_H

/* As in a new process: no allocation, handle, registration, failure, call or misuse. Handles and addresses die. */
void fakecuda_reset(void);
/* Call after_calls + 1 from now of the function returns the status and does nothing else. Once. */
void fakecuda_fail(const char *function, int after_calls, int status);
/*
 * The next call that synchronises returns the cudaError. If it is one after which a real device is lost (as 700), then
 * so does every later call, in its own library's terms, until fakecuda_reset.
 */
void fakecuda_fail_later(int status);
/* The next cusolverDnXsyevBatched leaves this info for one matrix of the batch, which stays as it is; its w are zeros. */
void fakecuda_fail_matrix(int index, int info);
/* Bytes of device memory there are, for cudaMalloc to run out of; 4 GiB at first. */
void fakecuda_set_total(long bytes);
/* Devices there are: 1 at first; with 0, every call that needs one fails as on a machine without a GPU. */
void fakecuda_set_devices(int count);
/* The compute capability of every device: 7.5 at first. Of PTX for a later one no module can be made. */
void fakecuda_set_capability(int major, int minor);
/*
 * Whether work waits until something waits for it (1, at first), or is done by the call (0), or waits in the streams of
 * cuBLAS's handles and is done by the call in all others (2): the three orders that differ most.
 */
void fakecuda_set_deferred(int deferred);
/* Bytes of device memory that are allocated. */
long fakecuda_live_bytes(void);
/* Handles (streams, events, libraries, modules), pinned allocations and registrations that are there. */
long fakecuda_live_objects(void);
/* How often the function was called; with NULL, how often any was. */
long fakecuda_calls(const char *function);
/* The most bytes that one copy since the last call brought to the device or from it. */
long fakecuda_largest_transfer(void);
/* What the callers did wrong, by number and the first of it in words; "" if nothing. */
long fakecuda_misuses(void);
const char *fakecuda_misuse(void);

#endif
