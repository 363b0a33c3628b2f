// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.linalg;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import org.asgo4j.bindings.blas.Blas;

/**
 * The operations on a native BLAS and LAPACK. The one class that calls the generated bindings of matrix routines; each
 * routine is called in one method ({@code sgemm} in one more, for tiles), and each flip between row-major and
 * column-major lives in that method.
 */
final class BlasBackend extends CpuBackend {
    private static final MethodHandle SGEMM = Blas.cblas_sgemm$handle();
    private static final int ROW_MAJOR = Blas.CblasRowMajor();
    private static final int LOWER = Blas.CblasLower();
    private static final byte VECTORS = 'V';
    private static final byte UPPER = 'U';
    private static final byte ANY_DIAGONAL = 'N';

    /** The columns LAPACK's QR works on together: it takes work for so many per row, and does with less. */
    private static final int QR_BLOCK = 32;

    private final BlasLibrary library;
    private final boolean tiles;
    private final int trianglesFrom;

    BlasBackend(BlasLibrary library) {
        this(library, library.multipliesSmallInPlace());
    }

    private BlasBackend(BlasLibrary library, boolean tiles) {
        this.library = library;
        this.tiles = tiles;
        this.trianglesFrom = tiles || library.name() == BackendName.MKL
                ? TriangularInverse.TRIANGLES_FROM
                : TriangularInverse.TRIANGLES_FROM_IF_PACKED;
    }

    /** The same library with {@link GemmTiles} or without, whatever its core: so any machine can test both. */
    BlasBackend withTiles(boolean inTiles) {
        return new BlasBackend(library, inTiles);
    }

    @Override
    public BackendName name() {
        return library.name();
    }

    @Override
    public boolean multipliesSmallInPlace() {
        return tiles;
    }

    @Override
    public String describe() {
        return library.describe() + "; " + KERNELS.description();
    }

    @Override
    public void gemm(
            Transpose transposeA, Transpose transposeB, double alpha, Matrix a, Matrix b, double beta, Matrix c) {
        checkOpen("gemm");
        Shapes.gemm(name(), transposeA, transposeB, a, b, c);
        int k = Shapes.cols(transposeA, a);
        if (c.type() == ElementType.FLOAT32) {
            if (tiles && transposeB == Transpose.NONE && GemmTiles.serve(c.rows(), c.cols(), k)) {
                gemmInTiles(transposeA, (float) alpha, a, b, (float) beta, c, k, false);
                return;
            }
            Blas.cblas_sgemm(
                    ROW_MAJOR, flag(transposeA), flag(transposeB), c.rows(), c.cols(), k,
                    (float) alpha, a.segment(), a.rowStride(), b.segment(), b.rowStride(),
                    (float) beta, c.segment(), c.rowStride());
        } else {
            Blas.cblas_dgemm(
                    ROW_MAJOR, flag(transposeA), flag(transposeB), c.rows(), c.cols(), k,
                    alpha, a.segment(), a.rowStride(), b.segment(), b.rowStride(),
                    beta, c.segment(), c.rowStride());
        }
    }

    /** C ← α·op(A)·B + βC, or its lower triangle and something above it; {@link GemmTiles} says why. */
    private static void gemmInTiles(
            Transpose transposeA, float alpha, Matrix a, Matrix b, float beta, Matrix c, int depth, boolean lower) {
        int flagA = flag(transposeA);
        boolean transposed = transposeA == Transpose.TRANSPOSED;
        long downA = transposed ? 1 : a.rowStride(); // from one row of op(A) to the next
        long acrossA = transposed ? a.rowStride() : 1;
        for (int l = 0; l < depth; l += GemmTiles.DEPTH) {
            int count = Math.min(GemmTiles.DEPTH, depth - l);
            for (int j = 0; j < c.cols(); j += GemmTiles.COLS) {
                int cols = Math.min(GemmTiles.COLS, c.cols() - j);
                int top = lower ? j : 0;
                int rowStep = GemmTiles.rows(c.rows() - top);
                for (int i = top; i < c.rows(); i += rowStep) {
                    tile(
                            flagA, Blas.CblasNoTrans(), Math.min(rowStep, c.rows() - i), cols, count,
                            alpha, a, i * downA + l * acrossA, b, (long) l * b.rowStride() + j,
                            l == 0 ? beta : 1, c, (long) i * c.rowStride() + j);
                }
            }
        }
    }

