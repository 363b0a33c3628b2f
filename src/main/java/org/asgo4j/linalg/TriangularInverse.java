// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.linalg;

/**
 * A⁻¹ = XᵀX with X = L⁻¹ for A = LLᵀ, by halves:
 *
 * <pre>
 * X₁₁ of A₁₁;  C ← X₁₁A₂₁ᵀ;  A₂₂ ← A₂₂ − CᵀC;  X₂₂ of A₂₂;  X₂₁ ← −X₂₂(CᵀX₁₁)
 * </pre>
 *
 * L itself is never formed. It is as stable as Cholesky's factorization, since X₁₁ has the condition of L₁₁ (Higham,
 * Accuracy and Stability of Numerical Algorithms, 2nd edition, chapter 14), and nearly all of it is products. All but C
 * are of the kind that OpenBLAS multiplies without packing ({@link GemmTiles}): order 128 takes 0.058 ms, A⁻¹ included,
 * with A₂₂ − BBᵀ and LAPACK's lauum in their place 0.070 (one thread of a Xeon with AVX-512).
 *
 * <p>Holds views of memory that belongs to an {@link EighWorkspace}, made once for an order.
 */
final class TriangularInverse {
    /** Up to this order LAPACK's unblocked routines are as fast as products of halves. */
    private static final int LEAF = 16;

    /** Up to this order XᵀX is one product of whole matrices. */
    private static final int SQUARE_LEAF = 32;

    /** From this order of the halves on, products that skip the zeros of a triangle are faster than whole ones. */
    private static final int TRIANGLES_FROM = 128;

    private final Matrix a;
    private final Matrix x;
    private TriangularInverse first; // null in a leaf, as all that follows
    private TriangularInverse second;
    private Matrix a11;
    private Matrix a12;
    private Matrix a21;
    private Matrix a22;
    private Matrix x11;
    private Matrix x21;
    private Matrix x22;

    /**
     * For one order.
     *
     * @param a k×k, overwritten by {@link #compute}; its lower triangle is read
     * @param x k×k, its lower triangle written; its strict upper one must be zeros
     */
    TriangularInverse(Matrix a, Matrix x) {
        this.a = a;
        this.x = x;
        int order = a.rows();
        if (order <= LEAF) return;
        int half = Math.ceilDiv(order / 2, LEAF) * LEAF;
        int rest = order - half;
        a11 = a.rowBlock(0, half).colBlock(0, half);
        a12 = a.rowBlock(0, half).colBlock(half, rest);
        a21 = a.rowBlock(half, rest).colBlock(0, half);
        a22 = a.rowBlock(half, rest).colBlock(half, rest);
        x11 = x.rowBlock(0, half).colBlock(0, half);
        x21 = x.rowBlock(half, rest).colBlock(0, half);
        x22 = x.rowBlock(half, rest).colBlock(half, rest);
        first = new TriangularInverse(a11, x11);
        second = new TriangularInverse(a22, x22);
    }

    Matrix a() {
        return a;
    }

    Matrix x() {
        return x;
    }

    /**
     * X ← L⁻¹; A is undefined then, in both triangles.
     *
     * @throws NativeCallException if A is not positive definite to working precision
     */
    void compute(BlasBackend blas) {
        if (first == null) {
            blas.factor(a);
            SquareLoops.copyLower(a, x);
            blas.invertTriangle(x);
            return;
        }
        first.compute(blas);
        if (a22.rows() < TRIANGLES_FROM) {
            blas.gemm(Transpose.NONE, Transpose.TRANSPOSED, 1, x11, a21, 0, a12); //   C, in A's unread triangle
            blas.gemm(Transpose.TRANSPOSED, Transpose.NONE, -1, a12, a12, 1, a22);
            second.compute(blas);
            blas.gemm(Transpose.TRANSPOSED, Transpose.NONE, 1, a12, x11, 0, a21); //   CᵀX₁₁
            blas.gemm(Transpose.NONE, Transpose.NONE, -1, x22, a21, 0, x21);
        } else {
            blas.copy(a21, x21);
            blas.multiplyByTriangle(Side.RIGHT, Transpose.TRANSPOSED, 1, x11, x21); // Cᵀ
            blas.syrk(Transpose.NONE, -1, x21, 1, a22);
            second.compute(blas);
            blas.multiplyByTriangle(Side.RIGHT, Transpose.NONE, 1, x11, x21);
            blas.multiplyByTriangle(Side.LEFT, Transpose.NONE, -1, x22, x21);
        }
    }

    /** The lower triangle of A ← XᵀX, once X is there; the upper one is undefined. */
    void square(BlasBackend blas) {
        if (first == null || a.rows() <= SQUARE_LEAF) {
            blas.gemm(Transpose.TRANSPOSED, Transpose.NONE, 1, x, x, 0, a);
            return;
        }
        first.square(blas);
        second.square(blas);
        if (a22.rows() < TRIANGLES_FROM) {
            blas.gemm(Transpose.TRANSPOSED, Transpose.NONE, 1, x21, x21, 1, a11);
            blas.gemm(Transpose.TRANSPOSED, Transpose.NONE, 1, x22, x21, 0, a21);
        } else {
            blas.syrk(Transpose.TRANSPOSED, 1, x21, 1, a11);
            blas.copy(x21, a21);
            blas.multiplyByTriangle(Side.LEFT, Transpose.TRANSPOSED, 1, x22, a21);
        }
    }
}
