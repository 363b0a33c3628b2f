// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.optim;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.ElementType;
import org.asgo4j.linalg.Matrix;
import org.asgo4j.linalg.NativeCallException;
import org.asgo4j.linalg.Workers;

/**
 * The step of an {@link Optimizer}'s parameters on its workers: every gradient is measured first, then parameters are
 * stepped, the costly first. Makes the states and one workspace per worker, in the optimizer's arena; a step allocates
 * nothing on the Java heap.
 */
final class StepRunner {
    private static final System.Logger LOGGER = System.getLogger(Optimizer.class.getName());

    private final Backend backend;
    private final Workers workers;
    private final List<ParameterGroup> groups;
    private final List<Stepped> stepped = new ArrayList<>(); //      in the order given
    private final Stepped[] largestFirst;
    private final Wave[] waves; //                              the same, as they are stepped
    private final Workspace[] workspaces;
    private final Conveyor[] conveyors; //                       one per worker; none where nothing is to be uploaded
    private final AtomicInteger nextWave = new AtomicInteger();
    private final Workers.Task measure = this::measure;
    private final Workers.Task update = this::update;
    private final Workers.Task convey = this::convey;
    private final Conveyor.Work[] works; //                      per worker: made once, since a step allocates nothing
    private final float[] learningRates; //                     per group, of the step under way
    private long step; //                                       under way, from 1
    private double gradientScale;
    private boolean observed; //                                whether the step under way measures its updates

    /**
     * Makes all state, zero-filled, in {@code arena}.
     *
     * @param observes whether steps may be asked to measure their updates
     */
    StepRunner(Backend backend, Workers workers, List<ParameterGroup> groups, boolean observes, Arena arena) {
        this.backend = backend;
        this.workers = workers;
        this.groups = groups;
        this.learningRates = new float[groups.size()];
        this.workspaces = new Workspace[workers.count()];
        this.works = new Conveyor.Work[workers.count()];
        for (int i = 0; i < works.length; i++) {
            int worker = i;
            workspaces[i] = new Workspace(backend);
            works[i] = (wave, other) -> update(wave, worker, other);
        }
        for (int i = 0; i < groups.size(); i++) addGroup(i, observes, arena);
        largestFirst = stepped.toArray(Stepped[]::new);
        Arrays.sort(largestFirst, Comparator.comparingDouble((Stepped s) -> s.cost).reversed());
        waves = Wave.of(backend, largestFirst);
        for (Workspace workspace : workspaces) {
            for (Wave wave : waves) wave.reserve(workspace);
            workspace.allocate(arena);
        }
        conveyors = conveyors(arena);
    }

    private void addGroup(int index, boolean observes, Arena arena) {
        ParameterGroup group = groups.get(index);
        for (Parameter parameter : group.parameters()) {
            Matrix weight = parameter.weight();
            RuleState state = group.rule().newSharedState(backend, arena, parameter.blocks(), weight.cols());
            for (Workspace workspace : workspaces) {
                state.reserve(workspace);
                Conveyor.reserve(backend, parameter, workspace);
                if (observes) {
                    workspace.reserve(Workspace.Slot.BEFORE, ElementType.FLOAT32, weight.rows(), weight.cols());
                }
            }
            double cost = 0;
            for (int rows : parameter.blocks().sizes()) cost += group.rule().cost(rows, weight.cols());
            stepped.add(new Stepped(parameter, state, index, group.rule(), cost));
        }
    }

    /** What the GPU is to reach of this computer's memory is page-locked, if it may be, and uploaded. */
    private Conveyor[] conveyors(Arena arena) {
        List<Matrix> uploaded = Conveyor.uploaded(backend, stepped);
        if (uploaded.isEmpty()) return new Conveyor[0];
        backend.pinWherePossible(arena, uploaded).ifPresent(reason -> LOGGER.log(System.Logger.Level.WARNING,
                "optimizer: some of the weights and gradients could not be page-locked, so their copies to the GPU are "
                        + "slower and not beside its computing: {0}",
                reason));
        return Arrays.stream(workspaces).map(each -> new Conveyor(backend, each)).toArray(Conveyor[]::new);
    }

    /** The parameters with their states, in the order given. */
    List<Stepped> stepped() {
        return stepped;
    }

    /** The global norm √Σ‖G‖_F² of the gradients, which {@link #accepts} and {@link #take} go by. */
    double norm() {
        if (workers.count() > 1) backend.synchronize(); // others would not wait for what this thread has queued
        workers.run(largestFirst.length, measure);
        double sum = 0;
        for (int i = 0; i < stepped.size(); i++) sum += stepped.get(i).sumOfSquares;
        return Math.sqrt(sum);
    }

    /** Worker task: the squared norm of one gradient, and that its weight can be written. */
    private void measure(int index, int worker) {
        Stepped each = largestFirst[index];
        Parameter p = each.parameter;
        Checks.usable(backend, each.weightRole, p.weight(), true);
        Checks.usable(backend, each.gradientRole, p.gradient(), false);
        each.sumOfSquares = backend.sumOfSquares(p.gradient());
    }

    /** Whether every rule can take its gradient, multiplied by {@code scale}. */
    boolean accepts(double scale) {
        for (Stepped each : largestFirst) {
            if (!each.state.normLimit().allows(scale * Math.sqrt(each.sumOfSquares))) return false;
        }
        return true;
    }

