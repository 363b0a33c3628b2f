// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.train;

/**
 * A piece of the weight gradients that depends on no other.
 *
 * @param cost multiplications, to begin with the largest
 * @param firstRow first row of the gradient that it writes
 * @param rows rows that it writes
 * @param action writes them
 */
record GradientTask(long cost, int firstRow, int rows, Runnable action) {

    /** This task, then {@code next} on the same rows. */
    GradientTask then(Runnable next) {
        return new GradientTask(cost, firstRow, rows, () -> {
            action.run();
            next.run();
        });
    }
}
