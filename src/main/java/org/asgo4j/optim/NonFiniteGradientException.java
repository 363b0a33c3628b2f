// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.optim;

/**
 * A gradient holds a NaN or an infinity. No weight and no state has been changed.
 *
 * {@snippet file="FailureExamplesTest.java" region="nonFinite"}
 */
public final class NonFiniteGradientException extends ArithmeticException {
    private static final long serialVersionUID = 1L;

    private final String parameter;
    private final long step;
    private final long index;

    /**
     * @param parameter the parameter's name
     * @param step the step that was refused, counted from 1
     * @param index the index {@code row·cols + col} of the first bad element
     * @param cols the parameter's columns
     */
    NonFiniteGradientException(String parameter, long step, long index, int cols) {
        super("gradient of '%s' is not finite at step %d: first at index %d (row %d, column %d)"
                .formatted(parameter, step, index, index / cols, index % cols));
        this.parameter = parameter;
        this.step = step;
        this.index = index;
    }

    /** The parameter's name. */
    public String parameter() {
        return parameter;
    }

    /** The step that was refused, counted from 1. */
    public long step() {
        return step;
    }

    /** The index {@code row·cols + col} of the first bad element. */
    public long index() {
        return index;
    }
}
