// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.kernel;

import java.lang.foreign.MemorySegment;

/**
 * Elementwise passes and reductions over float32 in native memory.
 *
 * <p>Every argument pair {@code (segment, from)} is a segment and its first element; {@code from} and {@code count}
 * count elements, not bytes. Only the range {@code [from, from + count)} is read or written. Ranges are the same or
 * disjoint. Twins agree bit for bit, except for the sign and payload of a NaN. A range outside its segment throws
 * {@link IndexOutOfBoundsException}; the scalar twin may have written the elements before the fault. The vector twin
 * throws {@link IllegalArgumentException} for memory that is on the heap, not aligned to its elements, or to be written
 * and read-only; both throw {@link IllegalStateException} for a closed arena and {@link WrongThreadException} for
 * another thread's.
 */
public sealed interface Kernels permits ScalarKernels, VectorKernels {

    /** The largest order that {@link #invertFactor} takes: the lanes of the widest vectors. */
    int LARGEST_FACTOR = 16;

    /**
     * The fastest twin of this JVM: vector if module {@code jdk.incubator.vector} is present, vectors have 128 bits or
     * more and native access is not denied, else scalar and one warning.
     *
     * @throws IllegalArgumentException if the system property {@code asgo4j.lanes} asks for a width the CPU lacks
     */
    static Kernels best() {
        return Selection.vector() ? VectorKernels.INSTANCE : ScalarKernels.INSTANCE;
    }

    /** The scalar twin: the definition of every kernel. */
    static Kernels scalar() {
        return ScalarKernels.INSTANCE;
    }

    /**
     * The vector twin.
     *
     * @throws UnsupportedOperationException if module {@code jdk.incubator.vector} is not present, vectors have less
     *     than 128 bits, or native access is denied
     * @throws IllegalArgumentException if the system property {@code asgo4j.lanes} asks for a width the CPU lacks
     */
    static Kernels vector() {
        Selection.requireVector();
        return VectorKernels.INSTANCE;
    }

    /** Which twin this is and its width, for people: {@code "vector, 512 bits (16 floats)"} or {@code "scalar"}. */
    String description();

    /**
     * y[i] ← fma(α, x[i], β·y[i]) for 0 ≤ i &lt; count. With β = 0, y is only written: y[i] ← α·x[i].
     *
     * @param alpha factor α of x
     * @param x read
     * @param xFrom first element of x
     * @param beta factor β of the old y
     * @param y read unless β = 0, written
     * @param yFrom first element of y
     * @param count elements
     */
    void axpby(float alpha, MemorySegment x, long xFrom, float beta, MemorySegment y, long yFrom, long count);

    /**
     * A momentum and the direction that looks ahead of it, in one pass. For 0 ≤ i &lt; count:
     *
     * <pre>
     *   m ← fma(fresh, gradient[i], keep·m)
     *   direction[i] ← fma(keep, m, fresh·gradient[i])
     * </pre>
     *
     * @param fresh factor of the gradient
     * @param gradient read
     * @param gradientFrom first element of gradient
     * @param keep factor of the old momentum, and of the new one in the direction
     * @param m momentum, read and written
     * @param mFrom first element of m
     * @param direction written; other memory than m and gradient
     * @param directionFrom first element of direction
     * @param count elements
     */
    void lookAhead(float fresh, MemorySegment gradient, long gradientFrom, float keep, MemorySegment m, long mFrom,
            MemorySegment direction, long directionFrom, long count);

    /**
     * x[i] ← α·x[i] for 0 ≤ i &lt; count. A NaN or infinity stays one even if α = 0 makes it NaN.
     *
     * @param alpha factor α
     * @param x read and written
     * @param from first element of x
     * @param count elements
     */
    void scale(float alpha, MemorySegment x, long from, long count);

    /**
     * y[i] ← x[i]·y[i] for 0 ≤ i &lt; count.
     *
     * @param x read
     * @param xFrom first element of x
     * @param y read and written
     * @param yFrom first element of y
     * @param count elements
     */
    void multiply(MemorySegment x, long xFrom, MemorySegment y, long yFrom, long count);

