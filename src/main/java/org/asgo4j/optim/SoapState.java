package org.asgo4j.optim;

import java.lang.foreign.Arena;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.ElementType;
import org.asgo4j.linalg.Matrix;
import org.asgo4j.linalg.Side;
import org.asgo4j.optim.Workspace.Slot;

/** Both moments of one weight (or one row block) under {@link Soap} and the bases they are kept in. */
final class SoapState extends RuleState {
    private final SoapConfig config;
    private final int rows;
    private final int cols;
    private final GradientScale scale;
    private final SoapBasis left; // L/unit², m×m
    private final SoapBasis right; // R/unit², n×n
    private final Matrix firstMoment; // M'/unit, m×n, in the basis
    private final Matrix secondMoment; // V'/unit², m×n, in the basis
    private final Matrix energy; // Σ V'/unit², 1×1
    private long refreshes;

    SoapState(Backend backend, Arena arena, SoapConfig config, int rows, int cols) {
        super(backend, rows, cols);
        this.config = config;
        this.rows = rows;
        this.cols = cols;
        this.scale = new GradientScale(backend);
        this.left = new SoapBasis(backend, arena, config, Side.LEFT, rows, cols);
        this.right = new SoapBasis(backend, arena, config, Side.RIGHT, rows, cols);
        this.firstMoment = backend.allocate(arena, rows, cols);
        this.secondMoment = backend.allocate(arena, rows, cols);
        this.energy = backend.allocate(arena, ElementType.FLOAT64, 1, 1);
    }

    @Override
    void reserve(Workspace workspace) {
        workspace.reserve(Slot.UPDATE, ElementType.FLOAT32, rows, cols);
        workspace.reserve(Slot.PRODUCT, ElementType.FLOAT32, rows, cols);
        workspace.reserve(Slot.SCALED_GRADIENT, ElementType.FLOAT32, rows, cols);
        left.reserve(workspace);
        right.reserve(workspace);
    }

    @Override
    void apply(
            Matrix weight, Matrix gradient, double gradientScale, float learningRate, float weightDecay,
            Workspace workspace) {
        double norm = gradientScale * Math.sqrt(backend.sumOfSquares(gradient));
        followScale(norm);
        Matrix g = scale.scaled(gradient, gradientScale, workspace);
        left.accumulate(g, config.beta2()); //  L ← β₂L + (1−β₂)GGᵀ  m×m
        right.accumulate(g, config.beta2()); // R ← β₂R + (1−β₂)GᵀG  n×n
        long t = steps(); // the first gradient makes the basis and moves nothing
        if (t == 0) {
            left.decompose(workspace);
            right.decompose(workspace);
            refreshes = bases();
            return;
        }
        double relative = norm / scale.unit();
        energy.set(0, 0, config.beta2() * energy.get(0, 0) + (1 - config.beta2()) * relative * relative);
        Matrix update = adam(g, workspace);
        Descent.norm(backend, update, "SOAP", t + 1);
        double correction = Math.sqrt(1 - Math.pow(config.beta2(), t)) / (1 - Math.pow(config.beta1(), t));
        Descent.step(backend, weight, update, correction, learningRate, weightDecay);
        if (t % config.refreshInterval() == 0) turn(workspace);
    }

    /** The update of Adam's moments in the basis, out of it; without bias correction. The gradient is overwritten. */
    private Matrix adam(Matrix g, Workspace workspace) {
        Matrix product = workspace.get(Slot.PRODUCT, ElementType.FLOAT32, rows, cols);
        Matrix rotated = workspace.get(Slot.UPDATE, ElementType.FLOAT32, rows, cols);
        double mean = energy.get(0, 0) / rows / cols;
        float inside = (float) config.damping().inside(mean, scale.unit());
        float outside = (float) config.damping().outside(scale.unit());
        double beta1 = config.beta1();
        double beta2 = config.beta2();

        left.enter(g, product);
        right.enter(product, rotated); //                                               G' ← Q_L·G·Q_Rᵀ          m×n
        backend.axpby((float) (1 - beta1), rotated, (float) beta1, firstMoment); //       M' ← β₁M' + (1−β₁)G'
        backend.addSquares((float) (1 - beta2), rotated, (float) beta2, secondMoment); // V' ← β₂V' + (1−β₂)G'∘G'
        backend.divideByRoot(firstMoment, secondMoment, inside, outside, g); //           N ← M'/(√V' + ε)
        left.leave(g, product);
        right.leave(product, rotated); //                                               U ← Q_Lᵀ·N·Q_R           m×n
        return rotated;
    }

    /** Turns both bases, and takes the moments along: M' by rotation, V' as it is, in the new order. */
    private void turn(Workspace workspace) {
        Matrix product = workspace.get(Slot.PRODUCT, ElementType.FLOAT32, rows, cols);
        Matrix moment = workspace.get(Slot.UPDATE, ElementType.FLOAT32, rows, cols);
        left.leave(firstMoment, product);
        right.leave(product, moment);
        left.turn(workspace);
        right.turn(workspace);
        left.enter(moment, product);
        right.enter(product, firstMoment);
        backend.copy(secondMoment, product);
        backend.gather(left.order(), right.order(), product, secondMoment);
        refreshes += bases();
    }

    private int bases() {
        return (left.isIdentity() ? 0 : 1) + (right.isIdentity() ? 0 : 1);
    }

    private void followScale(double norm) {
        if (!scale.isLeftBy(norm)) return;
        double largestSquare = Math.max(backend.sumOfSquares(firstMoment), energy.get(0, 0));
        double factor = scale.moveTo(Math.max(norm / scale.unit(), Math.sqrt(largestSquare)));
        if (factor == 1) return;
        GradientScale.multiply(backend, factor, firstMoment);
        GradientScale.multiply(backend, factor * factor, secondMoment);
        energy.set(0, 0, energy.get(0, 0) * factor * factor);
        left.rescale(factor);
        right.rescale(factor);
    }

    @Override
    void describe(StateFields fields) {
        scale.describe(fields);
        refreshes = fields.integer("refreshes", refreshes);
        fields.matrix("first_moment", firstMoment);
        fields.matrix("second_moment", secondMoment);
        fields.matrix("energy", energy);
        left.describe(fields.part("left"));
        right.describe(fields.part("right"));
    }

    @Override
    public long refreshes() {
        return refreshes;
    }
}
