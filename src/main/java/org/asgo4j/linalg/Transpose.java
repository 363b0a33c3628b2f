// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.linalg;

/**
 * How a product reads one of its arguments: as it lies, or transposed. The memory is not changed.
 *
 * {@snippet file="MatrixExamplesTest.java" region="backend"}
 */
public enum Transpose {
    /** The matrix as it lies. */
    NONE,
    /** Its transpose. */
    TRANSPOSED
}
