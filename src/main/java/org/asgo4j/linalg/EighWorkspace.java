package org.asgo4j.linalg;

import java.lang.foreign.MemorySegment;

/**
 * Scratch memory of {@link Backend#eigh}, {@link Backend#orthonormalize} and {@link Backend#tridiagonalize}, made by
 * {@link Backend#eighWorkspace} for matrices up to one order. Its content is undefined between calls; one workspace
 * serves one thread at a time.
 */
public final class EighWorkspace {
    private final BackendName backend;
    private final ElementType type;
    private final int order;
    private final MemorySegment work;
    private final int workLength;
    private final MemorySegment integerWork;
    private final int integerWorkLength;

    /** Lengths are in elements of {@code type} and in 32-bit integers. */
    EighWorkspace(
            BackendName backend,
            ElementType type,
            int order,
            MemorySegment work,
            int workLength,
            MemorySegment integerWork,
            int integerWorkLength) {
        this.backend = backend;
        this.type = type;
        this.order = order;
        this.work = work;
        this.workLength = workLength;
        this.integerWork = integerWork;
        this.integerWorkLength = integerWorkLength;
    }

    /** The backend that made it; the layout of the memory is known to that one only. */
    BackendName backend() {
        return backend;
    }

    /** The element type of the matrices it serves. */
    public ElementType type() {
        return type;
    }

    /** The largest order k of a k×k matrix it serves. */
    public int order() {
        return order;
    }

    MemorySegment work() {
        return work;
    }

    /** The work from element {@code count} on. */
    MemorySegment workAfter(int count) {
        return work.asSlice((long) count * type.byteSize());
    }

    int workLength() {
        return workLength;
    }

    MemorySegment integerWork() {
        return integerWork;
    }

    int integerWorkLength() {
        return integerWorkLength;
    }
}
