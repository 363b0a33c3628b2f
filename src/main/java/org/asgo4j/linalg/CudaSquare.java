// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.linalg;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** What a root's refresh does with square matrices on the GPU beside products: one kernel each. */
abstract sealed class CudaSquare extends CudaElementwise permits CudaBackend {
    /** Rows that a block of the reducing kernels takes at a time: one for each of its groups of 32 threads. */
    private static final int ROWS_OF_BLOCK = 8;

    /** Blocks side by side: more than a GPU runs at once. */
    private static final int MAX_BLOCKS = 4096;

    CudaSquare(boolean pageLock) {
        super(pageLock);
    }

    @Override
    public final void fill(double value, Matrix a) {
        checkOpen("fill");
        Shapes.writable(name(), "fill", "A", a);
        CudaLane lane = begin("fill");
        lane.launch.of(CudaKernel.FILL, a.type()).flat(a.isContiguous())
                .add(value).add(lane.staging.write(a), a).overElements(a);
        lane.end();
    }

    @Override
    public final void divide(double divisor, Matrix a) {
        checkOpen("divide");
        Shapes.writable(name(), "divide", "A", a);
        CudaLane lane = begin("divide");
        lane.launch.of(CudaKernel.DIVIDE, a.type()).flat(a.isContiguous())
                .add(divisor).add(lane.staging.readWrite(a), a).overElements(a);
        lane.end();
    }

    /** All of A: one pass over twice the memory, but no branches. */
    @Override
    public final void multiplyLower(double factor, Matrix a) {
        checkOpen("multiplyLower");
        SquareShapes.inPlace(name(), "multiplyLower", a);
        CudaLane lane = begin("multiplyLower");
        lane.launch.of(CudaKernel.MULTIPLY, a.type()).flat(a.isContiguous())
                .add(factor).add(lane.staging.readWrite(a), a).overElements(a);
        lane.end();
    }

    @Override
    public final void addToDiagonal(double shift, Matrix a) {
        checkOpen("addToDiagonal");
        SquareShapes.inPlace(name(), "addToDiagonal", a);
        CudaLane lane = begin("addToDiagonal");
        lane.launch.of(CudaKernel.ADD_TO_DIAGONAL, a.type());
        if (a.type() == ElementType.FLOAT32) lane.launch.add((float) shift);
        else lane.launch.add(shift);
        lane.launch.add(lane.staging.readWrite(a), a).add((long) a.rows()).over(a.rows());
        lane.end();
    }

    @Override
    public final void diagonal(Matrix a, Matrix d) {
        checkOpen("diagonal");
        SquareShapes.diagonal(name(), a, d);
        CudaLane lane = begin("diagonal");
        lane.launch.of(CudaKernel.DIAGONAL, a.type()).add(lane.staging.read(a), a).add(lane.staging.write(d))
                .add((long) a.rows()).over(a.rows());
        lane.end();
    }

    @Override
    public final void averageLower(double scale, Matrix x, Matrix y) {
        checkOpen("averageLower");
        SquareShapes.averageLower(name(), x, y);
        CudaLane lane = begin("averageLower");
        lane.launch.of(CudaKernel.AVERAGE_LOWER, x.type()).add(scale)
                .add(lane.staging.read(x), x).add(lane.staging.readWrite(y), y).overSquare(x.rows());
        lane.end();
    }

    @Override
    public final void correctRoot(Matrix product, Matrix b, Matrix x) {
        checkOpen("correctRoot");
        SquareShapes.correctRoot(name(), product, b, x);
        CudaLane lane = begin("correctRoot");
        lane.launch.of(CudaKernel.NEWTON_CORRECT, x.type())
                .add(lane.staging.readWrite(x), x).add(lane.staging.read(product), product)
                .add(lane.staging.read(b), b).overSquare(x.rows());
        lane.end();
    }

    @Override
    public final void rowDots(Matrix x, Matrix y, Matrix d) {
        checkOpen("rowDots");
        SquareShapes.rowDots(name(), x, y, d);
        CudaLane lane = begin("rowDots");
        boolean wide = d.type() == ElementType.FLOAT64;
        MemorySegment out = lane.staging.write(d);
        MemorySegment sums = wide ? out : lane.partials.atLeast((long) x.rows() * Double.BYTES);
        lane.launch.of(CudaKernel.ROW_DOTS, x.type())
                .add(lane.staging.read(x), x).add(lane.staging.read(y), y).add(sums)
                .add((long) x.rows()).add((long) x.cols()).launch(blocks(x.rows()), 1, CudaLaunch.BLOCK);
        if (!wide) {
            lane.launch.of(CudaKernel.NARROW).flat(true).add(sums, d).add(out, d).overElements(d);
        }
        lane.end();
    }

    @Override
    public final double trace(Matrix a) {
        checkOpen("trace");
        SquareShapes.reduction(name(), "trace", a);
        CudaLane lane = begin("trace");
        lane.launch.of(CudaKernel.TRACE, a.type()).add(lane.staging.read(a), a).add(lane.result())
                .add((long) a.rows()).launch(1, 1, CudaLaunch.BLOCK);
        return lane.awaitResult().get(ValueLayout.JAVA_DOUBLE, 0);
    }

    @Override
    public final double sumOfSquaresOfSymmetric(Matrix a) {
        return sumOfRows("sumOfSquaresOfSymmetric", CudaKernel.SQUARES_OF_LOWER, a);
    }

    @Override
    public final double squaredDistanceFromIdentity(Matrix a) {
        return sumOfRows("squaredDistanceFromIdentity", CudaKernel.SQUARES_FROM_IDENTITY, a);
    }

    /** The sum of what a kernel leaves for each row. */
    private double sumOfRows(String operation, CudaKernel kernel, Matrix a) {
        checkOpen(operation);
        SquareShapes.reduction(name(), operation, a);
        CudaLane lane = begin(operation);
        long order = a.rows();
        MemorySegment sums = lane.partials.atLeast(order * Double.BYTES);
        lane.launch.of(kernel, a.type()).add(lane.staging.read(a), a).add(sums).add(order)
                .launch(blocks(order), 1, CudaLaunch.BLOCK);
        lane.launch.of(CudaKernel.SUM_OF_PARTIALS).add(sums).add(order).add(1L).add(lane.result())
                .launch(1, 1, CudaLaunch.BLOCK);
        return lane.awaitResult().get(ValueLayout.JAVA_DOUBLE, 0);
    }

    private static int blocks(long rows) {
        return (int) Math.min(Math.ceilDiv(rows, ROWS_OF_BLOCK), MAX_BLOCKS);
    }
}