    /** The lower triangle of C ← α·AAᵀ + βC, and something above it; {@link GemmTiles} says why. */
    private static void squareInTiles(float alpha, Matrix a, float beta, Matrix c, int depth) {
        for (int l = 0; l < depth; l += GemmTiles.SQUARE_DEPTH) {
            int count = Math.min(GemmTiles.SQUARE_DEPTH, depth - l);
            for (int i = 0; i < c.rows(); i += GemmTiles.SQUARE) {
                int rows = Math.min(GemmTiles.SQUARE, c.rows() - i);
                for (int j = 0; j <= i; j += GemmTiles.SQUARE) {
                    tile(
                            Blas.CblasNoTrans(), Blas.CblasTrans(), rows, Math.min(GemmTiles.SQUARE, c.cols() - j),
                            count, alpha, a, (long) i * a.rowStride() + l, a, (long) j * a.rowStride() + l,
                            l == 0 ? beta : 1, c, (long) i * c.rowStride() + j);
                }
            }
        }
    }

    /**
     * One tile, of matrices from an element on. By the binding's handle, which C2 always inlines: the binding's method
     * only until it has compiled that on its own, and from then on every slice would be an object.
     */
    private static void tile(
            int flagA, int flagB, int rows, int cols, int depth, float alpha, Matrix a, long aFrom, Matrix b,
            long bFrom, float beta, Matrix c, long cFrom) {
        try {
            SGEMM.invokeExact(
                    ROW_MAJOR, flagA, flagB, rows, cols, depth, alpha, from(a, aFrom), a.rowStride(), from(b, bFrom),
                    b.rowStride(), beta, from(c, cFrom), c.rowStride());
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new AssertionError("cblas_sgemm", e); // a C function throws nothing
        }
    }

    /** The matrix's memory from an element on. */
    private static MemorySegment from(Matrix m, long element) {
        return m.segment().asSlice(element * Float.BYTES);
    }

    @Override
    public void syrk(Transpose transposeA, double alpha, Matrix a, double beta, Matrix c) {
        checkOpen("syrk");
        Shapes.syrk(name(), transposeA, a, c);
        int k = Shapes.cols(transposeA, a);
        if (c.type() == ElementType.FLOAT32) {
            if (tiles && transposeA == Transpose.TRANSPOSED && GemmTiles.serve(c.rows(), c.rows(), k)) {
                gemmInTiles(transposeA, (float) alpha, a, a, (float) beta, c, k, true);
                return;
            }
            if (tiles && transposeA == Transpose.NONE && GemmTiles.serveSquare(c.rows())) {
                squareInTiles((float) alpha, a, (float) beta, c, k);
                return;
            }
            Blas.cblas_ssyrk(
                    ROW_MAJOR, LOWER, flag(transposeA), c.rows(), k,
                    (float) alpha, a.segment(), a.rowStride(), (float) beta, c.segment(), c.rowStride());
        } else {
            Blas.cblas_dsyrk(
                    ROW_MAJOR, LOWER, flag(transposeA), c.rows(), k,
                    alpha, a.segment(), a.rowStride(), beta, c.segment(), c.rowStride());
        }
    }

    @Override
    public void symm(Side side, Matrix a, Matrix b, Matrix c) {
        checkOpen("symm");
        Shapes.symm(name(), side, a, b, c);
        int blasSide = side == Side.LEFT ? Blas.CblasLeft() : Blas.CblasRight();
        if (c.type() == ElementType.FLOAT32) {
            Blas.cblas_ssymm(
                    ROW_MAJOR, blasSide, LOWER, c.rows(), c.cols(),
                    1, a.segment(), a.rowStride(), b.segment(), b.rowStride(), 0, c.segment(), c.rowStride());
        } else {
            Blas.cblas_dsymm(
                    ROW_MAJOR, blasSide, LOWER, c.rows(), c.cols(),
                    1, a.segment(), a.rowStride(), b.segment(), b.rowStride(), 0, c.segment(), c.rowStride());
        }
    }

