// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.kernel;

import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import java.lang.foreign.MemorySegment;

/** One element at a time: the definition of {@link Kernels}, its fallback, and the tail of {@link VectorLoops}. */
final class ScalarKernels implements Kernels {

    static final ScalarKernels INSTANCE = new ScalarKernels();

    /**
     * Elements whose sum joins the total of {@link #sumOfSquares} at once; 16 KiB, so a block stays in the L1 cache.
     */
    static final int SQUARES_BLOCK = 4096;

    /** Partial sums of a block: enough independent additions for a 512-bit adder of latency 4. */
    static final int SQUARES_PARTIALS = 32;

    /** Partial sums that are neighbours in the tree; the others are folded onto these first. */
    static final int SQUARES_LANES = 8;

    private ScalarKernels() {
    }

    @Override
    public String description() {
        return "scalar";
    }

    @Override
    public void axpby(float alpha, MemorySegment x, long xFrom, float beta, MemorySegment y, long yFrom, long count) {
        if (beta == 0) {
            for (long i = 0; i < count; i++) {
                y.setAtIndex(JAVA_FLOAT, yFrom + i, alpha * x.getAtIndex(JAVA_FLOAT, xFrom + i));
            }
            return;
        }
        for (long i = 0; i < count; i++) {
            float old = beta * y.getAtIndex(JAVA_FLOAT, yFrom + i);
            y.setAtIndex(JAVA_FLOAT, yFrom + i, Math.fma(alpha, x.getAtIndex(JAVA_FLOAT, xFrom + i), old));
        }
    }

    @Override
    public void lookAhead(float fresh, MemorySegment gradient, long gradientFrom, float keep, MemorySegment m,
            long mFrom, MemorySegment direction, long directionFrom, long count) {
        for (long i = 0; i < count; i++) {
            float g = gradient.getAtIndex(JAVA_FLOAT, gradientFrom + i);
            float newM = Math.fma(fresh, g, keep * m.getAtIndex(JAVA_FLOAT, mFrom + i));
            m.setAtIndex(JAVA_FLOAT, mFrom + i, newM);
            direction.setAtIndex(JAVA_FLOAT, directionFrom + i, Math.fma(keep, newM, fresh * g));
        }
    }

    @Override
    public void scale(float alpha, MemorySegment x, long from, long count) {
        for (long i = from; i < from + count; i++) {
            x.setAtIndex(JAVA_FLOAT, i, alpha * x.getAtIndex(JAVA_FLOAT, i));
        }
    }

    @Override
    public void scaleAndAdd(float alpha, MemorySegment x, long xFrom, MemorySegment y, long yFrom, long count) {
        for (long i = 0; i < count; i++) {
            float scaled = alpha * x.getAtIndex(JAVA_FLOAT, xFrom + i);
            x.setAtIndex(JAVA_FLOAT, xFrom + i, scaled);
            y.setAtIndex(JAVA_FLOAT, yFrom + i, y.getAtIndex(JAVA_FLOAT, yFrom + i) + scaled);
        }
    }

    @Override
    public void multiply(MemorySegment x, long xFrom, MemorySegment y, long yFrom, long count) {
        for (long i = 0; i < count; i++) {
            float product = x.getAtIndex(JAVA_FLOAT, xFrom + i) * y.getAtIndex(JAVA_FLOAT, yFrom + i);
            y.setAtIndex(JAVA_FLOAT, yFrom + i, product);
        }
    }

    @Override
    public void addSquares(float alpha, MemorySegment x, long xFrom, float beta, MemorySegment y, long yFrom,
            long count) {
        for (long i = 0; i < count; i++) {
            float value = x.getAtIndex(JAVA_FLOAT, xFrom + i);
            float old = beta * y.getAtIndex(JAVA_FLOAT, yFrom + i);
            y.setAtIndex(JAVA_FLOAT, yFrom + i, Math.fma(alpha * value, value, old));
        }
    }

    @Override
    public void addSquaresDouble(double alpha, MemorySegment x, long xFrom, double beta, MemorySegment y, long yFrom,
            long count) {
        for (long i = 0; i < count; i++) {
            double value = x.getAtIndex(JAVA_FLOAT, xFrom + i);
            double old = beta * y.getAtIndex(JAVA_DOUBLE, yFrom + i);
            y.setAtIndex(JAVA_DOUBLE, yFrom + i, Math.fma(alpha * value, value, old));
        }
    }

    @Override
    public void divideByRoot(MemorySegment x, long xFrom, MemorySegment v, long vFrom, float inside, float outside,
            MemorySegment y, long yFrom, long count) {
        for (long i = 0; i < count; i++) {
            float denominator = (float) Math.sqrt(v.getAtIndex(JAVA_FLOAT, vFrom + i) + inside) + outside;
            float quotient = x.getAtIndex(JAVA_FLOAT, xFrom + i) / denominator;
            y.setAtIndex(JAVA_FLOAT, yFrom + i, denominator == 0 ? 0 : quotient);
        }
    }

