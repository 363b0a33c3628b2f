// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.optim;

import static org.asgo4j.optim.Checks.require;

/**
 * What keeps V^(−1/2) finite where V has small eigenvalues: the function f that replaces λ^(−1/2).
 *
 * <p>V is rank-deficient whenever fewer gradient directions than its order were seen (small batches, dead units, the
 * first steps), and rounding then leaves eigenvalues of either sign up to about k·u·λ_max, where k is its order and u
 * the unit roundoff. Each kind below is defined for those too; none returns a NaN.
 *
 * {@snippet file="AsgoExamplesTest.java" region="damping"}
 *
 * @param kind which function
 * @param value its parameter: ε, δ or the tolerance; see {@link Kind}
 */
public record Damping(Kind kind, double value) {

    /** The functions. λ_max is the largest eigenvalue of this V, at this step. */
    public enum Kind {
        /**
         * f(λ) = (max(λ, k·u·λ_max) + ε)^(−1/2), or (λ + k·u·λ_max + ε)^(−1/2) where products take the root of V + sI:
         * of the {@link RootMethod}s only {@link RootMethod#EIGEN} and {@link RootMethod#QR} have eigenvalues to take
         * the maximum with. As published (ε = 1e-10). An absolute ε means nothing when gradients are 1e-6; the floor at
         * rounding level is what keeps float32 roots of a singular V bounded. {@link FourthRoot#COUPLED_NEWTON} does
         * without: what it does not converge for is left to the eigenvalues.
         *
         * <p>Where ε is above 1e38 times the gradients' squared norm (for 1e-10 at norms below 1e-24), {@link
         * RootMethod#POLAR_EXPRESS} and {@link RootMethod#ZOLOTAREV} take every root in float64, which is slow and
         * allocates.
         */
        ABSOLUTE,
        /**
         * f(λ) = (max(λ, 0) + δ·λ_max)^(−1/2): the same regularization at every gradient scale. For λ_max {@link
         * RootMethod#ZOLOTAREV} and {@link FourthRoot#COUPLED_NEWTON} take ‖V‖_F, up to √k times as much; {@link
         * RootMethod#POLAR_EXPRESS} estimates it, at worst a third too low, and {@link RootMethod#NEWTON} takes the
         * largest diagonal element in its last eigenbasis, down to a half where V turns at every step.
         */
        RELATIVE,
        /** f(λ) = λ^(−1/2) if λ {@literal >} r·λ_max, else 0: directions never seen get no update. */
        PSEUDO_INVERSE,
        /** f(λ) = 1/(√max(λ, 0) + ε): the theory's Λ = V^(1/2) + εI (Algorithm 1). */
        OUTSIDE_ROOT
    }

    /** Checks the value. */
    public Damping {
        require(kind != null, "damping kind must not be null");
        require(value >= 0 && value < Double.POSITIVE_INFINITY, "damping value must be finite and at least 0, got %s",
                value);
        require(kind != Kind.RELATIVE || value < 1, "relative damping must be below 1, got %s", value);
        require(kind != Kind.PSEUDO_INVERSE || value < 1, "pseudo-inverse tolerance must be below 1, got %s", value);
    }

    /** {@link Kind#ABSOLUTE} with ε. */
    public static Damping absolute(double epsilon) {
        return new Damping(Kind.ABSOLUTE, epsilon);
    }

    /** {@link Kind#RELATIVE} with δ. */
    public static Damping relative(double delta) {
        return new Damping(Kind.RELATIVE, delta);
    }

    /** {@link Kind#PSEUDO_INVERSE} with tolerance r. */
    public static Damping pseudoInverse(double tolerance) {
        return new Damping(Kind.PSEUDO_INVERSE, tolerance);
    }

    /** {@link Kind#OUTSIDE_ROOT} with ε. */
    public static Damping outsideRoot(double epsilon) {
        return new Damping(Kind.OUTSIDE_ROOT, epsilon);
    }

    /** Whether f(λ) = (λ + s)^(−1/2) with a shift s, so that the root is that of V + sI. */
    boolean isShift() {
        return kind == Kind.ABSOLUTE || kind == Kind.RELATIVE;
    }

    /**
     * The shift s for a V held divided by {@code unit²}, in those units; {@link Kind#ABSOLUTE} adds the rounding level
     * k·u·λ_max where {@link #inverseRoot} takes the maximum, which products of matrices can't.
     */
    double shift(double largest, double floor, double unit) {
        return kind == Kind.ABSOLUTE ? floor + value / unit / unit : value * largest;
    }

    /**
     * What is added to a second moment v held divided by {@code unit²} under its root, in those units; the mean of v
     * stands for λ_max.
     */
    double inside(double mean, double unit) {
        return isShift() ? shift(mean, 0, unit) : 0;
    }

    /** What is added to the root of a second moment held divided by {@code unit²}, in units. */
    double outside(double unit) {
        return kind == Kind.OUTSIDE_ROOT ? value / unit : 0;
    }

    /**
     * f(λ) for a V held divided by {@code unit²} (so λ, λ_max and the result are in those units too). A V of zeros
     * gives 0.
     *
     * @param eigenvalue λ
     * @param largest λ_max
     * @param floor k·u·λ_max
     * @param unit the gradient scale; ε is divided by it
     */
    double inverseRoot(double eigenvalue, double largest, double floor, double unit) {
        double damped =
                switch (kind) {
                    case ABSOLUTE -> Math.sqrt(Math.max(eigenvalue, floor) + value / unit / unit);
                    case RELATIVE -> Math.sqrt(Math.max(eigenvalue, 0) + value * largest);
                    case PSEUDO_INVERSE ->
                        eigenvalue > value * largest ? Math.sqrt(eigenvalue) : Double.POSITIVE_INFINITY;
                    case OUTSIDE_ROOT -> Math.sqrt(Math.max(eigenvalue, 0)) + value / unit;
                };
        return largest > 0 && damped > 0 ? 1 / damped : 0;
    }
}
