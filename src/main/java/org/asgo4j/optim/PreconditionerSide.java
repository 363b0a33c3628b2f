// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.optim;

/**
 * The side on which ASGO preconditions an m×n weight.
 *
 * {@snippet file="AsgoExamplesTest.java" region="side"}
 */
public enum PreconditionerSide {
    /** The smaller side, as published: LEFT if m {@literal <} n, else RIGHT. */
    AUTO,
    /** V from G·Gᵀ (m×m), update P·M. */
    LEFT,
    /** V from Gᵀ·G (n×n), update M·P. */
    RIGHT
}
