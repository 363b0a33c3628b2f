// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.linalg;

import java.lang.foreign.Arena;
import java.util.List;
import java.util.Optional;

/**
 * The operations of an optimizer step and of a training job on {@link Matrix} views. Obtained from
 * {@link Backends#open()}.
 *
 * <p>Outputs come last. Unless a method says otherwise its matrices are {@link ElementType#FLOAT32}, an output must not
 * overlap an input, and memory between rows (when {@code rowStride > cols}) is neither read nor written. Every method
 * checks shapes, liveness, thread confinement and overlap before it touches memory, and throws
 * {@link IllegalArgumentException} (shape, type, overlap, read-only output), {@link IllegalStateException} (closed
 * memory or backend) or {@link WrongThreadException} (memory confined to another thread), naming operation and
 * argument.
 *
 * <p>Methods may be called from several threads at once on different outputs. They allocate nothing on the Java heap,
 * but for {@link #gemmBlocks} on a CPU and the first {@link #addInverse} of an order with a workspace.
 *
 * <p>The CPU's backends work on this computer's memory. A GPU's works on its own, which {@link #allocate} gives, and
 * may return before the work is done: calls of one thread take effect in their order; another thread, or whoever else
 * uses that memory, sees their effect after {@link #synchronize}. It takes matrices in this computer's memory too,
 * copies them there and back in every call, and returns when that is done.
 *
 * <p>Those that {@link Backends} opens are the implementations. The interface is open for wrappers around one of them,
 * that count calls, measure, or fail on demand; a workspace made through a wrapper is the wrapped one's. A release may
 * add methods: a wrapper is compiled against one, or is a {@link java.lang.reflect.Proxy}.
 *
 * {@snippet file="MatrixExamplesTest.java" region="backend"}
 */
public interface Backend extends AutoCloseable {

    /** Which implementation this is. */
    BackendName name();

    /**
     * One line about what really runs: for a native backend the library file loaded, its version, the core type it
     * chose and its threads; for all the lane width of the elementwise kernels.
     */
    String describe();

    /**
     * Whether {@link #gemm} of float32 with at most 10⁶ multiplications, B not transposed, reads its arguments where
     * they lie instead of packing them first; if so, a product of some 10⁷ may be faster in pieces that small.
     */
    default boolean multipliesSmallInPlace() {
        return false;
    }

    /** A new zero-filled matrix without gaps between rows, aligned to 64 bytes, living as long as {@code arena}. */
    Matrix allocate(Arena arena, ElementType type, int rows, int cols);

    /** A new zero-filled float32 matrix; see {@link #allocate(Arena, ElementType, int, int)}. */
    default Matrix allocate(Arena arena, int rows, int cols) {
        return allocate(arena, ElementType.FLOAT32, rows, cols);
    }

    /**
     * A new zero-filled matrix without gaps in this computer's memory, living as long as {@code arena}: what
     * {@link #allocate} gives on a CPU. For a GPU it is page-locked, so that copies reach the speed of the bus.
     */
    default Matrix allocateHost(Arena arena, ElementType type, int rows, int cols) {
        return allocate(arena, type, rows, cols);
    }

    /** A new zero-filled float32 matrix; see {@link #allocateHost(Arena, ElementType, int, int)}. */
    default Matrix allocateHost(Arena arena, int rows, int cols) {
        return allocateHost(arena, ElementType.FLOAT32, rows, cols);
    }

    /**
     * Page-locks the memory of a matrix that lies in this computer's until {@code arena} closes, so that a GPU's copies
     * reach the speed of the bus and the processor is free meanwhile. Nothing to do on a CPU.
     *
     * @param arena ends it; must close before the matrix's own memory is freed
     * @param m its rows and what lies between them are locked
     */
    default void pin(Arena arena, Matrix m) {}

    /**
     * Page-locks the memory of those matrices that lie in this computer's, where that is allowed, until {@code arena}
     * closes; what is page-locked already stays as it is. What is not gets copied all the same, only slower. Matrices
     * that share a page of memory are locked together, up to the last one's end. Nothing to do on a CPU, and nothing is
     * done where {@code asgo4j.cuda.pagelock} is false, see {@link Backends}.
     *
     * @param arena ends it; must close before any of the matrices' memory is freed
     * @param matrices any number
     * @return why some memory could not be page-locked; empty if all is, or none was to be
     */
    default Optional<String> pinWherePossible(Arena arena, List<Matrix> matrices) {
        return Optional.empty();
    }

