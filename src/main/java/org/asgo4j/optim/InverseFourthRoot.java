// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.optim;

import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.ElementType;
import org.asgo4j.linalg.Matrix;
import org.asgo4j.linalg.Transpose;
import org.asgo4j.optim.Workspace.Slot;

/**
 * X = (V + sI)^(−1/4) for a gram matrix V of order k and its damping's shift s.
 *
 * <p>Coupled Newton iteration (Guo and Higham 2006; Shampoo's code): with M = zV, z = 5/(2‖V‖_F), and X = z^(1/4)I,
 *
 * <pre>
 * F ← 5/4·I − 1/4·M,   X ← XF,   M ← F⁴M      so that X⁻⁴M stays V
 * </pre>
 *
 * until M is the identity. After the first round all eigenvalues of M are at most 1 and grow, so ‖M−I‖ shrinks at every
 * round unless rounding takes over: that is when it ends.
 */
final class InverseFourthRoot {
    /** The published bound on ‖M−I‖_F/‖M‖_F at which the iteration ends. */
    private static final double TOLERANCE = 1e-6;

    /**
     * The largest ‖M−I‖_F/‖M‖_F with which an ended iteration is taken for converged, so that X is the root of what M
     * began as, but for rounding: that leaves some √k·u here, 1e-5 for k in the thousands, and in X, of which M knows
     * nothing, up to a quarter of u·κ(V + sI).
     */
    private static final double ACCEPTED = 1e-3;

    /** The published limit. */
    private static final int MAX_ROUNDS = 50;

    /** (p+1)/2 of the starting factor z and (p+1)/p, 1/p of F, for p = 4. */
    private static final double START = 2.5;

    private static final double DIAGONAL = 1.25;
    private static final double QUARTER = 0.25;

    private final Backend backend;
    private final Damping damping;
    private final FourthRoot method;
    private final ElementType precision;

    /**
     * @param precision of the eigendecomposition; the iteration is of float32
     */
    InverseFourthRoot(Backend backend, Damping damping, FourthRoot method, ElementType precision) {
        this.backend = backend;
        this.damping = damping;
        this.method = method;
        this.precision = precision;
    }

    void reserve(Workspace workspace, int order) {
        workspace.reserve(Slot.VECTORS, precision, order, order);
        workspace.reserve(Slot.EIGENVALUES, precision, 1, order);
        workspace.reserveEigh(precision, order);
        EigenInverseRoot.reserveProduct(workspace, precision, order);
        if (method == FourthRoot.EIGEN) return;
        workspace.reserve(Slot.ITERATE, ElementType.FLOAT32, order, order);
        workspace.reserve(Slot.FACTOR, ElementType.FLOAT32, order, order);
        workspace.reserve(Slot.POWER, ElementType.FLOAT32, order, order);
        workspace.reserve(Slot.PARTIAL, ElementType.FLOAT32, order, order);
        workspace.reserve(Slot.ROOT, ElementType.FLOAT32, order, order);
    }

    /**
     * X ← (V + sI)^(−1/4).
     *
     * @param gram V/unit², k×k float32; lower triangle read
     * @param unit the gradient scale V is held in
     * @param root X·√unit, k×k float32; lower triangle written, the rest overwritten
     * @param report filled
     * @throws RootFailure if an eigenvalue is not finite; the root is undefined then
     * @throws org.asgo4j.linalg.NativeCallException if LAPACK fails; as above
     */
    void compute(Matrix gram, double unit, Matrix root, RootReport report, Workspace workspace) {
        if (method == FourthRoot.COUPLED_NEWTON) {
            report.begin(method);
            if (newton(gram, unit, root, workspace)) return;
            report.fallbacks++;
        }
        eigen(gram, unit, root, report, workspace);
    }

