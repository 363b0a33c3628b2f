// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.embedding;

import java.lang.foreign.Arena;
import java.util.Map;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.Backends;
import org.asgo4j.linalg.Matrix;
import org.asgo4j.optim.AdamW;
import org.asgo4j.optim.AdamWConfig;
import org.asgo4j.optim.Asgo;
import org.asgo4j.optim.Rule;
import org.asgo4j.optim.RuleState;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.learning.GradientUpdater;

/**
 * The state of one weight of a SameDiff training. ND4J wants the update in place of the gradient, and subtracts it
 * itself: a step from the zero matrix leaves −ηU there.
 */
final class AsgoGradientUpdater implements GradientUpdater<AsgoUpdater> {
    private final AsgoUpdater config;
    private final Arena arena = Arena.ofAuto();
    private final Backend backend = Backends.open();
    private RuleState state;
    private Matrix step;

    AsgoGradientUpdater(AsgoUpdater config) {
        this.config = config;
    }

    @Override
    public AsgoUpdater getConfig() {
        return config;
    }

    @Override
    public void setState(Map<String, INDArray> stateMap, boolean initialize) {
        if (!stateMap.isEmpty()) throw new IllegalArgumentException("ASGO's state is not ND4J's to restore");
    }

    @Override
    public Map<String, INDArray> getState() {
        return Map.of();
    }

    @Override
    public void setStateViewArray(INDArray viewArray, long[] gradientShape, char gradientOrder, boolean initialize) {
        // Made at the first gradient, whose order in memory decides which way round the state is.
    }

    @Override
    public void applyUpdater(INDArray gradient, int iteration, int epoch) {
        boolean matrix = gradient.rank() == 2 && !gradient.isVector();
        INDArray seen = matrix ? gradient : gradient.reshape(1, gradient.length());
        try (Arena lifetime = Arena.ofConfined()) {
            Matrix g = Nd4jMatrices.of(seen, lifetime);
            if (state == null) begin(matrix ? new Asgo(config.config()) : new AdamW(AdamWConfig.published()), g);
            backend.axpby(0, step, 0, step); //                                    0
            state.step(step, g, (float) config.getLearningRate(iteration, epoch), 0); // −ηU
            backend.axpby(-1, step, 0, g); //                                      G ← ηU
        }
    }

    private void begin(Rule rule, Matrix g) {
        state = rule.newState(backend, arena, g.rows(), g.cols());
        step = backend.allocate(arena, g.rows(), g.cols());
    }
}
