// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.bench;

import java.lang.foreign.Arena;
import java.util.concurrent.TimeUnit;
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
 * Elementwise kernels on one thread: scalar and vector twin, C, and loops over heap arrays. Calls per second are the
 * score. The auxiliary counter {@code gigabytes} is the rate in GB/s (10⁹ bytes), of the numbers that a kernel reads
 * and writes ({@link ElementwiseKernel#bytesPerElement}). The limit is the bandwidth of the cache or memory that holds
 * the operands, or, in cache, arithmetic. {@link KernelComparison} measures the same by turns in one JVM.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 1, jvmArgsAppend = {"--add-modules=jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED"})
public class ElementwiseBench {
    private static final double GIGA = 1e9;

    /**
     * Elements: 64 KiB a vector, which the L2 cache holds, and 64 MiB, which comes from memory or a large L3. 767² is
     * the odd one: no vector of lanes divides it.
     */
    @Param({"16384", "588289", "16777216"})
    public int count;

    /** An {@link ElementwiseKernel}. */
    @Param({"axpby", "adamw", "sumOfSquares"})
    public String kernel;

    /** A {@link KernelImplementation}, or {@code array} for {@link ArrayLoops}, where there is one. */
    @Param({"vector", "scalar", "c", "array"})
    public String implementation;

    private Arena arena;
    private KernelOperands operands;
    private ElementwiseKernel call;
    private KernelImplementation runner; // null for the loops
    private ArrayLoops loops;

    /** Bytes moved, reported per second. */
    @State(Scope.Thread)
    @AuxCounters(AuxCounters.Type.OPERATIONS)
    public static class Rate {
        /** 10⁹ bytes, per second in the report. */
        public double gigabytes;
    }

    /** Allocates, fills, and checks that what is measured leaves what the scalar twin leaves. */
    @Setup(Level.Trial)
    public void setUp() {
        call = ElementwiseKernel.valueOf(kernel);
        arena = Arena.ofShared();
        operands = new KernelOperands(arena, count);
        if (implementation.equals("array")) {
            loops = new ArrayLoops(operands);
            loops.verify(call, operands);
            return;
        }
        runner = KernelImplementation.valueOf(implementation);
        call.verify(runner, operands);
    }

    /** Frees the memory. */
    @TearDown(Level.Trial)
    public void tearDown() {
        arena.close();
    }

    /** One call. */
    @Benchmark
    public double run(Rate rate) {
        rate.gigabytes += count * (call.bytesPerElement / GIGA);
        return runner == null ? loops.run(call) : runner.run(call, operands);
    }
}
