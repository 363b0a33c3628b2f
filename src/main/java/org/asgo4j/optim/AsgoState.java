package org.asgo4j.optim;

import java.lang.foreign.Arena;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.ElementType;
import org.asgo4j.linalg.Matrix;
import org.asgo4j.optim.Workspace.Slot;

/** Momentum and preconditioner of one weight (or one row block) under {@link Asgo}. */
final class AsgoState extends RuleState {
    /**
     * Squares of norms between 2^−30 and 2^30 and their sums stay far inside float32 (2^±126); beyond, state and
     * gradient are brought back to 1 by a power of two, which rounds nothing.
     */
    private static final int EXPONENT_RANGE = 30;

    /** Keeps the power of two itself and its inverse normal float32 numbers. */
    private static final int EXPONENT_LIMIT = 126;

    private final AsgoConfig config;
    private final int rows;
    private final int cols;
    private final Matrix momentum; // M/unit, m×n
    private final Preconditioner preconditioner; // V/unit², P·unit
    private int exponent; // unit = 2^exponent
    private boolean scaled; // whether unit has been set by a gradient
    private long refreshes;

    AsgoState(Backend backend, Arena arena, AsgoConfig config, int rows, int cols) {
        super(backend, rows, cols);
        this.config = config;
        this.rows = rows;
        this.cols = cols;
        this.momentum = backend.allocate(arena, rows, cols);
        this.preconditioner = new Preconditioner(backend, arena, config, rows, cols);
    }

    @Override
    void reserve(Workspace workspace) {
        workspace.reserve(Slot.UPDATE, ElementType.FLOAT32, rows, cols);
        workspace.reserve(Slot.SCALED_GRADIENT, ElementType.FLOAT32, rows, cols);
        preconditioner.reserve(workspace, rows, cols);
    }

    @Override
    void apply(
            Matrix weight, Matrix gradient, double gradientScale, float learningRate, float weightDecay,
            Workspace workspace) {
        double gradientNorm = Math.sqrt(backend.sumOfSquares(gradient));
        followScale(gradientScale * gradientNorm);
        double scale = gradientScale / unit(); // c
        Matrix g = gradient;
        if (outOfRange(gradientNorm)) { // its squares would leave float32
            g = workspace.get(Slot.SCALED_GRADIENT, ElementType.FLOAT32, rows, cols);
            backend.axpby((float) scale, gradient, 0, g);
            scale = 1;
        }
        step(weight, g, scale, learningRate, weightDecay, workspace);
    }

    private void step(Matrix weight, Matrix g, double c, float learningRate, float weightDecay, Workspace workspace) {
        Matrix update = workspace.get(Slot.UPDATE, ElementType.FLOAT32, rows, cols);
        boolean sum = config.accumulation() == Accumulation.SUM;
        double keep = sum ? 1 : config.beta2();
        double add = sum ? 1 : 1 - config.beta2();
        double fresh = (1 - config.beta1()) * c;

        backend.axpby((float) fresh, g, (float) config.beta1(), momentum); // M ← β₁M + (1−β₁)cG     m×n
        preconditioner.accumulate(g, keep, add * c * c, workspace); //        V ← β₂V + (1−β₂)c²GGᵀ  k×k
        if (steps() % config.refreshInterval() == 0) {
            preconditioner.refresh(unit(), workspace); //                     P ← V^(−1/2)           k×k
            refreshes++;
        }
        preconditioner.apply(momentum, update); //                            U ← PM or MP           m×n
        double norm = Math.sqrt(backend.sumOfSquares(update));
        if (!Double.isFinite(norm)) {
            throw new ArithmeticException("norm of the ASGO update is %s at step %d, must be finite"
                    .formatted(norm, steps() + 1));
        }
        double length = config.scaling().factor(norm, rows, cols);
        float decay = 1 - learningRate * weightDecay;
        backend.axpby((float) (-learningRate * length), update, decay, weight); // W ← (1−ηλ)W − ηU m×n
    }

    /** Chooses the unit on the first gradient that is not zero, and anew when norms leave the range. */
    private void followScale(double norm) {
        if (norm == 0) return;
        if (!scaled) {
            exponent = exponentOf(norm);
            scaled = true;
        } else if (outOfRange(norm / unit())) {
            // A smaller gradient changes the unit only once what it meets in M and V has faded as well.
            double largestSquare = Math.max(backend.sumOfSquares(momentum), preconditioner.trace());
            double largest = Math.max(norm / unit(), Math.sqrt(largestSquare));
            if (outOfRange(largest)) rescale(exponentOf(largest * unit()));
        }
    }

    private void rescale(int newExponent) {
        double factor = Math.scalb(1.0, exponent - newExponent);
        // Two factors: the change of unit may exceed float32's range where M itself does not.
        double half = Math.scalb(1.0, (exponent - newExponent) / 2);
        backend.axpby(0, momentum, (float) half, momentum);
        backend.axpby(0, momentum, (float) (factor / half), momentum);
        preconditioner.rescale(factor);
        exponent = newExponent;
    }

    private double unit() {
        return Math.scalb(1.0, exponent);
    }

    private static boolean outOfRange(double norm) {
        return norm != 0 && Math.abs(Math.getExponent(norm)) > EXPONENT_RANGE;
    }

    private static int exponentOf(double norm) {
        return Math.clamp(Math.getExponent(norm), -EXPONENT_LIMIT, EXPONENT_LIMIT);
    }

    @Override
    void describe(StateFields fields) {
        exponent = (int) fields.integer("exponent", exponent);
        scaled = fields.integer("scaled", scaled ? 1 : 0) != 0;
        refreshes = fields.integer("refreshes", refreshes);
        fields.matrix("momentum", momentum);
        preconditioner.describe(fields);
    }

    @Override
    public long refreshes() {
        return refreshes;
    }
}
