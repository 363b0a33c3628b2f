package org.asgo4j.optim;

import static org.asgo4j.optim.Checks.require;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.Matrix;
import org.asgo4j.linalg.Workers;
import org.asgo4j.optim.OptimizerConfig.NonFinitePolicy;

/**
 * Steps named parameters in groups, several at a time. The caller owns weights and gradients; the optimizer owns all
 * state and one workspace per worker, freed by {@link #close}.
 *
 * <p>A step is: global norm of all gradients → clip factor → per parameter its rule. It allocates nothing on the Java
 * heap, and its result is bit-identical for any number of workers, since no parameter's arithmetic is split.
 */
public final class Optimizer implements AutoCloseable {

    /** A parameter with its state and its group's settings. */
    private static final class Slot {
        final Parameter parameter;
        final RuleState state;
        final int group;
        final double cost;
        final String weightRole; //   for messages: made once, since a step allocates nothing
        final String gradientRole;
        double sumOfSquares;

        Slot(Parameter parameter, RuleState state, int group, double cost) {
            this.parameter = parameter;
            this.state = state;
            this.group = group;
            this.cost = cost;
            this.weightRole = "weight '" + parameter.name() + "'";
            this.gradientRole = "gradient '" + parameter.name() + "'";
        }
    }

    private final Backend backend;
    private final Workers workers;
    private final OptimizerConfig config;
    private final List<ParameterGroup> groups;
    private final Arena arena = Arena.ofShared();
    private final List<Slot> slots = new ArrayList<>(); //      in the order given
    private final Slot[] largestFirst;
    private final Workspace[] workspaces;
    private final float[] learningRates; //                     per group, of the step under way
    private final StepReport report = new StepReport();
    private final Workers.Task measure = this::measure;
    private final Workers.Task update = this::update;
    private double clipFactor;
    private long steps;
    private boolean closed;

    /**
     * Makes all state, zero-filled.
     *
     * @param backend does the arithmetic; stays the caller's
     * @param workers share out the parameters; stay the caller's
     * @param config clipping and the policy for non-finite gradients
     * @param groups at least one; parameter names must be unique over all of them, weights and gradients must not
     *     overlap
     */
    public Optimizer(Backend backend, Workers workers, OptimizerConfig config, List<ParameterGroup> groups) {
        this.backend = backend;
        this.workers = workers;
        this.config = config;
        this.groups = List.copyOf(groups);
        this.learningRates = new float[groups.size()];
        this.workspaces = new Workspace[workers.count()];
        try {
            check(this.groups);
            for (int i = 0; i < workspaces.length; i++) workspaces[i] = new Workspace(backend);
            for (int i = 0; i < this.groups.size(); i++) addGroup(i);
            for (Workspace workspace : workspaces) workspace.allocate(arena);
        } catch (RuntimeException | Error e) {
            arena.close();
            throw e;
        }
        largestFirst = slots.toArray(Slot[]::new);
        Arrays.sort(largestFirst, Comparator.comparingDouble((Slot s) -> s.cost).reversed());
    }

    private void addGroup(int index) {
        ParameterGroup group = groups.get(index);
        for (Parameter parameter : group.parameters()) {
            Matrix weight = parameter.weight();
            RuleState state = group.rule().newSharedState(backend, arena, weight.cols(), parameter.blocks());
            for (Workspace workspace : workspaces) state.reserve(workspace);
            double cost = 0;
            for (int rows : parameter.blocks().sizes()) cost += group.rule().cost(rows, weight.cols());
            slots.add(new Slot(parameter, state, index, cost));
        }
    }

