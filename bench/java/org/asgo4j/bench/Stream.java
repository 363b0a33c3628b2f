// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.bench;

import java.lang.foreign.MemorySegment;

/**
 * How fast memory is: the four loops of STREAM (McCalpin, <a href="https://www.cs.virginia.edu/stream/">
 * cs.virginia.edu/stream</a>), and two with the traffic of optimizers, all in C. Bytes are those that the source names;
 * where a loop writes what it has not read, the cache reads it all the same, and the rate does not say so.
 */
enum Stream {
    /** y ← x. */
    copy(8) {
        @Override
        void call(KernelOperands o, long from, long count) throws Throwable {
            CKernels.STREAM_COPY.invokeExact(at(o.x, from), at(o.y, from), count);
        }
    },
    /** y ← αx. */
    scale(8) {
        @Override
        void call(KernelOperands o, long from, long count) throws Throwable {
            CKernels.STREAM_SCALE.invokeExact(-1f, at(o.x, from), at(o.y, from), count);
        }
    },
    /** m ← x + y. */
    add(12) {
        @Override
        void call(KernelOperands o, long from, long count) throws Throwable {
            CKernels.STREAM_ADD.invokeExact(at(o.x, from), at(o.y, from), at(o.m, from), count);
        }
    },
    /** m ← x + αy. */
    triad(12) {
        @Override
        void call(KernelOperands o, long from, long count) throws Throwable {
            CKernels.STREAM_TRIAD.invokeExact(-1f, at(o.x, from), at(o.y, from), at(o.m, from), count);
        }
    },
    /** y ← y + αx, in place. */
    update(12) {
        @Override
        void call(KernelOperands o, long from, long count) throws Throwable {
            CKernels.STREAM_UPDATE.invokeExact(1e-9f, at(o.x, from), at(o.y, from), count);
        }
    },
    /** Reads x. */
    read(4) {
        @Override
        void call(KernelOperands o, long from, long count) throws Throwable {
            bits ^= (int) CKernels.STREAM_READ.invokeExact(at(o.x, from), count);
        }
    };

    /** What {@link #read} found, so that it is not left out. */
    private static volatile int bits;

    final int bytesPerElement;

    Stream(int bytesPerElement) {
        this.bytesPerElement = bytesPerElement;
    }

    /** The loop over a range of elements. */
    abstract void call(KernelOperands o, long from, long count) throws Throwable;

    /** The loop that bounds kernels of this traffic. */
    static Stream of(ElementwiseKernel.Traffic traffic) {
        return switch (traffic) {
            case READ -> read;
            case UPDATE -> update;
            case COPY -> scale;
            case TRIAD -> triad;
        };
    }

    private static MemorySegment at(MemorySegment segment, long element) {
        return element == 0 ? segment : segment.asSlice(element * Float.BYTES);
    }

    /** As {@link #call}, over all elements {@code times} times. */
    void run(KernelOperands o, long from, long count, long times) {
        try {
            for (long i = 0; i < times; i++) call(o, from, count);
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException("call of stream " + this, e);
        }
    }
}
