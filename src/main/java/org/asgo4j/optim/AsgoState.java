// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.optim;

import java.lang.foreign.Arena;
import java.util.List;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.ElementType;
import org.asgo4j.linalg.Matrix;
import org.asgo4j.optim.Workspace.Slot;

/** Momentum and preconditioner of one weight (or one row block) under {@link Asgo}. */
final class AsgoState extends RuleState implements GradientScale.Held, Halves {
    private static final NormLimit NORM_LIMIT = NormLimit.inUnits("ASGO");

    private final AsgoConfig config;
    private final Matrix momentum; // M/unit, m×n
    private final Preconditioner preconditioner; // V/unit², P·unit
    private final GradientScale unit;
    private boolean outOfRange; // of the step under way: whether the gradient's squares may leave float32
    private double c; //           likewise: what inRange gives is to be multiplied by it

    AsgoState(Backend backend, Arena arena, AsgoConfig config, int rows, int cols) {
        super(backend, rows, cols);
        this.config = config;
        this.momentum = backend.allocate(arena, rows, cols);
        this.unit = new GradientScale(backend);
        this.preconditioner = config.eigenvalueCorrection()
                ? new EigenbasisPreconditioner(backend, arena, config, rows, cols, weightName())
                : new RootPreconditioner(backend, arena, config, rows, cols, weightName());
    }

    @Override
    void reserve(Workspace workspace) {
        workspace.reserve(Slot.UPDATE, ElementType.FLOAT32, rows, cols);
        if (config.nesterov()) workspace.reserve(Slot.DIRECTION, ElementType.FLOAT32, rows, cols);
        preconditioner.reserve(workspace, rows, cols);
    }

    @Override
    void apply(
            Matrix weight, Matrix gradient, double gradientScale, float learningRate, float weightDecay,
            Workspace workspace) {
        setScale(sumOfSquares(gradient), gradientScale);
        Matrix g = inRange(gradient, gradientScale, workspace);
        Matrix direction = takeIn(g, workspace);
        refresh(workspace); //                                    P ← V^(−1/2)         k×k
        descend(weight, g, direction, learningRate, weightDecay, workspace);
    }

    @Override
    public List<AsgoState> batched() {
        return batchedRoot() == null ? List.of() : List.of(this);
    }

    @Override
    public void prepare(Matrix gradient, double sumOfSquares, double gradientScale, Workspace workspace) {
        setScale(Double.isNaN(sumOfSquares) ? backend.sumOfSquares(gradient) : sumOfSquares, gradientScale);
        takeIn(inRange(gradient, gradientScale, workspace), workspace);
    }

    /** Renews the root if that is due: once in each step. */
    void refresh(Workspace workspace) {
        preconditioner.refresh(steps(), unit.unit(), workspace);
    }

    @Override
    public void complete(
            Matrix weight, Matrix gradient, double gradientScale, float learningRate, float weightDecay,
            Workspace workspace) {
        Matrix g = inRange(gradient, gradientScale, workspace);
        Matrix direction = config.nesterov() ? lookAheadAgain(g, workspace) : momentum;
        descend(weight, g, direction, learningRate, weightDecay, workspace);
        countStep();
    }

    /** Sets what the step under way multiplies by. */
    private void setScale(double sumOfSquares, double gradientScale) {
        double norm = Math.sqrt(sumOfSquares);
        unit.follow(gradientScale * norm, this);
        if (norm == 0) end();
        outOfRange = GradientScale.outOfRange(norm);
        // On zeros a factor does nothing, but where the unit is tiny float32 can't hold its square.
        c = outOfRange || norm == 0 ? 1 : gradientScale / unit.unit();
    }

    /** What zeros have let decay so far is zero from here on: an update made of its rounding would be as long. */
    private void end() {
        double m = backend.sumOfSquares(momentum);
        double v = preconditioner.trace();
        double largest = Math.max(m, v);
        boolean all = largest < 1 && GradientScale.outOfRange(Math.sqrt(largest)); // there is no smaller unit
        double least = all ? 1 : GradientScale.SMALLEST_SQUARE;
        if (m < least) backend.fill(0, momentum);
        if (v < least) preconditioner.end();
    }

