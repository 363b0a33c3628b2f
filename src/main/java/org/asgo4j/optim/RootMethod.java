// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.optim;

/**
 * How {@link Asgo} takes the inverse square root of its gram matrix V of order k. Costs are in products of order k.
 *
 * {@snippet file="AsgoExamplesTest.java" region="root"}
 */
public enum RootMethod {
    /**
     * V = Qᵀ·diag(λ)·Q by LAPACK's syevd, P = Qᵀ·diag(f(λ))·Q by one syrk. Every {@link Damping}, either precision; 5–7
     * products on a CPU.
     */
    EIGEN,
    /**
     * V = Qᵀ·T·Q with tridiagonal T (LAPACK's sytrd), P = Qᵀ·f(T)·Q, where f(T) is a sum of some twelve resolvents of T
     * (Hale, Higham, Trefethen, <em>Computing A^α, log(A), and related matrix functions by contour integrals</em>,
     * 2008), each O(k²). Up to ten times as accurate as {@link #EIGEN} in float32 where V has full rank, and faster up
     * to k = 768, most where k is small: syevd spends half its time on T's eigenvectors there (docs/measured.md,
     * "Roots"). float32 only, shift dampings only.
     */
    TRIDIAGONAL,
    /**
     * Zolotarev's rational function of V with few poles, a Cholesky inverse each: an eigenvalue λ of V, relative to
     * ‖V‖_F, becomes λ^(−1/2) within 25 %, which is what Muon's iterations leave and cost no loss in what was measured.
     * At δ = 1e-6 two poles do, which reach 20 %, and the root costs some 5 products at k = 128 and 1.5 at 768. δ is
     * relative to ‖V‖_F here, which lies between λ_max and √k times that. Shift dampings only.
     */
    ZOLOTAREV,
    /**
     * Ten steps of the coupled PolarExpress iteration as published with ASGO, in 37 products and nothing else: the
     * natural one where only products are fast. Converges for eigenvalues down to 1e-7 of the largest in float64; in
     * float32 it is off by 1.6e-3 at κ(V) = 1e6. Shift dampings only.
     */
    POLAR_EXPRESS,
    /**
     * Newton's method on PVP = I from the last root, in the eigenvectors of the last decomposition, where its linear
     * equation is diagonal to first order: two products an iteration and four to enter and leave the basis. Its
     * residual ‖I − PVP‖ is checked; where it does not shrink (V has turned too far) a decomposition follows, which is
     * counted. For slowly moving V: β₂ near 1 or frequent refreshes. Shift dampings only.
     */
    NEWTON,
    /**
     * A kept eigenbasis turned after V by one QR factorization of Q·V (as SOAP refreshes its basis), eigenvalues from
     * the diagonal of Q·V·Qᵀ. Approximate: what is off that diagonal is neglected. Every {@link Damping}.
     */
    QR;

    /** Whether only dampings of the form (λ + s)^(−1/2) can be had: ABSOLUTE and RELATIVE. */
    boolean shiftsOnly() {
        return this == TRIDIAGONAL || this == ZOLOTAREV || this == POLAR_EXPRESS || this == NEWTON;
    }

    /** Whether it keeps an eigenbasis from one root to the next, or can. */
    boolean hasBasis() {
        return this == EIGEN || this == QR;
    }
}
