// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.optim;

import static org.asgo4j.optim.Checks.require;

import java.lang.foreign.Arena;
import org.asgo4j.linalg.Backend;

/**
 * Stochastic gradient descent with momentum, as torch.optim.SGD computes it but with decoupled weight decay:
 *
 * <pre>
 * b ← μb + G
 * W ← (1−ηλ)W − η·b            or, with Nesterov (Sutskever et al. 2013), − η·(G + μb)
 * </pre>
 *
 * The momentum is a sum, not an average: at a constant gradient b is G/(1−μ).
 *
 * {@snippet file="RuleExamplesTest.java" region="sgd"}
 */
public final class Sgd extends Rule {
    /** A few operations an element, but bound by memory: worth some 30 of a product's. */
    private static final double COST_PER_ELEMENT = 30;

    private final SgdConfig config;

    /** SGD with these hyper-parameters. */
    public Sgd(SgdConfig config) {
        require(config != null, "config must not be null");
        this.config = config;
    }

    @Override
    public SgdConfig config() {
        return config;
    }

    @Override
    public String name() {
        return "sgd";
    }

    @Override
    boolean actsOnBlocks() {
        return false;
    }

    @Override
    RuleState create(Backend backend, Arena arena, int rows, int cols) {
        return new SgdState(backend, arena, config, rows, cols);
    }

    @Override
    double cost(int rows, int cols) {
        return COST_PER_ELEMENT * rows * cols;
    }
}
