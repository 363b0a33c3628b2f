// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.linalg;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.asgo4j.bindings.cuda.Cuda;

/**
 * The operations on an NVIDIA GPU: products by cuBLAS, factorizations by {@link CudaSolver}, the rest by the kernels of
 * {@link CudaElementwise}. Each routine is called in one method, and each flip between row-major and column-major lives
 * in that method: cuBLAS is column-major only, and row-major C is column-major Cᵀ.
 */
final class CudaBackend extends CudaSquare {
    private static final int UPPER = Cuda.CUBLAS_FILL_MODE_UPPER();

    /** Two of them compute the pivots, which is one number after another from either end. */
    private static final int PIVOT_THREADS = 64;

    private final CudaLibraries libraries;
    private final CudaSolver solver = new CudaSolver();

    /**
     * Takes the GPU into use.
     *
     * @param pageLock whether {@link #pinWherePossible} does it
     * @throws DeviceException if there is none, or it can't be used
     */
    static CudaBackend open(CudaLibraries libraries, boolean pageLock) {
        CudaDevice.require();
        return new CudaBackend(libraries, pageLock);
    }

    private CudaBackend(CudaLibraries libraries, boolean pageLock) {
        super(pageLock);
        this.libraries = libraries;
    }

    @Override
    public String describe() {
        checkOpen("describe");
        return CudaDevice.describe(begin("describe"), libraries);
    }

    /** Cᵀ = op(B)ᵀ·op(A)ᵀ. */
    @Override
    public void gemm(
            Transpose transposeA, Transpose transposeB, double alpha, Matrix a, Matrix b, double beta, Matrix c) {
        checkOpen("gemm");
        Shapes.gemm(name(), transposeA, transposeB, a, b, c);
        CudaLane lane = begin("gemm");
        MemorySegment left = lane.staging.read(a);
        MemorySegment right = lane.staging.read(b);
        MemorySegment out = beta == 0 ? lane.staging.write(c) : lane.staging.readWrite(c);
        int k = Shapes.cols(transposeA, a);
        scalars(lane, c.type(), alpha, beta);
        int status = c.type() == ElementType.FLOAT32
                ? Cuda.cublasSgemm_v2(
                        lane.blas, flag(transposeB), flag(transposeA), c.cols(), c.rows(), k, lane.alpha,
                        right, b.rowStride(), left, a.rowStride(), lane.beta, out, c.rowStride())
                : Cuda.cublasDgemm_v2(
                        lane.blas, flag(transposeB), flag(transposeA), c.cols(), c.rows(), k, lane.alpha,
                        right, b.rowStride(), left, a.rowStride(), lane.beta, out, c.rowStride());
        CudaErrors.blas(c.type() == ElementType.FLOAT32 ? "cublasSgemm" : "cublasDgemm", status);
        lane.end();
    }

    /** As {@link #gemm}; the next block's first element lies all rows of a block further on. */
    @Override
    public void gemmBlocks(int count, double alpha, Matrix a, Matrix b, double beta, Matrix c) {
        checkOpen("gemmBlocks");
        Shapes.gemmBlocks(name(), count, a, b, c);
        CudaLane lane = begin("gemmBlocks");
        MemorySegment left = lane.staging.read(a);
        MemorySegment right = lane.staging.read(b);
        MemorySegment out = beta == 0 ? lane.staging.write(c) : lane.staging.readWrite(c);
        int n = c.cols();
        int m = c.rows() / count;
        int k = a.cols();
        long strideLeft = (long) m * a.rowStride();
        long strideRight = (long) k * b.rowStride();
        long strideOut = (long) m * c.rowStride();
        scalars(lane, c.type(), alpha, beta);
        int status = c.type() == ElementType.FLOAT32
                ? Cuda.cublasSgemmStridedBatched(
                        lane.blas, Cuda.CUBLAS_OP_N(), Cuda.CUBLAS_OP_N(), n, m, k, lane.alpha,
                        right, b.rowStride(), strideRight, left, a.rowStride(), strideLeft,
                        lane.beta, out, c.rowStride(), strideOut, count)
                : Cuda.cublasDgemmStridedBatched(
                        lane.blas, Cuda.CUBLAS_OP_N(), Cuda.CUBLAS_OP_N(), n, m, k, lane.alpha,
                        right, b.rowStride(), strideRight, left, a.rowStride(), strideLeft,
                        lane.beta, out, c.rowStride(), strideOut, count);
        CudaErrors.blas(c.type() == ElementType.FLOAT32 ? "cublasSgemmStridedBatched" : "cublasDgemmStridedBatched",
                status);
        lane.end();
    }

