// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.optim;

import org.asgo4j.linalg.Matrix;

/** Where the rows of a packed lower triangle lie. */
final class Triangle {

    private Triangle() {}

    /** The elements of the lower triangle of a k×k matrix, k(k+1)/2. */
    static long size(Matrix m) {
        return rowStart(m.rows());
    }

    /** The elements before row {@code i}. */
    static long rowStart(int i) {
        return (long) i * (i + 1) / 2;
    }
}
