// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.optim;

import java.lang.foreign.Arena;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.Matrix;

/** The two moments of one weight under {@link AdamW}. */
final class AdamWState extends RuleState {
    /** Squares of elements up to this stay inside float32, with room for what rounding adds to their mean. */
    private static final NormLimit NORM_LIMIT =
            new NormLimit(0x1p63, "AdamW", "the second moment takes squares in float32");

    private final AdamWConfig config;
    private final Matrix firstMoment; //  m×n
    private final Matrix secondMoment; // m×n

    AdamWState(Backend backend, Arena arena, AdamWConfig config, int rows, int cols) {
        super(backend, rows, cols);
        this.config = config;
        this.firstMoment = backend.allocate(arena, rows, cols);
        this.secondMoment = backend.allocate(arena, rows, cols);
    }

    @Override
    void reserve(Workspace workspace) {
        // elementwise: nothing to reserve
    }

    @Override
    void apply(
            Matrix weight, Matrix gradient, double gradientScale, float learningRate, float weightDecay,
            Workspace workspace) {
        long t = steps() + 1;
        double correction1 = 1 - Math.pow(config.beta1(), t);
        double correction2 = 1 - Math.pow(config.beta2(), t);
        backend.adamw(
                (float) gradientScale,
                config.beta1(),
                config.beta2(),
                (float) config.epsilon(),
                (float) (learningRate / correction1),
                (float) (1 / Math.sqrt(correction2)),
                1 - learningRate * weightDecay,
                gradient,
                firstMoment,
                secondMoment,
                weight);
    }

    @Override
    NormLimit normLimit() {
        return NORM_LIMIT;
    }

    @Override
    void describe(StateFields fields) {
        fields.matrix("first_moment", firstMoment);
        fields.matrix("second_moment", secondMoment);
    }
}
