// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.optim;

import java.util.Arrays;
import org.asgo4j.linalg.Backend;
import org.asgo4j.optim.Workspace.Slot;

/** Roots by {@link PolarExpressInverseRoot} in products of all of them at once. */
final class PolarExpressBatch extends RootBatch {
    private final PolarExpressInverseRoot[] roots;
    private final LargestEigenvalues eigenvalues;

    PolarExpressBatch(Backend backend, AsgoState[] states) {
        super(backend, states);
        this.roots = Arrays.stream(states).map(AsgoState::batchedRoot).toArray(PolarExpressInverseRoot[]::new);
        this.eigenvalues = new LargestEigenvalues(backend, precision, count(), order);
    }

    @Override
    void reserve(Workspace workspace) {
        eigenvalues.reserve(workspace);
        PolarExpressInverseRoot.reserve(precision, count(), order, workspace);
    }

    @Override
    void find(Workspace workspace) {
        Stack y = workspace.stack(Slot.ITERATE_Y, precision, count(), order, order);
        for (int i = 0; i < count(); i++) {
            backend.copy(states[i].gram(), y.block(i));
            backend.symmetrize(y.block(i));
        }
        eigenvalues.find(y, workspace);
        for (int i = 0; i < count(); i++) roots[i].start(y.block(i), states[i].unit(), eigenvalues.get(i));
        Stack inverse = PolarExpressInverseRoot.iterate(backend, precision, count(), order, workspace);
        for (int i = 0; i < count(); i++) roots[i].found(inverse.block(i));
    }
}
