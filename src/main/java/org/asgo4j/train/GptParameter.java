// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.train;

import org.asgo4j.linalg.Matrix;

/**
 * One trained tensor under the name PyTorch gives it, with its gradient. Borrows the memory of {@link GptParameters}.
 *
 * @param name such as {@code transformer.h.0.attn.to_q.weight}
 * @param vector whether the published model holds it with one dimension (a gain); it is 1×n here
 * @param weight m×n
 * @param gradient m×n; overwritten by every {@link Gpt#forwardBackward}
 */
record GptParameter(String name, boolean vector, Matrix weight, Matrix gradient) {

    /** The rows {@code from … from+count−1} under another name; the same memory. */
    GptParameter rowBlock(String blockName, int from, int count) {
        return new GptParameter(blockName, vector, weight.rowBlock(from, count), gradient.rowBlock(from, count));
    }
}
