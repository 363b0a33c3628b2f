// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.optim;

/** A root that a {@link RootBatch} may find for it, together with others. */
sealed interface BatchedRoot extends InverseRoot permits PolarExpressInverseRoot, EigenInverseRoot {

    /** Has the next {@link #compute} compute, whatever a batch has found. */
    void forget();
}
