// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.kernel;

import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;

/**
 * Checks every operand once a call and runs the loops of {@link VectorLoops} on the operands' addresses. The fences
 * keep an operand's memory from being freed with its segment while a loop is at it.
 */
final class VectorKernels implements Kernels {

    static final VectorKernels INSTANCE = new VectorKernels();

    private VectorKernels() {
    }

    @Override
    public String description() {
        return "vector, %d bits (%d floats)".formatted(Lanes.FLOATS.vectorBitSize(), Lanes.FLOATS.length());
    }

    @Override
    public void axpby(float alpha, MemorySegment x, long xFrom, float beta, MemorySegment y, long yFrom, long count) {
        VectorLoops.axpby(alpha, OffHeap.read(x, xFrom, count), beta, OffHeap.write(y, yFrom, count), count);
        Reference.reachabilityFence(x);
        Reference.reachabilityFence(y);
    }

    @Override
    public void lookAhead(float fresh, MemorySegment gradient, long gradientFrom, float keep, MemorySegment m,
            long mFrom, MemorySegment direction, long directionFrom, long count) {
        VectorLoops.lookAhead(fresh, OffHeap.read(gradient, gradientFrom, count), keep, OffHeap.write(m, mFrom, count),
                OffHeap.write(direction, directionFrom, count), count);
        Reference.reachabilityFence(gradient);
        Reference.reachabilityFence(m);
        Reference.reachabilityFence(direction);
    }

    @Override
    public void scale(float alpha, MemorySegment x, long from, long count) {
        VectorLoops.scale(alpha, OffHeap.write(x, from, count), count);
        Reference.reachabilityFence(x);
    }

    @Override
    public void scaleAndAdd(float alpha, MemorySegment x, long xFrom, MemorySegment y, long yFrom, long count) {
        VectorLoops.scaleAndAdd(alpha, OffHeap.write(x, xFrom, count), OffHeap.write(y, yFrom, count), count);
        Reference.reachabilityFence(x);
        Reference.reachabilityFence(y);
    }

    @Override
    public void multiply(MemorySegment x, long xFrom, MemorySegment y, long yFrom, long count) {
        VectorLoops.multiply(OffHeap.read(x, xFrom, count), OffHeap.write(y, yFrom, count), count);
        Reference.reachabilityFence(x);
        Reference.reachabilityFence(y);
    }

    @Override
    public void addSquares(float alpha, MemorySegment x, long xFrom, float beta, MemorySegment y, long yFrom,
            long count) {
        VectorLoops.addSquares(alpha, OffHeap.read(x, xFrom, count), beta, OffHeap.write(y, yFrom, count), count);
        Reference.reachabilityFence(x);
        Reference.reachabilityFence(y);
    }

    @Override
    public void addSquaresDouble(double alpha, MemorySegment x, long xFrom, double beta, MemorySegment y, long yFrom,
            long count) {
        VectorLoops.addSquaresDouble(alpha, OffHeap.read(x, xFrom, count), beta, OffHeap.writeDoubles(y, yFrom, count),
                count);
        Reference.reachabilityFence(x);
        Reference.reachabilityFence(y);
    }

    @Override
    public void divideByRoot(MemorySegment x, long xFrom, MemorySegment v, long vFrom, float inside, float outside,
            MemorySegment y, long yFrom, long count) {
        VectorLoops.divideByRoot(OffHeap.read(x, xFrom, count), OffHeap.read(v, vFrom, count), inside, outside,
                OffHeap.write(y, yFrom, count), count);
        Reference.reachabilityFence(x);
        Reference.reachabilityFence(v);
        Reference.reachabilityFence(y);
    }

    @Override
    public void lion(MemorySegment weight, long weightFrom, MemorySegment gradient, long gradientFrom, MemorySegment m,
            long mFrom, long count, float gradientScale, double beta1, double beta2, float stepSize, float decay) {
        VectorLoops.lion(OffHeap.write(weight, weightFrom, count), OffHeap.read(gradient, gradientFrom, count),
                OffHeap.write(m, mFrom, count), count, gradientScale, beta1, beta2, stepSize, decay);
        Reference.reachabilityFence(weight);
        Reference.reachabilityFence(gradient);
        Reference.reachabilityFence(m);
    }

    @Override
    public void adamw(MemorySegment weight, long weightFrom, MemorySegment gradient, long gradientFrom,
            MemorySegment m, long mFrom, MemorySegment v, long vFrom, long count, float gradientScale, double beta1,
            double beta2, float epsilon, float stepSize, float inverseRootCorrection, float decay) {
        VectorLoops.adamw(OffHeap.write(weight, weightFrom, count), OffHeap.read(gradient, gradientFrom, count),
                OffHeap.write(m, mFrom, count), OffHeap.write(v, vFrom, count), count, gradientScale, beta1, beta2,
                epsilon, stepSize, inverseRootCorrection, decay);
        Reference.reachabilityFence(weight);
        Reference.reachabilityFence(gradient);
        Reference.reachabilityFence(m);
        Reference.reachabilityFence(v);
    }

    @Override
    public double sumOfSquares(MemorySegment x, long from, long count) {
        double result = VectorSquares.sum(OffHeap.read(x, from, count), count);
        Reference.reachabilityFence(x);
        return result;
    }

    @Override
    public long firstNonFinite(MemorySegment x, long from, long count) {
        long result = VectorLoops.firstNonFinite(OffHeap.read(x, from, count), count);
        Reference.reachabilityFence(x);
        return result;
    }

    @Override
    public void widen(MemorySegment x, long xFrom, MemorySegment y, long yFrom, long count) {
        VectorLoops.widen(OffHeap.read(x, xFrom, count), OffHeap.writeDoubles(y, yFrom, count), count);
        Reference.reachabilityFence(x);
        Reference.reachabilityFence(y);
    }

    @Override
    public void narrow(MemorySegment x, long xFrom, MemorySegment y, long yFrom, long count) {
        VectorLoops.narrow(OffHeap.readDoubles(x, xFrom, count), OffHeap.write(y, yFrom, count), count);
        Reference.reachabilityFence(x);
        Reference.reachabilityFence(y);
    }

    @Override
    public void scaleDouble(double alpha, MemorySegment x, long from, long count) {
        VectorLoops.scaleDouble(alpha, OffHeap.writeDoubles(x, from, count), count);
        Reference.reachabilityFence(x);
    }

    @Override
    public boolean invertFactor(MemorySegment a, long aFrom, long aStride, MemorySegment x, long xFrom, long xStride,
            int order, float[] work) {
        long aAt = OffHeap.readRows(a, aFrom, aStride, order, order);
        long xAt = OffHeap.writeRows(x, xFrom, xStride, order, order);
        boolean done = VectorSmallFactor.invert(aAt, aStride, xAt, xStride, order, work);
        Reference.reachabilityFence(a);
        Reference.reachabilityFence(x);
        return done;
    }

    @Override
    public void mirror(MemorySegment a, long from, long stride, int order) {
        VectorTranspose.mirror(OffHeap.writeRows(a, from, stride, order, order), stride, order);
        Reference.reachabilityFence(a);
    }

    @Override
    public void transpose(MemorySegment x, long xFrom, long xStride, MemorySegment y, long yFrom, long yStride,
            int rows, int cols) {
        VectorTranspose.transpose(OffHeap.readRows(x, xFrom, xStride, rows, cols), xStride,
                OffHeap.writeRows(y, yFrom, yStride, cols, rows), yStride, rows, cols);
        Reference.reachabilityFence(x);
        Reference.reachabilityFence(y);
    }
}
