// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.optim;

import static org.asgo4j.optim.Checks.require;

import java.lang.foreign.Arena;
import org.asgo4j.linalg.Backend;

/**
 * Lion (Chen et al., <em>Symbolic Discovery of Optimization Algorithms</em>, arXiv 2302.06675):
 *
 * <pre>
 * C ← β₁M + (1−β₁)G
 * W ← (1−ηλ)W − η·sign(C)      elementwise, sign(0) = 0
 * M ← β₂M + (1−β₂)G
 * </pre>
 *
 * One pass over three matrices. Every element moves by η or not at all, whatever the gradient's scale.
 *
 * {@snippet file="RuleExamplesTest.java" region="lion"}
 */
public final class Lion extends Rule {
    /** A few operations an element, but bound by memory: worth some 30 of a product's. */
    private static final double COST_PER_ELEMENT = 30;

    private final LionConfig config;

    /** Lion with these hyper-parameters. */
    public Lion(LionConfig config) {
        require(config != null, "config must not be null");
        this.config = config;
    }

    @Override
    public LionConfig config() {
        return config;
    }

    @Override
    public String name() {
        return "lion";
    }

    @Override
    boolean actsOnBlocks() {
        return false;
    }

    @Override
    RuleState create(Backend backend, Arena arena, int rows, int cols) {
        return new LionState(backend, arena, config, rows, cols);
    }

    @Override
    double cost(int rows, int cols) {
        return COST_PER_ELEMENT * rows * cols;
    }
}
