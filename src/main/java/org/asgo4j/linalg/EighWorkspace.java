// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.linalg;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * Scratch memory of {@link Backend#eigh}, {@link Backend#orthonormalize}, {@link Backend#tridiagonalize}, {@link
 * Backend#addResolvent} and {@link Backend#addInverse}, made by {@link Backend#eighWorkspace} for matrices up to one
 * order. Its content is undefined between calls; one workspace serves one thread at a time.
 *
 * {@snippet file="MatrixExamplesTest.java" region="eigen"}
 */
public final class EighWorkspace {
    /**
     * The largest order k of a matrix, that with 1 + 6k + 2k² {@literal <} 2³¹: LAPACK's ssyevd counts these elements
     * of workspace in 32 bits, unchecked, and would write past the end of what an overflowed count asks for.
     */
    public static final int MAX_ORDER = 32_766;

    /** Of what {@code cudaMalloc} returns, in bytes; cuSOLVER does not say what its workspaces need. */
    private static final int DEVICE_ALIGNMENT = 256;

    private final BackendName backend;
    private final ElementType type;
    private final int order;
    private final MemorySegment work;
    private final int workLength;
    private final MemorySegment integerWork;
    private final int integerWorkLength;
    private final MemorySegment reflectors;
    private final List<TriangularInverse> inverses = new ArrayList<>(); // one for each order that was asked for
    private TriangularInverse cleared; // whose X has zeros above its diagonal; null once other work was done
    private MemorySegment workBehindMatrix; // once it is needed

    /** Lengths are in elements of {@code type} and in 32-bit integers. */
    EighWorkspace(
            BackendName backend,
            ElementType type,
            int order,
            MemorySegment work,
            int workLength,
            MemorySegment integerWork,
            int integerWorkLength,
            MemorySegment reflectors) {
        this.backend = backend;
        this.type = type;
        this.order = order;
        this.work = work;
        this.workLength = workLength;
        this.integerWork = integerWork;
        this.integerWorkLength = integerWorkLength;
        this.reflectors = reflectors;
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

    /** The scratch memory, for an operation that may write all of it: {@link #inverse} finds no zeros after that. */
    MemorySegment work() {
        cleared = null;
        return work;
    }

    /** The same for checks, which write nothing. */
    MemorySegment checkedWork() {
        return work;
    }

    /** Factors of the Householder reflections, {@code order} elements: of its own, since a slice would be an object. */
    MemorySegment reflectors() {
        return reflectors;
    }

    /**
     * Views of {@link #work} for {@link Backend#addInverse}, X with zeros above its diagonal; allocates at the first
     * call for an order. One that follows another of the same order finds the zeros there.
     *
     * @param trianglesFrom as in {@link TriangularInverse}; of the first call for an order
     */
    TriangularInverse inverse(int k, int trianglesFrom) {
        if (cleared == null || cleared.a().rows() != k) {
            cleared = views(k, trianglesFrom);
            cleared.x().segment().fill((byte) 0); // all of it: a slice would be an object
        }
        return cleared;
    }

    private TriangularInverse views(int k, int trianglesFrom) {
        for (int i = 0; i < inverses.size(); i++) {
            if (inverses.get(i).a().rows() == k) return inverses.get(i);
        }
        Matrix whole = new Matrix(work.asSlice(0, 2L * k * k * type.byteSize()), type, 2 * k, k, k);
        var inverse = new TriangularInverse(whole.rowBlock(0, k), whole.rowBlock(k, k), trianglesFrom);
        inverses.add(inverse);
        return inverse;
    }

    int workLength() {
        return workLength;
    }

    /** The elements of a matrix on a GPU, up to where the next piece of memory is aligned as an allocation is. */
    static long matrixLength(ElementType type, int order) {
        long alignment = DEVICE_ALIGNMENT / type.byteSize();
        return Math.ceilDiv((long) order * order, alignment) * alignment;
    }

    /** Where {@link #work}, in device memory, goes on behind a matrix of the largest order; made at the first call. */
    MemorySegment workBehindMatrix() {
        if (workBehindMatrix == null) {
            workBehindMatrix = MemorySegment.ofAddress(work.address() + matrixLength(type, order) * type.byteSize());
        }
        return workBehindMatrix;
    }

    /** Its length; negative where {@link #work} has no room for a matrix. */
    int workLengthBehindMatrix() {
        return Math.toIntExact(workLength - matrixLength(type, order));
    }

    MemorySegment integerWork() {
        return integerWork;
    }

    int integerWorkLength() {
        return integerWorkLength;
    }
}
