// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.linalg;

import java.util.Set;

/**
 * C ← op(A)·B in float32 by tiles of at most 10⁶ multiplications. OpenBLAS copies larger factors into packed buffers
 * before it multiplies; up to that size, on a core with AVX-512 and if B is not transposed, it reads them where they
 * lie. Microseconds of one thread, whole and in tiles (OpenBLAS 0.3.31, a Xeon with AVX-512):
 *
 * <pre>
 *                       128³      512×128×128   256³        384³
 *   A·B                 35   25   124   101     233   201   752   701
 *   Aᵀ·B                37   26   131   101     240   199   773   689
 *   AᵀA, one triangle   29   19   119    76     174   125   490   421
 * </pre>
 *
 * Above that tiles gain nothing: 512³ took 1805 whole, and from 1840 to twice as long in tiles.
 *
 * <p>AAᵀ, one triangle, has its second factor transposed. The kernels for that are slower, and fastest for small tiles
 * whose products are summed in one go. Microseconds for A of k×n, ssyrk → tiles: 64×256 20 → 12, 128×128 30 → 25,
 * 128×512 103 → 73, 256×1024 637 → 545, 384×1536 1910 → 1730, 512×2048 4340 → 4370.
 */
final class GemmTiles {
    /** OpenBLAS's names of the cores for which it has such kernels. */
    static final Set<String> CORES = Set.of("SKYLAKEX", "COOPERLAKE", "SAPPHIRERAPIDS");

    /** Columns of a tile of C. */
    static final int COLS = 64;

    /** Products summed in one go. */
    static final int DEPTH = 128;

    /** Rows and columns of a tile of AAᵀ. */
    static final int SQUARE = 32;

    /** Products of a tile of AAᵀ summed in one go. */
    static final int SQUARE_DEPTH = 768;

    /** Above this order ssyrk is as fast. */
    private static final int MOST_SQUARE = 384;

    /** Multiplications up to which OpenBLAS packs nothing. */
    private static final long MOST_IN_PLACE = 1_000_000;

    private static final int MOST_ROWS = (int) (MOST_IN_PLACE / (COLS * DEPTH));

    /** Elements of C and of what {@link #DEPTH} sums take of A and B that surely stay in a second cache of 2 MiB. */
    private static final long MOST_ELEMENTS = 1 << 18;

    private GemmTiles() {}

    /** Whether a product of this size is better made of tiles: too large for one, small enough for the cache. */
    static boolean serve(int rows, int cols, int depth) {
        return (long) rows * cols * depth > MOST_IN_PLACE
                && (long) rows * cols + (rows + (long) cols) * DEPTH <= MOST_ELEMENTS;
    }

    /** Whether one triangle of AAᵀ of this order is better made of tiles, whatever the depth. */
    static boolean serveSquare(int order) {
        return order > SQUARE && order <= MOST_SQUARE;
    }

    /** Rows of a tile: as many as are allowed, and no small rest. */
    static int rows(int rows) {
        return Math.ceilDiv(rows, Math.ceilDiv(rows, MOST_ROWS));
    }
}