    /** Our lower triangle is column-major's upper, and A is there Aᵀ: A·Aᵀ is its (Aᵀ)ᵀ·Aᵀ. */
    @Override
    public void syrk(Transpose transposeA, double alpha, Matrix a, double beta, Matrix c) {
        checkOpen("syrk");
        Shapes.syrk(name(), transposeA, a, c);
        CudaLane lane = begin("syrk");
        MemorySegment in = lane.staging.read(a);
        MemorySegment out = lane.staging.readWrite(c);
        int transpose = transposeA == Transpose.NONE ? Cuda.CUBLAS_OP_T() : Cuda.CUBLAS_OP_N();
        int k = Shapes.cols(transposeA, a);
        scalars(lane, c.type(), alpha, beta);
        int status = c.type() == ElementType.FLOAT32
                ? Cuda.cublasSsyrk_v2(
                        lane.blas, UPPER, transpose, c.rows(), k, lane.alpha, in, a.rowStride(),
                        lane.beta, out, c.rowStride())
                : Cuda.cublasDsyrk_v2(
                        lane.blas, UPPER, transpose, c.rows(), k, lane.alpha, in, a.rowStride(),
                        lane.beta, out, c.rowStride());
        CudaErrors.blas(c.type() == ElementType.FLOAT32 ? "cublasSsyrk" : "cublasDsyrk", status);
        lane.end();
    }

    /** C = A·B is there Cᵀ = Bᵀ·A: A changes sides, and its lower triangle is the upper one. */
    @Override
    public void symm(Side side, Matrix a, Matrix b, Matrix c) {
        checkOpen("symm");
        Shapes.symm(name(), side, a, b, c);
        CudaLane lane = begin("symm");
        MemorySegment symmetric = lane.staging.read(a);
        MemorySegment in = lane.staging.read(b);
        MemorySegment out = lane.staging.write(c);
        int flipped = side == Side.LEFT ? Cuda.CUBLAS_SIDE_RIGHT() : Cuda.CUBLAS_SIDE_LEFT();
        scalars(lane, c.type(), 1, 0);
        int status = c.type() == ElementType.FLOAT32
                ? Cuda.cublasSsymm_v2(
                        lane.blas, flipped, UPPER, c.cols(), c.rows(), lane.alpha, symmetric, a.rowStride(),
                        in, b.rowStride(), lane.beta, out, c.rowStride())
                : Cuda.cublasDsymm_v2(
                        lane.blas, flipped, UPPER, c.cols(), c.rows(), lane.alpha, symmetric, a.rowStride(),
                        in, b.rowStride(), lane.beta, out, c.rowStride());
        CudaErrors.blas(c.type() == ElementType.FLOAT32 ? "cublasSsymm" : "cublasDsymm", status);
        lane.end();
    }

    /** Where cuBLAS reads α and β, of the matrices' type, during the call. */
    private static void scalars(CudaLane lane, ElementType type, double alpha, double beta) {
        if (type == ElementType.FLOAT32) {
            lane.alpha.set(ValueLayout.JAVA_FLOAT, 0, (float) alpha);
            lane.beta.set(ValueLayout.JAVA_FLOAT, 0, (float) beta);
        } else {
            lane.alpha.set(ValueLayout.JAVA_DOUBLE, 0, alpha);
            lane.beta.set(ValueLayout.JAVA_DOUBLE, 0, beta);
        }
    }

    private static int flag(Transpose transpose) {
        return transpose == Transpose.NONE ? Cuda.CUBLAS_OP_N() : Cuda.CUBLAS_OP_T();
    }

