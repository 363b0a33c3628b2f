// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.linalg;

import org.asgo4j.kernel.Kernels;

/**
 * A⁻¹ = XᵀX with X = L⁻¹ for A = LLᵀ, by halves:
 *
 * <pre>
 * X₁₁ of A₁₁;  C ← X₁₁A₂₁ᵀ;  A₂₂ ← A₂₂ − CᵀC;  X₂₂ of A₂₂;  X₂₁ ← −X₂₂(CᵀX₁₁)
 * </pre>
 *
 * L itself is never formed. It is as stable as Cholesky's factorization, since X₁₁ has the condition of L₁₁ (Higham,
 * Accuracy and Stability of Numerical Algorithms, 2nd edition, chapter 14), and nearly all of it is products. All but C
 * are of the kind that OpenBLAS multiplies without packing on a core with AVX-512 ({@link GemmTiles}): order 128 takes
 * 0.042 ms, A⁻¹ included.
 * With leaves by LAPACK it took 0.052, and 0.070 with these and with A₂₂ − BBᵀ by ssyrk (B = Cᵀ) and LAPACK's lauum in
 * place of CᵀC and XᵀX (one thread of a Xeon with AVX-512).
 *
 * <p>Holds views of memory that belongs to an {@link EighWorkspace}, made once for an order.
 */
final class TriangularInverse {
    /** Up to this order X is made whole: by our own kernel in float32, by LAPACK's unblocked routines in float64. */
    private static final int LEAF = Kernels.LARGEST_FACTOR;

    /** Up to this order XᵀX is one product of whole matrices. */
    private static final int SQUARE_LEAF = 32;

    /**
     * From this order of the halves on, {@code trmm} and {@code syrk}, which skip the zeros of a triangle, are faster
     * than products: where those of small matrices are made without packing, and with MKL.
     */
    static final int TRIANGLES_FROM = 128;

    /**
     * The same where OpenBLAS packs small matrices too, and so pays for every product: orders 128, 256 and 384 take
     * 101, 467 and 1252 µs, and 124, 520 and 1458 with {@link #TRIANGLES_FROM} (one thread of an AMD EPYC with AVX2).
     */
    static final int TRIANGLES_FROM_IF_PACKED = 32;

    /** From this order of the halves on, two products that skip a quarter of zeros are faster than one. */
    private static final int STRIPS_FROM = 64;

    private final Matrix a;
    private final Matrix x;
    private final float[] work; // of leaves
    private final int half; // the order of A₁₁; 0 in a leaf, and nothing that follows is there
    private TriangularInverse first;
    private TriangularInverse second;
    private Matrix a21;
    private Matrix a22;
    private Matrix x11;
    private Matrix x21;
    private Matrix x22;
    private Product[] c; //          C = X₁₁A₂₁ᵀ, in A's unread triangle
    private Product[] schur; //      CᵀC
    private Product[] below; //      CᵀX₁₁, in the place of A₂₁
    private Product[] x21OfBelow; // X₂₂(CᵀX₁₁)
    private Product[] square11; //   X₂₁ᵀX₂₁
    private Product[] square21; //   X₂₂ᵀX₂₁

    /**
     * For one order.
     *
     * @param a k×k, overwritten by {@link #compute}; its lower triangle is read
     * @param x k×k, its lower triangle written; its strict upper one must be zeros
     * @param trianglesFrom {@link #TRIANGLES_FROM} or {@link #TRIANGLES_FROM_IF_PACKED}
     */
    TriangularInverse(Matrix a, Matrix x, int trianglesFrom) {
        this(a, x, trianglesFrom, new float[LEAF * LEAF]);
    }

    private TriangularInverse(Matrix a, Matrix x, int trianglesFrom, float[] work) {
        this.work = work;
        this.a = a;
        this.x = x;
        int order = a.rows();
        half = order <= LEAF ? 0 : Math.ceilDiv(order / 2, LEAF) * LEAF;
        if (half == 0) return;
        int rest = order - half;
        a21 = a.rowBlock(half, rest).colBlock(0, half);
        a22 = a.rowBlock(half, rest).colBlock(half, rest);
        x11 = x.rowBlock(0, half).colBlock(0, half);
        x21 = x.rowBlock(half, rest).colBlock(0, half);
        x22 = x.rowBlock(half, rest).colBlock(half, rest);
        first = new TriangularInverse(a.rowBlock(0, half).colBlock(0, half), x11, trianglesFrom, work);
        second = new TriangularInverse(a22, x22, trianglesFrom, work);
        if (rest < trianglesFrom) addProducts(a.rowBlock(0, half).colBlock(half, rest));
    }

