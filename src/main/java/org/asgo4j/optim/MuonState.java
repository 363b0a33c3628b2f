// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.optim;

import java.lang.foreign.Arena;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.ElementType;
import org.asgo4j.linalg.Matrix;
import org.asgo4j.linalg.Side;
import org.asgo4j.linalg.Transpose;
import org.asgo4j.optim.Workspace.Slot;

/** The momentum of one weight (or one row block) under {@link Muon}. */
final class MuonState extends RuleState {
    /** Coefficients of X ← aX + (bA + cA²)X, chosen for the steepest slope at 0 (Jordan et al. 2024). */
    private static final float A = 3.4445f;

    private static final float B = -4.7750f;
    private static final float C = 2.0315f;

    private static final NormLimit NORM_LIMIT = NormLimit.ofMomentum("Muon");

    private final MuonConfig config;
    private final int order; // k = min(m, n)
    private final Matrix momentum; // M, m×n

    MuonState(Backend backend, Arena arena, MuonConfig config, int rows, int cols) {
        super(backend, rows, cols);
        this.config = config;
        this.order = Math.min(rows, cols);
        this.momentum = backend.allocate(arena, rows, cols);
    }

    @Override
    void reserve(Workspace workspace) {
        workspace.reserve(Slot.UPDATE, ElementType.FLOAT32, rows, cols);
        workspace.reserve(Slot.PRODUCT, ElementType.FLOAT32, rows, cols);
        workspace.reserve(Slot.ITERATE, ElementType.FLOAT32, order, order);
        workspace.reserve(Slot.FACTOR, ElementType.FLOAT32, order, order);
    }

    @Override
    void apply(
            Matrix weight, Matrix gradient, double gradientScale, float learningRate, float weightDecay,
            Workspace workspace) {
        Matrix x = workspace.get(Slot.UPDATE, ElementType.FLOAT32, rows, cols);
        float keep = (float) config.beta1();
        float fresh = (float) ((1 - config.beta1()) * gradientScale);

        if (config.nesterov()) { //                            M as below, X ← (1−β₁)cG + β₁M
            backend.lookAhead(fresh, gradient, keep, momentum, x);
        } else {
            backend.axpby(fresh, gradient, keep, momentum); // M ← β₁M + (1−β₁)cG   m×n
            backend.copy(momentum, x); //                      X ← M                m×n
        }
        double norm = Descent.norm(backend, x, "Muon", steps() + 1);
        if (norm > 0) {
            GradientScale.multiply(backend, 1 / norm, x);
            Matrix next = workspace.get(Slot.PRODUCT, ElementType.FLOAT32, rows, cols);
            for (int i = 0; i < config.iterations(); i++) {
                iterate(x, next, workspace);
                Matrix done = x;
                x = next;
                next = done;
            }
        }
        boolean over = isOver(norm, gradient);
        norm = Descent.norm(backend, x, "Muon", steps() + 1);
        double length = over ? 0 : config.scaling().factor(norm, rows, cols);
        Descent.step(backend, weight, x, length, learningRate, weightDecay);
    }

    /**
     * X' ← (aI + bA + cA²)X with A = XXᵀ on the side that has fewer rows or columns. With a on the diagonal the product
     * is all there is to do on m×n numbers; aX added afterwards would read and write them once more.
     */
    private void iterate(Matrix x, Matrix next, Workspace workspace) {
        Matrix gram = workspace.get(Slot.ITERATE, ElementType.FLOAT32, order, order);
        Matrix polynomial = workspace.get(Slot.FACTOR, ElementType.FLOAT32, order, order);
        boolean wide = rows <= cols;
        backend.syrk(wide ? Transpose.NONE : Transpose.TRANSPOSED, 1, x, 0, gram); // A            k×k
        backend.symmetrize(gram); // its square is another syrk, of all of it
        backend.copy(gram, polynomial);
        backend.syrk(Transpose.NONE, C, gram, B, polynomial); //                      bA + cA²     k×k
        backend.addToDiagonal(A, polynomial); //                                      aI + bA + cA²
        backend.symm(wide ? Side.LEFT : Side.RIGHT, polynomial, x, next); //          X'           m×n
    }

    @Override
    NormLimit normLimit() {
        return NORM_LIMIT;
    }

    @Override
    void describe(StateFields fields) {
        fields.matrix("momentum", momentum);
    }
}
