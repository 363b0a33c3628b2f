// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.bench;

import java.lang.foreign.Arena;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.BackendName;
import org.asgo4j.linalg.Backends;
import org.asgo4j.linalg.Matrix;
import org.asgo4j.linalg.Workers;
import org.asgo4j.optim.AsgoConfig;
import org.asgo4j.optim.Optimizer;

/** What a step that is to be timed has to leave in the weights of a {@link WeightSet}. */
final class StepCheck {
    private StepCheck() {
    }

    /**
     * Fails unless a step on {@code backend} leaves what one on the reference backend does, in plain Java.
     *
     * @throws IllegalStateException naming the weight, if they differ
     */
    static void againstReference(String set, Backend backend, Workers workers, AsgoConfig config) {
        try (Arena arena = Arena.ofShared(); Backend reference = Backends.open(BackendName.REFERENCE)) {
            var ours = new WeightSet(set, backend, arena);
            var theirs = new WeightSet(set, reference, arena);
            step(backend, workers, config, ours);
            step(reference, workers, config, theirs);
            for (int i = 0; i < ours.parameters().size(); i++) {
                Matrix weight = ours.parameters().get(i).weight();
                Matrix onHost = backend.allocateHost(arena, weight.rows(), weight.cols());
                backend.copy(weight, onHost);
                same(ours.parameters().get(i).name(), onHost, theirs.parameters().get(i).weight());
            }
        }
    }

    private static void step(Backend backend, Workers workers, AsgoConfig config, WeightSet weights) {
        try (Optimizer optimizer = WeightSet.optimizer(backend, workers, config, weights.parameters())) {
            optimizer.step();
        }
    }

    /**
     * Fails unless ‖W − W′‖_F ≤ 2·k·u·κ^(3/2)·‖W‖_F. An error E in V of norm k·u·λ_max, as products and decompositions
     * of order k leave, changes V^(−1/2) by at most ½·λ_min^(−3/2)·‖E‖, and so U by at most ½·k·u·κ^(3/2) of its norm.
     * Each implementation may be that far off; the other half is for all that is of order u.
     */
    static void same(String name, Matrix w, Matrix other) {
        double squares = 0;
        double differences = 0;
        for (int i = 0; i < w.rows(); i++) {
            for (int j = 0; j < w.cols(); j++) {
                double difference = w.get(i, j) - other.get(i, j);
                squares += w.get(i, j) * w.get(i, j);
                differences += difference * difference;
            }
        }
        double order = Math.min(w.rows(), w.cols());
        double bound = 2 * order * w.type().unitRoundoff() * Math.pow(WeightSet.CONDITION, 1.5);
        if (!(squares > 0 && Math.sqrt(differences / squares) <= bound)) {
            throw new IllegalStateException("weight '%s' is off by %.3g of its norm, more than %.3g"
                    .formatted(name, Math.sqrt(differences / squares), bound));
        }
    }
}
