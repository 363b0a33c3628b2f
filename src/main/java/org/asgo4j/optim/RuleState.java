// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.optim;

import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.Matrix;

/**
 * The state of one weight under one {@link Rule}: moments, gram matrix, root, step count. Its memory belongs to the
 * arena it was made with. Weight and gradient stay the caller's and may lie elsewhere at every step.
 *
 * <p>A step allocates nothing on the Java heap once its code is compiled. One thread at a time may step a state, or one
 * of several of {@link WeightStates} with the same rule and shape, which share scratch memory.
 *
 * {@snippet file="RuleExamplesTest.java" region="rule"}
 */
public abstract sealed class RuleState permits AsgoState, DasgoState, MuonState, ShampooState,
        SoapState, AdamWState, SgdState, LionState, BlockedState {
    final Backend backend;
    final int rows;
    final int cols;
    private long steps;
    private double knownSquares = Double.NaN;
    private final WeightName weightName = new WeightName();
    private Workspace own;

    RuleState(Backend backend, int rows, int cols) {
        this.backend = backend;
        this.rows = rows;
        this.cols = cols;
    }

    /** The number of steps taken. */
    public final long steps() {
        return steps;
    }

    /** The number of inverse roots (or eigenbases) computed so far, over all row blocks; 0 for a rule without any. */
    public final long refreshes() {
        RootCounts sum = new RootCounts();
        addCounts(sum);
        return sum.refreshes;
    }

    /**
     * One step: W ← (1 − ηλ)·W − η·U, where the rule makes U of the gradient and its state. Done when it returns, on a
     * GPU too.
     *
     * @param weight W, rows×cols; read and written
     * @param gradient G, rows×cols; read
     * @param learningRate η, at least 0
     * @param weightDecay λ, decoupled, at least 0
     * @throws NonFiniteGradientException if an element of G is NaN or infinite; nothing has been changed then
     * @throws IllegalArgumentException if a shape, a type or a scalar is wrong; nothing has been changed then
     * @throws IllegalStateException if memory is closed, or another thread is stepping this state or one that shares
     *     its scratch memory; nothing has been changed then
     * @throws RootFailedException if the root or basis of a gram matrix fails for the third time in a row, or the
     *     first; W (of one in blocks, that block) has not been changed then, but the state and other blocks may have
     * @throws ArithmeticException if U is not finite; as above. If ‖G‖_F is more than the rule can take; nothing has
     *     been changed then
     */
    public final void step(Matrix weight, Matrix gradient, float learningRate, float weightDecay) {
        Checks.require(weight != null && gradient != null, "step: weight and gradient must not be null");
        if (own == null) throw new IllegalStateException("this state belongs to an optimizer, which steps it");
        Checks.finiteRate("learningRate", learningRate);
        Checks.finiteRate("weightDecay", weightDecay);
        checkArgument("weight", weight, true);
        checkArgument("gradient", gradient, false);
        if (weight.overlaps(gradient)) throw new IllegalArgumentException("step: weight and gradient overlap");
        own.enter();
        try {
            stepAlone(weight, gradient, learningRate, weightDecay);
        } finally {
            own.leave();
        }
    }

    private void stepAlone(Matrix weight, Matrix gradient, float learningRate, float weightDecay) {
        double squares = backend.sumOfSquares(gradient);
        if (!Double.isFinite(squares)) {
            long index = backend.firstNonFinite(gradient);
            throw new NonFiniteGradientException(weightName.get(), steps + 1, index, cols);
        }
        normLimit().require(Math.sqrt(squares), steps + 1);
        try {
            update(weight, gradient, squares, 1, learningRate, weightDecay, own);
        } catch (RuntimeException | Error e) {
            finish(backend, e);
            throw e;
        }
        backend.synchronize();
    }

    /** After a failure, too, nothing may be under way when the caller has its memory back. */
    static void finish(Backend backend, Throwable failure) {
        try {
            backend.synchronize();
        } catch (RuntimeException e) {
            failure.addSuppressed(e);
        }
    }

    private void checkArgument(String name, Matrix m, boolean written) {
        Checks.usable(backend, name, m, written);
        if (m.rows() != rows || m.cols() != cols) {
            throw new IllegalArgumentException("step: %s is %s, must be %d×%d".formatted(name, m.shape(), rows, cols));
        }
    }

    /**
     * The step itself, on a finite gradient.
     *
     * @param sumOfSquares ‖G‖_F², which whoever looked for NaNs has; NaN if not known
     * @param gradientScale c: the rule sees c·G
     */
    final void update(
            Matrix weight, Matrix gradient, double sumOfSquares, double gradientScale, float learningRate,
            float weightDecay, Workspace workspace) {
        knownSquares = sumOfSquares;
        apply(weight, gradient, gradientScale, learningRate, weightDecay, workspace);
        steps++;
    }

    /** Counts a step that was taken in parts. */
    final void countStep() {
        steps++;
    }

    /** ‖G‖_F² of the gradient under way, which is read for it only if it is not known. */
    final double sumOfSquares(Matrix gradient) {
        return Double.isNaN(knownSquares) ? backend.sumOfSquares(gradient) : knownSquares;
    }

    /**
     * Whether a direction of this length is one of the rounding of a momentum that zeros have let decay: its elements
     * are no longer normal numbers, and no gradient is as small.
     */
    final boolean isOver(double norm, Matrix gradient) {
        return norm < Float.MIN_NORMAL * Math.sqrt((double) rows * cols) && sumOfSquares(gradient) == 0;
    }

    abstract void apply(
            Matrix weight, Matrix gradient, double gradientScale, float learningRate, float weightDecay,
            Workspace workspace);

    /** What ‖cG‖_F may be, which whoever calls {@link #update} has seen to. */
    abstract NormLimit normLimit();

    abstract void reserve(Workspace workspace);

    /** Names everything this state must remember from one step to the next, to save, check or load it. */
    final void persist(StateFields fields) {
        steps = fields.integer("steps", steps);
        describe(fields);
    }

    /** The name of the weight in messages and events. */
    void name(String name) {
        weightName.set(name);
    }

    final WeightName weightName() {
        return weightName;
    }

    /** Adds what happened to this state's roots to a sum; nothing for a rule without any. */
    void addCounts(RootCounts sum) {}

    /**
     * Waits until nothing of this state is under way on another thread: with {@link Refresh#asynchronous} a root may
     * be, between two steps. To be called before the arena is closed, by the thread that steps the state; how the root
     * ended is for the next step. {@link Optimizer} and {@link WeightStates} call it themselves.
     *
     * {@snippet file="RuleExamplesTest.java" region="settle"}
     */
    public void settle() {}

    /** The fields of the rule, after the step count. */
    abstract void describe(StateFields fields);

    final void own(Workspace workspace) {
        own = workspace;
    }
}
