// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.optim;

import java.lang.foreign.Arena;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.Matrix;
import org.asgo4j.optim.Workspace.Slot;

/**
 * The root through a kept {@link Eigenbasis}: P = Qᵀ·diag(f(λ))·Q with λ the diagonal of QVQᵀ. What lies off that
 * diagonal is neglected, which is what the warm start costs in accuracy.
 */
final class BasisInverseRoot implements InverseRoot {
    private final Backend backend;
    private final Damping damping;
    private final Eigenbasis basis;
    private final BasisRenewal renewal;

    BasisInverseRoot(Backend backend, Arena arena, AsgoConfig config, Matrix gram) {
        this.backend = backend;
        this.damping = config.root().damping();
        this.basis = new Eigenbasis(backend, arena, gram);
        this.renewal = new BasisRenewal(config.root().method(), config.refresh());
    }

    @Override
    public void reserve(Workspace workspace) {
        basis.reserve(workspace);
        EigenInverseRoot.reserveProduct(workspace, basis.vectors().type(), basis.vectors().rows());
    }

    @Override
    public boolean compute(Matrix gram, double unit, Matrix root, RootReport report, Workspace workspace) {
        boolean renewed = renewal.renew(basis, gram, report, workspace);
        int order = gram.rows();
        Matrix scaled = workspace.get(Slot.VECTORS, gram.type(), order, order);
        Matrix factors = workspace.get(Slot.EIGENVALUES, gram.type(), 1, order);
        backend.copy(basis.vectors(), scaled);
        backend.copy(basis.eigenvalues(), factors);
        EigenInverseRoot.replaceByFactors(factors, damping, unit, report);
        EigenInverseRoot.product(backend, scaled, factors, root, workspace);
        return renewed;
    }

    @Override
    public void rescale(double factor) {
        basis.rescale(factor);
    }

    @Override
    public void describe(StateFields fields) {
        renewal.describe(fields);
        basis.describe(fields);
    }
}
