// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.linalg;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.asgo4j.bindings.cuda.Cuda;

/** Brings orders of rows and columns to the GPU, by way of memory that grows to the largest and stays. */
final class CudaOrders implements AutoCloseable {
    private final CudaBuffer device = new CudaBuffer();
    private Arena arena = Arena.ofShared();
    private MemorySegment host = MemorySegment.NULL;
    private long waitsAtUpload = -1; // of the lane

    /** The indices of both, one after the other, on the GPU. */
    MemorySegment upload(int[] rows, int[] cols, CudaLane lane) {
        long count = (long) rows.length + cols.length;
        long bytes = count * Integer.BYTES;
        if (lane.waits() == waitsAtUpload) lane.synchronize(); // or the last upload might find this one's indices
        waitsAtUpload = lane.waits();
        if (host.byteSize() < bytes) {
            arena.close();
            arena = Arena.ofShared();
            host = MemorySegment.NULL; // the old one is gone, also where there is no larger one
            host = CudaMemory.allocateHost(arena, bytes);
        }
        MemorySegment.copy(rows, 0, host, ValueLayout.JAVA_INT, 0, rows.length);
        MemorySegment.copy(cols, 0, host, ValueLayout.JAVA_INT, (long) rows.length * Integer.BYTES, cols.length);
        MemorySegment to = device.atLeast(bytes);
        CudaErrors.runtime("cudaMemcpyAsync",
                Cuda.cudaMemcpyAsync(to, host, bytes, Cuda.cudaMemcpyHostToDevice(), lane.stream));
        return to;
    }

    @Override
    public void close() {
        device.close();
        arena.close();
    }
}