    /** Asks LAPACK for the best lengths (a call with length −1), since MKL's and OpenBLAS's differ. */
    @Override
    public EighWorkspace eighWorkspace(Arena arena, ElementType type, int order) {
        checkOpen("eighWorkspace");
        Shapes.eighWorkspace(arena, order);
        int workLength;
        int integerWorkLength;
        try (Arena query = Arena.ofConfined()) {
            MemorySegment work = query.allocate(ValueLayout.JAVA_DOUBLE);
            MemorySegment integerWork = query.allocate(ValueLayout.JAVA_INT);
            // Neither matrix nor eigenvalues are touched by a query; any valid address does.
            syevd(type, order, work, order, work, work, -1, integerWork, -1);
            double length = type == ElementType.FLOAT32
                    ? Math.nextUp(work.get(ValueLayout.JAVA_FLOAT, 0)) // a length above 2^24 may have been rounded down
                    : work.get(ValueLayout.JAVA_DOUBLE, 0);
            if (!(length <= Integer.MAX_VALUE)) {
                throw new IllegalArgumentException(
                        "eighWorkspace: order %d needs %s elements of workspace, must be at most %d"
                                .formatted(order, length, Integer.MAX_VALUE));
            }
            // For small orders the QR factors of orthonormalize and tridiagonalize need more than syevd.
            // addInverse wants two matrices. So does syevd, which is not left to the library's answer.
            workLength = (int) Math.max(Math.ceil(length), Math.max(order * (long) QR_BLOCK, 2L * order * order));
            integerWorkLength = integerWork.get(ValueLayout.JAVA_INT, 0);
        }
        return new EighWorkspace(
                name(),
                type,
                order,
                allocate(arena, type, 1, workLength).segment(),
                workLength,
                arena.allocate(ValueLayout.JAVA_INT, integerWorkLength),
                integerWorkLength,
                allocate(arena, type, 1, order).segment());
    }

    /**
     * Row-major a is column-major aᵀ = a, so our lower triangle is LAPACK's upper, and its eigenvectors, which are
     * columns, are our rows.
     */
    @Override
    public void eigh(Matrix a, Matrix eigenvalues, EighWorkspace workspace) {
        checkOpen("eigh");
        Shapes.eigh(name(), a, eigenvalues, workspace);
        syevd(
                a.type(), a.rows(), a.segment(), a.rowStride(), eigenvalues.segment(),
                workspace.work(), workspace.workLength(), workspace.integerWork(), workspace.integerWorkLength());
    }

    private static void syevd(
            ElementType type,
            int order,
            MemorySegment a,
            int rowStride,
            MemorySegment eigenvalues,
            MemorySegment work,
            int workLength,
            MemorySegment integerWork,
            int integerWorkLength) {
        boolean single = type == ElementType.FLOAT32;
        int info = single
                ? Blas.LAPACKE_ssyevd_work(
                        Blas.LAPACK_COL_MAJOR(), VECTORS, UPPER, order, a, rowStride, eigenvalues,
                        work, workLength, integerWork, integerWorkLength)
                : Blas.LAPACKE_dsyevd_work(
                        Blas.LAPACK_COL_MAJOR(), VECTORS, UPPER, order, a, rowStride, eigenvalues,
                        work, workLength, integerWork, integerWorkLength);
        if (info != 0) throw NativeCallException.lapack(single ? "ssyevd" : "dsyevd", info);
    }

    /** Our rows are LAPACK's columns, so the QR decomposition of what LAPACK sees is R·Q of ours. */
    @Override
    public void orthonormalize(Matrix a, EighWorkspace workspace) {
        checkOpen("orthonormalize");
        Shapes.orthonormalize(name(), a, workspace);
        int k = a.rows();
        boolean single = a.type() == ElementType.FLOAT32;
        MemorySegment tau = workspace.reflectors();
        MemorySegment work = workspace.work();
        int length = workspace.workLength();
        int info = single
                ? Blas.LAPACKE_sgeqrf_work(
                        Blas.LAPACK_COL_MAJOR(), k, k, a.segment(), a.rowStride(), tau, work, length)
                : Blas.LAPACKE_dgeqrf_work(
                        Blas.LAPACK_COL_MAJOR(), k, k, a.segment(), a.rowStride(), tau, work, length);
        if (info != 0) throw NativeCallException.lapack(single ? "sgeqrf" : "dgeqrf", info);
        MemorySegment negative = workspace.integerWork(); // whether R_ii is, which orgqr overwrites
        for (int i = 0; i < k; i++) negative.setAtIndex(ValueLayout.JAVA_INT, i, a.get(i, i) < 0 ? 1 : 0);
        info = single
                ? Blas.LAPACKE_sorgqr_work(
                        Blas.LAPACK_COL_MAJOR(), k, k, k, a.segment(), a.rowStride(), tau, work, length)
                : Blas.LAPACKE_dorgqr_work(
                        Blas.LAPACK_COL_MAJOR(), k, k, k, a.segment(), a.rowStride(), tau, work, length);
        if (info != 0) throw NativeCallException.lapack(single ? "sorgqr" : "dorgqr", info);
        for (int i = 0; i < k; i++) {
            if (negative.getAtIndex(ValueLayout.JAVA_INT, i) == 1) scaleRow(-1, a, i);
        }
    }

