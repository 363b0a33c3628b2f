// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.djl;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDScope;
import ai.djl.nn.Block;
import ai.djl.training.optimizer.Optimizer;
import ai.djl.training.tracker.ParameterTracker;
import ai.djl.training.tracker.Tracker;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.Objects;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.Backends;
import org.asgo4j.optim.AdamW;
import org.asgo4j.optim.AdamWConfig;
import org.asgo4j.optim.Asgo;
import org.asgo4j.optim.AsgoConfig;
import org.asgo4j.optim.Rule;

/**
 * ASGO, and every other rule of {@link org.asgo4j.optim}, as an optimizer of DJL. A {@link Routing} says which rule
 * updates a parameter; as built by default, weight matrices and convolutions get ASGO, biases, norms and embeddings
 * AdamW.
 *
 * <p>An update of parameter W with gradient G, η and λ being what tracker and builder say:
 *
 * <pre>
 * G ← clip(c·G)                   c: setRescaleGrad; clip: optClipGrad, each element
 * t ← most updates of any parameter, this one counted
 * W ← (1 − ηₜλ)W − ηₜU            U: what the parameter's rule makes of G and its state
 * the gradient the engine gathers in W ← 0
 * </pre>
 *
 * <p>A step that throws clears the gradients of all parameters of the {@linkplain Builder#optBlock block}, so a caller
 * may catch and go on: one batch is lost, except for the parameters that DJL had updated before the one that threw.
 * Without a block, or where DJL trains a copy of it on another device, W's gradient alone is cleared; PyTorch adds the
 * next batch to the others, and clearing them is the caller's.
 *
 * <p>Weight and gradient are read and written in the engine's own memory where the engine hands it out, which PyTorch's
 * does for contiguous tensors on the CPU; others are copied, and {@link #copies} counts them. Both must be dense and
 * hold float32. The arithmetic is the backend's, so a tensor on a GPU is copied to the CPU and back.
 *
 * <p>DJL does not close or save an optimizer: the caller does. One thread at a time updates.
 *
 * {@snippet file="DjlExamplesTest.java" region="train"}
 */
