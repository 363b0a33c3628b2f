// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.optim;

import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.Matrix;
import org.asgo4j.linalg.Transpose;

/** Matrices of one shape, one below the other in memory: what is done to all of them is one call. */
final class Stack {
    private final Matrix all; // (count·m)×n
    private final Matrix[] blocks; // m×n each

    private Stack(Matrix all, Matrix[] blocks) {
        this.all = all;
        this.blocks = blocks;
    }

    /** The equal blocks of rows of {@code all}. */
    static Stack of(Matrix all, int count) {
        int rows = all.rows() / count;
        Matrix[] blocks = new Matrix[count];
        for (int i = 0; i < count; i++) blocks[i] = all.rowBlock(i * rows, rows);
        return new Stack(all, blocks);
    }

    /** All of them as one matrix. */
    Matrix all() {
        return all;
    }

    /** One of them. */
    Matrix block(int i) {
        return blocks[i];
    }

    /** Adds {@code shift}·I to each. */
    void addToDiagonals(Backend backend, double shift) {
        for (Matrix block : blocks) backend.addToDiagonal(shift, block);
    }

    /** Each of these ← α·A·B + β·it. */
    void multiply(Backend backend, double alpha, Stack a, Stack b, double beta) {
        if (blocks.length == 1) backend.gemm(Transpose.NONE, Transpose.NONE, alpha, a.all, b.all, beta, all);
        else backend.gemmBlocks(blocks.length, alpha, a.all, b.all, beta, all);
    }
}
