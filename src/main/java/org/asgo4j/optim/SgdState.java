// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.optim;

import java.lang.foreign.Arena;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.Matrix;

/** The momentum of one weight under {@link Sgd}, if it has any. */
final class SgdState extends RuleState {
    private final SgdConfig config;
    private final NormLimit normLimit;
    private final Matrix momentum; // b, m×n; null for μ = 0

    SgdState(Backend backend, Arena arena, SgdConfig config, int rows, int cols) {
        super(backend, rows, cols);
        this.config = config;
        this.normLimit = NormLimit.ofMomentum("SGD", 1 - config.momentum());
        this.momentum = config.momentum() > 0 ? backend.allocate(arena, rows, cols) : null;
    }

    @Override
    void reserve(Workspace workspace) {
        // elementwise: nothing to reserve
    }

    @Override
    void apply(
            Matrix weight, Matrix gradient, double gradientScale, float learningRate, float weightDecay,
            Workspace workspace) {
        float mu = (float) config.momentum();
        float decay = 1 - learningRate * weightDecay;
        float plain = (float) (-learningRate * gradientScale);
        if (momentum == null) {
            backend.axpby(plain, gradient, decay, weight); //             W ← (1−ηλ)W − ηcG
            return;
        }
        backend.axpby((float) gradientScale, gradient, mu, momentum); //  b ← μb + cG
        if (config.nesterov()) {
            backend.axpby(-learningRate * mu, momentum, decay, weight);
            backend.axpby(plain, gradient, 1, weight); //                 W ← (1−ηλ)W − η(cG + μb)
        } else {
            backend.axpby(-learningRate, momentum, decay, weight); //     W ← (1−ηλ)W − ηb
        }
    }

    @Override
    NormLimit normLimit() {
        return normLimit;
    }

    @Override
    void describe(StateFields fields) {
        if (momentum != null) fields.matrix("momentum", momentum);
    }
}
