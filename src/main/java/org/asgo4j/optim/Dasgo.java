// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.optim;

import static org.asgo4j.optim.Checks.require;

import java.lang.foreign.Arena;
import java.util.Locale;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.Side;

/**
 * DASGO (An, Liu, Pan, Ren, Ma, Goldfarb, Zhang, <em>ASGO: Adaptive Structured Gradient Optimization</em>, arXiv
 * 2503.20762): ASGO with a diagonal preconditioner. For a weight W of m×n with gradient G, on the right side, the
 * published one:
 *
 * <pre>
 * M ← β₁M + (1−β₁)G                  m×n  momentum, no bias correction
 * v_j ← β₂v_j + (1−β₂)·Σ_i G_ij²     1×n  diagonal of ASGO's V, in float64
 * U_ij ← M_ij/√(v_j + ε)             m×n  ε inside the root
 * U ← U·0.2√(mn)/‖U‖_F                    RMS scaling
 * W ← (1−ηλ)W − ηU                        decoupled weight decay
 * </pre>
 *
 * On the left side v_i sums over j and divides row i. State: one matrix and one vector. Equal to {@link Asgo} wherever
 * V is diagonal. A column whose v_j + ε is 0 gets no update.
 *
 * {@snippet file="RuleExamplesTest.java" region="dasgo"}
 */
public final class Dasgo extends Rule {
    /** A few operations an element, but bound by memory: worth some 60 of a product's. */
    private static final double COST_PER_ELEMENT = 60;

    private final DasgoConfig config;

    /** DASGO with these hyper-parameters. */
    public Dasgo(DasgoConfig config) {
        require(config != null, "config must not be null");
        this.config = config;
    }

    @Override
    public DasgoConfig config() {
        return config;
    }

    @Override
    public String name() {
        return "dasgo";
    }

    @Override
    String kept(int rows, int cols) {
        Side side = Preconditioner.side(config.side(), rows, cols);
        return side.name().toLowerCase(Locale.ROOT) + " gram diagonal";
    }

    @Override
    boolean actsOnBlocks() {
        return true;
    }

    @Override
    RuleState create(Backend backend, Arena arena, int rows, int cols) {
        return new DasgoState(backend, arena, config, rows, cols);
    }

    @Override
    double cost(int rows, int cols) {
        return COST_PER_ELEMENT * rows * cols;
    }
}