    /**
     * A matrix in GPU memory that other code allocated in this process, such as another framework's weight: work on it
     * copies nothing. That code must have finished writing it, and must wait for {@link #synchronize} before it reads.
     *
     * @param arena ends the use; it doesn't free the memory
     * @param address the device pointer of element (0, 0)
     * @throws IllegalArgumentException if the driver knows no memory of this backend's GPU there, or too little for the
     *     shape
     * @throws UnsupportedOperationException if this backend has no GPU
     */
    default Matrix deviceMatrix(Arena arena, long address, ElementType type, int rows, int cols, int rowStride) {
        throw new UnsupportedOperationException("backend " + name().property() + " has no device memory");
    }

    /**
     * Waits until all that this thread has asked of this backend is done. Nothing to do on a CPU.
     *
     * @throws DeviceException if a part of it failed
     */
    default void synchronize() {}

    /**
     * Begins Y ← X from this computer's memory to the GPU's: once all that this thread has asked for before is done,
     * and beside what it asks for next, of which only what follows {@link #awaitUploads} may use Y. On a CPU a plain
     * copy.
     *
     * @param x in this computer's memory, page-locked if the copy is to be beside anything; read, and not to be changed
     *     before {@link #synchronize}
     * @param y of X's shape and type, in the GPU's memory; written
     */
    default void upload(Matrix x, Matrix y) {
        copy(x, y);
    }

    /** Has what this thread asks for from here on wait for each {@link #upload} so far. Nothing to do on a CPU. */
    default void awaitUploads() {}

    /**
     * Begins Y ← X from the GPU's memory to this computer's: once all that this thread has asked for before is done,
     * and beside what it asks for next; there after {@link #synchronize}. A later {@link #upload} waits for it. On a
     * CPU a plain copy.
     *
     * @param x in the GPU's memory; read, and not to be changed before the next upload or synchronize
     * @param y of X's shape and type, in this computer's memory; written
     */
    default void download(Matrix x, Matrix y) {
        copy(x, y);
    }

    /**
     * C ← α·op(A)·op(B) + β·C. With β = 0, C is not read. All three of one type, either one.
     *
     * <p>With a row or a column of ones it repeats a row and adds up columns, as the bias of a layer needs:
     *
     * {@snippet file="MatrixExamplesTest.java" region="bias"}
     *
     * @param transposeA whether op(A) is A or Aᵀ
     * @param transposeB whether op(B) is B or Bᵀ
     * @param alpha α
     * @param a op(A) is m×k; read
     * @param b op(B) is k×n; read
     * @param beta β
     * @param c m×n; written, read if β ≠ 0
     */
    void gemm(Transpose transposeA, Transpose transposeB, double alpha, Matrix a, Matrix b, double beta, Matrix c);

    /**
     * C_i ← α·A_i·B_i + β·C_i for the {@code count} equal blocks of rows of C, A and B: the products of matrices that
     * lie one below the other. On a GPU they are done at once, which fills it where one of them would not. With β = 0,
     * C is not read. All three of one type, either one.
     *
     * <p>On a CPU, where it gains nothing and no optimizer calls it, it makes views of the blocks.
     *
     * @param count how many blocks, at least 1; divides the rows of all three
     * @param alpha α
     * @param a A_i is m×k, A (count·m)×k; read
     * @param b B_i is k×n, B (count·k)×n; read
     * @param beta β
     * @param c C_i is m×n, C (count·m)×n; written, read if β ≠ 0
     */
    default void gemmBlocks(int count, double alpha, Matrix a, Matrix b, double beta, Matrix c) {
        Shapes.gemmBlocks(name(), count, a, b, c);
        int m = c.rows() / count;
        for (int i = 0; i < count; i++) {
            gemm(Transpose.NONE, Transpose.NONE, alpha, a.rowBlock(i * m, m), b.rowBlock(i * a.cols(), a.cols()), beta,
                    c.rowBlock(i * m, m));
        }
    }

    /**
     * The lower triangle (with the diagonal) of C ← α·op(A)·op(A)ᵀ + β·C. Nothing from the strict upper triangle gets
     * there, and what that holds afterwards is undefined. With β = 0, C is not read. Both of one type, either one.
     *
     * @param transposeA whether op(A) is A (C ← αAAᵀ + βC) or Aᵀ (C ← αAᵀA + βC)
     * @param alpha α
     * @param a op(A) is k×n; read
     * @param beta β
     * @param c k×k; lower triangle written, read if β ≠ 0; strict upper triangle undefined afterwards
     */
    void syrk(Transpose transposeA, double alpha, Matrix a, double beta, Matrix c);

