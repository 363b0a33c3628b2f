// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.linalg;

import java.lang.foreign.MemorySegment;

/** Device memory that grows to the largest size asked for and stays: after the first round a step takes none. */
final class CudaBuffer implements AutoCloseable {
    private MemorySegment memory = MemorySegment.NULL;
    private long capacity;

    /** At least {@code bytes} of device memory; its content is undefined, and the last one's is lost if it grew. */
    MemorySegment atLeast(long bytes) {
        if (bytes > capacity) {
            close();
            memory = CudaMemory.take(bytes);
            capacity = bytes;
        }
        return memory;
    }

    @Override
    public void close() {
        if (capacity > 0) CudaMemory.give(memory);
        memory = MemorySegment.NULL;
        capacity = 0;
    }
}
