package org.asgo4j.optim;

import org.asgo4j.linalg.Matrix;

/** A way from the gram matrix V to its damped inverse square root P. */
sealed interface InverseRoot permits EigenInverseRoot {

    /** Reserves what {@link #compute} needs for order {@code order}. */
    void reserve(Workspace workspace, int order);

    /**
     * P ← f(V), with the {@link Damping}'s f.
     *
     * @param gram V/unit², k×k; lower triangle read
     * @param unit the gradient scale V is held in
     * @param root P·unit, k×k float32; lower triangle written
     */
    void compute(Matrix gram, double unit, Matrix root, Workspace workspace);
}
