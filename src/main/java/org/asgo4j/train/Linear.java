// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.train;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.Matrix;

/**
 * y = x·Wᵀ with W m×n, rows of x and y being tokens: makes the products of its three passes. Keeps a transposed copy of
 * a small W for the first, which {@link Product} explains; {@link #refresh} brings it up to date.
 */
final class Linear {
    /** Side of the square blocks that are transposed in one go: two of them stay in the first cache. */
    private static final int BLOCK = 16;

    /** Elements of a W of which Wᵀ is kept: a larger one is packed by the BLAS as fast as it is read where it lies. */
    private static final long LARGEST_COPIED = 1 << 18;

    /** Two neighbouring elements, the first in the lower half whatever the machine. */
    private static final ValueLayout.OfLong PAIR = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    /** The lower half of a {@link #PAIR}. */
    private static final long FIRST = 0xFFFF_FFFFL;

    private final Backend backend;
    private final GptParameter parameter;
    private final Optional<Matrix> transposed;

    /** Allocates Wᵀ, n×m, in {@code arena}, if it is kept. */
    Linear(Backend backend, Arena arena, GptParameter parameter) {
        this.backend = backend;
        this.parameter = parameter;
        Matrix weight = parameter.weight();
        transposed = weight.size() > LARGEST_COPIED
                ? Optional.empty()
                : Optional.of(Product.padded(backend, arena, weight.cols(), weight.rows()));
    }

    /** Wᵀ ← the present W, if it is kept. */
    void refresh() {
        if (transposed.isPresent()) transpose(parameter.weight(), transposed.get());
    }

    private static void transpose(Matrix weight, Matrix transposed) {
        for (int i = 0; i < weight.rows(); i += BLOCK) {
            int rowEnd = Math.min(i + BLOCK, weight.rows());
            for (int j = 0; j < weight.cols(); j += BLOCK) {
                transposeBlock(weight, transposed, i, rowEnd, j, Math.min(j + BLOCK, weight.cols()));
            }
        }
    }

    private static void transposeBlock(Matrix from, Matrix to, int row, int rowEnd, int col, int colEnd) {
        int pairedRows = rowEnd - (rowEnd - row) % 2;
        int pairedCols = colEnd - (colEnd - col) % 2;
        transposePairs(from, to, row, pairedRows, col, pairedCols);
        transposeSingly(from, to, pairedRows, rowEnd, col, colEnd);
        transposeSingly(from, to, row, pairedRows, pairedCols, colEnd);
    }

    /** Squares of two by two, whose rows are words of eight bytes; takes half as long as element by element. */
    private static void transposePairs(Matrix from, Matrix to, int row, int rowEnd, int col, int colEnd) {
        MemorySegment source = from.segment();
        MemorySegment target = to.segment();
        long sourceStride = (long) from.rowStride() * Float.BYTES;
        long targetStride = (long) to.rowStride() * Float.BYTES;
        for (int j = col; j < colEnd; j += 2) {
            for (int i = row; i < rowEnd; i += 2) {
                long read = i * sourceStride + (long) j * Float.BYTES;
                long write = j * targetStride + (long) i * Float.BYTES;
                long upper = source.get(PAIR, read);
                long lower = source.get(PAIR, read + sourceStride);
                target.set(PAIR, write, upper & FIRST | lower << Float.SIZE);
                target.set(PAIR, write + targetStride, upper >>> Float.SIZE | lower & ~FIRST);
            }
        }
    }

    private static void transposeSingly(Matrix from, Matrix to, int row, int rowEnd, int col, int colEnd) {
        MemorySegment source = from.segment();
        MemorySegment target = to.segment();
        for (int i = row; i < rowEnd; i++) {
            for (int j = col; j < colEnd; j++) {
                float value = source.getAtIndex(ValueLayout.JAVA_FLOAT, (long) i * from.rowStride() + j);
                target.setAtIndex(ValueLayout.JAVA_FLOAT, (long) j * to.rowStride() + i, value);
            }
        }
    }

    /** Y ← X·Wᵀ + βY, X r×n, Y r×m. */
    Product forward(Matrix x, double beta, Matrix y) {
        return transposed.isPresent()
                ? Product.of(backend, x, transposed.get(), beta, y)
                : Product.withTransposed(backend, x, parameter.weight(), beta, y);
    }

    /** dX ← dY·W, dY r×m, dX r×n. */
    Product backward(Matrix dy, Matrix dx) {
        return Product.of(backend, dy, parameter.weight(), 0, dx);
    }

    /** dW ← dYᵀ·X, dY r×m, X r×n, as independent tasks, each for some rows of dW. */
    List<GradientTask> gradient(Matrix dy, Matrix x) {
        Matrix gradient = parameter.gradient();
        List<GradientTask> tasks = new ArrayList<>();
        int step = Product.taskRows(gradient.rows());
        for (int i = 0; i < gradient.rows(); i += step) {
            int rows = Math.min(step, gradient.rows() - i);
            Product product = Product.ofTransposed(backend, dy.colBlock(i, rows), x, 0, gradient.rowBlock(i, rows));
            tasks.add(new GradientTask((long) rows * x.cols() * x.rows(), i, rows, product::run));
        }
        return tasks;
    }
}
