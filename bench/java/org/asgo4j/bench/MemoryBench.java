// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.bench;

import java.util.concurrent.TimeUnit;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.Backends;
import org.asgo4j.linalg.Workers;
import org.asgo4j.optim.Optimizer;
import org.asgo4j.optim.OptimizerMemory;
import org.openjdk.jmh.annotations.AuxCounters;
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

/**
 * What an optimizer takes beside weights and gradients, in bytes per parameter, as auxiliary counters; and a step of
 * it, in milliseconds. {@code nativePeak} is state and scratch memory, counted where they are allocated; {@code
 * resident} is how much the process grew meanwhile, at its peak, by Linux' account, with all that the JVM and the BLAS
 * took for themselves.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SingleShotTime) // a step of SHAMPOO at order 3072 takes half a minute
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 0)
@Measurement(iterations = 1) // one: counters of events are summed over iterations
@Fork(
        value = 1,
        jvmArgsAppend = {"--add-modules=jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED",
            "-XX:-TieredCompilation", "-XX:+UseSerialGC", "-Xms64m", "-Xmx64m", "-XX:+AlwaysPreTouch"})
public class MemoryBench {
    /** Before memory is read: SOAP's first makes bases and moves nothing. */
    private static final int STEPS = 2;

    /** What is trained: 24 small weights, and 6 large ones. */
    @Param({"CHAR_GPT", "GPT2_BLOCK"})
    public MeasuredModel model;

    /** By which rule. */
    @Param({"ASGO", "ASGO_PUBLISHED", "DASGO", "MUON", "SHAMPOO", "SOAP", "ADAMW", "SGD", "LION"})
    public MeasuredRule rule;

    /** Each has a workspace. */
    @Param("2")
    public int workers;

    private Backend backend;
    private Workers pool;
    private OptimizedWeights weights;
    private Optimizer optimizer;
    private OptimizerMemory memory;
    private long heap;
    private double resident; // NaN where the system does not tell

    /** Bytes per parameter. */
    @AuxCounters(AuxCounters.Type.EVENTS)
    @State(Scope.Thread)
    public static class PerParameter {
        /** Remembered from step to step, off the heap. */
        public double state;
        /** Of all workers' workspaces, off the heap. */
        public double scratch;
        /** Both. */
        public double nativePeak;
        /** Used on the heap after a collection. */
        public double heap;
        /** By how much the process had grown at its peak. */
        public double resident;
    }

    /** Makes weights, gradients and the optimizer, takes steps, and checks that they moved every weight. */
    @Setup(Level.Trial)
    public void setUp() {
        backend = Backends.open();
        pool = new Workers(workers);
        memory = OptimizerMemory.of(backend, rule.rule(), model.shapes());
        weights = new OptimizedWeights(backend, pool, model.shapes());
        long heapBefore = ProcessMemory.usedHeap();
        long residentBefore = ProcessMemory.isKnown() ? ProcessMemory.peakResidentFromNow() : 0;
        optimizer = weights.optimizer(rule.rule());
        for (int i = 0; i < STEPS; i++) optimizer.step();
        weights.requireMoved();
        resident = ProcessMemory.isKnown() ? ProcessMemory.peakResident() - residentBefore : Double.NaN;
        heap = ProcessMemory.usedHeap() - heapBefore;
    }

    /** Frees it. */
    @TearDown(Level.Trial)
    public void tearDown() {
        optimizer.close();
        weights.close();
        pool.close();
        backend.close();
    }

    /** A step of all weights. */
    @Benchmark
    public Object step(PerParameter counters) {
        double parameters = weights.count();
        counters.state = memory.state() / parameters;
        counters.scratch = workers * memory.scratch() / parameters;
        counters.nativePeak = memory.total(workers) / parameters;
        counters.heap = heap / parameters;
        counters.resident = resident / parameters;
        return optimizer.step();
    }
}
