package org.asgo4j.optim;

import java.lang.foreign.Arena;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.ElementType;
import org.asgo4j.linalg.Matrix;
import org.asgo4j.linalg.Side;
import org.asgo4j.linalg.Transpose;
import org.asgo4j.optim.Workspace.Slot;

/**
 * The gram matrix V of one weight's gradients and its inverse root P, on one side of the weight. Borrows its memory.
 */
final class Preconditioner {
    private final Backend backend;
    private final Side side;
    private final ElementType precision;
    private final InverseRoot inverseRoot;
    private final Matrix gram; // V, k×k, lower triangle
    private final Matrix root; // P, k×k float32, lower triangle

    /** For gradients of {@code rows × cols}. V and P start as zeros. */
    Preconditioner(Backend backend, Arena arena, AsgoConfig config, int rows, int cols) {
        this.backend = backend;
        this.side = side(config.side(), rows, cols);
        this.precision = config.rootPrecision();
        this.inverseRoot = new EigenInverseRoot(backend, config.damping(), precision);
        int order = order(config.side(), rows, cols);
        this.gram = backend.allocate(arena, precision, order, order);
        this.root = backend.allocate(arena, order, order);
    }

    static Side side(PreconditionerSide side, int rows, int cols) {
        return switch (side) {
            case AUTO -> rows < cols ? Side.LEFT : Side.RIGHT; // a square weight is RIGHT, as published
            case LEFT -> Side.LEFT;
            case RIGHT -> Side.RIGHT;
        };
    }

    /** The order k of V: the weight's extent on the preconditioned side. */
    static int order(PreconditionerSide side, int rows, int cols) {
        return side(side, rows, cols) == Side.LEFT ? rows : cols;
    }

    void reserve(Workspace workspace, int rows, int cols) {
        inverseRoot.reserve(workspace, gram.rows());
        if (precision != ElementType.FLOAT32) workspace.reserve(Slot.GRADIENT, precision, rows, cols);
    }

    /** V ← keep·V + add·GGᵀ (LEFT) or keep·V + add·GᵀG (RIGHT): one syrk. */
    void accumulate(Matrix gradient, double keep, double add, Workspace workspace) {
        Matrix g = gradient;
        if (precision != ElementType.FLOAT32) {
            g = workspace.get(Slot.GRADIENT, precision, gradient.rows(), gradient.cols());
            backend.copy(gradient, g);
        }
        backend.syrk(side == Side.LEFT ? Transpose.NONE : Transpose.TRANSPOSED, add, g, keep, gram);
    }

    /** P ← V^(−1/2), damped. */
    void refresh(double unit, Workspace workspace) {
        inverseRoot.compute(gram, unit, root, workspace);
    }

    /** U ← P·M (LEFT) or M·P (RIGHT). */
    void apply(Matrix momentum, Matrix update) {
        backend.symm(side, root, momentum, update);
    }

    /** V ← factor²·V, P ← P/factor, for a power of two: exact but for underflow. */
    void rescale(double factor) {
        for (int i = 0; i < gram.rows(); i++) {
            for (int j = 0; j <= i; j++) {
                gram.set(i, j, gram.get(i, j) * factor * factor);
                root.set(i, j, root.get(i, j) / factor);
            }
        }
    }

    /** V and P. */
    void describe(StateFields fields) {
        fields.triangle("gram", gram);
        fields.triangle("root", root);
    }

    /** tr V = Σ‖G‖_F², weighted as V is. */
    double trace() {
        double trace = 0;
        for (int i = 0; i < gram.rows(); i++) trace += gram.get(i, i);
        return trace;
    }
}
