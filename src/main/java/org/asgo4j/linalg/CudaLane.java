// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.linalg;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.function.ToIntFunction;
import org.asgo4j.bindings.cuda.Cuda;

/**
 * What one thread works on the GPU with: a stream, the libraries' handles on it, and scratch memory. Its calls take
 * effect one after the other and beside those of other lanes.
 */
final class CudaLane implements AutoCloseable {
    /** Bytes that results come back in: the largest is one 64-bit number. */
    private static final long RESULT_BYTES = 64;

    final MemorySegment stream;
    final MemorySegment blas;
    final CudaStaging staging;
    final CudaLaunch launch;
    final CudaBuffer partials = new CudaBuffer(); // partial sums of a reduction
    final CudaOrders orders = new CudaOrders();
    final MemorySegment alpha; // scalars that cuBLAS reads during the call
    final MemorySegment beta;
    private final MemorySegment result; // on the GPU
    private final MemorySegment hostResult; // page-locked
    private final Arena arena = Arena.ofShared();
    private final CudaResources resources = new CudaResources();
    private final Thread owner;
    private MemorySegment solver = MemorySegment.NULL;
    private CudaCopies copies;
    private CudaEigenBatch eigenBatch;
    private String firstQueued; // since the last synchronization
    private String lastQueued;
    private long waits; // synchronizations so far

    /** Made by the thread that will use it. */
    CudaLane(CudaModule module) {
        owner = Thread.currentThread();
        try {
            stream = makeStream();
            blas = make("cublasDestroy", Cuda::cublasDestroy_v2,
                    out -> CudaErrors.blas("cublasCreate", Cuda.cublasCreate_v2(out)));
            CudaErrors.blas("cublasSetStream", Cuda.cublasSetStream_v2(blas, stream));
            CudaErrors.blas("cublasSetPointerMode",
                    Cuda.cublasSetPointerMode_v2(blas, Cuda.CUBLAS_POINTER_MODE_HOST()));
            CudaErrors.blas("cublasSetMathMode", Cuda.cublasSetMathMode(blas, Cuda.CUBLAS_DEFAULT_MATH()));
            result = CudaMemory.allocate(arena, RESULT_BYTES);
            hostResult = CudaMemory.allocateHost(arena, RESULT_BYTES);
            alpha = arena.allocate(ValueLayout.JAVA_DOUBLE);
            beta = arena.allocate(ValueLayout.JAVA_DOUBLE);
            staging = new CudaStaging(stream);
            launch = new CudaLaunch(arena, module, stream);
        } catch (RuntimeException | Error e) {
            resources.close();
            arena.close();
            throw e;
        }
    }

    /** Something that makes a handle and writes it to where its argument points. */
    private interface Maker {
        void make(MemorySegment out);
    }

    private MemorySegment make(String destroyCall, ToIntFunction<MemorySegment> destroy, Maker maker) {
        try (Arena scratch = Arena.ofConfined()) {
            MemorySegment out = scratch.allocate(ValueLayout.ADDRESS);
            maker.make(out);
            return resources.add(destroyCall, out.get(ValueLayout.ADDRESS, 0), destroy);
        }
    }

    MemorySegment makeStream() {
        return make("cudaStreamDestroy", Cuda::cudaStreamDestroy, out -> CudaErrors.runtime(
                "cudaStreamCreateWithFlags", Cuda.cudaStreamCreateWithFlags(out, Cuda.cudaStreamNonBlocking())));
    }

    MemorySegment makeEvent() {
        return make("cudaEventDestroy", Cuda::cudaEventDestroy, out -> CudaErrors.runtime(
                "cudaEventCreateWithFlags", Cuda.cudaEventCreateWithFlags(out, Cuda.cudaEventDisableTiming())));
    }

    /** Copies beside the computing, once they are needed. */
    CudaCopies copies() {
        if (copies == null) copies = new CudaCopies(this);
        return copies;
    }

    /** cuSOLVER's handle, which takes device memory of its own, once it is needed. */
    MemorySegment solver() {
        if (solver.address() == 0) {
            MemorySegment made = make("cusolverDnDestroy", Cuda::cusolverDnDestroy,
                    out -> CudaErrors.solver("cusolverDnCreate", Cuda.cusolverDnCreate(out)));
            CudaErrors.solver("cusolverDnSetStream", Cuda.cusolverDnSetStream(made, stream));
            solver = made;
        }
        return solver;
    }

    /** Eigendecompositions of many matrices at once, once they are needed. */
    CudaEigenBatch eigenBatch() {
        if (eigenBatch == null) eigenBatch = new CudaEigenBatch(this);
        return eigenBatch;
    }

    MemorySegment makeSolverParameters() {
        return make("cusolverDnDestroyParams", Cuda::cusolverDnDestroyParams,
                out -> CudaErrors.solver("cusolverDnCreateParams", Cuda.cusolverDnCreateParams(out)));
    }

    /** Whether the thread that made it has ended: nobody will use it again. */
    boolean isAbandoned() {
        return !owner.isAlive();
    }

    /** Begins an operation. */
    void begin(String operation) {
        staging.begin();
        if (firstQueued == null) firstQueued = operation;
        lastQueued = operation;
    }

    /** Ends an operation: returns at once, unless a matrix of it lies in this computer's memory. */
    void end() {
        if (staging.end()) synchronize();
    }

    /** Waits for everything queued. */
    void synchronize() {
        int status = Cuda.cudaStreamSynchronize(stream);
        waits++;
        String first = firstQueued;
        firstQueued = null;
        if (status == Cuda.cudaSuccess()) return;
        String queued = first == null ? "nothing was queued on this stream"
                : first.equals(lastQueued) ? "raised by " + first
                : "raised by an operation from the first %s to the last %s".formatted(first, lastQueued);
        throw new DeviceException("cudaStreamSynchronize: %s; %s".formatted(CudaErrors.runtimeText(status), queued));
    }

    /** How often everything queued was waited for: what was queued before the number rose is done. */
    long waits() {
        return waits;
    }

    /** Waits for everything queued, copies beside it too. */
    void synchronizeAll() {
        try {
            synchronize();
        } finally {
            if (copies != null) copies.synchronize(); // also after a failure: they may still be at work on memory
        }
    }

    /** Where on the GPU a kernel or routine leaves a result of 64 bits or less. */
    MemorySegment result() {
        return result;
    }

    /** Sets the bytes of the result, before a kernel that adds to it. */
    void presetResult(int value) {
        CudaErrors.runtime("cudaMemsetAsync", Cuda.cudaMemsetAsync(result, value, RESULT_BYTES, stream));
    }

    /** Waits for everything queued and returns the result as a segment of this computer's memory. */
    MemorySegment awaitResult() {
        CudaErrors.runtime("cudaMemcpyAsync", Cuda.cudaMemcpyAsync(
                hostResult, result, RESULT_BYTES, Cuda.cudaMemcpyDeviceToHost(), stream));
        synchronize();
        return hostResult;
    }

    /** What {@link #awaitResult} returned last. */
    MemorySegment lastResult() {
        return hostResult;
    }

    /** Waits for what is under way and frees everything, also after an error. */
    @Override
    public void close() {
        CudaResources.release("cudaStreamSynchronize", stream, Cuda::cudaStreamSynchronize);
        staging.close();
        if (eigenBatch != null) eigenBatch.close();
        partials.close();
        orders.close();
        resources.close();
        arena.close();
    }
}
