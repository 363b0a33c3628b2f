// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.optim;

import java.lang.foreign.Arena;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.Matrix;

/** The momentum of one weight under {@link Lion}. */
final class LionState extends RuleState {
    private static final NormLimit NORM_LIMIT = NormLimit.ofMomentum("Lion");

    private final LionConfig config;
    private final Matrix momentum; // M, m×n

    LionState(Backend backend, Arena arena, LionConfig config, int rows, int cols) {
        super(backend, rows, cols);
        this.config = config;
        this.momentum = backend.allocate(arena, rows, cols);
    }

    @Override
    void reserve(Workspace workspace) {
        // elementwise: nothing to reserve
    }

    @Override
    void apply(
            Matrix weight, Matrix gradient, double gradientScale, float learningRate, float weightDecay,
            Workspace workspace) {
        float decay = 1 - learningRate * weightDecay;
        backend.lion(
                (float) gradientScale, config.beta1(), config.beta2(), learningRate, decay, gradient, momentum, weight);
    }

    @Override
    NormLimit normLimit() {
        return NORM_LIMIT;
    }

    @Override
    void describe(StateFields fields) {
        fields.matrix("momentum", momentum);
    }
}
