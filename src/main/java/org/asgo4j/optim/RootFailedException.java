// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.optim;

/**
 * The root (or eigenbasis) of a gram matrix could not be computed at several refreshes in a row, nor in float64; the
 * message has its range of eigenvalues and what to change. The weight has not been changed at this step; its moments
 * and gram matrices have. Of a weight in blocks that holds for the block that failed and those behind it; those before
 * it may have taken the step. {@link #getCause} is the first failure of the last refresh. Where roots are asynchronous
 * it may be an {@link Error}, such as an {@link OutOfMemoryError} of the background thread: the next step tries again.
 *
 * {@snippet file="FailureExamplesTest.java" region="rootFailed"}
 */
public final class RootFailedException extends ArithmeticException {
    private static final long serialVersionUID = 1L;

    private final String parameter;
    private final long step;

    RootFailedException(String parameter, long step, String message, Throwable cause) {
        super(message);
        this.parameter = parameter;
        this.step = step;
        initCause(cause);
    }

    /** The parameter's name. */
    public String parameter() {
        return parameter;
    }

    /** The step that failed, counted from 1. */
    public long step() {
        return step;
    }
}
