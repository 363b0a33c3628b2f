// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.examples.comparison;

import java.util.List;
import org.asgo4j.linalg.Matrix;

/**
 * A differentiable map of matrices, or a network of such maps. B is the number of examples in a batch, at most that
 * which the layer was made for.
 */
public interface Layer {

    /** y = f(x). The result is the layer's memory and holds until its next forward pass. */
    Matrix forward(Matrix x);

    /**
     * Sets the gradients of the weights, and returns that of the last forward pass's x. The result is the layer's
     * memory and holds until its next backward pass.
     *
     * @param dy the gradient of the loss in y, of y's shape
     */
    Matrix backward(Matrix dy);

    /** The weights, in a fixed order. */
    List<Weight> weights();
}
