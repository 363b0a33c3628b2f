// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.optim;

/**
 * How long an update U of an m×n weight is before the learning rate multiplies it.
 *
 * {@snippet file="AsgoExamplesTest.java" region="scaling"}
 */
public enum UpdateScaling {
    /** U·0.2·√(mn)/‖U‖_F: every update has root mean square 0.2, as published. Learning rates of AdamW carry over. */
    RMS,
    /** U·0.2·√max(m,n): Muon's convention, for updates whose singular values are near 1. */
    SPECTRAL,
    /**
     * U·√max(1, m/n): the first Muon's convention (Jordan et al. 2024), which leaves an orthogonal update of a wide
     * weight as it is. Learning rates are some ten times those of the others.
     */
    ASPECT_RATIO,
    /** U as it is: the theory's step, where the learning rate alone sets the length. */
    NONE;

    /** Target root-mean-square of an update, so that AdamW learning rates carry over (ASGO reference code, asgo.py). */
    static final double RMS_TARGET = 0.2;

    /**
     * The factor on U.
     *
     * @param norm ‖U‖_F; read by {@link #RMS} alone. Zero gives the factor 0: there is no direction to scale.
     */
    double factor(double norm, int rows, int cols) {
        return switch (this) {
            case RMS -> norm == 0 ? 0 : RMS_TARGET * Math.sqrt((double) rows * cols) / norm;
            case SPECTRAL -> RMS_TARGET * Math.sqrt(Math.max(rows, cols));
            case ASPECT_RATIO -> Math.sqrt(Math.max(1, (double) rows / cols));
            case NONE -> 1;
        };
    }
}
