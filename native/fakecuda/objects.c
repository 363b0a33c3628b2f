// SPDX-License-Identifier: Apache-2.0
/* Handles. They are kept after their end, so that the use of an ended one is seen. */
#include <stdlib.h>

#include "fake.h"

struct object {
    enum kind kind;
    bool live;
    struct object *next;
    _Alignas(max_align_t) char content[];
};

static const char *const NAMES[KINDS] = {"stream",              "event",  "cuBLAS handle", "cuSOLVER handle",
                                          "cuSOLVER parameters", "module", "function"};
static struct object *objects;
static long live[KINDS];

void *object_new(enum kind kind, size_t size) {
    struct object *object = calloc(1, sizeof *object + size);
    object->kind = kind;
    object->live = true;
    object->next = objects;
    objects = object;
    live[kind]++;
    return object->content;
}

static struct object *find(const void *handle) {
    for (struct object *o = objects; o; o = o->next) {
        if ((const void *) o->content == handle) return o;
    }
    return NULL;
}

void *object_of(const void *handle, enum kind kind) {
    struct object *object = find(handle);
    if (!object || object->kind != kind) {
        misuse("%p is no %s", handle, NAMES[kind]);
        return NULL;
    }
    if (!object->live) {
        misuse("the %s %p was destroyed", NAMES[kind], handle);
        return NULL;
    }
    return object->content;
}

void object_end(void *handle) {
    struct object *object = find(handle);
    object->live = false;
    live[object->kind]--;
}

void *object_next(enum kind kind, void *after) {
    for (struct object *o = after ? find(after)->next : objects; o; o = o->next) {
        if (o->kind == kind && o->live) return o->content;
    }
    return NULL;
}

/* Functions belong to their modules. */
long objects_live(void) {
    long sum = 0;
    for (int kind = 0; kind < KINDS; kind++) sum += kind == FUNCTION ? 0 : live[kind];
    return sum;
}

/* The memory stays: an old handle that comes back must not look like a new one. */
void objects_forget(void) {
    for (struct object *o = objects; o; o = o->next) {
        if (o->live) object_end(o->content);
    }
}