    /**
     * C ← A·B ({@link Side#LEFT}) or C ← B·A ({@link Side#RIGHT}) for symmetric A, of which only the lower triangle is
     * read. All three of one type, either one.
     *
     * @param side where A stands
     * @param a k×k, symmetric; lower triangle read
     * @param b k×n (LEFT) or m×k (RIGHT); read
     * @param c as B; written
     */
    void symm(Side side, Matrix a, Matrix b, Matrix c);

    /**
     * A new workspace of this backend for {@link #eigh}, {@link #orthonormalize}, {@link #tridiagonalize}, {@link
     * #addResolvent} and {@link #addInverse} on matrices of {@code type} up to order {@code order}, living as long as
     * {@code arena}.
     *
     * @throws IllegalArgumentException if {@code order} is less than 1 or more than {@link EighWorkspace#MAX_ORDER}
     */
    EighWorkspace eighWorkspace(Arena arena, ElementType type, int order);

    /**
     * Eigendecomposition of a symmetric matrix, A = Qᵀ·diag(w)·Q: w ← eigenvalues ascending, row i of A ← the unit
     * eigenvector of w_i. Sign, and order among equal eigenvalues, are free. If an element of A is NaN or infinite, the
     * call throws or leaves NaN or infinite elements in w or A.
     *
     * @param a k×k, symmetric, either type; lower triangle read, all overwritten
     * @param eigenvalues 1×k of A's type; written
     * @param workspace of this backend, of A's type and at least order k; its content is overwritten
     * @throws NativeCallException if the iteration does not converge or LAPACK rejects an argument; A is undefined then
     */
    void eigh(Matrix a, Matrix eigenvalues, EighWorkspace workspace);

    /**
     * {@link #eigh} of {@code count} matrices that lie one below the other, at once: A_i = Q_iᵀ·diag(w_i)·Q_i. One that
     * can't be decomposed, as one with NaN, does not disturb the others: its eigenvalues become NaN, its A_i is
     * undefined.
     *
     * <p>Only a GPU gains from it, and cuSOLVER has it from 11.7.1 (CUDA 12.6 update 2) on. Everywhere else, and where
     * the GPU has no room for cuSOLVER's workspace, nothing is done: {@code eigh} decomposes them one by one.
     *
     * @param count how many, at least 1; divides A's rows
     * @param a A_i is k×k, symmetric, A (count·k)×k, either type; both triangles read, all overwritten
     * @param eigenvalues count×k of A's type, row i those of A_i; written
     * @return whether it was done; if not, no argument was touched
     */
    default boolean eighBlocks(int count, Matrix a, Matrix eigenvalues) {
        SquareShapes.eighBlocks(name(), count, a, eigenvalues);
        return false;
    }

    /**
     * A ← Q of A = R·Q, where Q's rows are orthonormal and R is lower triangular with a diagonal ≥ 0 (up to rounding):
     * row i of Q lies in the span of the first i+1 rows of A. In terms of columns, the QR decomposition of Aᵀ.
     *
     * @param a k×k, either type; read and written
     * @param workspace of this backend, of A's type and at least order k; its content is overwritten
     * @throws NativeCallException if LAPACK rejects an argument; A is undefined then
     */
    void orthonormalize(Matrix a, EighWorkspace workspace);

    /**
     * Tridiagonal form of a symmetric matrix, A = Qᵀ·T·Q: A ← Q, whose rows are orthonormal. The part of an
     * eigendecomposition that is done in a fixed number of steps.
     *
     * @param a k×k, symmetric; lower triangle read, all overwritten
     * @param diagonal 1×k, the diagonal of T; written
     * @param offDiagonal 1×k, its first k−1 entries are those beside the diagonal; written, the last one undefined
     * @param workspace of this backend, float32 and at least order k; its content is overwritten
     * @throws NativeCallException if LAPACK rejects an argument; A is undefined then
     */
    void tridiagonalize(Matrix a, Matrix diagonal, Matrix offDiagonal, EighWorkspace workspace);

    /**
     * The lower triangle of C ← C + α·(T + σI)⁻¹ for a symmetric positive definite tridiagonal T + σI: O(k²), by the
     * two-sided elimination of T + σI in float64. Functions of T that are sums of resolvents are made of it.
     *
     * @param alpha α
     * @param shift σ
     * @param diagonal 1×k, the diagonal of T; read
     * @param offDiagonal 1×k, its first k−1 entries are those beside the diagonal; read
     * @param c k×k; lower triangle read and written
     * @param workspace of this backend, float32 and at least order k; its content is overwritten
     * @throws ArithmeticException if T + σI is not positive definite to working precision; C is undefined then
     */
    void addResolvent(
            double alpha, double shift, Matrix diagonal, Matrix offDiagonal, Matrix c, EighWorkspace workspace);

