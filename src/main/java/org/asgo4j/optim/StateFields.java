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
     * An integer, such as a count.
     *
     * @param value the state's
     * @return what the state's must be from now on: {@code value}, or the one loaded
     */
    long integer(String name, long value);

    /** The fields of a part, whose names get {@code part} and a dot before them. */
    StateFields part(String part);
}