    /** G, or a copy brought to the unit's scale if its squares would leave float32. */
    private Matrix inRange(Matrix gradient, double gradientScale, Workspace workspace) {
        if (!outOfRange) return gradient;
        Matrix g = workspace.get(Slot.UPDATE, ElementType.FLOAT32, rows, cols); // of which U is made later
        unit.scale(gradient, gradientScale, g);
        return g;
    }

    private float fresh() {
        return (float) ((1 - config.beta1()) * c);
    }

    /** What V and M make of the gradient; the direction that is preconditioned. */
    private Matrix takeIn(Matrix g, Workspace workspace) {
        float keep = (float) config.beta1();
        Matrix direction = momentum;
        if (config.nesterov()) { //                               M as below, N ← β₁M + (1−β₁)cG
            direction = workspace.get(Slot.DIRECTION, ElementType.FLOAT32, rows, cols);
            backend.lookAhead(fresh(), g, keep, momentum, direction);
        } else {
            backend.axpby(fresh(), g, keep, momentum); //         M ← β₁M + (1−β₁)cG     m×n
        }
        if (config.gramSource() == GramSource.GRADIENT) accumulate(g, c * c, workspace);
        else accumulate(direction, 1, workspace); //              V ← β₂V + (1−β₂)c²GGᵀ  k×k
        return direction;
    }

    /**
     * N once more, the same to the bit, from M as it is now. It is not kept for each weight of a batch: that would take
     * m×n floats for each, and making it again takes a copy and a pass.
     */
    private Matrix lookAheadAgain(Matrix g, Workspace workspace) {
        Matrix direction = workspace.get(Slot.DIRECTION, ElementType.FLOAT32, rows, cols);
        backend.copy(g, direction);
        backend.axpby((float) config.beta1(), momentum, fresh(), direction); // N ← β₁M + (1−β₁)cG
        return direction;
    }

    private void descend(
            Matrix weight, Matrix g, Matrix direction, float learningRate, float weightDecay,
            Workspace workspace) {
        Matrix update = workspace.get(Slot.UPDATE, ElementType.FLOAT32, rows, cols);
        preconditioner.apply(direction, g, c, update, workspace); // U ← PN or NP        m×n
        double length = config.scaling().factor(Descent.norm(backend, update, "ASGO", steps() + 1), rows, cols);
        Descent.step(backend, weight, update, length, learningRate, weightDecay); // W ← (1−ηλ)W − ηU
    }

    /** The root where a {@link RootBatch} may find it with others, else null. */
    BatchedRoot batchedRoot() {
        return preconditioner instanceof RootPreconditioner rooted ? rooted.batchedRoot() : null;
    }

    /** Whether the next step needs a root, for a state with {@link #batchedRoot}. */
    boolean isRootDue() {
        return ((RootPreconditioner) preconditioner).isDue(steps());
    }

    /** V/unit². */
    Matrix gram() {
        return preconditioner.gram;
    }

    /** The scale that V is held in. */
    double unit() {
        return unit.unit();
    }

    private void accumulate(Matrix x, double square, Workspace workspace) {
        boolean sum = config.accumulation() == Accumulation.SUM;
        double keep = sum ? 1 : config.beta2();
        double add = sum ? 1 : 1 - config.beta2();
        preconditioner.accumulate(x, keep, add * square, workspace);
    }

    @Override
    public double largestSquare() {
        return Math.max(backend.sumOfSquares(momentum), preconditioner.trace());
    }

    @Override
    public void rescale(double factor) {
        GradientScale.multiply(backend, factor, momentum);
        preconditioner.rescale(factor);
    }

    @Override
    NormLimit normLimit() {
        return NORM_LIMIT;
    }

    @Override
    void describe(StateFields fields) {
        unit.describe(fields);
        fields.matrix("momentum", momentum);
        preconditioner.describe(fields);
    }

    @Override
    void addCounts(RootCounts sum) {
        sum.add(preconditioner.ladder.counts);
    }

    @Override
    public void settle() {
        preconditioner.settle();
    }
}
