package org.asgo4j.train;

import java.util.ArrayList;
import java.util.List;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.Matrix;
import org.asgo4j.linalg.Transpose;

/**
 * C ← op(A)·B + β·C with the views fixed at construction, so that running it allocates nothing; cut into tiles small
 * enough for the BLAS's kernels that read their arguments where they lie.
 *
 * <p>OpenBLAS copies large arguments into packed buffers first. Products of at most 10⁶ multiplications of which B is
 * not transposed it does in place. Measured with two threads on a Xeon with AVX-512 (OpenBLAS 0.3.31, float32, GFLOP/s
 * of both together, whole against 64×64×128 tiles): 192×512×128 189 and 218, 192×128×512 188 and 221,
 * (768×512)ᵀ·768×128 149 and 172. What a transposed B gives away (64×64×32: 108 and 243) is why {@link Linear} keeps
 * transposed weights.
 */
final class Product {
    /** Side of a tile of C, in elements. */
    private static final int TILE = 64;

    /** A side up to this long is not cut; 80·80·128 is still below 10⁶. */
    private static final int LONGEST_SIDE = 80;

    /** Products summed in one go. */
    private static final int DEPTH = 128;

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

    /** C ← A·Bᵀ, A m×k, B n×k; not cut, since a transposed B is packed at every size that matters. */
    static Product withTransposed(Backend backend, Matrix a, Matrix b, Matrix c) {
        var product = new Product(backend, Transpose.NONE, Transpose.TRANSPOSED);
        product.tiles.add(new Tile(a, b, 0, c));
        return product;
    }

    private void cut(Matrix a, Matrix b, double beta, Matrix c, int depth) {
        int rowStep = step(c.rows());
        int colStep = step(c.cols());
        for (int i = 0; i < c.rows(); i += rowStep) {
            int rows = Math.min(rowStep, c.rows() - i);
            for (int j = 0; j < c.cols(); j += colStep) {
                int cols = Math.min(colStep, c.cols() - j);
                Matrix tile = c.rowBlock(i, rows).colBlock(j, cols);
                for (int l = 0; l < depth; l += DEPTH) {
                    int count = Math.min(DEPTH, depth - l);
                    Matrix left = transposeA == Transpose.NONE
                            ? a.rowBlock(i, rows).colBlock(l, count)
                            : a.rowBlock(l, count).colBlock(i, rows);
                    tiles.add(new Tile(left, b.rowBlock(l, count).colBlock(j, cols), l == 0 ? beta : 1, tile));
                }
            }
        }
    }

    /** The distance between the first elements of two tiles along a side of this length. */
    static int step(int length) {
        return length <= LONGEST_SIDE ? length : TILE;
    }

    /** Multiplies. Always the same tiles in the same order. */
    void run() {
        for (int i = 0; i < tiles.size(); i++) {
            Tile tile = tiles.get(i);
            backend.gemm(transposeA, transposeB, 1, tile.a, tile.b, tile.beta, tile.c);
        }
    }
}
