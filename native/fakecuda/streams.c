// SPDX-License-Identifier: Apache-2.0
/* Streams, events, copies and fills. Work waits in its stream until something waits for the stream. */
#include <stdlib.h>
#include <string.h>

#include "fake.h"

struct task {
    struct task *next;
    void (*work)(void *arguments);
    _Alignas(max_align_t) char arguments[];
};

struct stream {
    struct task *first, *last;
    bool apart; /* does not wait for the default stream, nor that for it */
    bool computing;
    long submitted, done; /* tasks */
};

/* Behind which task of which stream it was recorded last; NULL if nowhere. */
struct event {
    struct stream *stream;
    long position;
};

struct copy {
    char *to;
    const char *from;
    size_t to_pitch, from_pitch, width, height;
    bool owned; /* from is memory of ours, to free */
};

struct fill {
    void *to;
    int value;
    size_t bytes;
};

enum { HOST_TO_HOST = 0 }; /* of cudaMemcpyKind */

enum { AT_ONCE, DEFERRED, COMPUTING_DEFERRED };

static int deferred = DEFERRED;
static long largest_transfer; /* since it was asked for */

bool stream_of(const void *handle, struct stream **stream) {
    *stream = NULL;
    return !handle || (*stream = object_of(handle, STREAM));
}

/* Does the stream's work up to a task. Work that waits for an event has that event's stream do its work first. */
static void drain_until(struct stream *stream, long position) {
    while (stream->first && stream->done < position) {
        struct task *task = stream->first;
        stream->first = task->next;
        task->work(task->arguments);
        free(task);
        stream->done++;
    }
}

void drain(struct stream *stream) {
    if (stream) drain_until(stream, stream->submitted);
}

static void drain_those(bool also_apart) {
    for (struct stream *s = object_next(STREAM, NULL); s; s = object_next(STREAM, s)) {
        if (also_apart || !s->apart) drain(s);
    }
}

void drain_all(void) {
    drain_those(true);
}

void submit(struct stream *stream, void (*work)(void *arguments), const void *arguments, size_t size) {
    if (!stream) drain_those(false);
    struct task *task = malloc(sizeof *task + size);
    task->work = work;
    task->next = NULL;
    memcpy(task->arguments, arguments, size);
    if (!stream) {
        work(task->arguments);
        free(task);
        return;
    }
    if (stream->first) stream->last->next = task;
    else stream->first = task;
    stream->last = task;
    stream->submitted++;
    if (deferred == AT_ONCE || (deferred == COMPUTING_DEFERRED && !stream->computing)) drain(stream);
}

void set_computing(struct stream *stream) {
    if (stream) stream->computing = true;
}

cudaError_t cudaStreamCreateWithFlags(cudaStream_t *stream, unsigned int flags) {
    ENTER(RUNTIME);
    if (!stream || flags > cudaStreamNonBlocking) return failed(INVALID_VALUE);
    struct stream *made = object_new(STREAM, sizeof *made);
    made->apart = flags == cudaStreamNonBlocking;
    *stream = made;
    return OK;
}

cudaError_t cudaStreamSynchronize(cudaStream_t handle) {
    ENTER(RUNTIME);
    struct stream *stream;
    if (!stream_of(handle, &stream)) return failed(INVALID_HANDLE);
    if (stream) drain(stream);
    else drain_those(false);
    return synchronized();
}

/* The stream's work is still done, and the stream is given back even if the device is lost. */
cudaError_t cudaStreamDestroy(cudaStream_t handle) {
    __attribute__((cleanup(leave))) struct entry entry = enter(__func__, RUNTIME);
    struct stream *stream = object_of(handle, STREAM);
    if (!stream) return entry.status ? entry.status : failed(INVALID_HANDLE);
    drain(stream);
    object_end(stream);
    return entry.status;
}

cudaError_t cudaEventCreateWithFlags(cudaEvent_t *event, unsigned int flags) {
    ENTER(RUNTIME);
    if (!event || (flags & ~(unsigned) cudaEventDisableTiming)) return failed(INVALID_VALUE);
    *event = object_new(EVENT, sizeof(struct event));
    return OK;
}

/* Given back even if the device is lost. */
cudaError_t cudaEventDestroy(cudaEvent_t handle) {
    __attribute__((cleanup(leave))) struct entry entry = enter(__func__, RUNTIME);
    struct event *event = object_of(handle, EVENT);
    if (!event) return entry.status ? entry.status : failed(INVALID_HANDLE);
    object_end(event);
    return entry.status;
}

cudaError_t cudaEventRecord(cudaEvent_t handle, cudaStream_t stream_handle) {
    ENTER(RUNTIME);
    struct event *event = object_of(handle, EVENT);
    struct stream *stream;
    if (!event || !stream_of(stream_handle, &stream)) return failed(INVALID_HANDLE);
    event->stream = stream;
    event->position = stream ? stream->submitted : 0;
    return OK;
}

static void run_wait(void *arguments) {
    struct event *event = arguments;
    drain_until(event->stream, event->position);
}

