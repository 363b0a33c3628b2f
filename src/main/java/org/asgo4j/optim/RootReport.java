// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.optim;

/** What the last root (or basis) of one gram matrix found. One per ladder, filled anew. */
final class RootReport {
    /** The method that gave the root: a {@link RootMethod} or a {@link FourthRoot}. */
    Enum<?> method = RootMethod.EIGEN;
    /** λ_min of V/unit²; NaN if the method does not see it. */
    double smallest = Double.NaN;
    /** λ_max of V/unit², or an estimate. */
    double largest = Double.NaN;
    /** κ of what was rooted, V with its damping: (f(λ_min)/f(λ_max))²; NaN if unknown or if f(λ_min) is 0. */
    double condition = Double.NaN;
    /** ‖I − PVP‖_F/√k where the method computes it, else NaN. */
    double residual = Double.NaN;
    /** Decompositions that an iteration needed after all, so far. */
    long fallbacks;

    /** Forgets the last root. */
    void begin(Enum<?> newMethod) {
        method = newMethod;
        smallest = Double.NaN;
        largest = Double.NaN;
        condition = Double.NaN;
        residual = Double.NaN;
    }

    /** Notes the range of eigenvalues and what damping makes of it. */
    void range(double newSmallest, double newLargest, double inverseRootOfSmallest, double inverseRootOfLargest) {
        smallest = newSmallest;
        largest = newLargest;
        double ratio = inverseRootOfSmallest / inverseRootOfLargest;
        condition = ratio > 0 ? ratio * ratio : Double.NaN;
    }
}
