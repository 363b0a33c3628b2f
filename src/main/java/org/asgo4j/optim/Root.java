// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.optim;

import static org.asgo4j.optim.Checks.require;

import org.asgo4j.linalg.ElementType;

/**
 * How the inverse square root of a gram matrix is taken.
 *
 * {@snippet file="AsgoExamplesTest.java" region="root"}
 *
 * @param method the algorithm
 * @param precision the precision of the gram matrix and its root: float32, or float64 for condition numbers above 1e5
 * @param damping what replaces λ^(−1/2) of small eigenvalues
 */
public record Root(RootMethod method, ElementType precision, Damping damping) {

    /** Checks that the three go together. */
    public Root {
        require(method != null && precision != null && damping != null,
                "root: method, precision and damping must not be null, got %s, %s, %s", method, precision, damping);
        require(method != RootMethod.TRIDIAGONAL || precision == ElementType.FLOAT32,
                "root: TRIDIAGONAL is float32 only, got %s; EIGEN takes both", precision);
        require(!method.shiftsOnly() || damping.isShift(),
                "root: %s takes damping ABSOLUTE or RELATIVE, got %s; EIGEN takes every kind", method, damping.kind());
    }

    /** {@link RootMethod#EIGEN} in float32. */
    public static Root eigen(Damping damping) {
        return new Root(RootMethod.EIGEN, ElementType.FLOAT32, damping);
    }

    /** This root by another method. */
    public Root withMethod(RootMethod newMethod) {
        return new Root(newMethod, precision, damping);
    }

    /** This root in another precision. */
    public Root withPrecision(ElementType newPrecision) {
        return new Root(method, newPrecision, damping);
    }

    /** This root with another damping. */
    public Root withDamping(Damping newDamping) {
        return new Root(method, precision, newDamping);
    }
}
