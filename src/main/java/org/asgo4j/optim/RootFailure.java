// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.optim;

/** A root method could not root a gram matrix. Caught by the ladder, which tries the next rung. */
final class RootFailure extends ArithmeticException {
    private static final long serialVersionUID = 1L;

    RootFailure(String message) {
        super(message);
    }
}
