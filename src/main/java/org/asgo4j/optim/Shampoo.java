// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.optim;

import static org.asgo4j.optim.Checks.require;

import java.lang.foreign.Arena;
import org.asgo4j.linalg.Backend;

/**
 * Shampoo (Gupta, Koren, Singer, <em>Shampoo: Preconditioned Stochastic Tensor Optimization</em>, arXiv 1802.09568) as
 * the ASGO code has it for its baseline, two-sided and grafted to the length of an Adam step:
 *
 * <pre>
 * M ← β₁M + (1−β₁)G                   m×n  momentum, no bias correction
 * S ← β₂S + (1−β₂)G∘G                 m×n  second moment, for the length alone
 * L ← β₂L + (1−β₂)GGᵀ                 m×m
 * R ← β₂R + (1−β₂)GᵀG                 n×n
 * U ← (L+εI)^(−1/4)·M·(R+εI)^(−1/4)   m×n
 * U ← U·‖M/√(S+ε)‖_F/‖U‖_F                 grafting
 * W ← (1−ηλ)W − ηU                         decoupled weight decay
 * </pre>
 *
 * <p>All of it is held divided by a power of two that follows the gradient's norm, so that squares of gradients of any
 * scale stay inside float32.
 *
 * <p>A root that fails is computed again in float64; if that fails too, the last good one stays in use, which is logged
 * and counted ({@link StepReport#rootsKept}), each side for itself; the third failure in a row, or a first root that
 * fails, throws {@link RootFailedException}.
 *
 * {@snippet file="RuleExamplesTest.java" region="shampoo"}
 */
public final class Shampoo extends Rule {
    /** Products of its order that a root costs: eight rounds of four. */
    private static final double PRODUCTS_OF_A_ROOT = 32;

    private final ShampooConfig config;

    /** Shampoo with these hyper-parameters. */
    public Shampoo(ShampooConfig config) {
        require(config != null, "config must not be null");
        this.config = config;
    }

    @Override
    public ShampooConfig config() {
        return config;
    }

    @Override
    public String name() {
        return "shampoo";
    }

    @Override
    boolean actsOnBlocks() {
        return true;
    }

    @Override
    RuleState create(Backend backend, Arena arena, int rows, int cols) {
        return new ShampooState(backend, arena, config, rows, cols);
    }

    @Override
    int decomposedOrder(int rows, int cols) {
        return Math.max(rows, cols);
    }

    @Override
    double cost(int rows, int cols) {
        double m = rows;
        double n = cols;
        double roots = PRODUCTS_OF_A_ROOT * 2 * (m * m * m + n * n * n) / config.refreshInterval();
        return 3 * m * n * (m + n) + roots; // syrk and symm on both sides
    }
}
