// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.linalg;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.asgo4j.bindings.cuda.Cuda;

/**
 * cuSOLVER's eigendecomposition of many matrices at once, for one lane, with memory that grows to the largest need and
 * stays. Layouts as in {@link CudaSolver}: the next matrix lies all rows of one further on, in either order of reading.
 */
final class CudaEigenBatch implements AutoCloseable {
    private static final int VECTORS = Cuda.CUSOLVER_EIG_MODE_VECTOR();
    private static final int UPPER = Cuda.CUBLAS_FILL_MODE_UPPER();

    private final CudaLane lane;
    private final MemorySegment parameters; // cuSOLVER's defaults
    private final CudaBuffer work = new CudaBuffer();
    private final CudaBuffer values = new CudaBuffer(); // without gaps, which a caller's may have
    private final CudaBuffer infos = new CudaBuffer();
    private final Arena own = Arena.ofShared();
    private final MemorySegment workBytes = own.allocate(ValueLayout.JAVA_LONG);
    private final MemorySegment hostWorkBytes = own.allocate(ValueLayout.JAVA_LONG);
    private Arena grown = Arena.ofShared();
    private MemorySegment hostWork = MemorySegment.NULL;
    private MemorySegment hostInfos = MemorySegment.NULL;
    private boolean[] failed = {};

    /** For a lane, whose resource the parameters become. */
    CudaEigenBatch(CudaLane lane) {
        this.lane = lane;
        this.parameters = lane.makeSolverParameters();
    }

    /** Whether matrix {@code i} of the last batch could not be decomposed. */
    boolean hasFailed(int i) {
        return failed[i];
    }

    /**
     * Decomposes the {@code count} blocks of rows of {@code a}, which lies at {@code memory}, and waits for it.
     *
     * @return whether there was memory for what cuSOLVER works in; if not, nothing is changed
     */
    boolean decompose(int count, MemorySegment memory, Matrix a, Matrix eigenvalues) {
        if (failed.length < count) failed = new boolean[count];
        for (int i = 0; i < count; i++) failed[i] = false;
        int k = a.cols();
        MemorySegment w = values.atLeast(eigenvalues.size() * a.type().byteSize());
        int type = a.type() == ElementType.FLOAT32 ? Cuda.CUDA_R_32F() : Cuda.CUDA_R_64F();
        CudaErrors.solver("cusolverDnXsyevBatched_bufferSize", Cuda.cusolverDnXsyevBatched_bufferSize(
                lane.solver(), parameters, VECTORS, UPPER, k, type, memory, a.rowStride(), type, w, type,
                workBytes, hostWorkBytes, count));
        long bytes = workBytes.get(ValueLayout.JAVA_LONG, 0);
        long hostBytes = hostWorkBytes.get(ValueLayout.JAVA_LONG, 0);
        growHost(hostBytes, count);
        MemorySegment info = infos.atLeast((long) count * Integer.BYTES);
        MemorySegment deviceWork;
        try {
            deviceWork = work.atLeast(Math.max(bytes, 1));
        } catch (OutOfMemoryError e) {
            return false; // one matrix by itself takes less
        }
        clearNonFinite(count, memory, a);
        CudaErrors.solver("cusolverDnXsyevBatched", Cuda.cusolverDnXsyevBatched(
                lane.solver(), parameters, VECTORS, UPPER, k, type, memory, a.rowStride(), type, w, type,
                deviceWork, bytes, hostWork, hostBytes, info, count));
        CudaStaging.copyFromDevice(w, k, eigenvalues, lane.stream);
        CudaErrors.runtime("cudaMemcpyAsync", Cuda.cudaMemcpyAsync(
                hostInfos, info, (long) count * Integer.BYTES, Cuda.cudaMemcpyDeviceToHost(), lane.stream));
        lane.synchronize();
        for (int i = 0; i < count; i++) {
            if (hostInfos.getAtIndex(ValueLayout.JAVA_INT, i) != 0) failed[i] = true;
        }
        return true;
    }

    /** Zeros in place of matrices with NaN or infinite elements, with which cuSOLVER may not return. */
    private void clearNonFinite(int count, MemorySegment memory, Matrix a) {
        int k = a.cols();
        long bad = CudaElementwise.firstNonFinite(lane, memory, a);
        for (int cleared = 0; cleared < count && bad >= 0; cleared++) {
            int i = (int) (bad / k / k);
            failed[i] = true;
            long offset = (long) i * k * a.rowStride() * a.type().byteSize();
            lane.launch.of(CudaKernel.FILL, a.type()).add(0.0)
                    .add(MemorySegment.ofAddress(memory.address() + offset), a).overElements(k, k);
            bad = CudaElementwise.firstNonFinite(lane, memory, a);
        }
    }

    private void growHost(long bytes, int count) {
        if (hostWork.byteSize() >= bytes && hostInfos.byteSize() >= (long) count * Integer.BYTES) return;
        grown.close();
        grown = Arena.ofShared();
        hostWork = grown.allocate(Math.max(bytes, hostWork.byteSize()), Long.BYTES);
        hostInfos = grown.allocate(ValueLayout.JAVA_INT, count);
    }

    @Override
    public void close() {
        work.close();
        values.close();
        infos.close();
        grown.close();
        own.close();
    }
}
