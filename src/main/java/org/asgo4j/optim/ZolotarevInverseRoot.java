// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.optim;

import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.ElementType;
import org.asgo4j.linalg.Matrix;
import org.asgo4j.optim.Workspace.Slot;

/**
 * The root as a rational function of V with few poles ({@link Zolotarev}): with ν = ‖V‖_F ≥ λ_max and N = ν + s,
 *
 * <pre>
 * P = (C·I + Σ_j C·a_j·N·(V + (s + c_j·N)I)⁻¹) / √N
 * </pre>
 *
 * Each term is one Cholesky inverse. No eigenvalue is looked for: the interval on which the function is good goes from
 * s to N, whatever of it V's eigenvalues fill.
 */
final class ZolotarevInverseRoot implements InverseRoot {
    /**
     * Most relative error of P's eigenvalues: two poles for δ = 1e-6, which reach 0.20. Muon's iterations leave 0.3,
     * and a smaller one trained no better (docs/measured.md, "Roots").
     */
    static final double RELATIVE_ERROR = 0.25;

    private final Backend backend;
    private final Damping damping;
    private final ElementType precision;
    private final int order;
    private final Zolotarev zolotarev = new Zolotarev();

    ZolotarevInverseRoot(Backend backend, Damping damping, ElementType precision, int order) {
        this.backend = backend;
        this.damping = damping;
        this.precision = precision;
        this.order = order;
    }

    @Override
    public void reserve(Workspace workspace) {
        EigenInverseRoot.reserveProduct(workspace, precision, order);
        workspace.reserveEigh(precision, order);
    }

    @Override
    public boolean compute(Matrix gram, double unit, Matrix root, RootReport report, Workspace workspace) {
        report.begin(RootMethod.ZOLOTAREV);
        double norm = Symmetric.norm(backend, gram);
        if (!Double.isFinite(norm)) throw new RootFailure("norm of the gram matrix is " + norm);
        report.largest = norm;
        Matrix sum = precision == ElementType.FLOAT32 ? root : workspace.get(Slot.ROOT, precision, order, order);
        backend.fill(0, sum);
        if (norm > 0) addTerms(gram, norm, unit, sum, workspace); // a gram matrix of zeros has the root 0
        if (sum != root) backend.copy(sum, root);
        return true;
    }

    private void addTerms(Matrix gram, double norm, double unit, Matrix sum, Workspace workspace) {
        double roundoff = precision.unitRoundoff();
        double shift = damping.shift(norm, order * roundoff * norm, unit);
        double top = norm + shift;
        zolotarev.fit(Math.max(shift / top, roundoff), RELATIVE_ERROR);
        backend.addToDiagonal(zolotarev.constant() / Math.sqrt(top), sum);
        for (int j = 0; j < zolotarev.count(); j++) {
            backend.addInverse(
                    zolotarev.weight(j) * Math.sqrt(top), shift + zolotarev.shift(j) * top, gram, sum,
                    workspace.eigh(precision));
        }
    }
}
