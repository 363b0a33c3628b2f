// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.train;

import org.asgo4j.linalg.Matrix;

/**
 * One trained tensor with its gradient. Borrows the memory of {@link GptParameters}.
 *
 * @param tensor its name and shape
 * @param weight m×n
 * @param gradient m×n; overwritten by every {@link Gpt#forwardBackward}
 */
record GptParameter(GptTensor tensor, Matrix weight, Matrix gradient) {
    String name() {
        return tensor.name();
    }

    /** Whether the published model holds it with one dimension; it is 1×n here. */
    boolean vector() {
        return tensor.vector();
    }

    /** The rows of a tensor that begins at {@code from}; the same memory. */
    GptParameter rowBlock(GptTensor block, int from) {
        return new GptParameter(block, weight.rowBlock(from, block.rows()), gradient.rowBlock(from, block.rows()));
    }
}
