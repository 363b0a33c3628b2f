// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.optim;

import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.ElementType;

/**
 * The roots of several gram matrices of one order, found by calls that work on all of them at once: one of order 768 is
 * 36 tiles of 128×128, for a GPU with a hundred and more multiprocessors. Each is what it would be alone (up to the
 * rounding of a product, where a library has another order of sums for many), and each that fails does so alone, down
 * its state's own ladder.
 */
abstract sealed class RootBatch permits PolarExpressBatch, EigenBatch {
    final Backend backend;
    final AsgoState[] states;
    final ElementType precision;
    final int order;

    RootBatch(Backend backend, AsgoState[] states) {
        this.backend = backend;
        this.states = states;
        this.precision = states[0].gram().type();
        this.order = states[0].gram().rows();
    }

    /** One for states with {@link BatchedRoot}s of one method, order and precision; a single one's is found alone. */
    static RootBatch of(Backend backend, AsgoState[] states) {
        return switch (states[0].batchedRoot()) {
            case PolarExpressInverseRoot any -> new PolarExpressBatch(backend, states);
            case EigenInverseRoot any -> new EigenBatch(backend, states);
        };
    }

    final int count() {
        return states.length;
    }

    /** Reserves what {@link #find} needs. */
    abstract void reserve(Workspace workspace);

    /** Finds all roots of the present gram matrices and hands them to the {@link BatchedRoot}s. */
    abstract void find(Workspace workspace);

    /** Whether all of them need a root now. */
    final boolean isDue() {
        for (AsgoState state : states) {
            if (!state.isRootDue()) return false;
        }
        return true;
    }

    /** Renews the roots of all states, which is done with the workspace then. */
    final void refresh(Workspace workspace) {
        try {
            if (states.length > 1) find(workspace);
            for (AsgoState state : states) state.refresh(workspace);
        } finally {
            for (AsgoState state : states) state.batchedRoot().forget(); // after an error
        }
    }
}
