// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.optim;

import java.lang.foreign.Arena;
import java.util.List;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.ElementType;
import org.asgo4j.linalg.Matrix;
import org.asgo4j.linalg.Side;
import org.asgo4j.linalg.Transpose;
import org.asgo4j.optim.Workspace.Slot;

/**
 * The root by Newton's method from the last one. In the eigenvectors Q of the last decomposition, with B = Q(V+sI)Qᵀ
 * and X = QPQᵀ, the equation XBX = I has the linearization ΔBX + XBΔ = R, R = I − XBX, which for the nearly diagonal B
 * and X ≈ diag(b)^(−1/2) is
 *
 * <pre>
 * Δ_ij = R_ij/(√b_ii + √b_jj)
 * </pre>
 *
 * so that X ← X + Δ converges linearly, the faster the more diagonal B is, to a symmetric X.
 *
 * <p>The shorter X ← ½X(3I − VX²) needs X to commute with V, which the last root does only with the last V: an error in
 * the entry (i, j) grows by ½(1 − x_j/x_i) a step, so it diverges from κ(V) ≈ 9 on. The coupled form keeps the two
 * apart but ends at a factor of V⁻¹ that is not symmetric.
 */
final class NewtonInverseRoot implements InverseRoot {
    private static final int MAX_ITERATIONS = 12;

    /** ‖R‖_F/√k from which the iteration is tried: its limit is 1, and above a half too slow to pay. */
    private static final double START = 0.5;

    /** An iteration that shrinks the residual less than this has reached rounding, or will not get there. */
    private static final double SHRINKING = 0.5;

    /**
     * The most ‖R‖_F/√k at which a stagnating iterate counts as a root, if rounding explains it. That leaves up to u·κ
     * (measured: 0.01 to 0.3 of it); what stagnates above would converge too slowly, and until then P is off by up to
     * √k/2 as much in one direction.
     */
    private static final double ACCEPTED = 0.01;

    private final Backend backend;
    private final Damping damping;
    private final ElementType precision;
    private final int order;
    private final double done; //       ‖R‖_F/√k that ends the iteration
    private final Eigenbasis basis;
    private final Matrix inverse; //    X, k×k
    private final Matrix diagonal; //   1×k, in this computer's memory
    private boolean ready;
    private long fallbacks;

    NewtonInverseRoot(Backend backend, Arena arena, Damping damping, Matrix gram) {
        this.backend = backend;
        this.damping = damping;
        this.precision = gram.type();
        this.order = gram.rows();
        this.done = Math.pow(precision.unitRoundoff(), 2.0 / 3);
        this.basis = new Eigenbasis(backend, arena, gram);
        this.inverse = backend.allocate(arena, precision, order, order);
        this.diagonal = backend.allocateHost(arena, precision, 1, order);
    }

    @Override
    public void reserve(Workspace workspace) {
        basis.reserve(workspace);
        EigenInverseRoot.reserveProduct(workspace, precision, order);
        for (Slot slot : List.of(Slot.ITERATE_B, Slot.ITERATE_T, Slot.ITERATE_Y, Slot.ITERATE_Z)) {
            workspace.reserve(slot, precision, order, order);
        }
    }

    @Override
    public boolean compute(Matrix gram, double unit, Matrix root, RootReport report, Workspace workspace) {
        report.begin(RootMethod.NEWTON);
        if (ready && iterate(gram, unit, report, workspace)) {
            leaveBasis(root, workspace);
            return true;
        }
        if (ready) fallbacks++;
        decompose(gram, unit, root, report, workspace);
        return true;
    }