    /** The iteration; false if it does not converge, the root is undefined then. */
    private boolean newton(Matrix gram, double unit, Matrix root, Workspace workspace) {
        int order = gram.rows();
        Matrix iterate = workspace.get(Slot.ITERATE, ElementType.FLOAT32, order, order);
        Matrix next = workspace.get(Slot.ROOT, ElementType.FLOAT32, order, order);
        double z = start(gram, unit, iterate);
        if (!(z > 0 && z < Double.POSITIVE_INFINITY)) return false;
        backend.axpby(0, iterate, 0, root);
        backend.addToDiagonal(Math.pow(z, QUARTER), root);
        double error = residual(iterate);
        for (int round = 1; round <= MAX_ROUNDS && error > TOLERANCE; round++) {
            round(iterate, root, next, workspace);
            double newError = residual(iterate);
            // In the first round an eigenvalue above 1 may leap below it; after that an error only grows by rounding.
            if (round > 1 && !(newError < error)) break;
            backend.copy(next, root);
            error = newError;
        }
        return error <= ACCEPTED;
    }

    /**
     * M ← z(V + sI), both triangles.
     *
     * @return z; not finite or not positive if V + sI is zero or beyond float32
     */
    private double start(Matrix gram, double unit, Matrix iterate) {
        backend.copy(gram, iterate);
        backend.symmetrize(iterate);
        // ‖V‖_F, at most √k times λ_max, stands for it. The rounding level needs no part in s: the residual tells.
        double shift = damping.shift(Math.sqrt(backend.sumOfSquares(iterate)), 0, unit);
        backend.addToDiagonal(shift, iterate);
        double z = START / Math.sqrt(backend.sumOfSquares(iterate));
        if (z > 0 && z < Double.POSITIVE_INFINITY) GradientScale.multiply(backend, z, iterate);
        return z;
    }

    /** One round: M ← F⁴M, next ← XF. */
    private void round(Matrix iterate, Matrix root, Matrix next, Workspace workspace) {
        int order = iterate.rows();
        Matrix factor = workspace.get(Slot.FACTOR, ElementType.FLOAT32, order, order);
        Matrix square = workspace.get(Slot.POWER, ElementType.FLOAT32, order, order);
        Matrix partial = workspace.get(Slot.PARTIAL, ElementType.FLOAT32, order, order);
        backend.axpby((float) -QUARTER, iterate, 0, factor);
        backend.addToDiagonal(DIAGONAL, factor); //  F
        multiply(root, factor, next); //               XF
        multiply(factor, factor, square); //           F²
        multiply(square, iterate, partial); //         F²M
        multiply(square, partial, iterate); //         F⁴M
    }

    private void multiply(Matrix a, Matrix b, Matrix c) {
        backend.gemm(Transpose.NONE, Transpose.NONE, 1, a, b, 0, c);
    }

    /** ‖M−I‖_F/‖M‖_F. */
    private double residual(Matrix m) {
        double squares = backend.sumOfSquares(m);
        double trace = backend.trace(m);
        // ‖M−I‖² = ‖M‖² − 2·tr M + k; float64 loses what is below 1e-8, far below the tolerance.
        return Math.sqrt(Math.abs(squares - 2 * trace + m.rows()) / squares);
    }

    /** V = Qᵀ·diag(λ)·Q, X = SᵀS with S = diag(f(λ)^(1/4))·Q, as {@link Damping}'s f stands for λ^(−1/2). */
    private void eigen(Matrix gram, double unit, Matrix root, RootReport report, Workspace workspace) {
        int order = gram.rows();
        report.begin(FourthRoot.EIGEN);
        Matrix vectors = workspace.get(Slot.VECTORS, precision, order, order);
        Matrix eigenvalues = workspace.get(Slot.EIGENVALUES, precision, 1, order);
        backend.copy(gram, vectors);
        backend.eigh(vectors, eigenvalues, workspace.eigh(precision));
        EigenInverseRoot.requireFinite(eigenvalues);
        EigenInverseRoot.noteRange(eigenvalues, damping, unit, report);
        double floor = order * precision.unitRoundoff() * report.largest;
        for (int i = 0; i < order; i++) {
            double f = damping.inverseRoot(eigenvalues.get(0, i), report.largest, floor, unit);
            eigenvalues.set(0, i, Math.sqrt(Math.sqrt(f)));
        }
        EigenInverseRoot.product(backend, vectors, eigenvalues, root, workspace);
    }
}