/* Of an event that was recorded nowhere, or in the default stream, whose work is done at once, nothing is awaited. */
cudaError_t cudaStreamWaitEvent(cudaStream_t handle, cudaEvent_t event_handle, unsigned int flags) {
    ENTER(RUNTIME);
    struct stream *stream;
    struct event *event = object_of(event_handle, EVENT);
    if (!event || !stream_of(handle, &stream)) return failed(INVALID_HANDLE);
    if (flags) return failed(INVALID_VALUE);
    if (event->stream) submit(stream, run_wait, event, sizeof *event);
    return OK;
}

static void run_fill(void *arguments) {
    struct fill *f = arguments;
    memset(f->to, f->value, f->bytes);
}

cudaError_t cudaMemsetAsync(void *device_pointer, int value, cuda_size bytes, cudaStream_t handle) {
    ENTER(RUNTIME);
    struct stream *stream;
    if (!stream_of(handle, &stream)) return failed(INVALID_HANDLE);
    struct fill fill = {memory_of("memory", (uint64_t) device_pointer, bytes, 1), value, bytes};
    if (!fill.to) return failed(INVALID_VALUE);
    submit(stream, run_fill, &fill, sizeof fill);
    return OK;
}

static void run_copy(void *arguments) {
    struct copy *c = arguments;
    for (size_t i = 0; i < c->height; i++) memcpy(c->to + i * c->to_pitch, c->from + i * c->from_pitch, c->width);
    if (c->owned) free((void *) c->from);
}

/* Where one side of a copy lies; NULL if that is not where its kind says. */
static void *side_of(const char *name, const void *address, size_t bytes, bool device) {
    if (device) return memory_of(name, (uint64_t) address, bytes, 1);
    if (!is_device(address) && address) return (void *) address;
    misuse("%s: %p is no host memory", name, address);
    return NULL;
}

/*
 * Pageable memory is read before the call returns, and written before it returns too. Work with pinned memory is left
 * to the stream, whatever the caller does with that memory until then.
 */
static cudaError_t copy(void *to, size_t to_pitch, const void *from, size_t from_pitch, size_t width, size_t height,
                        int kind, cudaStream_t handle) {
    struct stream *stream;
    if (!stream_of(handle, &stream)) return failed(INVALID_HANDLE);
    if (kind < HOST_TO_HOST || kind > cudaMemcpyDeviceToDevice) return failed(INVALID_MEMCPY_DIRECTION);
    if (width > to_pitch || width > from_pitch) return failed(INVALID_PITCH_VALUE);
    if (!width || !height) return OK;
    size_t to_size = (height - 1) * to_pitch + width, from_size = (height - 1) * from_pitch + width;
    bool to_device = kind == cudaMemcpyHostToDevice || kind == cudaMemcpyDeviceToDevice;
    bool from_device = kind == cudaMemcpyDeviceToHost || kind == cudaMemcpyDeviceToDevice;
    struct copy c = {side_of("to", to, to_size, to_device), side_of("from", from, from_size, from_device),
                     to_pitch, from_pitch, width, height, false};
    if (!c.to || !c.from) return failed(INVALID_VALUE);
    if ((!from_device && is_partly_pinned(from, from_size)) || (!to_device && is_partly_pinned(to, to_size))) {
        return failed(INVALID_VALUE);
    }
    bool crosses = to_device != from_device;
    if (crosses && (long) (width * height) > largest_transfer) largest_transfer = width * height;
    if (!from_device && !is_pinned(from, from_size)) {
        char *read = malloc(width * height);
        struct copy reading = {read, c.from, width, from_pitch, width, height, false};
        run_copy(&reading);
        c.from = read;
        c.from_pitch = width;
        c.owned = true;
    }
    submit(stream, run_copy, &c, sizeof c);
    if (!to_device && !is_pinned(to, to_size)) {
        drain(stream);
        return synchronized();
    }
    return OK;
}

cudaError_t cudaMemcpyAsync(void *to, const void *from, cuda_size bytes, int kind, cudaStream_t stream) {
    ENTER(RUNTIME);
    return copy(to, bytes, from, bytes, bytes, 1, kind, stream);
}

cudaError_t cudaMemcpy2DAsync(void *to, cuda_size to_pitch, const void *from, cuda_size from_pitch, cuda_size width,
                              cuda_size height, int kind, cudaStream_t stream) {
    ENTER(RUNTIME);
    return copy(to, to_pitch, from, from_pitch, width, height, kind, stream);
}

void streams_forget(void) {
    for (struct stream *s = object_next(STREAM, NULL); s; s = object_next(STREAM, s)) {
        while (s->first) {
            struct task *task = s->first;
            s->first = task->next;
            free(task);
            s->done++;
        }
    }
    deferred = DEFERRED;
    largest_transfer = 0;
}

long fakecuda_largest_transfer(void) {
    long largest = largest_transfer;
    largest_transfer = 0;
    return largest;
}

void fakecuda_set_deferred(int value) {
    if (value != DEFERRED) drain_all();
    deferred = value;
}