    /**
     * The lower triangle of C ← C + α·(A + σI)⁻¹ for a symmetric positive definite A + σI, by Cholesky's factorization:
     * fewer flops than a product. Functions of A that are sums of resolvents are made of it.
     *
     * @param alpha α
     * @param shift σ
     * @param a k×k, either type; lower triangle read
     * @param c k×k of A's type; lower triangle read and written
     * @param workspace of this backend, of A's type and at least order k; its content is overwritten. The first call
     *     with one for an order allocates a few objects
     * @throws NativeCallException if A + σI is not positive definite to working precision; C is undefined then
     */
    void addInverse(double alpha, double shift, Matrix a, Matrix c, EighWorkspace workspace);

    /**
     * Y ← α·X + β·Y, elementwise in one pass, each element rounded as fma(α, x, β·y). With β = 0, Y is not read. X and
     * Y may be the same elements.
     *
     * @param alpha α
     * @param x m×n; read
     * @param beta β
     * @param y m×n; written
     */
    void axpby(float alpha, Matrix x, float beta, Matrix y);

    /**
     * A momentum and Nesterov's direction, which looks ahead of it: M ← keep·M + fresh·G, then N ← keep·M + fresh·G,
     * each element of either rounded as a product and an fma. On a CPU in one pass.
     *
     * @param fresh factor of the gradient
     * @param gradient G, m×n; read
     * @param keep factor of the momentum
     * @param momentum M, m×n; read and written
     * @param direction N, m×n; written
     */
    void lookAhead(float fresh, Matrix gradient, float keep, Matrix momentum, Matrix direction);

    /**
     * One AdamW step (Loshchilov and Hutter 2019, as torch.optim.AdamW computes it), in one pass, with g = c·G:
     * m ← β₁m + (1−β₁)g, v ← β₂v + (1−β₂)g², W ← decay·W − stepSize·m / (rootCorrection·√v + ε).
     *
     * @param gradientScale c
     * @param beta1 β₁, in float64 so that 1−β₁ is rounded once
     * @param beta2 β₂, likewise
     * @param epsilon ε
     * @param stepSize η/(1−β₁ᵗ)
     * @param rootCorrection 1/√(1−β₂ᵗ)
     * @param decay 1−ηλ
     * @param gradient G, m×n; read
     * @param firstMoment m, m×n; read and written
     * @param secondMoment v, m×n; read and written
     * @param weight W, m×n; read and written
     */
    void adamw(
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
            Matrix weight);

    /**
     * A ← diag(d)·A: row i is multiplied by d_i.
     *
     * @param d 1×m of A's type; read
     * @param a m×n, either type; read and written
     */
    void scaleRows(Matrix d, Matrix a);

    /**
     * A ← A·diag(d): column j is multiplied by d_j.
     *
     * @param d 1×n; read
     * @param a m×n; read and written
     */
    void scaleCols(Matrix d, Matrix a);

    /**
     * The strict upper triangle of A ← that of the lower one's transpose, which makes A symmetric.
     *
     * @param a k×k, either type; lower triangle read, strict upper one written
     */
    void symmetrize(Matrix a);

    /**
     * The diagonal of αAAᵀ + β·diag(d) ({@link Side#LEFT}: α times the squared norms of A's rows) or of αAᵀA +
     * β·diag(d) ({@link Side#RIGHT}: of its columns), accumulated in float64: what is left of {@link #syrk} where only
     * the diagonal is wanted. d is read even if β = 0.
     *
     * @param side whose norms: LEFT the rows', RIGHT the columns'
     * @param alpha α
     * @param a m×n; read
     * @param beta β
     * @param d 1×m (LEFT) or 1×n (RIGHT), {@link ElementType#FLOAT64}; read and written
     */
    void gramDiagonal(Side side, double alpha, Matrix a, double beta, Matrix d);

    /**
     * Y ← α·X∘X + β·Y, elementwise squares in one pass, each element rounded as fma(α·x, x, β·y). Y is read even if β =
     * 0.
     *
     * @param alpha α
     * @param x m×n; read
     * @param beta β
     * @param y m×n; read and written
     */
    void addSquares(float alpha, Matrix x, float beta, Matrix y);

    /**
     * Y ← X / (√(V + inside) + outside), elementwise; 0 where that denominator is 0.
     *
     * @param x m×n; read
     * @param v m×n, no element below 0; read
     * @param inside added to V under the root, at least 0
     * @param outside added to the root, at least 0
     * @param y m×n; written
     */
    void divideByRoot(Matrix x, Matrix v, float inside, float outside, Matrix y);