    /** X ← the root of this V in the basis, from the last X; whether the residual says so. */
    private boolean iterate(Matrix gram, double unit, RootReport report, Workspace workspace) {
        Matrix b = workspace.get(Slot.ITERATE_B, precision, order, order);
        Matrix bx = workspace.get(Slot.ITERATE_T, precision, order, order);
        Matrix r = workspace.get(Slot.ITERATE_Y, precision, order, order);
        Matrix x = workspace.get(Slot.ITERATE_Z, precision, order, order);
        backend.symm(Side.RIGHT, gram, basis.vectors(), bx);
        backend.gemm(Transpose.NONE, Transpose.TRANSPOSED, 1, bx, basis.vectors(), 0, b); // B ← QVQᵀ
        backend.diagonal(b, diagonal);
        double smallest = Double.POSITIVE_INFINITY;
        double largest = 0;
        for (int i = 0; i < order; i++) {
            smallest = Math.min(smallest, diagonal.get(0, i));
            largest = Math.max(largest, diagonal.get(0, i));
        }
        double shift = damping.shift(largest, order * precision.unitRoundoff() * largest, unit);
        backend.addToDiagonal(shift, b);
        report.range(smallest, largest, 1 / Math.sqrt(smallest + shift), 1 / Math.sqrt(largest + shift));
        if (!(smallest + shift > 0)) return false;
        double accepted = Math.min(ACCEPTED, precision.unitRoundoff() * (largest + shift) / (smallest + shift));
        backend.copy(inverse, x);
        double before = START / SHRINKING;
        for (int n = 0; n < MAX_ITERATIONS; n++) {
            backend.gemm(Transpose.NONE, Transpose.NONE, 1, b, x, 0, bx);
            backend.gemm(Transpose.NONE, Transpose.NONE, 1, x, bx, 0, r);
            double residual = Math.sqrt(backend.squaredDistanceFromIdentity(r)) / Math.sqrt(order);
            report.residual = residual;
            boolean stagnates = !(residual <= SHRINKING * before);
            if (residual <= done || (stagnates && residual <= accepted)) {
                backend.copy(x, inverse);
                return true;
            }
            if (stagnates) return false;
            before = residual;
            backend.correctRoot(r, b, x); // X ← X + Δ, Δ_ij = (I − XBX)_ij/(√b_ii + √b_jj)
        }
        return false;
    }

    /** P ← QᵀXQ. */
    private void leaveBasis(Matrix root, Workspace workspace) {
        Matrix xq = workspace.get(Slot.ITERATE_T, precision, order, order);
        Matrix p = workspace.get(Slot.ITERATE_Y, precision, order, order);
        backend.gemm(Transpose.NONE, Transpose.NONE, 1, inverse, basis.vectors(), 0, xq);
        backend.gemm(Transpose.TRANSPOSED, Transpose.NONE, 1, basis.vectors(), xq, 0, p);
        backend.averageLower(1, p, root);
    }

    /** Q ← eigenvectors of V, X ← diag(λ + s)^(−1/2). */
    private void decompose(Matrix gram, double unit, Matrix root, RootReport report, Workspace workspace) {
        basis.decompose(gram, workspace);
        Matrix factors = workspace.get(Slot.EIGENVALUES, precision, 1, order);
        Matrix scaled = workspace.get(Slot.VECTORS, precision, order, order);
        backend.copy(basis.eigenvalues(), factors);
        backend.copy(basis.vectors(), scaled);
        EigenInverseRoot.replaceByFactors(factors, damping, unit, report); // f^(1/2)
        setInverse(factors);
        EigenInverseRoot.product(backend, scaled, factors, root, workspace);
        ready = true;
        report.fallbacks = fallbacks;
    }

    /** X ← diag(f²). */
    private void setInverse(Matrix factors) {
        for (int i = 0; i < order; i++) diagonal.set(0, i, factors.get(0, i) * factors.get(0, i));
        backend.fill(0, inverse);
        backend.addToDiagonal(1, inverse);
        backend.scaleRows(diagonal, inverse);
    }

    @Override
    public void rescale(double factor) {
        basis.rescale(factor);
        backend.divide(factor, inverse);
    }

    @Override
    public void describe(StateFields fields) {
        ready = fields.flag("ready", ready);
        fallbacks = fields.integer("fallbacks", fallbacks);
        basis.describe(fields);
        fields.matrix("inverse", inverse);
    }
}
