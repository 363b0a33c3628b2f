// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.train;

import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.Backends;
import org.asgo4j.linalg.Workers;
import org.asgo4j.optim.Optimizer;
import org.asgo4j.optim.OptimizerConfig;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** A step of the training job, forward, backward and optimizer, on batches of random tokens, and its parts. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 3, time = 5)
@Measurement(iterations = 5, time = 5)
@Fork(
        value = 1,
        jvmArgsAppend = {"--add-modules=jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED",
            "-XX:-TieredCompilation"})
public class TrainingStepBench {
    private static final long SEED = 1;
    private static final int VERIFYING_STEPS = 5;

    /** Of the schedule, which is constant: long enough for no benchmark to reach its end. */
    private static final int STEPS = 1_000_000;

    /** Of the default learning rate: without a warm-up all of it may raise the loss at first. */
    private static final float RATE_SHARE = 0.01f;

    /** The models: what is trained, and what a step of it sees. */
    public enum Model {
        /** The training job's default, 804,096 parameters. */
        L4X128(new GptConfig(65, 4, 4, 128, 64), 12),
        /** NanoGPT's character-level model. */
        L6X384(new GptConfig(65, 6, 6, 384, 256), 16),
        /** GPT-2 small, its vocabulary padded as NanoGPT pads it. */
        L12X768(new GptConfig(50304, 12, 12, 768, 64), 4);

        private final GptConfig config;
        private final int batch;

        Model(GptConfig config, int batch) {
            this.config = config;
            this.batch = batch;
        }
    }

    /** Layers×width; batch and context belong to it. */
    @Param({"L4X128", "L6X384", "L12X768"})
    public Model model;

    /** With its default configuration. */
    @Param({"ASGO", "ASGO_PUBLISHED", "ADAMW", "MUON_NESTEROV"})
    public OptimizerChoice.Algorithm optimizer;

    /** Threads that step and train; the BLAS has one within each. */
    @Param("2")
    public int workers;

    private Backend backend;
    private Workers pool;
    private GptParameters parameters;
    private Gpt gpt;
    private Optimizer stepper;
    private final SplittableRandom random = new SplittableRandom(SEED);
    private int[] inputs;
    private int[] targets;

    /** Initializes a model, and checks that some steps on one batch lower its loss from that of a guess. */
    @Setup(Level.Trial)
    public void setUp() {
        backend = Backends.open();
        pool = new Workers(workers);
        parameters = new GptParameters(backend, model.config);
        parameters.initialize(SEED);
        gpt = new Gpt(backend, pool, parameters, model.batch);
        var choice = new OptimizerChoice(optimizer, RATE_SHARE * optimizer.defaultLearningRate());
        stepper = new Optimizer(backend, pool, OptimizerConfig.published(),
                choice.groups(parameters, ScheduleShape.CONSTANT, STEPS));
        inputs = new int[model.batch * model.config.context()];
        targets = new int[inputs.length];
        draw();
        double first = stepOnBatch();
        double last = first;
        for (int i = 1; i < VERIFYING_STEPS; i++) last = stepOnBatch();
        double guess = Math.log(model.config.vocabulary());
        if (!(Math.abs(first - guess) < 1 && last < first)) {
            throw new IllegalStateException("loss %.3f at first, expected about ln(vocabulary) = %.3f; then %.3f"
                    .formatted(first, guess, last));
        }
    }

    /** Frees the memory. */
    @TearDown(Level.Trial)
    public void tearDown() {
        stepper.close();
        gpt.close();
        parameters.close();
        pool.close();
        backend.close();
    }

    private void draw() {
        for (int i = 0; i < inputs.length; i++) {
            inputs[i] = random.nextInt(model.config.vocabulary());
            targets[i] = random.nextInt(model.config.vocabulary());
        }
    }

    /** The whole step. Other tokens each time: a batch learned by heart has no gradient left. */
    @Benchmark
    public double step() {
        draw();
        return stepOnBatch();
    }

    private double stepOnBatch() {
        double loss = gpt.forwardBackward(inputs, targets);
        stepper.step();
        return loss;
    }

    /** Loss and gradients. */
    @Benchmark
    public double forwardBackward() {
        return gpt.forwardBackward(inputs, targets);
    }

    /** The optimizer's step, on the gradients of the last pass. */
    @Benchmark
    public Object optimizerStep() {
        return stepper.step();
    }
}
