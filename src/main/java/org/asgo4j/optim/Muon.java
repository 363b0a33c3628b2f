// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.optim;

import static org.asgo4j.optim.Checks.require;

import java.lang.foreign.Arena;
import org.asgo4j.linalg.Backend;

/**
 * Muon (Jordan et al., <em>Muon: An optimizer for hidden layers in neural networks</em>, 2024), as the ASGO code has it
 * for its baseline. For a weight W of m×n, m ≤ n, with gradient G:
 *
 * <pre>
 * M ← β₁M + (1−β₁)G                        m×n  momentum, no bias correction
 * N ← M, or (1−β₁)G + β₁M                  m×n  Nesterov
 * X ← N/‖N‖_F                              m×n
 * five times X ← aX + (bA + cA²)X, A = XXᵀ      Newton–Schulz, (a, b, c) = (3.4445, −4.7750, 2.0315)
 * W ← (1−ηλ)W − η·0.2√max(m,n)·X                decoupled weight decay
 * </pre>
 *
 * For m {@literal >} n the iteration runs on the right side with A = XᵀX. It does not converge: it takes every singular
 * value of N that is not tiny beside ‖N‖_F to between 0.67 and 1.21, which is near enough to UVᵀ.
 *
 * <p>The published code adds 1e-7 to the norm, which is nothing beside usual gradients but stops training where they
 * are below it; here nothing is added, and a zero N gives no update.
 *
 * {@snippet file="RuleExamplesTest.java" region="muon"}
 */
public final class Muon extends Rule {
    private final MuonConfig config;

    /** Muon with these hyper-parameters. */
    public Muon(MuonConfig config) {
        require(config != null, "config must not be null");
        this.config = config;
    }

    @Override
    public MuonConfig config() {
        return config;
    }

    @Override
    public String name() {
        return "muon";
    }

    @Override
    boolean actsOnBlocks() {
        return true;
    }

    @Override
    RuleState create(Backend backend, Arena arena, int rows, int cols) {
        return new MuonState(backend, arena, config, rows, cols);
    }

    /** Per iteration syrk k·m·n, the square k³ and symm 2k·m·n. */
    @Override
    double cost(int rows, int cols) {
        double k = Math.min(rows, cols);
        return config.iterations() * k * (3.0 * rows * cols + k * k);
    }
}
