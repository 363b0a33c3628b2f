// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.linalg;

/**
 * The side from which a square matrix multiplies another.
 *
 * {@snippet file="MatrixExamplesTest.java" region="symm"}
 */
public enum Side {
    /** C ← A·B. */
    LEFT,
    /** C ← B·A. */
    RIGHT
}
