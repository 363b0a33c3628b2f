// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.linalg;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.asgo4j.kernel.Kernels;

/** What every CPU backend shares: allocation and the elementwise operations, on the kernels of this JVM. */
abstract sealed class CpuBackend implements Backend permits ReferenceBackend, BlasBackend {

    /** Cache line and AVX-512 vector size; no vector access then splits a line. */
    private static final int ALIGNMENT_BYTES = 64;

    /** The elementwise kernels: vector twins if this JVM has them. */
    static final Kernels KERNELS = Kernels.best();

    private volatile boolean closed;

    final void checkOpen(String operation) {
        if (closed) throw new IllegalStateException(operation + ": backend " + name() + " is closed");
    }

    @Override
    public final void close() {
        closed = true;
    }

    @Override
    public final Matrix allocate(Arena arena, ElementType type, int rows, int cols) {
        checkOpen("allocate");
        long bytes = Shapes.allocate(arena, type, rows, cols);
        return new Matrix(arena.allocate(bytes, ALIGNMENT_BYTES), type, rows, cols, cols);
    }

    @Override
    public final void gemmBlocks(int count, double alpha, Matrix a, Matrix b, double beta, Matrix c) {
        checkOpen("gemmBlocks");
        Backend.super.gemmBlocks(count, alpha, a, b, beta, c);
    }

    @Override
    public final boolean eighBlocks(int count, Matrix a, Matrix eigenvalues) {
        checkOpen("eighBlocks");
        return Backend.super.eighBlocks(count, a, eigenvalues);
    }

    @Override
    public final void addResolvent(
            double alpha, double shift, Matrix diagonal, Matrix offDiagonal, Matrix c, EighWorkspace workspace) {
        checkOpen("addResolvent");
        Shapes.addResolvent(name(), diagonal, offDiagonal, c, workspace);
        Tridiagonal.addResolvent(KERNELS, alpha, shift, diagonal, offDiagonal, c, workspace.work());
    }

    @Override
    public final void axpby(float alpha, Matrix x, float beta, Matrix y) {
        checkOpen("axpby");
        ElementwiseShapes.axpby(name(), x, y);
        int chunks = chunks(x, y);
        long length = y.size() / chunks;
        for (int i = 0; i < chunks; i++) {
            KERNELS.axpby(alpha, x.segment(), at(x, i), beta, y.segment(), at(y, i), length);
        }
    }

    @Override
    public final void lookAhead(float fresh, Matrix gradient, float keep, Matrix momentum, Matrix direction) {
        checkOpen("lookAhead");
        ElementwiseShapes.lookAhead(name(), gradient, momentum, direction);
        int chunks = momentum.isContiguous() ? chunks(gradient, direction) : direction.rows();
        long length = direction.size() / chunks;
        for (int i = 0; i < chunks; i++) {
            KERNELS.lookAhead(fresh, gradient.segment(), at(gradient, i), keep, momentum.segment(), at(momentum, i),
                    direction.segment(), at(direction, i), length);
        }
    }

    @Override
    public final void adamw(
            float gradientScale,
            double beta1,
            double beta2,
            float epsilon,
            float stepSize,
            float rootCorrection,
            float decay,
            Matrix gradient,
            Matrix firstMoment,
            Matrix secondMoment,
            Matrix weight) {
        checkOpen("adamw");
        ElementwiseShapes.adamw(name(), gradient, firstMoment, secondMoment, weight);
        boolean contiguous = gradient.isContiguous()
                && firstMoment.isContiguous()
                && secondMoment.isContiguous()
                && weight.isContiguous();
        int chunks = contiguous ? 1 : weight.rows();
        long length = weight.size() / chunks;
        for (int i = 0; i < chunks; i++) {
            KERNELS.adamw(
                    weight.segment(),
                    at(weight, i),
                    gradient.segment(),
                    at(gradient, i),
                    firstMoment.segment(),
                    at(firstMoment, i),
                    secondMoment.segment(),
                    at(secondMoment, i),
                    length,
                    gradientScale,
                    beta1,
                    beta2,
                    epsilon,
                    stepSize,
                    rootCorrection,
                    decay);
        }
    }

    @Override
    public final void scaleRows(Matrix d, Matrix a) {
        checkOpen("scaleRows");
        ElementwiseShapes.scaleRows(name(), d, a);
        for (int i = 0; i < a.rows(); i++) {
            scaleRow(
                    a.type() == ElementType.FLOAT32
                            ? d.segment().getAtIndex(ValueLayout.JAVA_FLOAT, i)
                            : d.segment().getAtIndex(ValueLayout.JAVA_DOUBLE, i),
                    a, i);
        }
    }

    /** Row i of A times a factor of A's type. */
    static void scaleRow(double factor, Matrix a, int i) {
        if (a.type() == ElementType.FLOAT32) KERNELS.scale((float) factor, a.segment(), at(a, i), a.cols());
        else KERNELS.scaleDouble(factor, a.segment(), at(a, i), a.cols());
    }

