// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.optim;

/**
 * A file holds the state of another optimizer, model, type or version. Nothing has been changed.
 *
 * {@snippet file="TrainingExamplesTest.java" region="mismatch"}
 */
public final class StateMismatchException extends IllegalArgumentException {
    private static final long serialVersionUID = 1L;

    StateMismatchException(String message) {
        super(message);
    }
}
