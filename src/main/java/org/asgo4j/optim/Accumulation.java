// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.optim;

/**
 * How the gram matrix V gathers G·Gᵀ over the steps.
 *
 * {@snippet file="AsgoExamplesTest.java" region="gram"}
 */
public enum Accumulation {
    /** V ← β₂V + (1−β₂)GGᵀ: the practical algorithm. */
    EXPONENTIAL,
    /** V ← V + GGᵀ: the theory's Algorithm 1; β₂ is not used. */
    SUM
}
