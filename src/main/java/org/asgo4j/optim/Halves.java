// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.optim;

import java.util.List;
import org.asgo4j.linalg.Matrix;

/** A state whose step may be taken in two halves, between which roots are computed together with those of others. */
sealed interface Halves permits AsgoState, BlockedState {

    /**
     * The states that this one consists of, each with a gram matrix and a {@link BatchedRoot}; none where one of them
     * has another root.
     */
    List<AsgoState> batched();

    /**
     * The first half, up to the gram matrices. Other states may use the workspace before the second.
     *
     * @param sumOfSquares ‖G‖_F²; NaN if not known
     */
    void prepare(Matrix gradient, double sumOfSquares, double gradientScale, Workspace workspace);

    /** The second half, of the same gradient and scale, once the roots are renewed. */
    void complete(
            Matrix weight, Matrix gradient, double gradientScale, float learningRate, float weightDecay,
            Workspace workspace);
}