    /** Our lower triangle is LAPACK's upper, and the columns of its Q are our rows, as in {@link #eigh}. */
    @Override
    public void tridiagonalize(Matrix a, Matrix diagonal, Matrix offDiagonal, EighWorkspace workspace) {
        checkOpen("tridiagonalize");
        Shapes.tridiagonalize(name(), a, diagonal, offDiagonal, workspace);
        int k = a.rows();
        MemorySegment tau = workspace.reflectors();
        MemorySegment work = workspace.work();
        int length = workspace.workLength();
        int info = Blas.LAPACKE_ssytrd_work(
                Blas.LAPACK_COL_MAJOR(), UPPER, k, a.segment(), a.rowStride(),
                diagonal.segment(), offDiagonal.segment(), tau, work, length);
        if (info != 0) throw NativeCallException.lapack("ssytrd", info);
        info = Blas.LAPACKE_sorgtr_work(
                Blas.LAPACK_COL_MAJOR(), UPPER, k, a.segment(), a.rowStride(), tau, work, length);
        if (info != 0) throw NativeCallException.lapack("sorgtr", info);
    }

    /** A + σI = LLᵀ, X = L⁻¹, C ← C + αXᵀX. */
    @Override
    public void addInverse(double alpha, double shift, Matrix a, Matrix c, EighWorkspace workspace) {
        checkOpen("addInverse");
        SquareShapes.addInverse(name(), a, c, workspace);
        TriangularInverse inverse = workspace.inverse(a.rows(), trianglesFrom);
        SquareLoops.copyLower(a, inverse.a());
        SquareLoops.addToDiagonal(shift, inverse.a());
        inverse.compute(this);
        inverse.square(this);
        addLower(alpha, inverse.a(), c);
    }

    /**
     * The lower triangle of X ← L⁻¹ for A = LLᵀ of an order up to {@code Kernels.LARGEST_FACTOR}; in float64 A is
     * undefined then.
     */
    void invertFactor(Matrix a, Matrix x, float[] work) {
        if (a.type() == ElementType.FLOAT32) {
            boolean done = KERNELS.invertFactor(
                    a.segment(), 0, a.rowStride(), x.segment(), 0, x.rowStride(), a.rows(), work);
            if (!done) throw NativeCallException.notPositiveDefinite("addInverse");
            return;
        }
        factor(a);
        SquareLoops.copyLower(a, x);
        invertTriangle(x);
    }

    /** The lower triangle of a float64 A ← L of A = LLᵀ; our lower triangle is LAPACK's upper one, here and below. */
    private static void factor(Matrix a) {
        requireFactored("dpotrf", Blas.LAPACKE_dpotrf_work(
                Blas.LAPACK_COL_MAJOR(), UPPER, a.rows(), a.segment(), a.rowStride()));
    }

    /** The lower triangle of a float64 A ← its inverse. */
    private static void invertTriangle(Matrix a) {
        requireFactored("dtrtri", Blas.LAPACKE_dtrtri_work(
                Blas.LAPACK_COL_MAJOR(), UPPER, ANY_DIAGONAL, a.rows(), a.segment(), a.rowStride()));
    }

    /** A pivot that is not positive, or an argument that is illegal. */
    private static void requireFactored(String routine, int info) {
        if (info > 0) throw NativeCallException.notPositiveDefinite(routine);
        if (info < 0) throw NativeCallException.lapack(routine, info);
    }

    /** B ← αB·op(L) (RIGHT) or αop(L)·B (LEFT) for lower triangular L. */
    void multiplyByTriangle(Side side, Transpose transpose, double alpha, Matrix l, Matrix b) {
        int blasSide = side == Side.LEFT ? Blas.CblasLeft() : Blas.CblasRight();
        if (b.type() == ElementType.FLOAT32) {
            Blas.cblas_strmm(
                    ROW_MAJOR, blasSide, LOWER, flag(transpose), Blas.CblasNonUnit(), b.rows(), b.cols(),
                    (float) alpha, l.segment(), l.rowStride(), b.segment(), b.rowStride());
        } else {
            Blas.cblas_dtrmm(
                    ROW_MAJOR, blasSide, LOWER, flag(transpose), Blas.CblasNonUnit(), b.rows(), b.cols(),
                    alpha, l.segment(), l.rowStride(), b.segment(), b.rowStride());
        }
    }

    private static int flag(Transpose transpose) {
        return transpose == Transpose.NONE ? Blas.CblasNoTrans() : Blas.CblasTrans();
    }
}
