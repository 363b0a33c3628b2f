// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.linalg;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * The definition of every matrix operation in plain Java: no native code, sums accumulated in float64 and rounded once.
 * Runs where native code is forbidden; the other backends are tested against it.
 */
final class ReferenceBackend extends CpuBackend {

    @Override
    public BackendName name() {
        return BackendName.REFERENCE;
    }

    @Override
    public String describe() {
        return "REFERENCE (pure Java, float64 accumulation); " + KERNELS.description();
    }

    @Override
    public void gemm(
            Transpose transposeA, Transpose transposeB, double alpha, Matrix a, Matrix b, double beta, Matrix c) {
        checkOpen("gemm");
        Shapes.gemm(name(), transposeA, transposeB, a, b, c);
        for (int i = 0; i < c.rows(); i++) {
            for (int j = 0; j < c.cols(); j++) {
                store(c, i, j, alpha * dot(transposeA, a, i, transposeB, b, j), beta);
            }
        }
    }

    @Override
    public void syrk(Transpose transposeA, double alpha, Matrix a, double beta, Matrix c) {
        checkOpen("syrk");
        Shapes.syrk(name(), transposeA, a, c);
        Transpose other = transposeA == Transpose.NONE ? Transpose.TRANSPOSED : Transpose.NONE;
        for (int i = 0; i < c.rows(); i++) {
            for (int j = 0; j <= i; j++) {
                store(c, i, j, alpha * dot(transposeA, a, i, other, a, j), beta);
            }
        }
    }

    @Override
    public void symm(Side side, Matrix a, Matrix b, Matrix c) {
        checkOpen("symm");
        Shapes.symm(name(), side, a, b, c);
        for (int i = 0; i < c.rows(); i++) {
            for (int j = 0; j < c.cols(); j++) {
                double sum = 0;
                for (int l = 0; l < a.rows(); l++) {
                    sum += side == Side.LEFT
                            ? symmetric(a, i, l) * load(b, l, j)
                            : load(b, i, l) * symmetric(a, l, j);
                }
                store(c, i, j, sum, 0);
            }
        }
    }

    @Override
    public EighWorkspace eighWorkspace(Arena arena, ElementType type, int order) {
        checkOpen("eighWorkspace");
        Shapes.eighWorkspace(arena, order);
        long elements = Math.max(Jacobi.workLength(order), Math.ceilDiv(Tridiagonal.workBytes(order), Double.BYTES));
        return new EighWorkspace(
                name(),
                type,
                order,
                arena.allocate(ValueLayout.JAVA_DOUBLE, elements),
                Math.toIntExact(elements),
                arena.allocate(ValueLayout.JAVA_INT, order),
                order,
                MemorySegment.NULL);
    }

    @Override
    public void eigh(Matrix a, Matrix eigenvalues, EighWorkspace workspace) {
        checkOpen("eigh");
        Shapes.eigh(name(), a, eigenvalues, workspace);
        int n = a.rows();
        MemorySegment work = workspace.work();
        for (int i = 0; i < n; i++) {
            for (int j = 0; j < n; j++) Jacobi.set(work, n, i, j, symmetric(a, i, j));
        }
        Jacobi.eigh(n, work, workspace.integerWork());
        for (int i = 0; i < n; i++) {
            int from = workspace.integerWork().getAtIndex(ValueLayout.JAVA_INT, i);
            eigenvalues.set(0, i, Jacobi.get(work, n, from, from));
            for (int j = 0; j < n; j++) a.set(i, j, Jacobi.vector(work, n, from, j));
        }
    }

    @Override
    public void orthonormalize(Matrix a, EighWorkspace workspace) {
        checkOpen("orthonormalize");
        Shapes.orthonormalize(name(), a, workspace);
        int n = a.rows();
        MemorySegment work = workspace.work();
        for (int i = 0; i < n; i++) {
            for (int j = 0; j < n; j++) Jacobi.set(work, n, i, j, load(a, i, j));
        }
        Householder.orthonormalize(n, work);
        storeVectors(work, a);
    }

    @Override
    public void tridiagonalize(Matrix a, Matrix diagonal, Matrix offDiagonal, EighWorkspace workspace) {
        checkOpen("tridiagonalize");
        Shapes.tridiagonalize(name(), a, diagonal, offDiagonal, workspace);
        int n = a.rows();
        MemorySegment work = workspace.work();
        for (int i = 0; i < n; i++) {
            for (int j = 0; j < n; j++) Jacobi.set(work, n, i, j, symmetric(a, i, j));
        }
        Householder.tridiagonalize(n, work);
        for (int i = 0; i < n; i++) {
            diagonal.set(0, i, Jacobi.get(work, n, i, i));
            if (i > 0) offDiagonal.set(0, i - 1, Jacobi.get(work, n, i, i - 1));
        }
        storeVectors(work, a);
    }

    @Override
    public void addInverse(double alpha, double shift, Matrix a, Matrix c, EighWorkspace workspace) {
        checkOpen("addInverse");
        SquareShapes.addInverse(name(), a, c, workspace);
        int n = a.rows();
        MemorySegment work = workspace.work();
        for (int i = 0; i < n; i++) {
            for (int j = 0; j <= i; j++) Cholesky.set(work, n, i, j, load(a, i, j) + (i == j ? shift : 0));
        }
        Cholesky.invertFactor(n, work);
        for (int i = 0; i < n; i++) {
            for (int j = 0; j <= i; j++) {
                double sum = 0; //                                     row i of XᵀX
                for (int l = i; l < n; l++) sum += Cholesky.get(work, n, l, i) * Cholesky.get(work, n, l, j);
                store(c, i, j, alpha * sum, 1);
            }
        }
    }

    private static void storeVectors(MemorySegment work, Matrix q) {
        int n = q.rows();
        for (int i = 0; i < n; i++) {
            for (int j = 0; j < n; j++) q.set(i, j, Jacobi.vector(work, n, i, j));
        }
    }

    /** Row i of op(A) times column j of op(B). */
    private static double dot(Transpose transposeA, Matrix a, int i, Transpose transposeB, Matrix b, int j) {
        int length = Shapes.cols(transposeA, a);
        long stepA = transposeA == Transpose.NONE ? 1 : a.rowStride();
        long stepB = transposeB == Transpose.NONE ? b.rowStride() : 1;
        long indexA = transposeA == Transpose.NONE ? (long) i * a.rowStride() : i;
        long indexB = transposeB == Transpose.NONE ? j : (long) j * b.rowStride();
        double sum = 0;
        for (int l = 0; l < length; l++) {
            sum += load(a, indexA + l * stepA) * load(b, indexB + l * stepB);
        }
        return sum;
    }

    private static double symmetric(Matrix a, int i, int j) {
        return i >= j ? load(a, i, j) : load(a, j, i);
    }

    private static double load(Matrix m, int i, int j) {
        return load(m, (long) i * m.rowStride() + j);
    }

    private static double load(Matrix m, long index) {
        return m.type() == ElementType.FLOAT32
                ? m.segment().getAtIndex(ValueLayout.JAVA_FLOAT, index)
                : m.segment().getAtIndex(ValueLayout.JAVA_DOUBLE, index);
    }

    /** c_ij ← value + β·c_ij; c is not read if β = 0, so that a NaN there does not survive. */
    private static void store(Matrix c, int i, int j, double value, double beta) {
        c.set(i, j, beta == 0 ? value : value + beta * c.get(i, j));
    }
}