@SuppressWarnings("exports") // see module-info
public final class AsgoOptimizer extends Optimizer implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(AsgoOptimizer.class.getName());

    private final ParameterTracker learningRateTracker;
    private final Backend backend;
    private final boolean ownsBackend;
    private final RoutedParameters parameters;
    private long begin; //      where the count of updates began
    private long updates; //    the most of any parameter
    private long copies;
    private boolean closed;

    private AsgoOptimizer(Builder builder) {
        super(builder);
        learningRateTracker = builder.learningRateTracker;
        begin = builder.beginNumUpdate;
        updates = begin;
        ownsBackend = builder.backend == null;
        backend = ownsBackend ? Backends.open() : builder.backend;
        Routing routing = builder.routing != null
                ? builder.routing
                : Routing.byNameAndShape(builder.rule, builder.otherRule);
        parameters = new RoutedParameters(routing, builder.block, backend);
    }

    /** A builder with ASGO's {@linkplain AsgoConfig#defaults defaults}. */
    public static Builder builder() {
        return new Builder();
    }

    /**
     * {@inheritDoc}
     *
     * @throws org.asgo4j.optim.NonFiniteGradientException if an element of the gradient is NaN or infinite; weight and
     *     state of this parameter have not been changed
     * @throws IllegalArgumentException if weight or gradient is sparse, not float32, empty, too large for a buffer, or
     *     not of the shape or on the device of the first update, if the engine refuses writes to the weight, as to one
     *     that is broadcast, or if the tracker returns a learning rate that is negative or not finite; weight and state
     *     have not been changed
     * @throws IllegalStateException if this optimizer is closed, or the parameter is not of the block; weight and state
     *     have not been changed
     */
    @Override
    public synchronized void update(String parameterId, NDArray weight, NDArray grad) {
        checkOpen();
        // What the engine makes on the way is freed with the scope; without, it would live as long as the model.
        try (NDScope scope = new NDScope(); Arena scratch = Arena.ofConfined()) {
            scope.suppressNotUsedWarning();
            try {
                RoutedParameter parameter = parameters.get(parameterId, weight);
                parameter.check(weight, grad);
                step(parameterId, parameter, weight, grad, scratch);
                TensorMemory.clearGradient(weight);
            } catch (Throwable thrown) {
                clearGradients(weight, thrown);
                throw thrown;
            }
        }
    }

    private void step(String id, RoutedParameter parameter, NDArray weight, NDArray grad, Arena scratch) {
        int t = Math.toIntExact(Math.max(updates, begin + parameter.state.steps() + 1));
        float learningRate = learningRateTracker.getNewValue(id, t);
        TensorMemory gradient = memory(parameter, prepared(grad), scratch);
        TensorMemory target = memory(parameter, weight, scratch);
        parameter.prove(target, weight);
        parameter.state.step(target.matrix(), gradient.matrix(), learningRate, getWeightDecay());
        updates = t;
        if (target.view()) return;
        target.writeTo(weight);
        copies++;
    }

    /** DJL's loop ends here: left alone, the next batch would be added to what later parameters have gathered. */
    private void clearGradients(NDArray weight, Throwable thrown) {
        RoutedParameters.clearGradient(weight, thrown);
        parameters.clearGradients(thrown);
    }

    /** The gradient rescaled and clipped, by the engine, as its own optimizers do. */
    private NDArray prepared(NDArray grad) {
        NDArray scaled = rescaleGrad == 1 ? grad : grad.mul(rescaleGrad);
        return clipGrad < 0 ? scaled : scaled.clip(-clipGrad, clipGrad);
    }

    private TensorMemory memory(RoutedParameter parameter, NDArray tensor, Arena scratch) {
        TensorMemory memory = TensorMemory.of(tensor, parameter.rows, parameter.cols, scratch);
        if (!memory.view() && copies++ == 0) {
            LOG.log(Level.INFO, "''{0}'' on {1}: the engine gives no view of a tensor ({2}), which is copied; "
                    + "copies() counts these, and this is said once", parameter.name, tensor.getDevice(),
                    tensor.getShape());
        }
        return memory;
    }

    /**
     * How many tensors have been copied, since the engine gave no view of them: a gradient that is read through a copy
     * counts 1, a weight 2, as it is copied there and back.
     */
    public synchronized long copies() {
        return copies;
    }

    /**
     * Writes the state of all parameters of the block that gather gradients, or did and were updated before they were
     * frozen, to a file: momenta, gram matrices, roots, counts of updates; not the parameters themselves, which DJL
     * saves. The file is replaced as a whole or not at all.
     *
     * @throws IllegalStateException if this optimizer is closed or was built without a block, or a parameter of the
     *     block is not initialized
     * @throws IOException if the file can't be written; a file that was there is unchanged
     * @throws ArithmeticException if a state holds a NaN or an infinity, which {@link #load} refuses, naming parameter
     *     and field; a file that was there is unchanged
     */
    public synchronized void save(Path file) throws IOException {
        checkOpen();
        parameters.save(file, updates);
    }

    /**
     * Replaces the state of all parameters by what {@link #save} wrote for a model of the same parameters and rules.
     * Those that the file has a state of must gather gradients now or have been updated: one that was frozen after
     * updates is to be frozen again after this.
     * From here on updates are, bit for bit, those that the saved optimizer would have made of the same weights and
     * gradients, and the tracker is asked for the same steps.
     *
     * @throws org.asgo4j.optim.StateMismatchException if the file holds the state of other parameters or rules;
     *     nothing has been changed
     * @throws IllegalStateException if this optimizer is closed or was built without a block, or a parameter of the
     *     block is not initialized
     * @throws IOException if the file can't be read or is not safetensors; nothing has been changed
     */
    public synchronized void load(Path file) throws IOException {
        checkOpen();
        updates = parameters.load(file);
        begin = updates - parameters.mostSteps();
    }

    private void checkOpen() {
        if (closed) throw new IllegalStateException("optimizer is closed");
    }

    /** Frees all state, and the backend unless it was the caller's. The parameters stay. */
    @Override
    public synchronized void close() {
        if (closed) return;
        closed = true;
        parameters.close();
        if (ownsBackend) backend.close();
    }

    /** Builds an {@link AsgoOptimizer}. */
    public static final class Builder extends OptimizerBuilder<Builder> {
        private ParameterTracker learningRateTracker = Tracker.fixed(AsgoConfig.PUBLISHED_LEARNING_RATE);
        private Rule rule = new Asgo(AsgoConfig.defaults());
        private Rule otherRule = new AdamW(AdamWConfig.published());
        private Routing routing;
        private Block block;
        private Backend backend;
        private int beginNumUpdate;

        private Builder() {}

        @Override
        protected Builder self() {
            return this;
        }

        /** The learning rate of each update; the published 0.01 by default. */
        public Builder optLearningRateTracker(ParameterTracker tracker) {
            learningRateTracker = Objects.requireNonNull(tracker, "tracker");
            return this;
        }

        /** ASGO with this configuration for matrices. */
        public Builder optConfig(AsgoConfig config) {
            return optRule(new Asgo(config));
        }

        /** Another rule for matrices in ASGO's place. */
        public Builder optRule(Rule matrices) {
            rule = Objects.requireNonNull(matrices, "matrices");
            return this;
        }

        /** Another rule for biases, norms and embeddings in AdamW's place. */
        public Builder optOtherRule(Rule others) {
            otherRule = Objects.requireNonNull(others, "others");
            return this;
        }

        /** Says for each parameter which rule updates it, in place of {@link Routing#byNameAndShape}. */
        public Builder optRouting(Routing newRouting) {
            routing = Objects.requireNonNull(newRouting, "newRouting");
            return this;
        }

        /**
         * The model's block, whose parameter names are those of messages, routing and files, and whose gradients are
         * cleared if an update throws; DJL itself hands an optimizer ids only, which differ from run to run.
         */
        public Builder optBlock(Block modelBlock) {
            block = Objects.requireNonNull(modelBlock, "modelBlock");
            return this;
        }

        /** The backend, which stays the caller's. {@link Backends#open()} by default. */
        public Builder optBackend(Backend newBackend) {
            backend = Objects.requireNonNull(newBackend, "newBackend");
            return this;
        }

        /** {@inheritDoc} */
        @Override
        public Builder optBeginNumUpdate(int begin) {
            beginNumUpdate = begin; // the superclass keeps its own to itself
            return super.optBeginNumUpdate(begin);
        }

        /**
         * Builds the optimizer.
         *
         * @throws UnsatisfiedLinkError if no backend was given and the default one can't be opened
         */
        public AsgoOptimizer build() {
            return new AsgoOptimizer(this);
        }
    }
}
