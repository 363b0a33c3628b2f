// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.optim;

import static org.asgo4j.optim.Checks.require;

import java.lang.foreign.Arena;
import org.asgo4j.linalg.Backend;

/**
 * AdamW (Loshchilov and Hutter, <em>Decoupled Weight Decay Regularization</em>, 2019), as torch.optim.AdamW computes
 * it:
 *
 * <pre>
 * m ← β₁m + (1−β₁)G
 * v ← β₂v + (1−β₂)G²                        elementwise
 * W ← (1−ηλ)W − η·m̂ / (√v̂ + ε)              m̂ = m/(1−β₁ᵗ), v̂ = v/(1−β₂ᵗ)
 * </pre>
 *
 * One pass over four matrices. For 1-D parameters and embeddings beside a matrix rule, or for everything. A gradient
 * whose norm is above 2⁶³ (9e18) is refused with an {@link ArithmeticException} before anything is changed: in float32
 * the square of an element may be infinite, v stays so, and that element of W would never move again.
 *
 * {@snippet file="RuleExamplesTest.java" region="adamw"}
 */
public final class AdamW extends Rule {
    /** About 12 operations an element, but bound by memory: worth some 40 of a product's. */
    private static final double COST_PER_ELEMENT = 40;

    private final AdamWConfig config;

    /** AdamW with these hyper-parameters. */
    public AdamW(AdamWConfig config) {
        require(config != null, "config must not be null");
        this.config = config;
    }

    @Override
    public AdamWConfig config() {
        return config;
    }

    @Override
    public String name() {
        return "adamw";
    }

    @Override
    boolean actsOnBlocks() {
        return false;
    }

    @Override
    RuleState create(Backend backend, Arena arena, int rows, int cols) {
        return new AdamWState(backend, arena, config, rows, cols);
    }

    @Override
    double cost(int rows, int cols) {
        return COST_PER_ELEMENT * rows * cols;
    }
}
