// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.optim;

import static org.asgo4j.optim.Checks.require;

import java.lang.foreign.Arena;
import org.asgo4j.linalg.Backend;

/**
 * SOAP (Vyas, Morwani, Zhao, Kwun, Shapira, Brandfonbrener, Janson, Kakade, <em>SOAP: Improving and Stabilizing Shampoo
 * using Adam</em>, arXiv 2409.11321): Adam in the eigenbasis of Shampoo's gram matrices. In terms of rows q of
 * orthogonal Q_L (m×m) and Q_R (n×n):
 *
 * <pre>
 * L ← β₂L + (1−β₂)GGᵀ,  R ← β₂R + (1−β₂)GᵀG
 * G' ← Q_L·G·Q_Rᵀ                              m×n  the gradient in the basis
 * M' ← β₁M' + (1−β₁)G'                         m×n  kept in the basis
 * V' ← β₂V' + (1−β₂)G'∘G'                      m×n
 * U ← Q_Lᵀ·(M'/(√V' + ε))·Q_R                  m×n
 * W ← (1−ηλ)W − η·√(1−β₂ᵗ)/(1−β₁ᵗ)·U
 * every 10 steps: Q_L ← the orthonormal rows of Q_L·L (one QR), Q_R likewise, M' into the new basis
 * </pre>
 *
 * <p>As in the published code the first gradient makes the first basis, by eigendecomposition, and moves nothing, so
 * that no gradient is ever seen in a basis of its own; t counts from the second. Gradients of zeros before it make no
 * basis and move nothing. Before a QR the rows of Q (and with them V') are sorted by q·L·qᵀ, descending. A side longer
 * than {@link SoapConfig#maxOrder} keeps the identity.
 *
 * <p>All of it is held divided by a power of two that follows the gradient's norm.
 *
 * <p>A basis that fails is computed again in float64; if that fails too, the last good one stays in use, which is
 * logged and counted ({@link StepReport#rootsKept}), each side for itself; the third failure in a row, or a first basis
 * that fails, throws {@link RootFailedException}.
 *
 * {@snippet file="RuleExamplesTest.java" region="soap"}
 */
public final class Soap extends Rule {
    /** Products of its order that one turn of a basis costs: two, and a QR worth some four. */
    private static final double PRODUCTS_OF_A_TURN = 6;

    private final SoapConfig config;

    /** SOAP with these hyper-parameters. */
    public Soap(SoapConfig config) {
        require(config != null, "config must not be null");
        this.config = config;
    }

    @Override
    public SoapConfig config() {
        return config;
    }

    @Override
    public String name() {
        return "soap";
    }

    @Override
    boolean actsOnBlocks() {
        return true;
    }

    @Override
    RuleState create(Backend backend, Arena arena, int rows, int cols) {
        return new SoapState(backend, arena, config, rows, cols);
    }

    @Override
    int decomposedOrder(int rows, int cols) {
        return Math.max(rows <= config.maxOrder() ? rows : 0, cols <= config.maxOrder() ? cols : 0);
    }

    @Override
    double cost(int rows, int cols) {
        double m = rows <= config.maxOrder() ? rows : 0;
        double n = cols <= config.maxOrder() ? cols : 0;
        double turns = PRODUCTS_OF_A_TURN * 2 * (m * m * m + n * n * n) / config.refreshInterval();
        return 5.0 * rows * cols * (m + n) + turns; // syrk and two products on each side
    }
}
