// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.linalg;

import java.lang.foreign.MemorySegment;
import org.asgo4j.bindings.cuda.Cuda;

/**
 * Brings the matrices of one call that lie in this computer's memory to the GPU, and those that were written back.
 * Between the rows nothing is copied. A matrix that lies on the GPU is used where it is.
 */
final class CudaStaging implements AutoCloseable {
    /** No operation has more matrices. */
    private static final int MAX_MATRICES = 4;

    private final MemorySegment stream;
    private final CudaBuffer[] buffers = new CudaBuffer[MAX_MATRICES];
    private final MemorySegment[] copies = new MemorySegment[MAX_MATRICES];
    private final Matrix[] written = new Matrix[MAX_MATRICES]; // to be copied back, or null
    private int used;

    CudaStaging(MemorySegment stream) {
        this.stream = stream;
        for (int i = 0; i < MAX_MATRICES; i++) buffers[i] = new CudaBuffer();
    }

    /** Begins a call: whatever the last one left, also by an error, is forgotten. */
    void begin() {
        for (int i = 0; i < used; i++) written[i] = null;
        used = 0;
    }

    /** Where the GPU finds the elements of {@code m}. */
    MemorySegment read(Matrix m) {
        if (m.isOnDevice()) return m.segment();
        MemorySegment copy = reserve(m);
        copy(m.segment(), m.rowStride(), copy, m.rowStride(), m, Cuda.cudaMemcpyHostToDevice(), stream);
        return copy;
    }

    /** Where the GPU finds the elements of {@code m} and leaves them changed, all or a part of them. */
    MemorySegment readWrite(Matrix m) {
        MemorySegment memory = read(m);
        if (!m.isOnDevice()) written[used - 1] = m;
        return memory;
    }

    /** Where the GPU leaves all elements of {@code m}. */
    MemorySegment write(Matrix m) {
        if (m.isOnDevice()) return m.segment();
        MemorySegment copy = reserve(m);
        written[used - 1] = m;
        return copy;
    }

    /** Queues the copies back; whether any matrix of the call lies in this computer's memory. */
    boolean end() {
        for (int i = 0; i < used; i++) {
            if (written[i] != null) copyFromDevice(copies[i], written[i].rowStride(), written[i], stream);
        }
        return used > 0;
    }

    /** Queues Y ← X, of one shape and type, wherever either lies. */
    static void copy(Matrix x, Matrix y, MemorySegment stream) {
        if (x.isOnDevice()) {
            copyFromDevice(x.segment(), x.rowStride(), y, stream);
        } else {
            int kind = y.isOnDevice() ? Cuda.cudaMemcpyHostToDevice() : Cuda.cudaMemcpyHostToHost();
            copy(x.segment(), x.rowStride(), y.segment(), y.rowStride(), y, kind, stream);
        }
    }

    /** Queues Y ← what lies on the GPU with rows that many elements apart. */
    static void copyFromDevice(MemorySegment x, long rowStride, Matrix y, MemorySegment stream) {
        int kind = y.isOnDevice() ? Cuda.cudaMemcpyDeviceToDevice() : Cuda.cudaMemcpyDeviceToHost();
        copy(x, rowStride, y.segment(), y.rowStride(), y, kind, stream);
    }

    /** Queues a copy of a matrix of {@code m}'s shape and type. */
    private static void copy(
            MemorySegment from, long fromStride, MemorySegment to, long toStride, Matrix m, int kind,
            MemorySegment stream) {
        long size = m.type().byteSize();
        boolean contiguous = m.rows() == 1 || (fromStride == m.cols() && toStride == m.cols());
        if (contiguous) {
            CudaErrors.runtime("cudaMemcpyAsync",
                    Cuda.cudaMemcpyAsync(to, from, m.size() * size, kind, stream));
        } else {
            CudaErrors.runtime("cudaMemcpy2DAsync", Cuda.cudaMemcpy2DAsync(
                    to, toStride * size, from, fromStride * size, m.cols() * size, m.rows(), kind, stream));
        }
    }

    private MemorySegment reserve(Matrix m) {
        long bytes = ((m.rows() - 1L) * m.rowStride() + m.cols()) * m.type().byteSize();
        copies[used] = buffers[used].atLeast(bytes);
        return copies[used++];
    }

    @Override
    public void close() {
        for (CudaBuffer buffer : buffers) buffer.close();
    }
}
