// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.examples;

import java.lang.foreign.Arena;
import java.util.Random;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.Matrix;
import org.asgo4j.testing.Seeds;

/** The smallest model there is: loss ½‖W − T‖_F² for a random T, whose gradient is W − T. W starts at 0. */
final class Model {
    final Matrix weight;
    final Matrix gradient;

    /** For failure messages. */
    final long seed = Seeds.next();

    private final Backend backend;
    private final Matrix target;

    Model(Backend backend, Arena arena, int rows, int cols) {
        this.backend = backend;
        weight = backend.allocate(arena, rows, cols);
        gradient = backend.allocate(arena, rows, cols);
        target = backend.allocate(arena, rows, cols);
        Random random = new Random(seed);
        for (int i = 0; i < rows; i++) {
            for (int j = 0; j < cols; j++) target.set(i, j, random.nextGaussian());
        }
    }

    /** Writes the gradient, as a backward pass does. */
    void backward() {
        backend.copy(weight, gradient);
        backend.axpby(-1, target, 1, gradient);
    }

    double loss() {
        backward();
        return backend.sumOfSquares(gradient) / 2;
    }
}