    @Override
    public final void scaleCols(Matrix d, Matrix a) {
        checkOpen("scaleCols");
        ElementwiseShapes.scaleCols(name(), d, a);
        for (int i = 0; i < a.rows(); i++) KERNELS.multiply(d.segment(), 0, a.segment(), at(a, i), a.cols());
    }

    @Override
    public final void symmetrize(Matrix a) {
        checkOpen("symmetrize");
        ElementwiseShapes.symmetrize(name(), a);
        if (a.type() == ElementType.FLOAT32) KERNELS.mirror(a.segment(), 0, a.rowStride(), a.rows());
        else Rearrangement.mirrorWide(a);
    }

    @Override
    public final void gramDiagonal(Side side, double alpha, Matrix a, double beta, Matrix d) {
        checkOpen("gramDiagonal");
        ElementwiseShapes.gramDiagonal(name(), side, a, d);
        for (int i = 0; i < a.rows(); i++) {
            if (side == Side.RIGHT) {
                double keep = i == 0 ? beta : 1;
                KERNELS.addSquaresDouble(alpha, a.segment(), at(a, i), keep, d.segment(), 0, a.cols());
            } else {
                double squares = KERNELS.sumOfSquares(a.segment(), at(a, i), a.cols());
                double old = d.segment().getAtIndex(ValueLayout.JAVA_DOUBLE, i);
                d.segment().setAtIndex(ValueLayout.JAVA_DOUBLE, i, Math.fma(alpha, squares, beta * old));
            }
        }
    }

    @Override
    public final void addSquares(float alpha, Matrix x, float beta, Matrix y) {
        checkOpen("addSquares");
        ElementwiseShapes.addSquares(name(), x, y);
        int chunks = chunks(x, y);
        long length = y.size() / chunks;
        for (int i = 0; i < chunks; i++) {
            KERNELS.addSquares(alpha, x.segment(), at(x, i), beta, y.segment(), at(y, i), length);
        }
    }

    @Override
    public final void divideByRoot(Matrix x, Matrix v, float inside, float outside, Matrix y) {
        checkOpen("divideByRoot");
        ElementwiseShapes.divideByRoot(name(), x, v, y);
        int chunks = v.isContiguous() ? chunks(x, y) : y.rows();
        long length = y.size() / chunks;
        for (int i = 0; i < chunks; i++) {
            KERNELS.divideByRoot(x.segment(), at(x, i), v.segment(), at(v, i), inside, outside, y.segment(), at(y, i),
                    length);
        }
    }

    @Override
    public final void lion(float gradientScale, double beta1, double beta2, float stepSize, float decay,
            Matrix gradient, Matrix momentum, Matrix weight) {
        checkOpen("lion");
        ElementwiseShapes.lion(name(), gradient, momentum, weight);
        int chunks = momentum.isContiguous() ? chunks(gradient, weight) : weight.rows();
        long length = weight.size() / chunks;
        for (int i = 0; i < chunks; i++) {
            KERNELS.lion(weight.segment(), at(weight, i), gradient.segment(), at(gradient, i), momentum.segment(),
                    at(momentum, i), length, gradientScale, beta1, beta2, stepSize, decay);
        }
    }

    @Override
    public final void gather(int[] rows, int[] cols, Matrix x, Matrix y) {
        checkOpen("gather");
        ElementwiseShapes.gather(name(), rows, cols, x, y);
        Rearrangement.gather(rows, cols, x, y);
    }

    @Override
    public final void copy(Matrix x, Matrix y) {
        checkOpen("copy");
        Shapes.elementwise(name(), "copy", "X", x, "Y", y);
        int chunks = chunks(x, y);
        long length = y.size() / chunks;
        for (int i = 0; i < chunks; i++) {
            if (x.type() == y.type()) {
                int bytes = x.type().byteSize();
                MemorySegment.copy(x.segment(), at(x, i) * bytes, y.segment(), at(y, i) * bytes, length * bytes);
            } else if (x.type() == ElementType.FLOAT32) {
                KERNELS.widen(x.segment(), at(x, i), y.segment(), at(y, i), length);
            } else {
                KERNELS.narrow(x.segment(), at(x, i), y.segment(), at(y, i), length);
            }
        }
    }

    @Override
    public final double sumOfSquares(Matrix x) {
        checkOpen("sumOfSquares");
        ElementwiseShapes.sumOfSquares(name(), x);
        if (x.isContiguous()) return KERNELS.sumOfSquares(x.segment(), 0, x.size());
        double sum = 0;
        for (int i = 0; i < x.rows(); i++) {
            sum += KERNELS.sumOfSquares(x.segment(), at(x, i), x.cols());
        }
        return sum;
    }

