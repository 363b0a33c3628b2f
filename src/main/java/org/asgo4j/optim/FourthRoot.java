// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.optim;

/**
 * How {@link Shampoo} takes the inverse fourth root of a gram matrix.
 *
 * {@snippet file="RuleExamplesTest.java" region="shampoo"}
 */
public enum FourthRoot {
    /**
     * Newton's coupled iteration, as published: products only, some six to ten of its rounds of four. Where it does not
     * come to rest (a singular matrix whose rounding errors it blows up; the published code then trains on noise or
     * takes the identity) the root is taken by {@link #EIGEN} instead. A relative damping is relative to ‖V‖_F here.
     */
    COUPLED_NEWTON,
    /** By eigendecomposition, with every shift damping. */
    EIGEN
}
