// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.optim;

import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.ElementType;
import org.asgo4j.optim.Workspace.Slot;

/**
 * The roots of several gram matrices of one order by PolarExpress, in products of all of them at once: one of order 768
 * is 36 tiles of 128×128, for a GPU with a hundred and more multiprocessors. Each is what it would be alone (up to the
 * rounding of a product, where a library has another order of sums for many), and each that fails does so alone, when
 * its state asks for it.
 */
final class RootBatch {
    private final Backend backend;
    private final AsgoState[] states;
    private final ElementType precision;
    private final int order;
    private final LargestEigenvalues eigenvalues;

    /** For states that have {@link AsgoState#batched}, of one order and precision. */
    RootBatch(Backend backend, AsgoState[] states) {
        this.backend = backend;
        this.states = states;
        this.precision = states[0].gram().type();
        this.order = states[0].gram().rows();
        this.eigenvalues = new LargestEigenvalues(backend, precision, states.length, order);
    }

    void reserve(Workspace workspace) {
        eigenvalues.reserve(workspace);
        PolarExpressInverseRoot.reserve(precision, states.length, order, workspace);
    }

    /** Whether all of them need a root now. */
    boolean isDue() {
        for (AsgoState state : states) {
            if (!state.isRootDue()) return false;
        }
        return true;
    }

    /** Computes all roots of the present gram matrices; each state's next refresh takes its own over. */
    void compute(Workspace workspace) {
        Stack y = workspace.stack(Slot.ITERATE_Y, precision, states.length, order, order);
        for (int i = 0; i < states.length; i++) {
            backend.copy(states[i].gram(), y.block(i));
            backend.symmetrize(y.block(i));
        }
        eigenvalues.find(y, workspace);
        for (int i = 0; i < states.length; i++) {
            states[i].batched().start(y.block(i), states[i].unit(), eigenvalues.get(i));
        }
        Stack inverse = PolarExpressInverseRoot.iterate(backend, precision, states.length, order, workspace);
        for (int i = 0; i < states.length; i++) states[i].batched().found(inverse.block(i));
    }

    /** Results that nobody took over are not used. */
    void forget() {
        for (AsgoState state : states) state.batched().forget();
    }
}
