// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.train;

import java.util.concurrent.TimeUnit;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.Backends;
import org.asgo4j.linalg.Workers;
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
    /** Layers×width; batch and context belong to it. */
    @Param({"TINY", "L4X128", "L6X384", "L12X768"})
    public SizedModel model;

    /** With its default configuration. */
    @Param({"ASGO", "ASGO_PUBLISHED", "ADAMW", "MUON_NESTEROV"})
    public OptimizerChoice.Algorithm optimizer;

    /** Threads that step and train; the BLAS has one within each. */
    @Param("2")
    public int workers;

    private Backend backend;
    private Workers pool;
    private SizedTraining training;

    /** Makes a model, and verifies its loss, its gradients and some steps. */
    @Setup(Level.Trial)
    public void setUp() {
        backend = Backends.open();
        pool = new Workers(workers);
        training = new SizedTraining(backend, pool, model, optimizer);
        training.verify();
    }

    /** Frees the memory. */
    @TearDown(Level.Trial)
    public void tearDown() {
        training.close();
        pool.close();
        backend.close();
    }

    /** The whole step. Other tokens each time: a batch learned by heart has no gradient left. */
    @Benchmark
    public double step() {
        training.draw();
        return training.stepOnBatch();
    }

    /** Loss and gradients. */
    @Benchmark
    public double forwardBackward() {
        return training.forwardBackward();
    }

    /** The optimizer's step, on the gradients of the last pass. */
    @Benchmark
    public Object optimizerStep() {
        return training.optimizerStep(0);
    }
}
