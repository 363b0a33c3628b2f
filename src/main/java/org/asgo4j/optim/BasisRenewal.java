// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.optim;

import org.asgo4j.linalg.Matrix;

/** Decides at each refresh how a kept {@link Eigenbasis} follows its gram matrix: left, turned by QR, or decomposed. */
final class BasisRenewal {
    private final RootMethod method;
    private final Refresh policy;
    private boolean decomposed; // whether there is a basis yet; one of zeros says nothing of what comes
    private long stepsSince; //    refreshes since the last renewal, for the adaptive cap

    BasisRenewal(RootMethod method, Refresh policy) {
        this.method = method;
        this.policy = policy;
    }

    /**
     * Brings the basis up to date; its eigenvalues are those of V in any case.
     *
     * @return whether the basis changed
     */
    boolean renew(Eigenbasis basis, Matrix gram, RootReport report, Workspace workspace) {
        report.begin(decomposed ? method : RootMethod.EIGEN);
        if (!decomposed) {
            basis.decompose(gram, workspace);
            renewed(basis);
            return true;
        }
        if (policy instanceof Refresh.Adaptive adaptive) {
            basis.project(gram, workspace);
            stepsSince++;
            if (stepsSince < adaptive.cap() && basis.offDiagonality(gram) <= adaptive.tolerance()) return false;
        }
        if (method == RootMethod.QR) basis.turn(gram, workspace);
        else basis.decompose(gram, workspace);
        renewed(basis);
        return true;
    }

    /** The basis is that of V now, maybe from elsewhere. */
    void renewed(Eigenbasis basis) {
        decomposed = !basis.isOfZeros();
        stepsSince = 0;
    }

    boolean isDecomposed() {
        return decomposed;
    }

    void describe(StateFields fields) {
        decomposed = fields.flag("decomposed", decomposed);
        stepsSince = fields.integer("steps_since_renewal", stepsSince);
    }
}
