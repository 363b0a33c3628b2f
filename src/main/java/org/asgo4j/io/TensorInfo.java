// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.io;

import java.util.List;
import java.util.Objects;

/**
 * What a safetensors header says about one tensor.
 *
 * {@snippet file="FileExamplesTest.java" region="read"}
 *
 * @param name       key of the tensor in the file
 * @param dtype      type of an element
 * @param shape      dimensions, outermost first; empty for a scalar
 * @param offset     first byte, counted from the end of the header
 * @param byteLength number of bytes; equal to {@code elements · bits / 8}
 */
public record TensorInfo(String name, DType dtype, List<Long> shape, long offset, long byteLength) {
    /** The most dimensions a tensor may have here; NumPy's limit too. */
    static final int MAX_RANK = 64;

    /**
     * Copies the shape.
     *
     * @throws NullPointerException if a reference is null
     */
    public TensorInfo {
        Objects.requireNonNull(name, "name");
        Objects.requireNonNull(dtype, "dtype");
        shape = List.copyOf(shape);
    }

    /**
     * Returns the number of elements, the product of {@link #shape}.
     *
     * @return the element count; 1 for a scalar
     * @throws ArithmeticException if the product exceeds a long, which no tensor of an opened file does
     */
    public long elements() {
        return elements(shape);
    }

    /** Returns "tensor 'name'" for a message, with a hostile name made short and printable. */
    static String label(String name) {
        return "tensor '" + JsonReader.shown(name) + "'";
    }

    /** Returns the product of the dimensions; throws ArithmeticException on overflow. */
    static long elements(List<Long> shape) {
        long product = 1;
        for (long dimension : shape) {
            product = Math.multiplyExact(product, dimension);
        }
        return product;
    }

    /** Returns the bytes of a tensor, or -1 if they are not a whole number; throws ArithmeticException on overflow. */
    static long bytes(DType dtype, List<Long> shape) {
        long bits = Math.multiplyExact(elements(shape), (long) dtype.bits());
        return bits % Byte.SIZE == 0 ? bits / Byte.SIZE : -1;
    }
}
