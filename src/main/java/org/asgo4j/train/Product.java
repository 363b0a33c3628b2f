// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.train;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.Matrix;
import org.asgo4j.linalg.Transpose;

/**
 * C ← op(A)·B + β·C with the views fixed at construction, so that running it allocates nothing; cut into tiles small
 * enough for the BLAS's kernels that read their arguments where they lie, if it has such.
 *
 * <p>OpenBLAS copies large arguments into packed buffers first. Products of at most 10⁶ multiplications of which B is
 * not transposed it does in place. Measured with two threads on a Xeon with AVX-512 (OpenBLAS 0.3.31, float32, GFLOP/s
 * of both together, whole against 64×64×128 tiles): 192×512×128 189 and 218, 192×128×512 188 and 221,
 * (768×512)ᵀ·768×128 149 and 172. What a transposed B gives away (64×64×32: 108 and 243) is why {@link Linear} keeps
 * transposed weights.
 *
 * <p>Where more than 128 products are summed, wide tiles of 64×128×96 are faster; both threads, GFLOP/s of whole, of
 * 64×64×128 (of 128×80×96 in the last two) and of wide tiles: 256×384×1536 158, 170 and 185, 128×768×3072 113, 150
 * and 171, (4096×1536)ᵀ·4096×384 259, 164 and 238, 128 of its rows 211, 204 and 264. And where W is large, A·Bᵀ on W
 * itself does as well as any tiles on a transposed copy: 128×3072×768 211 and 214, 128×768×3072 182 and 167.
 *
 * <p>Where {@link Backend#multipliesSmallInPlace} is false, nothing is cut: with AVX2, OpenBLAS packs small arguments
 * as well (two threads of an AMD EPYC: 384×512×128 137 GFLOP/s, 64×64×128 78 to 108), and forward and backward of four
 * layers of 128 took 61 and 56 ms in tiles, 44 and 50 without, in turn. MKL's products are left whole too; tiles were
 * not tried with it.
 *
 * <p>Rows a multiple of 512 bytes apart compete for the same lines of the first cache. {@link #padded} moves them: for
 * the transposed weights and queries, keys and values it is worth 2 % of a whole step, elsewhere nothing. A tile of B
 * meets all rows of C while it is in that cache, another 1 to 3 %.
 */
final class Product {
    /** What {@link #padded} adds to a row, in elements: a cache line. */
    private static final int PADDING = 16;

    /** Rows of a tile of C, and its columns where few products are summed. */
    private static final int TILE = 64;

    /** A side up to this long is not cut; 80·80·128 is still below 10⁶. */
    private static final int LONGEST_SIDE = 80;

    /** Products summed in one go where that is all of them. */
    private static final int DEPTH = 128;

    /**
     * Columns of a tile of C, and products summed in one go, where there are more of them: 80·128·96 is below 10⁶, too.
     */
    private static final int WIDE_TILE = 128;

    private static final int WIDE_DEPTH = 96;

    /** Rows of C = Aᵀ·B that are a task of their own. */
    private static final int TASK_ROWS = 128;

    private final Backend backend;
    private final Transpose transposeA;
    private final Transpose transposeB;
    private final List<Tile> tiles = new ArrayList<>();

    private record Tile(Matrix a, Matrix b, double beta, Matrix c) {}

    private Product(Backend backend, Transpose transposeA, Transpose transposeB) {
        this.backend = backend;
        this.transposeA = transposeA;
        this.transposeB = transposeB;
    }

    /** A matrix whose rows are not a multiple of 512 bytes apart. */
    static Matrix padded(Backend backend, Arena arena, int rows, int cols) {
        return backend.allocateHost(arena, rows, cols + PADDING).colBlock(0, cols);
    }

    /** C ← A·B + βC, A m×k, B k×n. */
    static Product of(Backend backend, Matrix a, Matrix b, double beta, Matrix c) {
        var product = new Product(backend, Transpose.NONE, Transpose.NONE);
        product.cut(a, b, beta, c, a.cols());
        return product;
    }

    /** C ← Aᵀ·B + βC, A k×m, B k×n. */
    static Product ofTransposed(Backend backend, Matrix a, Matrix b, double beta, Matrix c) {
        var product = new Product(backend, Transpose.TRANSPOSED, Transpose.NONE);
        product.cut(a, b, beta, c, a.rows());
        return product;
    }

    /** C ← A·Bᵀ + βC, A m×k, B n×k; not cut, since a transposed B is packed at every size that matters. */
    static Product withTransposed(Backend backend, Matrix a, Matrix b, double beta, Matrix c) {
        var product = new Product(backend, Transpose.NONE, Transpose.TRANSPOSED);
        product.tiles.add(new Tile(a, b, beta, c));
        return product;
    }

    private void cut(Matrix a, Matrix b, double beta, Matrix c, int depth) {
        if (!backend.multipliesSmallInPlace()) {
            tiles.add(new Tile(a, b, beta, c));
            return;
        }
        boolean shallow = depth <= DEPTH;
        int rowStep = c.rows() <= LONGEST_SIDE ? c.rows() : TILE;
        int colStep = shallow ? c.cols() <= LONGEST_SIDE ? c.cols() : TILE : WIDE_TILE;
        int depthStep = shallow ? DEPTH : WIDE_DEPTH;
        for (int j = 0; j < c.cols(); j += colStep) {
            int cols = Math.min(colStep, c.cols() - j);
            for (int l = 0; l < depth; l += depthStep) {
                int count = Math.min(depthStep, depth - l);
                for (int i = 0; i < c.rows(); i += rowStep) {
                    int rows = Math.min(rowStep, c.rows() - i);
                    Matrix tile = c.rowBlock(i, rows).colBlock(j, cols);
                    Matrix left = transposeA == Transpose.TRANSPOSED
                            ? a.rowBlock(l, count).colBlock(i, rows)
                            : a.rowBlock(i, rows).colBlock(l, count);
                    tiles.add(new Tile(left, b.rowBlock(l, count).colBlock(j, cols), l == 0 ? beta : 1, tile));
                }
            }
        }
    }

    /** The distance between the first rows of two tasks that form C = Aᵀ·B with this many rows. */
    static int taskRows(int rows) {
        return Math.min(rows, TASK_ROWS);
    }

    /** Multiplies. Always the same tiles in the same order. */
    void run() {
        for (int i = 0; i < tiles.size(); i++) {
            Tile tile = tiles.get(i);
            backend.gemm(transposeA, transposeB, 1, tile.a, tile.b, tile.beta, tile.c);
        }
    }
}
