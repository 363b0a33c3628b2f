// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.linalg;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.asgo4j.bindings.cuda.Cuda;

/**
 * The factorizations of cuSOLVER. Its names, arguments and column-major layout are LAPACK's, so our lower triangle is
 * its upper one and its vectors, which are columns, are our rows, as in {@link BlasBackend}.
 */
final class CudaSolver {
    private static final int VECTORS = Cuda.CUSOLVER_EIG_MODE_VECTOR();
    private static final int UPPER = Cuda.CUBLAS_FILL_MODE_UPPER();

    /** The float64 numbers per row that the resolvent's kernel keeps. */
    private static final long RESOLVENT_DOUBLES = 2;

    /** Where in a lane's result a trace stands beside a routine's status. */
    private static final long TRACE_OFFSET = Double.BYTES;

    /**
     * Device memory for the largest of the routines, and a vector each for the reflections and for the signs of a
     * diagonal.
     */
    EighWorkspace workspace(CudaLane lane, Arena arena, ElementType type, int order) {
        long elements = Math.max(
                longestWork(lane, type, order),
                EighWorkspace.matrixLength(type, order) + inverseWork(lane, type, order));
        long bytes = Math.multiplyExact(elements, (long) type.byteSize());
        bytes = Math.max(bytes, order * RESOLVENT_DOUBLES * Double.BYTES);
        long vector = (long) order * type.byteSize();
        return new EighWorkspace(BackendName.CUDA, type, order, CudaMemory.allocate(arena, bytes),
                Math.toIntExact(bytes / type.byteSize()), CudaMemory.allocate(arena, vector), order,
                CudaMemory.allocate(arena, vector));
    }

    /** In elements. No matrix is touched by the questions; nowhere is as good an address as any. */
    private static long longestWork(CudaLane lane, ElementType type, int order) {
        MemorySegment solver = lane.solver();
        MemorySegment nowhere = MemorySegment.NULL;
        boolean single = type == ElementType.FLOAT32;
        int n = order;
        try (Arena scratch = Arena.ofConfined()) {
            MemorySegment length = scratch.allocate(ValueLayout.JAVA_INT);
            int longest = ask("syevd_bufferSize", length, single
                    ? Cuda.cusolverDnSsyevd_bufferSize(solver, VECTORS, UPPER, n, nowhere, n, nowhere, length)
                    : Cuda.cusolverDnDsyevd_bufferSize(solver, VECTORS, UPPER, n, nowhere, n, nowhere, length));
            longest = Math.max(longest, ask("geqrf_bufferSize", length, single
                    ? Cuda.cusolverDnSgeqrf_bufferSize(solver, n, n, nowhere, n, length)
                    : Cuda.cusolverDnDgeqrf_bufferSize(solver, n, n, nowhere, n, length)));
            longest = Math.max(longest, ask("orgqr_bufferSize", length, single
                    ? Cuda.cusolverDnSorgqr_bufferSize(solver, n, n, n, nowhere, n, nowhere, length)
                    : Cuda.cusolverDnDorgqr_bufferSize(solver, n, n, n, nowhere, n, nowhere, length)));
            if (!single) return longest;
            longest = Math.max(longest, ask("sytrd_bufferSize", length, Cuda.cusolverDnSsytrd_bufferSize(
                    solver, UPPER, n, nowhere, n, nowhere, nowhere, nowhere, length)));
            return Math.max(longest, ask("orgtr_bufferSize", length, Cuda.cusolverDnSorgtr_bufferSize(
                    solver, UPPER, n, nowhere, n, nowhere, length)));
        }
    }

    /** Beside the matrix. */
    private static int inverseWork(CudaLane lane, ElementType type, int order) {
        MemorySegment solver = lane.solver();
        MemorySegment nowhere = MemorySegment.NULL;
        boolean single = type == ElementType.FLOAT32;
        try (Arena scratch = Arena.ofConfined()) {
            MemorySegment length = scratch.allocate(ValueLayout.JAVA_INT);
            return Math.max(ask("potrf_bufferSize", length, single
                    ? Cuda.cusolverDnSpotrf_bufferSize(solver, UPPER, order, nowhere, order, length)
                    : Cuda.cusolverDnDpotrf_bufferSize(solver, UPPER, order, nowhere, order, length)),
                    ask("potri_bufferSize", length, single
                            ? Cuda.cusolverDnSpotri_bufferSize(solver, UPPER, order, nowhere, order, length)
                            : Cuda.cusolverDnDpotri_bufferSize(solver, UPPER, order, nowhere, order, length)));
        }
    }

    private static int ask(String routine, MemorySegment length, int status) {
        CudaErrors.solver(routine, status);
        return length.get(ValueLayout.JAVA_INT, 0);
    }

    /**
     * syevd. Elements are checked first: with NaN among them cuSOLVER may not return.
     *
     * @param memory where A is on the GPU
     */
    void eigh(CudaLane lane, MemorySegment memory, Matrix a, MemorySegment eigenvalues, EighWorkspace workspace) {
        boolean single = a.type() == ElementType.FLOAT32;
        CudaElementwise.symmetrize(lane, memory, a); // the check reads both triangles
        long bad = CudaElementwise.firstNonFinite(lane, memory, a);
        if (bad >= 0) {
            throw NativeCallException.nonFinite(single ? "Ssyevd" : "Dsyevd", bad / a.cols(), bad % a.cols());
        }
        lane.presetResult(0); // not every version writes the status of a success
        int status = single
                ? Cuda.cusolverDnSsyevd(
                        lane.solver(), VECTORS, UPPER, a.rows(), memory, a.rowStride(), eigenvalues,
                        workspace.work(), workspace.workLength(), lane.result())
                : Cuda.cusolverDnDsyevd(
                        lane.solver(), VECTORS, UPPER, a.rows(), memory, a.rowStride(), eigenvalues,
                        workspace.work(), workspace.workLength(), lane.result());
        requireSuccess(lane, single ? "cusolverDnSsyevd" : "cusolverDnDsyevd", status);
    }

