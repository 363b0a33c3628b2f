// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.optim;

import static org.asgo4j.optim.Checks.require;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.asgo4j.io.Safetensors;
import org.asgo4j.io.SafetensorsWriter;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.Workers;
import org.asgo4j.optim.OptimizerConfig.NonFinitePolicy;
import org.asgo4j.optim.OptimizerConfig.ZeroGradientPolicy;

/**
 * Steps named parameters in groups, several at a time. The caller owns weights and gradients; the optimizer owns all
 * state and one workspace per worker, freed by {@link #close}. On a GPU's backend it page-locks weights and gradients
 * in this computer's memory until then: close it before that memory is freed.
 *
 * <p>One thread at a time uses an optimizer, whichever; {@link #step}, {@link #save}, {@link #load} and {@link #close}
 * throw an {@link IllegalStateException} while another of them is under way. The workers are one team for one caller:
 * optimizers that step at the same time need a team each.
 *
 * <p>A step is: global norm of all gradients → clip factor → per parameter its rule. It allocates nothing on the Java
 * heap, and its result is bit-identical for any number of workers, since no parameter's arithmetic is split.
 *
 * {@snippet file="TrainingExamplesTest.java" region="loop"}
 */
public final class Optimizer implements AutoCloseable {

    private final Backend backend;
    private final OptimizerConfig config;
    private final List<ParameterGroup> groups;
    private final StepRunner runner;
    private final Arena arena = Arena.ofShared();
    private final StepReport report = new StepReport();
    private final AtomicBoolean busy = new AtomicBoolean(); //  a step, save, load or close is under way
    private volatile long steps; // other threads may ask
    private volatile long changes; //                           of the state, counted before they begin
    private boolean closed;

    /**
     * Makes all state, zero-filled.
     *
     * @param backend does the arithmetic; stays the caller's
     * @param workers share out the parameters; stay the caller's
     * @param config clipping and the policy for non-finite gradients
     * @param groups at least one; parameter names must be unique over all of them, weights and gradients must not
     *     overlap
     * @throws IllegalArgumentException if one of these is not so, a weight is read-only, memory is confined to a thread
     *     and there are several workers, or a rule can't take a weight of that size; no memory is kept
     * @throws IllegalStateException if the backend is closed, or the memory of a weight or gradient is
     */
    public Optimizer(Backend backend, Workers workers, OptimizerConfig config, List<ParameterGroup> groups) {
        require(backend != null, "optimizer: backend must not be null");
        require(workers != null, "optimizer: workers must not be null");
        require(config != null, "optimizer: config must not be null");
        require(groups != null, "optimizer: groups must not be null");
        for (ParameterGroup group : groups) require(group != null, "optimizer: a group is null");
        this.backend = backend;
        this.config = config;
        this.groups = List.copyOf(groups);
        try {
            GroupChecks.check(this.groups);
            if (workers.count() > 1) GroupChecks.checkShared(this.groups);
            runner = new StepRunner(backend, workers, this.groups, config.observeEvery() > 0, arena);
        } catch (RuntimeException | Error e) {
            arena.close();
            throw e;
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
        double norm = gradientScale * runner.norm();
        double clip = norm > config.clipNorm() ? config.clipNorm() / norm : 1;
        if (Double.isFinite(norm) && runner.accepts(gradientScale * clip)) {
            take(gradientScale * clip);
            report.fill(steps, norm, clip, runner.updateRatio(), System.nanoTime() - start);
        } else {
            if (config.nonFinite() == NonFinitePolicy.THROW) runner.requireAccepted(steps + 1, gradientScale * clip);
            report.fillSkipped(steps, norm, System.nanoTime() - start);
        }
        if (event != null) event.commit(report);
        return report;
    }

    private void take(double scale) {
        long step = steps + 1;
        runner.begin(step);
        changes++;
        boolean observes = config.observeEvery() > 0 && step % config.observeEvery() == 0;
        runner.take(scale, config.zeroGradients() == ZeroGradientPolicy.SKIP, observes);
        steps = step;
        runner.addCounts(report.begin());
    }

    /** The number of steps taken; skipped ones don't count. Any thread may ask. */
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
     * @throws IllegalStateException if this is closed, or another use of it is under way, or begins before the file is
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
     * @throws IllegalStateException if this is closed, or another use of it is under way; nothing has been changed
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
     * @throws IllegalStateException if this is closed, or another use of it is under way
     */
    public void addTo(SafetensorsWriter writer, String prefix, boolean withRoots, Arena scratch) {
        require(prefix != null, "addTo: prefix must not be null; \"\" is none");
        begin();
        try {
            requireOpen();
            runner.settle();
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
        return runner.stepped().stream().map(Stepped::named).toList();
    }

    private StateFile.Own own() {
        return new StateFile.Own(steps, report.skippedSteps());
    }

    /**
     * Replaces the state by what {@link #addTo} wrote into a file under a prefix.
     *
     * @throws StateMismatchException if it is of other parameters or rules, or of another version; nothing has been
     *     changed
     * @throws IllegalStateException if this is closed, or another use of it is under way; nothing has been changed
     */
    public void load(Safetensors source, String prefix) {
        require(prefix != null, "load: prefix must not be null; \"\" is none");
        begin();
        try {
            requireOpen();
            runner.settle();
            changes++;
            StateFile.Own own = StateFile.load(backend, source, prefix, named(), own());
            steps = own.steps();
            runner.addCounts(report.reset(own.skippedSteps()));
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
            runner.settle();
            changes++;
            arena.close();
            closed = true;
        } finally {
            busy.set(false);
        }
    }
}
