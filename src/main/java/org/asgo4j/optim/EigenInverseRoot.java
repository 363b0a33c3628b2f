// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.optim;

import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.ElementType;
import org.asgo4j.linalg.Matrix;
import org.asgo4j.linalg.Transpose;
import org.asgo4j.optim.Workspace.Slot;

/**
 * The root by eigendecomposition: V = Qᵀ·diag(λ)·Q, P = Qᵀ·diag(f(λ))·Q = SᵀS with S = diag(f(λ)^(1/2))·Q, one syevd
 * and one syrk. P is symmetric by construction. On a CPU syevd costs 5–7 products of its order, which beats every
 * product-only iteration that starts cold. An {@link EigenBatch} decomposes several matrices at once.
 */
final class EigenInverseRoot implements BatchedRoot {
    private final Backend backend;
    private final Damping damping;
    private final ElementType precision;
    private final int order;
    private Matrix vectors; //     found by a batch for the next compute, or null
    private Matrix eigenvalues; // likewise

    EigenInverseRoot(Backend backend, Damping damping, ElementType precision, int order) {
        this.backend = backend;
        this.damping = damping;
        this.precision = precision;
        this.order = order;
    }

    @Override
    public void reserve(Workspace workspace) {
        workspace.reserve(Slot.VECTORS, precision, order, order);
        workspace.reserve(Slot.EIGENVALUES, precision, 1, order);
        workspace.reserveEigh(precision, order);
        reserveProduct(workspace, precision, order);
    }

    /** What {@link #product} needs. */
    static void reserveProduct(Workspace workspace, ElementType precision, int order) {
        if (precision != ElementType.FLOAT32) workspace.reserve(Slot.ROOT, precision, order, order);
    }

    @Override
    public boolean compute(Matrix gram, double unit, Matrix root, RootReport report, Workspace workspace) {
        report.begin(RootMethod.EIGEN);
        Matrix q = vectors;
        Matrix lambda = eigenvalues;
        forget();
        if (q == null) {
            q = workspace.get(Slot.VECTORS, precision, order, order);
            lambda = workspace.get(Slot.EIGENVALUES, precision, 1, order);
            backend.copy(gram, q); // eigh overwrites what it decomposes
            backend.eigh(q, lambda, workspace.eigh(precision)); // Q, λ
        }
        replaceByFactors(lambda, damping, unit, report); //        λ_i ← f(λ_i)^(1/2)
        product(backend, q, lambda, root, workspace);
        return true;
    }

    /** Has the next {@link #compute} take over, and overwrite, what a batch made of V: rows Q, and λ. */
    void found(Matrix rowsOfVectors, Matrix values) {
        vectors = rowsOfVectors;
        eigenvalues = values;
    }

    @Override
    public void forget() {
        vectors = null;
        eigenvalues = null;
    }

    /** P ← SᵀS with S = diag(factors)·Q, which Q becomes. */
    static void product(Backend backend, Matrix vectors, Matrix factors, Matrix root, Workspace workspace) {
        backend.scaleRows(factors, vectors);
        if (vectors.type() == ElementType.FLOAT32) {
            backend.syrk(Transpose.TRANSPOSED, 1, vectors, 0, root);
        } else {
            Matrix wide = workspace.get(Slot.ROOT, vectors.type(), vectors.rows(), vectors.rows());
            backend.syrk(Transpose.TRANSPOSED, 1, vectors, 0, wide);
            backend.copy(wide, root);
        }
    }

    /** λ_i ← f(λ_i)^(1/2), in any order of eigenvalues; notes their range. */
    static void replaceByFactors(Matrix eigenvalues, Damping damping, double unit, RootReport report) {
        requireFinite(eigenvalues);
        noteRange(eigenvalues, damping, unit, report);
        int order = eigenvalues.cols();
        double floor = order * eigenvalues.type().unitRoundoff() * report.largest;
        for (int i = 0; i < order; i++) {
            double inverseRoot = damping.inverseRoot(eigenvalues.get(0, i), report.largest, floor, unit);
            eigenvalues.set(0, i, Math.sqrt(inverseRoot));
        }
    }

    /** Notes the smallest and largest of eigenvalues in any order, and what damping makes of them. */
    static void noteRange(Matrix eigenvalues, Damping damping, double unit, RootReport report) {
        int order = eigenvalues.cols();
        double smallest = Double.POSITIVE_INFINITY;
        double largest = Double.NEGATIVE_INFINITY;
        for (int i = 0; i < order; i++) {
            smallest = Math.min(smallest, eigenvalues.get(0, i));
            largest = Math.max(largest, eigenvalues.get(0, i));
        }
        double floor = order * eigenvalues.type().unitRoundoff() * largest;
        report.range(
                smallest, largest,
                damping.inverseRoot(smallest, largest, floor, unit),
                damping.inverseRoot(largest, largest, floor, unit));
    }

    /** Throws if an eigenvalue is NaN or infinite, as LAPACK may leave it without saying so. */
    static void requireFinite(Matrix eigenvalues) {
        for (int i = 0; i < eigenvalues.cols(); i++) {
            double value = eigenvalues.get(0, i);
            if (!Double.isFinite(value)) {
                throw new RootFailure("eigenvalue %d of %d is %s".formatted(i + 1, eigenvalues.cols(), value));
            }
        }
    }
}
