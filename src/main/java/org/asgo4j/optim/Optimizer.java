// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.optim;

import static org.asgo4j.optim.Checks.require;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.asgo4j.io.Safetensors;
import org.asgo4j.io.SafetensorsWriter;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.ElementType;
import org.asgo4j.linalg.Matrix;
import org.asgo4j.linalg.NativeCallException;
import org.asgo4j.linalg.Workers;
import org.asgo4j.optim.OptimizerConfig.NonFinitePolicy;
import org.asgo4j.optim.OptimizerConfig.ZeroGradientPolicy;

/**
 * Steps named parameters in groups, several at a time. The caller owns weights and gradients; the optimizer owns all
 * state and one workspace per worker, freed by {@link #close}. On a GPU's backend it page-locks weights and gradients
 * in this computer's memory until then: close it before that memory is freed.
 *
 * <p>A step is: global norm of all gradients → clip factor → per parameter its rule. It allocates nothing on the Java
 * heap, and its result is bit-identical for any number of workers, since no parameter's arithmetic is split.
 *
 * {@snippet file="TrainingExamplesTest.java" region="loop"}
 */
public final class Optimizer implements AutoCloseable {

    private static final System.Logger LOGGER = System.getLogger(Optimizer.class.getName());

    private final Backend backend;
    private final Workers workers;
    private final OptimizerConfig config;
    private final List<ParameterGroup> groups;
    private final Arena arena = Arena.ofShared();
    private final List<Stepped> stepped = new ArrayList<>(); //      in the order given
    private final Stepped[] largestFirst;
    private final Wave[] waves; //                              the same, as they are stepped
    private final Workspace[] workspaces;
    private final Conveyor[] conveyors; //                       one per worker; none where nothing is to be uploaded
    private final AtomicInteger nextWave = new AtomicInteger();
    private final float[] learningRates; //                     per group, of the step under way
    private final StepReport report = new StepReport();
    private final Workers.Task measure = this::measure;
    private final Workers.Task update = this::update;
    private final Workers.Task convey = this::convey;
    private final Conveyor.Work[] works; //                      per worker: made once, since a step allocates nothing
    private double clipFactor;
    private boolean observed; //                                whether the step under way measures its updates
    private final AtomicBoolean busy = new AtomicBoolean(); //  a step, save, load or close is under way
    private long steps;
    private volatile long changes; //                            of the state, counted before they begin
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
        require(backend != null, "optimizer: backend must not be null");
        require(workers != null, "optimizer: workers must not be null");
        require(config != null, "optimizer: config must not be null");
        require(groups != null, "optimizer: groups must not be null");
        for (ParameterGroup group : groups) require(group != null, "optimizer: a group is null");
        this.backend = backend;
        this.workers = workers;
        this.config = config;
        this.groups = List.copyOf(groups);
        this.learningRates = new float[groups.size()];
        this.workspaces = new Workspace[workers.count()];
        this.works = new Conveyor.Work[workers.count()];
        for (int i = 0; i < works.length; i++) {
            int worker = i;
            works[i] = (wave, other) -> update(wave, worker, other);
        }
        try {
            GroupChecks.check(this.groups);
            if (workers.count() > 1) GroupChecks.checkShared(this.groups);
            for (int i = 0; i < workspaces.length; i++) workspaces[i] = new Workspace(backend);
            for (int i = 0; i < this.groups.size(); i++) addGroup(i);
            largestFirst = stepped.toArray(Stepped[]::new);
            Arrays.sort(largestFirst, Comparator.comparingDouble((Stepped s) -> s.cost).reversed());
            waves = Wave.of(backend, largestFirst);
            for (Workspace workspace : workspaces) {
                for (Wave wave : waves) wave.reserve(workspace);
                workspace.allocate(arena);
            }
            conveyors = conveyors();
        } catch (RuntimeException | Error e) {
            arena.close();
            throw e;
        }
    }

    private void addGroup(int index) {
        ParameterGroup group = groups.get(index);
        for (Parameter parameter : group.parameters()) {
            Matrix weight = parameter.weight();
            RuleState state = group.rule().newSharedState(backend, arena, weight.cols(), parameter.blocks());
            for (Workspace workspace : workspaces) {
                state.reserve(workspace);
                Conveyor.reserve(backend, parameter, workspace);
                if (config.observeEvery() > 0) {
                    workspace.reserve(Workspace.Slot.BEFORE, ElementType.FLOAT32, weight.rows(), weight.cols());
                }
            }
            double cost = 0;
            for (int rows : parameter.blocks().sizes()) cost += group.rule().cost(rows, weight.cols());
            stepped.add(new Stepped(parameter, state, index, group.rule(), cost));
        }
    }

    /**
     * One step of every parameter.
     *
     * @return what was done; the same object at every step
     * @throws NonFiniteGradientException if a gradient is not finite and the policy is to throw; nothing has been
     *     changed
     * @throws IllegalStateException if this optimizer, a weight's or a gradient's memory is closed, or another use
     *     of this optimizer is under way; nothing has been changed
     * @throws IllegalArgumentException if a schedule returns a learning rate that is negative or not finite; nothing
     *     has been changed
     * @throws RootFailedException if the root or basis of a gram matrix fails for the third time in a row, or the
     *     first; that weight (of one in blocks, that block) has not been changed, but its state, other blocks and other
     *     parameters may have been
     * @throws ArithmeticException if an update is not finite, naming the parameter; as above. If a gradient is larger
     *     than its rule can take and the policy is to throw; nothing has been changed then
     */
    public StepReport step() {
        return step(1);
    }

    /**
     * One step of every parameter, as if every gradient were multiplied by a factor first. Where gradients are
     * accumulated over k micro-batches, {@code step(1.0 / k)} takes the step of their mean, clipping included.
     *
     * @param gradientScale the factor, positive and at most {@link Float#MAX_VALUE}
     * @return what was done; the same object at every step
     * @throws IllegalArgumentException also if {@code gradientScale} is out of range; otherwise as
     *     {@link #step()}
     */
    public StepReport step(double gradientScale) {
        // Within float32's range, so that no finite gradient has an infinite norm for it.
        if (!(gradientScale > 0 && gradientScale <= Float.MAX_VALUE)) {
            throw new IllegalArgumentException(
                    "gradientScale must be positive and at most " + Float.MAX_VALUE + ", got " + gradientScale);
        }
        begin();
        try {
            requireOpen();
            return measureAndTake(gradientScale);
        } finally {
            busy.set(false);
        }
    }

    /**
     * From here on nobody frees or replaces the state: loops over it ask once, at their beginning, whether it is there.
     */
    private void begin() {
        if (!busy.compareAndSet(false, true)) {
            throw new IllegalStateException("optimizer is in use: by a step, save, load or close");
        }
    }

    private void requireOpen() {
        if (closed) throw new IllegalStateException("optimizer is closed");
    }

    private StepReport measureAndTake(double gradientScale) {
        StepEvent event = StepEvent.start();
        long start = System.nanoTime();
        workers.run(largestFirst.length, measure);
        double sum = 0;
        for (int i = 0; i < stepped.size(); i++) sum += stepped.get(i).sumOfSquares;
        double norm = gradientScale * Math.sqrt(sum);
        clipFactor = gradientScale * (norm > config.clipNorm() ? config.clipNorm() / norm : 1);
        if (isUsable(norm)) take(norm, gradientScale, start);
        else refuse(norm, start);
        if (event != null) event.commit(report);
        return report;
    }

    /** Whether every rule can take its gradient. */
    private boolean isUsable(double norm) {
        if (!Double.isFinite(norm)) return false;
        for (Stepped each : largestFirst) {
            if (clipFactor * Math.sqrt(each.sumOfSquares) > each.state.largestNorm()) return false;
        }
        return true;
    }

    private void take(double norm, double gradientScale, long start) {
        for (int i = 0; i < learningRates.length; i++) learningRates[i] = learningRate(groups.get(i));
        observed = config.observeEvery() > 0 && (steps + 1) % config.observeEvery() == 0;
        boolean leavesOut = config.zeroGradients() == ZeroGradientPolicy.SKIP;
        for (Stepped each : largestFirst) each.leftOut = leavesOut && each.sumOfSquares == 0;
        nextWave.set(0);
        changes++;
        if (conveyors.length == 0) workers.run(waves.length, update);
        else workers.run(conveyors.length, convey);
        steps++;
        RootCounts counts = report.begin();
        for (Stepped each : largestFirst) each.state.addCounts(counts);
        report.fill(steps, norm, clipFactor / gradientScale, updateRatio(), System.nanoTime() - start);
    }

    private float learningRate(ParameterGroup group) {
        float rate = group.schedule().learningRate(steps + 1);
        if (!(rate >= 0 && rate < Float.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException("group '" + group.name() + "': its schedule returned " + rate
                    + " for step " + (steps + 1) + ", must be finite and at least 0");
        }
        return rate;
    }

    private double updateRatio() {
        if (!observed) return Double.NaN;
        double updates = 0;
        double weights = 0;
        for (Stepped each : largestFirst) {
            updates += each.updateSquares;
            weights += each.weightSquares;
        }
        return Math.sqrt(updates / weights);
    }

    /** Worker task: the squared norm of one gradient, and that its weight can be written. */
    private void measure(int index, int worker) {
        Stepped each = largestFirst[index];
        Parameter p = each.parameter;
        Checks.usable(each.weightRole, p.weight(), true);
        Checks.usable(each.gradientRole, p.gradient(), false);
        each.sumOfSquares = backend.sumOfSquares(p.gradient());
    }

    /** What the GPU is to reach of this computer's memory is page-locked, if it may be, and uploaded. */
    private Conveyor[] conveyors() {
        List<Matrix> uploaded = Conveyor.uploaded(backend, stepped);
        if (uploaded.isEmpty()) return new Conveyor[0];
        backend.pinWherePossible(arena, uploaded).ifPresent(reason -> LOGGER.log(System.Logger.Level.WARNING,
                "optimizer: some of the weights and gradients could not be page-locked, so their copies to the GPU are "
                        + "slower and not beside its computing: {0}",
                reason));
        return Arrays.stream(workspaces).map(each -> new Conveyor(backend, each)).toArray(Conveyor[]::new);
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
        for (Stepped each : wave.members) update(each, together, worker, other);
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
                    gradient(each, worker, other), each.sumOfSquares, clipFactor, workspaces[worker]);
        } catch (ArithmeticException | NativeCallException e) {
            throw named(each, e);
        }
    }

    private void update(Stepped each, boolean prepared, int worker, boolean other) {
        Workspace workspace = workspaces[worker];
        Matrix weight = weight(each, worker, other);
        Matrix gradient = gradient(each, worker, other);
        float weightDecay = groups.get(each.group).weightDecay();
        float learningRate = learningRates[each.group];
        if (each.leftOut) {
            if (observed) each.weightSquares = backend.sumOfSquares(weight);
            each.updateSquares = 0;
            return;
        }
        Matrix before = null;
        if (observed) {
            before = workspace.get(Workspace.Slot.BEFORE, ElementType.FLOAT32, weight.rows(), weight.cols());
            backend.copy(weight, before);
        }
        try {
            if (prepared) {
                ((Halves) each.state).complete(
                        weight, gradient, clipFactor, learningRate, weightDecay, workspace);
            } else {
                each.state.update(
                        weight, gradient, each.sumOfSquares, clipFactor, learningRate, weightDecay, workspace);
            }
        } catch (RootFailedException e) {
            throw e; // names the parameter
        } catch (ArithmeticException | NativeCallException e) {
            throw named(each, e);
        }
        if (observed) {
            each.weightSquares = backend.sumOfSquares(before);
            backend.axpby(1, weight, -1, before);
            each.updateSquares = backend.sumOfSquares(before);
        }
    }

    private ArithmeticException named(Stepped each, RuntimeException cause) {
        ArithmeticException named = new ArithmeticException(
                "parameter '%s', step %d: %s".formatted(each.parameter.name(), steps + 1, cause.getMessage()));
        named.initCause(cause);
        return named;
    }

    private void refuse(double norm, long start) {
        if (config.nonFinite() == NonFinitePolicy.THROW) {
            for (Stepped each : stepped) {
                if (Double.isFinite(each.sumOfSquares)) continue;
                Matrix gradient = each.parameter.gradient();
                throw new NonFiniteGradientException(
                        each.parameter.name(), steps + 1, backend.firstNonFinite(gradient), gradient.cols());
            }
            for (Stepped each : stepped) {
                try {
                    each.state.requireNorm(clipFactor * Math.sqrt(each.sumOfSquares));
                } catch (ArithmeticException e) {
                    throw named(each, e);
                }
            }
        }
        report.fillSkipped(steps, norm, System.nanoTime() - start);
    }

    /** The number of steps taken; skipped ones don't count. */
    public long steps() {
        return steps;
    }

    /** The groups, as given. */
    public List<ParameterGroup> groups() {
        return groups;
    }

    /**
     * Writes the state to a file of its own: momenta, gram matrices, roots, counts; not weights, gradients or
     * configuration. To a temporary file, forced to disk, renamed: a file there is replaced as a whole or not at all.
     *
     * {@snippet file="TrainingExamplesTest.java" region="save"}
     *
     * @throws IOException if the file can't be written; a file that was there is unchanged
     * @throws ArithmeticException if the state holds a NaN or an infinity, which {@link #load} refuses, naming
     *     parameter and field; a file that was there is unchanged
     * @throws IllegalStateException if another use of this optimizer is under way, or begins before the file is
     *     written; a file that was there is unchanged
     */
    public void save(Path file) throws IOException {
        try (Arena scratch = Arena.ofConfined()) {
            var writer = new SafetensorsWriter();
            addTo(writer, "", true, scratch);
            writer.write(file);
        }
    }

    /**
     * Replaces the state by one that {@link #save} wrote for an optimizer of the same parameters and rules. From here
     * on steps are, bit for bit, those that the saved optimizer would have taken (but for asynchronous roots). Weights
     * are the caller's to restore.
     *
     * @throws StateMismatchException if the file holds the state of other parameters or rules, or of another version;
     *     nothing has been changed
     * @throws IOException if the file can't be read or is not safetensors; nothing has been changed
     */
    public void load(Path file) throws IOException {
        try (Safetensors source = Safetensors.open(file)) {
            load(source, "");
        }
    }

    /**
     * Adds the state to a file that holds more than that, such as the weights. The tensors of parameter {@code p} are
     * {@code <prefix>p/<field>}, triangles packed by rows; the metadata says what each parameter is.
     *
     * {@snippet file="TrainingExamplesTest.java" region="together"}
     *
     * @param writer gets metadata and tensors, borrowed until it is written: it refuses to write once this optimizer
     *     has been stepped, loaded or closed since
     * @param prefix before every name
     * @param withRoots whether inverse roots are written; without, they are computed anew at the next step, which for
     *     refresh intervals above 1 is not bit-exact
     * @param scratch owns packed copies; must live until {@code writer} has written
     * @throws ArithmeticException as {@link #save} does; {@code writer} has a part of the state then
     */
    public void addTo(SafetensorsWriter writer, String prefix, boolean withRoots, Arena scratch) {
        begin();
        try {
            requireOpen();
            for (Stepped each : stepped) each.state.settle();
            StateFile.add(backend, writer, prefix, withRoots, scratch, named(), own());
            long added = changes;
            long at = steps;
            writer.guard(() -> requireUnchanged(added, at));
        } finally {
            busy.set(false);
        }
    }

    private void requireUnchanged(long added, long at) {
        if (changes == added) return;
        throw new IllegalStateException(("the optimizer was stepped, loaded or closed after its state of step %d was "
                + "added: the file would hold parts of two states, and was not written").formatted(at));
    }

    private List<NamedState> named() {
        return stepped.stream().map(Stepped::named).toList();
    }

    private StateFile.Own own() {
        return new StateFile.Own(steps, report.skippedSteps());
    }

    /**
     * Replaces the state by what {@link #addTo} wrote into a file under a prefix.
     *
     * @throws StateMismatchException if it is of other parameters or rules, or of another version; nothing has been
     *     changed
     */
    public void load(Safetensors source, String prefix) {
        begin();
        try {
            requireOpen();
            for (Stepped each : stepped) each.state.settle();
            changes++;
            StateFile.Own own = StateFile.load(backend, source, prefix, named(), own());
            steps = own.steps();
            RootCounts counts = report.reset(own.skippedSteps());
            for (Stepped each : stepped) each.state.addCounts(counts);
        } finally {
            busy.set(false);
        }
    }

    /**
     * Frees all state and workspaces. Weights, gradients, backend and workers stay.
     *
     * @throws IllegalStateException if a step, save or load is under way; nothing has been freed
     */
    @Override
    public void close() {
        begin();
        try {
            if (closed) return;
            for (Stepped each : stepped) each.state.settle();
            changes++;
            arena.close();
            closed = true;
        } finally {
            busy.set(false);
        }
    }
}
