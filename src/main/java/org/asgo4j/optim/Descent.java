// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.optim;

import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.Matrix;

/** The last line of a rule: W ← (1 − ηλ)·W − η·s·U. */
final class Descent {
    /** Where −η·s would come near the end of float32, U is multiplied first. */
    private static final double LARGEST_STEP = 0x1p100;

    private Descent() {}

    /**
     * ‖U‖_F, checked.
     *
     * @param rule named in the message
     * @param step the step under way, counted from 1
     * @throws ArithmeticException if it is not finite
     */
    static double norm(Backend backend, Matrix update, String rule, long step) {
        double norm = Math.sqrt(backend.sumOfSquares(update));
        if (!Double.isFinite(norm)) {
            throw new ArithmeticException(
                    "norm of the %s update is %s at step %d, must be finite".formatted(rule, norm, step));
        }
        return norm;
    }

    /**
     * W ← (1 − ηλ)·W − η·s·U.
     *
     * @param update U; its content is undefined afterwards
     * @param length s, which float32 need not hold where U is as small as s is large
     * @param learningRate η
     * @param weightDecay λ
     */
    static void step(Backend backend, Matrix weight, Matrix update, double length, float learningRate,
            float weightDecay) {
        double factor = learningRate * length;
        if (factor > LARGEST_STEP) {
            GradientScale.multiply(backend, factor, update);
            factor = 1;
        }
        backend.axpby((float) -factor, update, 1 - learningRate * weightDecay, weight);
    }
}
