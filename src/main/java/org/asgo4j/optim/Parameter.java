// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.optim;

import static org.asgo4j.optim.Checks.require;

import java.lang.foreign.MemorySegment;
import java.math.BigInteger;
import java.util.Arrays;
import org.asgo4j.linalg.ElementType;
import org.asgo4j.linalg.Matrix;

/**
 * A named weight and its gradient, both the caller's memory. The caller writes the gradient before each step; the
 * optimizer reads it and writes the weight.
 *
 * {@snippet file="TrainingExamplesTest.java" region="tensor"}
 *
 * @param name unique in an optimizer; used in messages and in files of its state. Not blank, not beginning with '/'
 * @param weight W, m×n float32
 * @param gradient G, m×n float32
 * @param blocks the row blocks preconditioned each on its own
 */
public record Parameter(String name, Matrix weight, Matrix gradient, RowBlocks blocks) {

    /** Checks names, types and shapes. */
    public Parameter {
        Checks.name("parameter name", name);
        require(weight != null, "parameter '%s': weight must not be null", name);
        require(gradient != null, "parameter '%s': gradient must not be null", name);
        require(blocks != null, "parameter '%s': row blocks must not be null", name);
        checkType(name, "weight", weight);
        checkType(name, "gradient", gradient);
        require(weight.rows() == gradient.rows() && weight.cols() == gradient.cols(),
                "parameter '%s': weight is %s but gradient is %s", name, weight.shape(), gradient.shape());
        require(blocks.rows() == weight.rows(),
                "parameter '%s': row blocks %s have %s rows, the weight has %s", name, blocks.sizes(), blocks.rows(),
                weight.rows());
    }

    /** A parameter preconditioned as a whole. */
    public static Parameter of(String name, Matrix weight, Matrix gradient) {
        return new Parameter(name, weight, gradient, weight == null ? null : RowBlocks.whole(weight.rows()));
    }

    /**
     * A parameter that is a tensor of any rank of at least 1, row-major without gaps, seen as a matrix: the first
     * dimension is the rows, all others together are the columns. So a convolution's out×in×kh×kw is out×(in·kh·kw), a
     * row per output channel, and a vector of n is 1×n. (A transposed convolution holds in×out×kh×kw: its rows are
     * input channels.) Preconditioned as a whole; {@link #withBlocks} says otherwise.
     *
     * @param name unique in an optimizer; used in messages
     * @param weight float32, as many elements as the product of {@code shape}, native and aligned to 4 bytes
     * @param gradient the same
     * @param shape the dimensions, outermost first, each at least 1
     * @throws IllegalArgumentException if there is no dimension, one is less than 1, rows or columns exceed 2^31 − 1,
     *     or a segment has another size, is misaligned or on the heap; the message has the name and the shape
     */
    public static Parameter ofTensor(String name, MemorySegment weight, MemorySegment gradient, long... shape) {
        String tensor = "parameter '%s' of shape %s".formatted(name, Arrays.toString(shape));
        require(shape.length >= 1, "%s: at least one dimension is needed", tensor);
        for (long dimension : shape) require(dimension >= 1, "%s: every dimension must be at least 1", tensor);
        int rows = shape.length == 1 ? 1 : product(tensor, "the first dimension is", shape, 0, 1);
        int cols = shape.length == 1
                ? product(tensor, "it is one row of", shape, 0, 1)
                : product(tensor, "all dimensions but the first make rows of", shape, 1, shape.length);
        return of(name, matrix(tensor + ": weight", weight, rows, cols),
                matrix(tensor + ": gradient", gradient, rows, cols));
    }

    /** The product of {@code shape[from … to−1]}, which must be the size of a matrix. */
    private static int product(String tensor, String what, long[] shape, int from, int to) {
        BigInteger product = BigInteger.ONE; // any product can be said in the message
        for (int i = from; i < to; i++) product = product.multiply(BigInteger.valueOf(shape[i]));
        require(product.bitLength() < Integer.SIZE, "%s: %s %s, a matrix holds at most %s", tensor, what, product,
                Integer.MAX_VALUE);
        return product.intValue();
    }

    private static Matrix matrix(String role, MemorySegment segment, int rows, int cols) {
        long elements = segment == null ? 0 : segment.byteSize() / Float.BYTES;
        require(elements <= (long) rows * cols, "%s has %s elements, more than that shape: slice it", role, elements);
        try {
            return Matrix.of(segment, rows, cols);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(role + ": " + e.getMessage(), e);
        }
    }

    /**
     * Whether the weight is one row or one column, as biases and gains are. {@link Asgo} and {@link Muon} take
     * vectors too, but only scale their length: they belong in a group of {@link AdamW}. An embedding is a matrix, and
     * belongs there all the same.
     *
     * {@snippet file="TrainingExamplesTest.java" region="vectors"}
     */
    public boolean isVector() {
        return weight.rows() == 1 || weight.cols() == 1;
    }

    /** The same weight and gradient, cut into other row blocks. */
    public Parameter withBlocks(RowBlocks newBlocks) {
        return new Parameter(name, weight, gradient, newBlocks);
    }

    private static void checkType(String name, String role, Matrix m) {
        require(m.type() == ElementType.FLOAT32, "parameter '%s': %s holds %s, must hold FLOAT32", name, role,
                m.type());
    }
}