    private void addProducts(Matrix a12) {
        c = lowerTimes(x11, Transpose.TRANSPOSED, a21, a12, first.cut());
        schur = lowerOfSquare(a12, a22, second.cut());
        below = timesLower(a12, x11, a21, first.cut());
        x21OfBelow = lowerTimes(x22, Transpose.NONE, a21, x21, second.cut());
        square11 = lowerOfSquare(x21, first.a, first.cut());
        square21 = lowerTransposedTimes(x22, x21, a21, second.cut());
    }

    /** Where products with this triangle are cut in two strips; 0 if they are left whole. */
    private int cut() {
        return a.rows() < STRIPS_FROM ? 0 : half;
    }

    /** α·op(A)·op(B) + βC of views made once. */
    private record Product(Transpose ofA, Matrix a, Transpose ofB, Matrix b, Matrix c) {}

    private static void multiply(BlasBackend blas, double alpha, Product[] strips, double beta) {
        for (Product each : strips) blas.gemm(each.ofA, each.ofB, alpha, each.a, each.b, beta, each.c);
    }

    /** C of L·op(B): the first rows of L end at the cut. */
    private static Product[] lowerTimes(Matrix l, Transpose ofB, Matrix b, Matrix c, int cut) {
        if (cut == 0) return new Product[] {new Product(Transpose.NONE, l, ofB, b, c)};
        int rest = l.rows() - cut;
        Matrix start = ofB == Transpose.NONE ? b.rowBlock(0, cut) : b.colBlock(0, cut);
        return new Product[] {
            new Product(Transpose.NONE, l.rowBlock(0, cut).colBlock(0, cut), ofB, start, c.rowBlock(0, cut)),
            new Product(Transpose.NONE, l.rowBlock(cut, rest), ofB, b, c.rowBlock(cut, rest))};
    }

    /** C of Lᵀ·B: the last columns of L begin at the cut. */
    private static Product[] lowerTransposedTimes(Matrix l, Matrix b, Matrix c, int cut) {
        if (cut == 0) return new Product[] {new Product(Transpose.TRANSPOSED, l, Transpose.NONE, b, c)};
        int rest = l.rows() - cut;
        return new Product[] {
            new Product(Transpose.TRANSPOSED, l.colBlock(0, cut), Transpose.NONE, b, c.rowBlock(0, cut)),
            new Product(Transpose.TRANSPOSED, l.rowBlock(cut, rest).colBlock(cut, rest), Transpose.NONE,
                    b.rowBlock(cut, rest), c.rowBlock(cut, rest))};
    }

    /** C of Bᵀ·L: the last columns of L begin at the cut. */
    private static Product[] timesLower(Matrix b, Matrix l, Matrix c, int cut) {
        if (cut == 0) return new Product[] {new Product(Transpose.TRANSPOSED, b, Transpose.NONE, l, c)};
        int rest = l.rows() - cut;
        return new Product[] {
            new Product(Transpose.TRANSPOSED, b, Transpose.NONE, l.colBlock(0, cut), c.colBlock(0, cut)),
            new Product(Transpose.TRANSPOSED, b.rowBlock(cut, rest), Transpose.NONE,
                    l.rowBlock(cut, rest).colBlock(cut, rest), c.colBlock(cut, rest))};
    }

    /** The lower triangle of C, and some of the upper one, of BᵀB. */
    private static Product[] lowerOfSquare(Matrix b, Matrix c, int cut) {
        if (cut == 0) return new Product[] {new Product(Transpose.TRANSPOSED, b, Transpose.NONE, b, c)};
        int rest = c.rows() - cut;
        Matrix end = b.colBlock(cut, rest);
        return new Product[] {
            new Product(Transpose.TRANSPOSED, b, Transpose.NONE, b.colBlock(0, cut), c.colBlock(0, cut)),
            new Product(Transpose.TRANSPOSED, end, Transpose.NONE, end, c.rowBlock(cut, rest).colBlock(cut, rest))};
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
        if (half == 0) {
            blas.invertFactor(a, x, work);
            return;
        }
        first.compute(blas);
        if (c != null) {
            multiply(blas, 1, c, 0);
            multiply(blas, -1, schur, 1);
            second.compute(blas);
            multiply(blas, 1, below, 0);
            multiply(blas, -1, x21OfBelow, 0);
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
        if (a.rows() <= SQUARE_LEAF) {
            blas.gemm(Transpose.TRANSPOSED, Transpose.NONE, 1, x, x, 0, a);
            return;
        }
        first.square(blas);
        second.square(blas);
        if (c != null) {
            multiply(blas, 1, square11, 1);
            multiply(blas, 1, square21, 0);
        } else {
            blas.syrk(Transpose.TRANSPOSED, 1, x21, 1, first.a);
            blas.copy(x21, a21);
            blas.multiplyByTriangle(Side.LEFT, Transpose.TRANSPOSED, 1, x22, a21);
        }
    }
}
