// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.optim;

import org.asgo4j.linalg.Matrix;

/** A way from the gram matrix V to its damped inverse square root P. */
interface InverseRoot {

    /** Reserves what {@link #compute} needs. */
    void reserve(Workspace workspace);

    /**
     * P ← f(V), with the {@link Damping}'s f.
     *
     * @param gram V/unit², k×k; lower triangle read
     * @param unit the gradient scale V is held in
     * @param root P·unit, k×k float32; lower triangle written
     * @param report what was found on the way; written
     * @return whether V was decomposed (or rooted) anew; false if a kept eigenbasis was found good enough
     * @throws RootFailure if this method can't root this V; the root is undefined then
     * @throws org.asgo4j.linalg.NativeCallException if LAPACK can't; the root is undefined then
     */
    boolean compute(Matrix gram, double unit, Matrix root, RootReport report, Workspace workspace);

    /** V, and with it what this root remembers of it, is now held in another unit: V is factor²·V. */
    default void rescale(double factor) {}

    /** What it remembers from one root to the next. */
    default void describe(StateFields fields) {}
}
