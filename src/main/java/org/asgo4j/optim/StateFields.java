// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.optim;

import org.asgo4j.linalg.Matrix;

/**
 * The persistent parts of a state, named one by one. A state describes itself once, in one method, and is saved,
 * checked against a file, or loaded from it by the visitor it is given.
 */
interface StateFields {

    /** All elements of a matrix. */
    void matrix(String name, Matrix m);

    /** The lower triangle of a symmetric matrix. */
    void triangle(String name, Matrix m);

    /**
     * The lower triangle of a symmetric matrix that can be computed anew from other fields, and may be missing.
     *
     * @param present whether {@code m} holds it
     * @return whether {@code m} holds it from now on
     */
    boolean derivedTriangle(String name, Matrix m, boolean present);

    /**
     * An integer in {@code [least, largest]}.
     *
     * @param value the state's
     * @return what the state's must be from now on: {@code value}, or the one loaded
     */
    long integer(String name, long value, long least, long largest);

    /** A count. */
    default long integer(String name, long value) {
        return integer(name, value, 0, Long.MAX_VALUE);
    }

    /** A truth, kept as 0 or 1. */
    default boolean flag(String name, boolean value) {
        return integer(name, value ? 1 : 0, 0, 1) == 1;
    }

    /** Whether the state's are replaced; else they are written or checked, and the state goes on as it would have. */
    boolean loads();

    /** The fields of a part, whose names get {@code part} and a dot before them. */
    StateFields part(String part);
}