    private static void check(List<ParameterGroup> groups) {
        require(!groups.isEmpty(), "optimizer: there must be at least one group");
        List<Parameter> all = groups.stream().flatMap(group -> group.parameters().stream()).toList();
        Set<String> names = new HashSet<>();
        for (Parameter p : all) {
            require(names.add(p.name()), "optimizer: two parameters are named '%s'", p.name());
            for (Parameter other : all) {
                require(!p.weight().overlaps(other.gradient()),
                        "optimizer: weight '%s' overlaps gradient '%s'", p.name(), other.name());
                require(p == other || !p.weight().overlaps(other.weight()),
                        "optimizer: weight '%s' overlaps weight '%s'", p.name(), other.name());
            }
        }
    }

    /**
     * One step of every parameter.
     *
     * @return what was done; the same object at every step
     * @throws NonFiniteGradientException if a gradient is not finite and the policy is to throw; nothing has been
     *     changed
     * @throws IllegalStateException if this optimizer, a weight's or a gradient's memory is closed; nothing has been
     *     changed
     * @throws ArithmeticException if an update is not finite, naming the parameter; that weight has not been changed,
     *     but its state and other parameters may have been
     * @throws org.asgo4j.linalg.NativeCallException if an eigendecomposition fails; as above
     */
    public StepReport step() {
        if (closed) throw new IllegalStateException("optimizer is closed");
        long start = System.nanoTime();
        workers.run(slots.size(), measure);
        double sum = 0;
        for (int i = 0; i < slots.size(); i++) sum += slots.get(i).sumOfSquares;
        double norm = Math.sqrt(sum);
        if (!Double.isFinite(norm)) return refuse(norm, start);
        clipFactor = norm > config.clipNorm() ? config.clipNorm() / norm : 1;
        for (int i = 0; i < learningRates.length; i++) {
            learningRates[i] = groups.get(i).schedule().learningRate(steps + 1);
        }
        long refreshesBefore = refreshes();
        workers.run(largestFirst.length, update);
        steps++;
        report.fill(steps, norm, clipFactor, false, refreshes() - refreshesBefore, System.nanoTime() - start);
        return report;
    }

    /** Worker task: the squared norm of one gradient, and that its weight can be written. */
    private void measure(int index, int worker) {
        Slot slot = slots.get(index);
        Parameter p = slot.parameter;
        Checks.usable(slot.weightRole, p.weight(), true);
        Checks.usable(slot.gradientRole, p.gradient(), false);
        slot.sumOfSquares = backend.sumOfSquares(p.gradient());
    }

    /** Worker task: the rule of one parameter. */
    private void update(int index, int worker) {
        Slot slot = largestFirst[index];
        float weightDecay = groups.get(slot.group).weightDecay();
        try {
            slot.state.update(
                    slot.parameter.weight(),
                    slot.parameter.gradient(),
                    clipFactor,
                    learningRates[slot.group],
                    weightDecay,
                    workspaces[worker]);
        } catch (ArithmeticException e) {
            ArithmeticException named = new ArithmeticException(
                    "parameter '%s', step %d: %s".formatted(slot.parameter.name(), steps + 1, e.getMessage()));
            named.initCause(e);
            throw named;
        }
    }

    private StepReport refuse(double norm, long start) {
        if (config.nonFinite() == NonFinitePolicy.THROW) {
            for (Slot slot : slots) {
                if (Double.isFinite(slot.sumOfSquares)) continue;
                Matrix gradient = slot.parameter.gradient();
                throw new NonFiniteGradientException(
                        slot.parameter.name(), steps + 1, backend.firstNonFinite(gradient), gradient.cols());
            }
        }
        report.fill(steps, norm, 1, true, 0, System.nanoTime() - start);
        return report;
    }

    private long refreshes() {
        long sum = 0;
        for (Slot slot : largestFirst) sum += slot.state.refreshes();
        return sum;
    }

    /** The number of steps taken; skipped ones don't count. */
    public long steps() {
        return steps;
    }

    /** The groups, as given. */
    public List<ParameterGroup> groups() {
        return groups;
    }

    /** Frees all state and workspaces. Weights, gradients, backend and workers stay. */
    @Override
    public void close() {
        if (closed) return;
        closed = true;
        arena.close();
    }
}
