// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.optim;

import static org.asgo4j.optim.Checks.require;

/**
 * What {@link Asgo} does where the preconditioned side of a weight is long: a gram matrix of order k takes k² elements
 * and its root some 7k³ multiplications.
 *
 * {@snippet file="AsgoExamplesTest.java" region="sizeLimit"}
 *
 * @param maxPreconditionerSize the largest order k of a gram matrix, at least 1
 * @param beyond what happens above it
 */
public record SizeLimit(int maxPreconditionerSize, Beyond beyond) {

    /** What happens where a side is longer than the limit. */
    public enum Beyond {
        /**
         * The side is cut into the fewest blocks of nearly equal length that fit, each with a gram matrix of its own
         * (as Distributed Shampoo blocks its dimensions).
         */
        SPLIT,
        /**
         * The weight's preconditioner is diagonal on that side, as {@link Dasgo}'s: v_j ← β₂v_j + (1−β₂)·Σ_i G_ij², U =
         * M·diag(v)^(−1/2), with {@link DasgoConfig#published}'s ε: decays and scaling are the configuration's, root,
         * Nesterov and gram source don't apply. Takes {@link Accumulation#EXPONENTIAL}.
         */
        DIAGONAL
    }

    /** No limit. */
    public static final SizeLimit NONE = new SizeLimit(Integer.MAX_VALUE, Beyond.SPLIT);

    /** Checks the values. */
    public SizeLimit {
        require(maxPreconditionerSize >= 1, "maxPreconditionerSize must be at least 1, got %s", maxPreconditionerSize);
        require(beyond != null, "size limit: beyond must not be null");
    }
}
