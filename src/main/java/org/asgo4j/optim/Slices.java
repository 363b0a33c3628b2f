// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.optim;

import org.asgo4j.linalg.Matrix;
import org.asgo4j.linalg.Side;

/**
 * The blocks of the matrices that a state was handed last: slicing them anew at every step would allocate. A GPU's
 * copies of a matrix are two for each worker, hence several.
 */
final class Slices {
    private static final int KEPT = 8;

    private final int[] sizes;
    private final Side side; // LEFT: blocks of rows
    private final Matrix[] wholes = new Matrix[KEPT];
    private final Matrix[][] blocks = new Matrix[KEPT][];
    private int next; // to be replaced

    Slices(int[] sizes, Side side) {
        this.sizes = sizes;
        this.side = side;
    }

    /** The blocks of this matrix. */
    Matrix[] of(Matrix whole) {
        for (int i = 0; i < KEPT; i++) {
            if (wholes[i] == whole) return blocks[i];
        }
        Matrix[] cut = new Matrix[sizes.length];
        int from = 0;
        for (int i = 0; i < sizes.length; i++) {
            cut[i] = side == Side.LEFT ? whole.rowBlock(from, sizes[i]) : whole.colBlock(from, sizes[i]);
            from += sizes[i];
        }
        wholes[next] = whole;
        blocks[next] = cut;
        next = (next + 1) % KEPT;
        return cut;
    }
}