    /**
     * y[i] ← fma(α·x[i], x[i], β·y[i]) for 0 ≤ i &lt; count: a moving average of squares.
     *
     * @param alpha factor α of the squares
     * @param x read
     * @param xFrom first element of x
     * @param beta factor β of the old y
     * @param y read and written
     * @param yFrom first element of y
     * @param count elements
     */
    void addSquares(float alpha, MemorySegment x, long xFrom, float beta, MemorySegment y, long yFrom, long count);

    /**
     * y[i] ← fma(α·x[i], x[i], β·y[i]) for 0 ≤ i &lt; count in double, for float32 x and float64 y.
     *
     * @param alpha factor α of the squares
     * @param x float32, read
     * @param xFrom first element of x, in floats
     * @param beta factor β of the old y
     * @param y float64, read and written; other memory than x
     * @param yFrom first element of y, in doubles
     * @param count elements
     */
    void addSquaresDouble(double alpha, MemorySegment x, long xFrom, double beta, MemorySegment y, long yFrom,
            long count);

    /**
     * y[i] ← x[i] / (√(v[i] + inside) + outside) for 0 ≤ i &lt; count, and 0 where that denominator is 0.
     *
     * @param x read
     * @param xFrom first element of x
     * @param v read
     * @param vFrom first element of v
     * @param inside added to v under the root
     * @param outside added to the root
     * @param y written
     * @param yFrom first element of y
     * @param count elements
     */
    void divideByRoot(MemorySegment x, long xFrom, MemorySegment v, long vFrom, float inside, float outside,
            MemorySegment y, long yFrom, long count);

    /**
     * One step of Lion, fused into one pass. For 0 ≤ i &lt; count:
     *
     * <pre>
     *   g ← s·gradient[i]
     *   c ← fma(1 − β₁, g, β₁·m)
     *   m ← fma(1 − β₂, g, β₂·m)
     *   w ← fma(−stepSize, sign(c), decay·w)       sign(0) = 0, sign(NaN) = NaN
     * </pre>
     *
     * <p>1 − β₁ and 1 − β₂ are formed in double and then rounded.
     *
     * @param weight w, read and written
     * @param weightFrom first element of weight
     * @param gradient read
     * @param gradientFrom first element of gradient
     * @param m momentum, read and written
     * @param mFrom first element of m
     * @param count elements
     * @param gradientScale factor s of the gradient, for clipping
     * @param beta1 β₁
     * @param beta2 β₂
     * @param stepSize η
     * @param decay 1 − ηλ
     */
    void lion(MemorySegment weight, long weightFrom, MemorySegment gradient, long gradientFrom, MemorySegment m,
            long mFrom, long count, float gradientScale, double beta1, double beta2, float stepSize, float decay);

    /**
     * x[i] ← α·x[i], then y[i] ← y[i] + x[i], for 0 ≤ i &lt; count.
     *
     * @param alpha factor α
     * @param x read and written
     * @param xFrom first element of x
     * @param y read and written; other memory than x
     * @param yFrom first element of y
     * @param count elements
     */
    void scaleAndAdd(float alpha, MemorySegment x, long xFrom, MemorySegment y, long yFrom, long count);

    /**
     * One AdamW step, in the order of {@code torch.optim.AdamW}, fused into one pass. For 0 ≤ i &lt; count:
     *
     * <pre>
     *   g ← s·gradient[i]
     *   m ← fma(1 − β₁, g − m, m)
     *   v ← fma((1 − β₂)·g, g, β₂·v)
     *   w ← fma(−stepSize, m / fma(√v, inverseRootCorrection, ε), decay·w)
     * </pre>
     *
     * <p>1 − β₁ and 1 − β₂ are formed in double and then rounded, as torch does.
     *
     * @param weight w, read and written
     * @param weightFrom first element of weight
     * @param gradient read
     * @param gradientFrom first element of gradient
     * @param m first moment, read and written
     * @param mFrom first element of m
     * @param v second moment, read and written
     * @param vFrom first element of v
     * @param count elements
     * @param gradientScale factor s of the gradient, for clipping
     * @param beta1 β₁
     * @param beta2 β₂
     * @param epsilon ε, outside the root
     * @param stepSize η/(1 − β₁ᵗ)
     * @param inverseRootCorrection 1/√(1 − β₂ᵗ)
     * @param decay 1 − ηλ
     */
    void adamw(MemorySegment weight, long weightFrom, MemorySegment gradient, long gradientFrom, MemorySegment m,
            long mFrom, MemorySegment v, long vFrom, long count, float gradientScale, double beta1, double beta2,
            float epsilon, float stepSize, float inverseRootCorrection, float decay);

