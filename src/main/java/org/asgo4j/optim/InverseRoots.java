// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.optim;

import java.lang.foreign.Arena;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.Matrix;

/** Chooses the {@link InverseRoot} that a configuration asks for. */
final class InverseRoots {

    private InverseRoots() {}

    /** One for gram matrices like {@code gram}; what it remembers lies in {@code arena}. */
    static InverseRoot of(Backend backend, Arena arena, AsgoConfig config, Matrix gram) {
        Root root = config.root();
        if (config.refresh() instanceof Refresh.Adaptive) return new BasisInverseRoot(backend, arena, config, gram);
        return switch (root.method()) {
            case EIGEN -> new EigenInverseRoot(backend, root.damping(), root.precision(), gram.rows());
            case TRIDIAGONAL -> new TridiagonalInverseRoot(backend, root.damping(), gram.rows());
            case ZOLOTAREV -> new ZolotarevInverseRoot(backend, root.damping(), root.precision(), gram.rows());
            case POLAR_EXPRESS -> new PolarExpressInverseRoot(backend, root.damping(), root.precision(), gram.rows());
            case NEWTON -> new NewtonInverseRoot(backend, arena, root.damping(), gram);
            case QR -> new BasisInverseRoot(backend, arena, config, gram);
        };
    }
}