    /**
     * One step of Lion (Chen et al. 2023, arXiv 2302.06675), in one pass, with g = c·G: u ← sign(β₁m + (1−β₁)g), m ←
     * β₂m + (1−β₂)g, W ← decay·W − stepSize·u, where sign(0) = 0.
     *
     * @param gradientScale c
     * @param beta1 β₁, in float64 so that 1−β₁ is rounded once
     * @param beta2 β₂, likewise
     * @param stepSize η
     * @param decay 1−ηλ
     * @param gradient G, m×n; read
     * @param momentum m, m×n; read and written
     * @param weight W, m×n; read and written
     */
    void lion(float gradientScale, double beta1, double beta2, float stepSize, float decay, Matrix gradient,
            Matrix momentum, Matrix weight);

    /**
     * y_ij ← x_kl with k = rows[i] and l = cols[j]: rows and columns in another order.
     *
     * @param rows an index of a row of X for each row of Y
     * @param cols an index of a column of X for each column of Y
     * @param x read
     * @param y of X's shape; written
     */
    void gather(int[] rows, int[] cols, Matrix x, Matrix y);

    /**
     * Y ← X. The types may differ: float32 widens exactly, float64 rounds to nearest. X and Y may be the same elements.
     *
     * @param x m×n, either type; read
     * @param y m×n, either type; written
     */
    void copy(Matrix x, Matrix y);

    /**
     * A ← value, every element.
     *
     * @param a m×n, either type; written
     */
    void fill(double value, Matrix a);

    /**
     * A ← A/divisor, elementwise, in float64 and rounded once.
     *
     * @param a m×n, either type; read and written
     */
    void divide(double divisor, Matrix a);

    /**
     * The lower triangle of A ← factor·A, in float64 and rounded once. Whether the strict upper triangle is multiplied
     * as well is the backend's choice.
     *
     * @param a k×k, either type; read and written
     */
    void multiplyLower(double factor, Matrix a);

    /**
     * A ← A + shift·I.
     *
     * @param a k×k, either type; diagonal read and written
     */
    void addToDiagonal(double shift, Matrix a);

    /**
     * d_i ← a_ii.
     *
     * @param a k×k, either type; diagonal read
     * @param d k elements of A's type, 1×k or k×1 without gaps; written
     */
    void diagonal(Matrix a, Matrix d);

    /**
     * The lower triangle of Y ← scale·(X + Xᵀ)/2, in float64 and rounded once.
     *
     * @param x k×k, either type; read
     * @param y k×k float32; lower triangle written
     */
    void averageLower(double scale, Matrix x, Matrix y);

    /**
     * X ← (X + Xᵀ)/2 + Δ, where Δ_ij = (I − (P + Pᵀ)/2)_ij / (√b_ii + √b_jj) for the product P = XBX: the step of
     * Newton's method for XBX = I where B is nearly diagonal. In float64 and rounded once.
     *
     * @param product P, k×k of X's type; read
     * @param b B, k×k of X's type with a positive diagonal, which is read
     * @param x k×k, either type; read and written
     */
    void correctRoot(Matrix product, Matrix b, Matrix x);

    /**
     * d_i ← Σ_j x_ij·y_ij, accumulated in float64.
     *
     * @param x m×n, either type; read
     * @param y m×n of X's type; read
     * @param d 1×m of X's type; written
     */
    void rowDots(Matrix x, Matrix y, Matrix d);

    /** tr A = Σ a_ii of a k×k matrix of either type, accumulated in float64. */
    double trace(Matrix a);

    /** ‖A‖_F² of a symmetric matrix of either type, of which the lower triangle is read; accumulated in float64. */
    double sumOfSquaresOfSymmetric(Matrix a);

    /** ‖I − A‖_F² of a k×k matrix of either type, accumulated in float64. */
    double squaredDistanceFromIdentity(Matrix a);

    /** ‖X‖_F² = Σ x_ij², accumulated in float64. NaN or infinite if and only if an element is. */
    double sumOfSquares(Matrix x);

    /**
     * The index {@code i·cols + j} of the first element of X, of either type, that is NaN or infinite; −1 if all are
     * finite.
     */
    long firstNonFinite(Matrix x);

    /**
     * Ends this backend's use, and frees what it holds for itself; matrices stay valid as long as their arenas. A
     * native library stays loaded. No call may be under way.
     */
    @Override
    void close();
}
