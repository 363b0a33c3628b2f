// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.optim;

import java.util.Arrays;
import org.asgo4j.linalg.Backend;
import org.asgo4j.optim.Workspace.Slot;

/**
 * Roots by {@link EigenInverseRoot}, whose eigendecompositions are one call where the backend has one for many. Each
 * root's product stays its own: a syrk, which multiplies half as much as a product of all of them would.
 */
final class EigenBatch extends RootBatch {
    private final EigenInverseRoot[] roots;

    EigenBatch(Backend backend, AsgoState[] states) {
        super(backend, states);
        this.roots = Arrays.stream(states).map(AsgoState::batchedRoot).toArray(EigenInverseRoot[]::new);
    }

    @Override
    void reserve(Workspace workspace) {
        workspace.reserveStack(Slot.VECTORS, precision, count(), order, order);
        workspace.reserveStack(Slot.EIGENVALUES, precision, count(), 1, order);
    }

    /** Where the backend has no such call, nothing is found, and each root is computed alone. */
    @Override
    void find(Workspace workspace) {
        Stack vectors = workspace.stack(Slot.VECTORS, precision, count(), order, order);
        Stack eigenvalues = workspace.stack(Slot.EIGENVALUES, precision, count(), 1, order);
        for (int i = 0; i < count(); i++) {
            backend.copy(states[i].gram(), vectors.block(i));
            backend.symmetrize(vectors.block(i));
        }
        if (!backend.eighBlocks(count(), vectors.all(), eigenvalues.all())) return;
        for (int i = 0; i < count(); i++) roots[i].found(vectors.block(i), eigenvalues.block(i));
    }
}
