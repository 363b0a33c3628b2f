package org.asgo4j.optim;

import java.lang.foreign.Arena;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.Matrix;
import org.asgo4j.linalg.Side;
import org.asgo4j.linalg.Transpose;

/** One side of {@link Shampoo}: a gram matrix of the gradients and its inverse fourth root. Borrows its memory. */
final class KroneckerFactor {
    private final Backend backend;
    private final Side side;
    private final InverseFourthRoot inverseRoot;
    private final Matrix gram; // L or R, k×k, lower triangle
    private final Matrix root; // k×k, lower triangle

    /** For gradients of {@code rows × cols}. Gram matrix and root start as zeros. */
    KroneckerFactor(Backend backend, Arena arena, ShampooConfig config, Side side, int rows, int cols) {
        this.backend = backend;
        this.side = side;
        this.inverseRoot = new InverseFourthRoot(backend, config.damping(), config.root());
        int order = side == Side.LEFT ? rows : cols;
        this.gram = backend.allocate(arena, order, order);
        this.root = backend.allocate(arena, order, order);
    }

    void reserve(Workspace workspace) {
        inverseRoot.reserve(workspace, gram.rows());
    }

    /** L ← keep·L + (1−keep)·GGᵀ, or R with GᵀG. */
    void accumulate(Matrix gradient, double keep) {
        backend.syrk(side == Side.LEFT ? Transpose.NONE : Transpose.TRANSPOSED, 1 - keep, gradient, keep, gram);
    }

    /** Takes the root anew. */
    void refresh(double unit, Workspace workspace) {
        inverseRoot.compute(gram, unit, root, workspace);
    }

    /** Y ← L^(−1/4)·X, or X·R^(−1/4). */
    void apply(Matrix x, Matrix y) {
        backend.symm(side, root, x, y);
    }

    /** The gram matrix in another unit. The root may stay: grafting cancels its length. */
    void rescale(double factor) {
        GradientScale.multiply(backend, factor * factor, gram);
    }

    /** The gram matrix's trace: the mean of ‖G‖_F². */
    double trace() {
        double trace = 0;
        for (int i = 0; i < gram.rows(); i++) trace += gram.get(i, i);
        return trace;
    }

    void describe(StateFields fields) {
        fields.triangle("gram", gram);
        fields.triangle("root", root);
    }
}
