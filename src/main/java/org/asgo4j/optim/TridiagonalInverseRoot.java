// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.optim;

import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.ElementType;
import org.asgo4j.linalg.Matrix;
import org.asgo4j.linalg.Side;
import org.asgo4j.linalg.Transpose;
import org.asgo4j.optim.Workspace.Slot;

/**
 * The root through the tridiagonal form: V = Qᵀ·T·Q (sytrd, orgtr), P = Qᵀ·(T + sI)^(−1/2)·Q, where
 *
 * <pre>
 * A^(−1/2) = (2/π)∫₀^∞ (A + t²I)⁻¹ dt ≈ Σ_j c_j (A + t_j²I)⁻¹
 * </pre>
 *
 * with the nodes of Hale, Higham and Trefethen (2008, method 3): t = √m·sc(u|1−m/M) makes the integrand periodic and
 * analytic for spectra in [m, M], and the midpoint rule converges like exp(−2π²N/(ln(M/m) + 3)). Each resolvent of a
 * tridiagonal matrix is O(k²), so all that is left of order k³ are the reduction, its vectors, and two products.
 */
final class TridiagonalInverseRoot implements InverseRoot {
    /** Relative error of the quadrature: beneath what float32 leaves of V^(−1/2) anyway. */
    private static final double QUADRATURE_ERROR = 1e-7;

    /** λ_min is looked for in steps of this factor first. */
    private static final double BRACKET_FACTOR = 4;

    /** What λ_min and λ_max are used for, damping, the ends of the nodes and reports, needs them no better. */
    private static final double EXTREMES_TOLERANCE = 0.01;

    private final Backend backend;
    private final Damping damping;
    private final int order;
    private final double[] diagonal; //    of T
    private final double[] offSquared; //  squares beside it
    private final Elliptic elliptic = new Elliptic();

    TridiagonalInverseRoot(Backend backend, Damping damping, int order) {
        this.backend = backend;
        this.damping = damping;
        this.order = order;
        this.diagonal = new double[order];
        this.offSquared = new double[order];
    }

    @Override
    public void reserve(Workspace workspace) {
        workspace.reserve(Slot.VECTORS, ElementType.FLOAT32, order, order);
        workspace.reserve(Slot.EIGENVALUES, ElementType.FLOAT32, 1, order);
        workspace.reserve(Slot.OFF_DIAGONAL, ElementType.FLOAT32, 1, order);
        workspace.reserve(Slot.ITERATE_T, ElementType.FLOAT32, order, order);
        workspace.reserve(Slot.ITERATE_Y, ElementType.FLOAT32, order, order);
        workspace.reserveEigh(ElementType.FLOAT32, order);
    }

    @Override
    public boolean compute(Matrix gram, double unit, Matrix root, RootReport report, Workspace workspace) {
        report.begin(RootMethod.TRIDIAGONAL);
        Matrix q = workspace.get(Slot.VECTORS, ElementType.FLOAT32, order, order);
        Matrix d = workspace.get(Slot.EIGENVALUES, ElementType.FLOAT32, 1, order);
        Matrix e = workspace.get(Slot.OFF_DIAGONAL, ElementType.FLOAT32, 1, order);
        Matrix f = workspace.get(Slot.ITERATE_T, ElementType.FLOAT32, order, order);
        Matrix product = workspace.get(Slot.ITERATE_Y, ElementType.FLOAT32, order, order);
        backend.copy(gram, q);
        backend.tridiagonalize(q, d, e, workspace.eigh(ElementType.FLOAT32)); //  V = QᵀTQ
        backend.fill(0, f);
        functionOf(d, e, unit, f, report, workspace); //                          F ← (T + sI)^(−1/2)
        backend.symm(Side.LEFT, f, q, product); //                                FQ
        backend.gemm(Transpose.TRANSPOSED, Transpose.NONE, 1, q, product, 0, root); // P ← QᵀFQ
        return true;
    }

    private void functionOf(Matrix d, Matrix e, double unit, Matrix f, RootReport report, Workspace workspace) {
        double bound = 0; // Gershgorin's on λ_max
        for (int i = 0; i < order; i++) {
            diagonal[i] = d.get(0, i);
            double beside = i == order - 1 ? 0 : e.get(0, i);
            offSquared[i] = beside * beside;
            double before = i == 0 ? 0 : Math.sqrt(offSquared[i - 1]);
            bound = Math.max(bound, diagonal[i] + Math.abs(beside) + before);
        }
        if (!Double.isFinite(bound)) throw new RootFailure("the tridiagonal form has a bound of " + bound);
        if (bound == 0) return; // a gram matrix of zeros has the root 0
        double largest = largestEigenvalue(bound);
        double shift = damping.shift(largest, order * ElementType.FLOAT32.unitRoundoff() * largest, unit);
        double m = lowerBound(largest + shift, shift);
        double[] node = elliptic.begin(m / (largest + shift), QUADRATURE_ERROR);
        for (int j = 0; j < elliptic.count(); j++) {
            elliptic.node(j, node);
            backend.addResolvent(
                    node[1] * Math.sqrt(m), shift + m * node[0], d, e, f, workspace.eigh(ElementType.FLOAT32));
        }
        report.range(m - shift, largest, 1 / Math.sqrt(m), 1 / Math.sqrt(largest + shift));
    }

    /** λ_max of T from above, within 1 %: bisection between the largest diagonal element and the bound. */
    private double largestEigenvalue(double bound) {
        double below = 0;
        for (double x : diagonal) below = Math.max(below, x);
        double above = bound;
        while (above - below > EXTREMES_TOLERANCE * above) {
            double middle = (above + below) / 2;
            if (isPositiveDefinite(-1, middle)) above = middle;
            else below = middle;
        }
        return above;
    }

    /** The smallest eigenvalue of T + shift·I from below, within 1 %. */
    private double lowerBound(double top, double shift) {
        double m = top / BRACKET_FACTOR;
        while (!isPositiveDefinite(1, shift - m)) {
            m /= BRACKET_FACTOR;
            if (m < top * ElementType.FLOAT32.unitRoundoff() / BRACKET_FACTOR) {
                throw new RootFailure("the gram matrix with its damping is not positive definite in float32: its "
                        + "smallest eigenvalue is below " + m / top + " of the largest");
            }
        }
        double above = m * BRACKET_FACTOR; // bisection in the exponent, as the spectrum spans decades
        while (above > m * (1 + EXTREMES_TOLERANCE)) {
            double middle = Math.sqrt(m * above);
            if (isPositiveDefinite(1, shift - middle)) m = middle;
            else above = middle;
        }
        return m;
    }

    /** Whether sign·T + shift·I is positive definite: all pivots of its elimination are (Sylvester). */
    private boolean isPositiveDefinite(int sign, double shift) {
        double pivot = Double.POSITIVE_INFINITY;
        for (int i = 0; i < order; i++) {
            pivot = sign * diagonal[i] + shift - (i == 0 ? 0 : offSquared[i - 1] / pivot);
            if (!(pivot > 0)) return false;
        }
        return true;
    }
}
