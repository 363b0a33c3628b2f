// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.examples.comparison;

import org.asgo4j.linalg.Matrix;

/**
 * A weight and the gradient of the loss in it.
 *
 * @param name unique in a problem
 * @param value W, m×n
 * @param gradient ∂loss/∂W, m×n; written by each backward pass
 * @param bias whether it is a vector of biases, which no rule for matrices should get
 */
public record Weight(String name, Matrix value, Matrix gradient, boolean bias) {}
