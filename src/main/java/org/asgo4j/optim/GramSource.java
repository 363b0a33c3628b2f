// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.optim;

/**
 * What the gram matrix V gathers.
 *
 * {@snippet file="AsgoExamplesTest.java" region="gram"}
 */
public enum GramSource {
    /** V ← β₂V + (1−β₂)GGᵀ from the gradient, as published. */
    GRADIENT,
    /**
     * V ← β₂V + (1−β₂)NNᵀ from the direction N that is then preconditioned: the momentum, with Nesterov's look-ahead if
     * that is on. V then whitens what it is applied to, and the update comes close to an orthogonalized momentum
     * (Muon's) that is averaged over 1/(1−β₂) steps.
     */
    MOMENTUM
}