    /** Says which gradient {@code step} can't be taken with, where {@link #accepts} said that there is one. */
    void requireAccepted(long step, double scale) {
        for (Stepped each : stepped) {
            if (Double.isFinite(each.sumOfSquares)) continue;
            Matrix gradient = each.parameter.gradient();
            throw new NonFiniteGradientException(
                    each.parameter.name(), step, backend.firstNonFinite(gradient), gradient.cols());
        }
        for (Stepped each : stepped) {
            try {
                each.state.normLimit().require(scale * Math.sqrt(each.sumOfSquares), step);
            } catch (ArithmeticException e) {
                throw named(each, step, e);
            }
        }
    }

    /** Asks the schedules. Refuses what they must not return, before anything is changed. */
    void begin(long newStep) {
        for (int i = 0; i < learningRates.length; i++) learningRates[i] = learningRate(groups.get(i), newStep);
        step = newStep;
    }

    private static float learningRate(ParameterGroup group, long step) {
        float rate = group.schedule().learningRate(step);
        if (!(rate >= 0 && rate < Float.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException("group '" + group.name() + "': its schedule returned " + rate
                    + " for step " + step + ", must be finite and at least 0");
        }
        return rate;
    }

    /**
     * Steps every parameter.
     *
     * @param scale on all gradients
     * @param skipsZeros whether parameters are left out whose gradient is zero
     * @param observes whether {@link #updateRatio} is measured
     */
    void take(double scale, boolean skipsZeros, boolean observes) {
        gradientScale = scale;
        observed = observes;
        for (Stepped each : largestFirst) each.leftOut = skipsZeros && each.sumOfSquares == 0;
        nextWave.set(0);
        if (conveyors.length == 0) workers.run(waves.length, update);
        else workers.run(conveyors.length, convey);
    }

    /** ‖ΔW‖_F/‖W‖_F of the last step over all parameters; NaN if it was not measured. */
    double updateRatio() {
        if (!observed) return Double.NaN;
        double updates = 0;
        double weights = 0;
        for (Stepped each : largestFirst) {
            updates += each.updateSquares;
            weights += each.weightSquares;
        }
        return Math.sqrt(updates / weights);
    }

    void addCounts(RootCounts sum) {
        for (Stepped each : largestFirst) each.state.addCounts(sum);
    }

    /** Waits for roots that are computed in the background. */
    void settle() {
        for (Stepped each : stepped) each.state.settle();
    }

    /** Worker task on a GPU, where something is to be uploaded: as many waves as this worker comes to. */
    private void convey(int task, int worker) {
        conveyors[worker].run(waves, nextWave, works[worker]);
    }

    /** Worker task: the rule of one parameter, or of several whose roots are computed together. */
    private void update(int index, int worker) {
        try {
            update(waves[index], worker, false);
        } catch (RuntimeException | Error e) {
            RuleState.finish(backend, e);
            throw e;
        }
        backend.synchronize(); // another worker may step these parameters next, and the caller reads the weights
    }

    /** The step of a wave; {@code other} says which of two copies on the GPU is its own. */
    private void update(Wave wave, int worker, boolean other) {
        boolean together = wave.isTogether();
        if (together) {
            for (Stepped each : wave.members) prepare(each, worker, other);
            wave.refresh(workspaces[worker]);
        }
        for (Stepped each : wave.members) {
            if (!each.leftOut) update(each, together, worker, other);
            else if (observed) observe(each, weight(each, worker, other));
        }
    }

    private Matrix weight(Stepped each, int worker, boolean other) {
        return conveyors.length > 0 ? conveyors[worker].weight(each, other) : each.parameter.weight();
    }

    private Matrix gradient(Stepped each, int worker, boolean other) {
        return conveyors.length > 0 ? conveyors[worker].gradient(each, other) : each.parameter.gradient();
    }

    private void prepare(Stepped each, int worker, boolean other) {
        try {
            ((Halves) each.state).prepare(
                    gradient(each, worker, other), each.sumOfSquares, gradientScale, workspaces[worker]);
        } catch (ArithmeticException | NativeCallException e) {
            throw named(each, step, e);
        }
    }

    private void update(Stepped each, boolean prepared, int worker, boolean other) {
        Workspace workspace = workspaces[worker];
        Matrix weight = weight(each, worker, other);
        Matrix gradient = gradient(each, worker, other);
        float weightDecay = groups.get(each.group).weightDecay();
        float learningRate = learningRates[each.group];
        Matrix before = null;
        if (observed) {
            before = workspace.get(Workspace.Slot.BEFORE, ElementType.FLOAT32, weight.rows(), weight.cols());
            backend.copy(weight, before);
        }
        try {
            if (prepared) {
                ((Halves) each.state).complete(
                        weight, gradient, gradientScale, learningRate, weightDecay, workspace);
            } else {
                each.state.update(
                        weight, gradient, each.sumOfSquares, gradientScale, learningRate, weightDecay, workspace);
            }
        } catch (RootFailedException e) {
            throw e; // names the parameter
        } catch (ArithmeticException | NativeCallException e) {
            throw named(each, step, e);
        }
        if (observed) {
            observe(each, before);
            backend.axpby(1, weight, -1, before);
            each.updateSquares = backend.sumOfSquares(before);
        }
    }

    /** The weight as it was before the step, which changes nothing unless told otherwise. */
    private void observe(Stepped each, Matrix before) {
        each.weightSquares = backend.sumOfSquares(before);
        each.updateSquares = 0;
    }

    private static ArithmeticException named(Stepped each, long step, RuntimeException cause) {
        ArithmeticException named = new ArithmeticException(
                "parameter '%s', step %d: %s".formatted(each.parameter.name(), step, cause.getMessage()));
        named.initCause(cause);
        return named;
    }
}