    /**
     * Σ x[i]² for 0 ≤ i &lt; count, in double.
     *
     * <p>Order: blocks of 4096 elements one after the other; in a block 32 partial sums (i mod 32), folded to 8 (i mod
     * 8), their neighbours added, and those four sums left to right; the up to 31 elements after the last group of 32
     * are added to that one by one. Squares are exact in double, so the relative error is at most (128 + 7 + 31 +
     * ⌈count/4096⌉)·2⁻⁵³.
     *
     * @param x read
     * @param from first element of x
     * @param count elements
     */
    double sumOfSquares(MemorySegment x, long from, long count);

    /**
     * Position of the first NaN or infinity, relative to {@code from}, or −1 if all are finite.
     *
     * @param x read
     * @param from first element of x
     * @param count elements
     */
    long firstNonFinite(MemorySegment x, long from, long count);

    /**
     * y[i] ← x[i] for 0 ≤ i &lt; count, float32 to float64 (exact).
     *
     * @param x float32, read
     * @param xFrom first element of x, in floats
     * @param y float64, written; other memory than x
     * @param yFrom first element of y, in doubles
     * @param count elements
     */
    void widen(MemorySegment x, long xFrom, MemorySegment y, long yFrom, long count);

    /**
     * y[i] ← x[i] for 0 ≤ i &lt; count, float64 rounded to the nearest float32.
     *
     * @param x float64, read
     * @param xFrom first element of x, in doubles
     * @param y float32, written; other memory than x
     * @param yFrom first element of y, in floats
     * @param count elements
     */
    void narrow(MemorySegment x, long xFrom, MemorySegment y, long yFrom, long count);

    /**
     * x[i] ← α·x[i] for 0 ≤ i &lt; count, in float64.
     *
     * @param alpha factor α
     * @param x float64, read and written
     * @param from first element of x, in doubles
     * @param count elements
     */
    void scaleDouble(double alpha, MemorySegment x, long from, long count);

    /**
     * The inverse of Cholesky's factor of a small matrix: X ← L⁻¹ for A = LLᵀ. Elimination in place: in step j, with
     * pivot d = w_jj and l_i = −w_ji·(1/d), and 1 in the place of w_jj and 0 in that of w_ij,
     *
     * <pre>
     *   w_ik ← fma(w_jk, l_i, w_ik)       i {@literal >} j, all k but j {@literal <} k {@literal <} i
     *   x_jk ← w_jk·r,  x_jj ← r          k {@literal <} j, r = 1/√d rounded once from float64
     * </pre>
     *
     * <p>X is written only if every pivot is positive, finite and normal; the scratch always is.
     *
     * @param a A, row-major; its lower triangle is read
     * @param aFrom first element of A
     * @param aStride elements from one row of A to the next
     * @param x X, row-major; its lower triangle is written, zeros above it
     * @param xFrom first element of X
     * @param xStride elements from one row of X to the next
     * @param order rows and columns, 0 to {@value #LARGEST_FACTOR}
     * @param work {@value #LARGEST_FACTOR}² elements of scratch
     * @return whether A was positive definite to working precision
     */
    boolean invertFactor(MemorySegment a, long aFrom, long aStride, MemorySegment x, long xFrom, long xStride,
            int order, float[] work);

    /**
     * The strict upper triangle of a square matrix from the lower one: a_ji ← a_ij for j {@literal <} i.
     *
     * @param a A, row-major; its strict lower triangle is read, its strict upper one written
     * @param from first element of A
     * @param stride elements from one row to the next
     * @param order rows and columns
     */
    void mirror(MemorySegment a, long from, long stride, int order);

    /**
     * y_ji ← x_ij.
     *
     * @param x X, row-major, rows×cols; read
     * @param xFrom first element of X
     * @param xStride elements from one row of X to the next
     * @param y Y, row-major, cols×rows; written; other memory than X
     * @param yFrom first element of Y
     * @param yStride elements from one row of Y to the next
     * @param rows rows of X
     * @param cols columns of X
     */
    void transpose(MemorySegment x, long xFrom, long xStride, MemorySegment y, long yFrom, long yStride, int rows,
            int cols);
}