    @Override
    public void lion(MemorySegment weight, long weightFrom, MemorySegment gradient, long gradientFrom, MemorySegment m,
            long mFrom, long count, float gradientScale, double beta1, double beta2, float stepSize, float decay) {
        float rate1 = (float) (1 - beta1);
        float rate2 = (float) (1 - beta2);
        float keep1 = (float) beta1;
        float keep2 = (float) beta2;
        for (long i = 0; i < count; i++) {
            float g = gradientScale * gradient.getAtIndex(JAVA_FLOAT, gradientFrom + i);
            float oldM = m.getAtIndex(JAVA_FLOAT, mFrom + i);
            float sign = Math.signum(Math.fma(rate1, g, keep1 * oldM));
            float decayed = decay * weight.getAtIndex(JAVA_FLOAT, weightFrom + i);
            m.setAtIndex(JAVA_FLOAT, mFrom + i, Math.fma(rate2, g, keep2 * oldM));
            weight.setAtIndex(JAVA_FLOAT, weightFrom + i, Math.fma(-stepSize, sign, decayed));
        }
    }

    @Override
    public void adamw(MemorySegment weight, long weightFrom, MemorySegment gradient, long gradientFrom, MemorySegment m,
            long mFrom, MemorySegment v, long vFrom, long count, float gradientScale, double beta1, double beta2,
            float epsilon, float stepSize, float inverseRootCorrection, float decay) {
        float rate1 = (float) (1 - beta1);
        float rate2 = (float) (1 - beta2);
        float keep2 = (float) beta2;
        for (long i = 0; i < count; i++) {
            float g = gradientScale * gradient.getAtIndex(JAVA_FLOAT, gradientFrom + i);
            float oldM = m.getAtIndex(JAVA_FLOAT, mFrom + i);
            float newM = Math.fma(g - oldM, rate1, oldM);
            float newV = Math.fma(rate2 * g, g, keep2 * v.getAtIndex(JAVA_FLOAT, vFrom + i));
            float denominator = Math.fma((float) Math.sqrt(newV), inverseRootCorrection, epsilon);
            float decayed = decay * weight.getAtIndex(JAVA_FLOAT, weightFrom + i);
            m.setAtIndex(JAVA_FLOAT, mFrom + i, newM);
            v.setAtIndex(JAVA_FLOAT, vFrom + i, newV);
            weight.setAtIndex(JAVA_FLOAT, weightFrom + i, Math.fma(newM / denominator, -stepSize, decayed));
        }
    }

    @Override
    public double sumOfSquares(MemorySegment x, long from, long count) {
        double total = 0;
        for (long block = 0; block < count; block += SQUARES_BLOCK) {
            int size = (int) Math.min(SQUARES_BLOCK, count - block);
            int grouped = size & -SQUARES_PARTIALS;
            double sum = 0;
            for (long lane = from + block; lane < from + block + SQUARES_LANES; lane += 2) {
                sum += squaresOfLane(x, lane, grouped) + squaresOfLane(x, lane + 1, grouped);
            }
            total += addSquares(sum, x, from + block + grouped, size - grouped, 1);
        }
        return total;
    }

    /** sum + x[0]² + x[step]² + …, one after the other, below {@code count}. */
    static double addSquares(double sum, MemorySegment x, long from, int count, int step) {
        double result = sum;
        for (int i = 0; i < count; i += step) {
            double value = x.getAtIndex(JAVA_FLOAT, from + i);
            result = Math.fma(value, value, result);
        }
        return result;
    }

    private static double squaresOfLane(MemorySegment x, long from, int grouped) {
        double p0 = addSquares(0, x, from, grouped, SQUARES_PARTIALS);
        double p1 = addSquares(0, x, from + SQUARES_LANES, grouped, SQUARES_PARTIALS);
        double p2 = addSquares(0, x, from + 2 * SQUARES_LANES, grouped, SQUARES_PARTIALS);
        double p3 = addSquares(0, x, from + 3 * SQUARES_LANES, grouped, SQUARES_PARTIALS);
        return (p0 + p1) + (p2 + p3);
    }

    @Override
    public long firstNonFinite(MemorySegment x, long from, long count) {
        for (long i = 0; i < count; i++) {
            if (!Float.isFinite(x.getAtIndex(JAVA_FLOAT, from + i))) {
                return i;
            }
        }
        return -1;
    }

    @Override
    public void widen(MemorySegment x, long xFrom, MemorySegment y, long yFrom, long count) {
        for (long i = 0; i < count; i++) {
            y.setAtIndex(JAVA_DOUBLE, yFrom + i, x.getAtIndex(JAVA_FLOAT, xFrom + i));
        }
    }

    @Override
    public void narrow(MemorySegment x, long xFrom, MemorySegment y, long yFrom, long count) {
        for (long i = 0; i < count; i++) {
            y.setAtIndex(JAVA_FLOAT, yFrom + i, (float) x.getAtIndex(JAVA_DOUBLE, xFrom + i));
        }
    }

    @Override
    public void scaleDouble(double alpha, MemorySegment x, long from, long count) {
        for (long i = from; i < from + count; i++) {
            x.setAtIndex(JAVA_DOUBLE, i, alpha * x.getAtIndex(JAVA_DOUBLE, i));
        }
    }

    @Override
    public boolean invertFactor(MemorySegment a, long aFrom, long aStride, MemorySegment x, long xFrom, long xStride,
            int order, float[] work) {
        return SmallFactor.invert(a, aFrom, aStride, x, xFrom, xStride, order, work);
    }

    @Override
    public void mirror(MemorySegment a, long from, long stride, int order) {
        ScalarTranspose.mirror(a, from, stride, 0, order);
    }

    @Override
    public void transpose(MemorySegment x, long xFrom, long xStride, MemorySegment y, long yFrom, long yStride,
            int rows, int cols) {
        ScalarTranspose.transpose(x, xFrom, xStride, y, yFrom, yStride, rows, cols);
    }
}