    /** geqrf, the signs of R's diagonal, orgqr, and rows of Q turned by the signs. */
    void orthonormalize(CudaLane lane, MemorySegment memory, Matrix a, EighWorkspace workspace) {
        boolean single = a.type() == ElementType.FLOAT32;
        int k = a.rows();
        MemorySegment tau = workspace.reflectors();
        MemorySegment signs = workspace.integerWork();
        lane.presetResult(0);
        int status = single
                ? Cuda.cusolverDnSgeqrf(
                        lane.solver(), k, k, memory, a.rowStride(), tau, workspace.work(),
                        workspace.workLength(), lane.result())
                : Cuda.cusolverDnDgeqrf(
                        lane.solver(), k, k, memory, a.rowStride(), tau, workspace.work(),
                        workspace.workLength(), lane.result());
        requireSuccess(lane, single ? "cusolverDnSgeqrf" : "cusolverDnDgeqrf", status);
        lane.launch.of(CudaKernel.SIGNS_OF_DIAGONAL, a.type()).add(memory, a).add(signs).add((long) k).over(k);
        lane.presetResult(0);
        status = single
                ? Cuda.cusolverDnSorgqr(
                        lane.solver(), k, k, k, memory, a.rowStride(), tau, workspace.work(),
                        workspace.workLength(), lane.result())
                : Cuda.cusolverDnDorgqr(
                        lane.solver(), k, k, k, memory, a.rowStride(), tau, workspace.work(),
                        workspace.workLength(), lane.result());
        requireSuccess(lane, single ? "cusolverDnSorgqr" : "cusolverDnDorgqr", status);
        lane.launch.of(CudaKernel.SCALE_ROWS, a.type()).add(signs).add(memory, a).overElements(k, k);
    }

    /** sytrd and orgtr. */
    void tridiagonalize(CudaLane lane, MemorySegment memory, Matrix a, MemorySegment diagonal,
            MemorySegment offDiagonal, EighWorkspace workspace) {
        int k = a.rows();
        MemorySegment tau = workspace.reflectors();
        lane.presetResult(0);
        int status = Cuda.cusolverDnSsytrd(
                lane.solver(), UPPER, k, memory, a.rowStride(), diagonal, offDiagonal, tau,
                workspace.work(), workspace.workLength(), lane.result());
        requireSuccess(lane, "cusolverDnSsytrd", status);
        lane.presetResult(0);
        status = Cuda.cusolverDnSorgtr(
                lane.solver(), UPPER, k, memory, a.rowStride(), tau, workspace.work(), workspace.workLength(),
                lane.result());
        requireSuccess(lane, "cusolverDnSorgtr", status);
    }

    /**
     * potrf and potri of a copy: the lower triangle of (A + σI)⁻¹, in k×k without gaps.
     *
     * @param memory where A is on the GPU
     * @return where the inverse is: at the workspace's beginning
     */
    MemorySegment inverse(CudaLane lane, double shift, MemorySegment memory, Matrix a, EighWorkspace workspace) {
        boolean single = a.type() == ElementType.FLOAT32;
        int k = a.rows();
        MemorySegment copy = workspace.work();
        MemorySegment work = workspace.workBehindMatrix();
        int length = workspace.workLengthBehindMatrix();
        lane.launch.of(CudaKernel.SHIFTED_LOWER, a.type()).add(shift).add(memory, a).add(copy).add((long) k)
                .overSquare(k);
        lane.presetResult(0);
        int status = single
                ? Cuda.cusolverDnSpotrf(lane.solver(), UPPER, k, copy, k, work, length, lane.result())
                : Cuda.cusolverDnDpotrf(lane.solver(), UPPER, k, copy, k, work, length, lane.result());
        lane.launch.of(CudaKernel.TRACE, a.type()).add(copy).add((long) k)
                .add(lane.result().address() + TRACE_OFFSET).add((long) k).launch(1, 1, CudaLaunch.BLOCK);
        String potrf = single ? "cusolverDnSpotrf" : "cusolverDnDpotrf";
        requirePositiveDefinite(lane, potrf, status);
        // A NaN is positive to some versions of potrf; it spreads to the diagonal.
        if (Double.isNaN(lane.lastResult().get(ValueLayout.JAVA_DOUBLE, TRACE_OFFSET))) {
            throw NativeCallException.notPositiveDefinite(potrf);
        }
        lane.presetResult(0);
        status = single
                ? Cuda.cusolverDnSpotri(lane.solver(), UPPER, k, copy, k, work, length, lane.result())
                : Cuda.cusolverDnDpotri(lane.solver(), UPPER, k, copy, k, work, length, lane.result());
        requirePositiveDefinite(lane, single ? "cusolverDnSpotri" : "cusolverDnDpotri", status);
        return copy;
    }

    private static void requirePositiveDefinite(CudaLane lane, String routine, int status) {
        int info = info(lane, routine, status);
        if (info > 0) throw NativeCallException.notPositiveDefinite(routine);
        if (info < 0) throw NativeCallException.cusolver(routine, info);
    }

    /** Checks what a routine returned, and what it left on the GPU when it was done. */
    private static void requireSuccess(CudaLane lane, String routine, int status) {
        int info = info(lane, routine, status);
        if (info != 0) throw NativeCallException.cusolver(routine, info);
    }

    private static int info(CudaLane lane, String routine, int status) {
        CudaErrors.solver(routine, status);
        return lane.awaitResult().get(ValueLayout.JAVA_INT, 0);
    }
}