    @Override
    public final long firstNonFinite(Matrix x) {
        checkOpen("firstNonFinite");
        Shapes.readable(name(), "firstNonFinite", "X", x);
        if (x.type() == ElementType.FLOAT64) return SquareLoops.firstNonFinite(x);
        if (x.isContiguous()) return KERNELS.firstNonFinite(x.segment(), 0, x.size());
        for (int i = 0; i < x.rows(); i++) {
            long index = KERNELS.firstNonFinite(x.segment(), at(x, i), x.cols());
            if (index >= 0) return (long) i * x.cols() + index;
        }
        return -1;
    }

    @Override
    public final void fill(double value, Matrix a) {
        checkOpen("fill");
        Shapes.writable(name(), "fill", "A", a);
        if (Double.doubleToRawLongBits(value) != 0) {
            SquareLoops.fill(value, a);
            return;
        }
        if (a.isContiguous() && a.segment().byteSize() == a.size() * a.type().byteSize()) {
            a.segment().fill((byte) 0); // a slice is an object, which C2 left in the defaults' step in 3 of 10 JVMs
            return;
        }
        int chunks = a.isContiguous() ? 1 : a.rows();
        long bytes = a.size() / chunks * a.type().byteSize();
        for (int i = 0; i < chunks; i++) {
            a.segment().asSlice(at(a, i) * a.type().byteSize(), bytes).fill((byte) 0);
        }
    }

    /** The lower triangle of C ← C + α·X. */
    final void addLower(double alpha, Matrix x, Matrix c) {
        for (int i = 0; i < c.rows(); i++) {
            if (c.type() == ElementType.FLOAT32) {
                KERNELS.axpby((float) alpha, x.segment(), at(x, i), 1, c.segment(), at(c, i), i + 1L);
            } else {
                for (int j = 0; j <= i; j++) c.set(i, j, Math.fma(alpha, x.get(i, j), c.get(i, j)));
            }
        }
    }

    @Override
    public final void divide(double divisor, Matrix a) {
        checkOpen("divide");
        Shapes.writable(name(), "divide", "A", a);
        SquareLoops.divide(divisor, a);
    }

    @Override
    public final void multiplyLower(double factor, Matrix a) {
        checkOpen("multiplyLower");
        SquareShapes.inPlace(name(), "multiplyLower", a);
        SquareLoops.multiplyLower(factor, a);
    }

    @Override
    public final void addToDiagonal(double shift, Matrix a) {
        checkOpen("addToDiagonal");
        SquareShapes.inPlace(name(), "addToDiagonal", a);
        SquareLoops.addToDiagonal(shift, a);
    }

    @Override
    public final void diagonal(Matrix a, Matrix d) {
        checkOpen("diagonal");
        SquareShapes.diagonal(name(), a, d);
        SquareLoops.diagonal(a, d);
    }

    @Override
    public final void averageLower(double scale, Matrix x, Matrix y) {
        checkOpen("averageLower");
        SquareShapes.averageLower(name(), x, y);
        SquareLoops.averageLower(scale, x, y);
    }

    @Override
    public final void correctRoot(Matrix product, Matrix b, Matrix x) {
        checkOpen("correctRoot");
        SquareShapes.correctRoot(name(), product, b, x);
        SquareLoops.correctRoot(product, b, x);
    }

    @Override
    public final void rowDots(Matrix x, Matrix y, Matrix d) {
        checkOpen("rowDots");
        SquareShapes.rowDots(name(), x, y, d);
        SquareLoops.rowDots(x, y, d);
    }

    @Override
    public final double trace(Matrix a) {
        checkOpen("trace");
        SquareShapes.reduction(name(), "trace", a);
        return SquareLoops.trace(a);
    }

    @Override
    public final double sumOfSquaresOfSymmetric(Matrix a) {
        checkOpen("sumOfSquaresOfSymmetric");
        SquareShapes.reduction(name(), "sumOfSquaresOfSymmetric", a);
        if (a.type() == ElementType.FLOAT64) return SquareLoops.sumOfSquaresOfSymmetric(a);
        double sum = 0;
        for (int i = 0; i < a.rows(); i++) {
            double diagonal = a.get(i, i);
            sum += 2 * KERNELS.sumOfSquares(a.segment(), at(a, i), i) + diagonal * diagonal;
        }
        return sum;
    }

    @Override
    public final double squaredDistanceFromIdentity(Matrix a) {
        checkOpen("squaredDistanceFromIdentity");
        SquareShapes.reduction(name(), "squaredDistanceFromIdentity", a);
        return SquareLoops.squaredDistanceFromIdentity(a);
    }

    /** One pass over both if neither has gaps, else one per row. */
    private static int chunks(Matrix x, Matrix y) {
        return x.isContiguous() && y.isContiguous() ? 1 : y.rows();
    }

    /** The index of the first element of row {@code i}. */
    private static long at(Matrix m, int i) {
        return (long) i * m.rowStride();
    }
}