    @Override
    public EighWorkspace eighWorkspace(Arena arena, ElementType type, int order) {
        checkOpen("eighWorkspace");
        Shapes.eighWorkspace(arena, order);
        return solver.workspace(begin("eighWorkspace"), arena, type, order);
    }

    @Override
    public void eigh(Matrix a, Matrix eigenvalues, EighWorkspace workspace) {
        checkOpen("eigh");
        Shapes.eigh(name(), a, eigenvalues, workspace);
        CudaLane lane = begin("eigh");
        solver.eigh(lane, lane.staging.readWrite(a), a, lane.staging.write(eigenvalues), workspace);
        lane.end();
    }

    @Override
    public boolean eighBlocks(int count, Matrix a, Matrix eigenvalues) {
        checkOpen("eighBlocks");
        SquareShapes.eighBlocks(name(), count, a, eigenvalues);
        if (!libraries.hasEigenBatch()) return false;
        CudaLane lane = begin("eighBlocks");
        CudaEigenBatch batch = lane.eigenBatch();
        if (!batch.decompose(count, lane.staging.readWrite(a), a, eigenvalues)) {
            lane.synchronize(); // A may be in this computer's memory, and is the caller's again
            return false;
        }
        lane.end();
        for (int i = 0; i < count; i++) {
            if (batch.hasFailed(i)) fill(Double.NaN, eigenvalues.rowBlock(i, 1));
        }
        return true;
    }

    @Override
    public void orthonormalize(Matrix a, EighWorkspace workspace) {
        checkOpen("orthonormalize");
        Shapes.orthonormalize(name(), a, workspace);
        CudaLane lane = begin("orthonormalize");
        solver.orthonormalize(lane, lane.staging.readWrite(a), a, workspace);
        lane.end();
    }

    @Override
    public void tridiagonalize(Matrix a, Matrix diagonal, Matrix offDiagonal, EighWorkspace workspace) {
        checkOpen("tridiagonalize");
        Shapes.tridiagonalize(name(), a, diagonal, offDiagonal, workspace);
        CudaLane lane = begin("tridiagonalize");
        solver.tridiagonalize(lane, lane.staging.readWrite(a), a, lane.staging.write(diagonal),
                lane.staging.write(offDiagonal), workspace);
        lane.end();
    }

    @Override
    public void addResolvent(
            double alpha, double shift, Matrix diagonal, Matrix offDiagonal, Matrix c, EighWorkspace workspace) {
        checkOpen("addResolvent");
        Shapes.addResolvent(name(), diagonal, offDiagonal, c, workspace);
        CudaLane lane = begin("addResolvent");
        long order = c.rows();
        MemorySegment on = lane.staging.read(diagonal);
        MemorySegment beside = lane.staging.read(offDiagonal);
        MemorySegment pivots = workspace.work();
        lane.presetResult(0);
        lane.launch.of(CudaKernel.RESOLVENT_PIVOTS).add(shift).add(on).add(beside).add(pivots).add(lane.result())
                .add(order).launch(1, 1, PIVOT_THREADS);
        long badRow = lane.awaitResult().get(ValueLayout.JAVA_LONG, 0) - 1;
        if (badRow >= 0) {
            throw new ArithmeticException(
                    "addResolvent: T + shift·I is not positive definite: pivot in row %d".formatted(badRow));
        }
        lane.launch.of(CudaKernel.ADD_RESOLVENT).add(alpha).add(shift).add(on).add(beside).add(pivots)
                .add(lane.staging.readWrite(c), c).add(order).over(order);
        lane.end();
    }

    @Override
    public void addInverse(double alpha, double shift, Matrix a, Matrix c, EighWorkspace workspace) {
        checkOpen("addInverse");
        SquareShapes.addInverse(name(), a, c, workspace);
        CudaLane lane = begin("addInverse");
        long order = a.rows();
        MemorySegment inverse = solver.inverse(lane, shift, lane.staging.read(a), a, workspace);
        lane.launch.of(CudaKernel.ADD_LOWER, c.type()).add(alpha).add(inverse).add(order)
                .add(lane.staging.readWrite(c), c).overSquare(order);
        lane.end();
    }
}
