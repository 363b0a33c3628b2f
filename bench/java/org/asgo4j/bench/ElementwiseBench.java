// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.bench;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.asgo4j.kernel.Kernels;
import org.asgo4j.kernel.LayerKernels;
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
import org.openjdk.jmh.infra.BenchmarkParams;

/**
 * Elementwise kernels, scalar against vector, and against loops over heap arrays, on one thread. Calls per second are
 * the score. The auxiliary counter {@code gigabytes} is the rate in GB/s (10⁹ bytes): every float that the kernel reads
 * counts once, and so does every float that it writes; 12 bytes per element for axpby, 28 for adamw, 4 for
 * sumOfSquares, 8 for gelu. The limit is the bandwidth of the cache or memory that holds the operands; for gelu and
 * adamw, in cache, it is arithmetic.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 1, jvmArgsAppend = "--add-modules=jdk.incubator.vector")
public class ElementwiseBench {
    private static final long SEED = 1;
    private static final long ALIGNMENT = 64;
    private static final double GIGA = 1e9;

    private static final float RATE1 = 0x1p-3f; // 1−β₁ and 1−β₂ near AdamW's, exact in float32 for the loops
    private static final float RATE2 = 0x1p-10f;
    private static final float EPSILON = 1e-8f;
    private static final float STEP_SIZE = 1e-6f;

    private static final int AXPBY_BYTES = 3 * Float.BYTES;
    private static final int ADAMW_BYTES = 7 * Float.BYTES;
    private static final int SUM_BYTES = Float.BYTES;
    private static final int GELU_BYTES = 2 * Float.BYTES;

    /**
     * Elements: 64 KiB a vector, which the L2 cache holds, and 64 MiB, which comes from memory or a large L3. 767² is
     * the odd one: no vector of lanes divides it.
     */
    @Param({"16384", "588289", "16777216"})
    public int count;

    /** Which twin, or {@code array} for {@link ArrayLoops}, which have no gelu: Java has no erf. */
    @Param({"scalar", "vector", "array"})
    public String twin;

    private Arena arena;
    private MemorySegment x;
    private MemorySegment y;
    private MemorySegment m;
    private MemorySegment v;
    private Kernels kernels;
    private LayerKernels layers;
    private ArrayLoops loops; // null for the twins

    /** Bytes moved, reported per second. */
    @State(Scope.Thread)
    @AuxCounters(AuxCounters.Type.OPERATIONS)
    public static class Rate {
        /** 10⁹ bytes, per second in the report. */
        public double gigabytes;
    }

    /** Allocates, fills, and checks that the twins and the loops agree bit for bit on these operands. */
    @Setup(Level.Trial)
    public void setUp(BenchmarkParams benchmark) {
        arena = Arena.ofShared();
        kernels = twin.equals("vector") ? Kernels.vector() : Kernels.scalar();
        layers = twin.equals("vector") ? LayerKernels.vector() : LayerKernels.scalar();
        fill();
        long expected = run(Kernels.scalar(), LayerKernels.scalar());
        fill();
        long actual = run(kernels, layers);
        if (actual != expected) {
            throw new IllegalStateException("twins differ: checksum %x, expected %x".formatted(actual, expected));
        }
        fill();
        if (twin.equals("array")) {
            if (benchmark.getBenchmark().endsWith(".gelu")) throw new IllegalArgumentException("no array loop of gelu");
            checkLoops();
            loops = new ArrayLoops(x, y, m, v);
        }
    }

    private void checkLoops() {
        var candidate = new ArrayLoops(x, y, m, v);
        candidate.axpby();
        kernels.axpby(0.5f, x, 0, 0.5f, y, 0, count);
        candidate.adamw(RATE1, RATE2, EPSILON, STEP_SIZE);
        adamw(kernels);
        double error = Math.abs(candidate.sumOfSquares() / kernels.sumOfSquares(x, 0, count) - 1);
        if (!candidate.equals(x, y, m, v) || !(error <= count * 0x1p-53)) {
            throw new IllegalStateException("the loops over arrays differ from the kernels");
        }
        fill();
    }

    private void fill() {
        if (x == null) {
            x = arena.allocate(count * (long) Float.BYTES, ALIGNMENT);
            y = arena.allocate(count * (long) Float.BYTES, ALIGNMENT);
            m = arena.allocate(count * (long) Float.BYTES, ALIGNMENT);
            v = arena.allocate(count * (long) Float.BYTES, ALIGNMENT);
        }
        var random = new Random(SEED);
        for (long i = 0; i < count; i++) {
            x.setAtIndex(JAVA_FLOAT, i, 4 * random.nextFloat() - 2);
            y.setAtIndex(JAVA_FLOAT, i, 4 * random.nextFloat() - 2);
            m.setAtIndex(JAVA_FLOAT, i, random.nextFloat());
            v.setAtIndex(JAVA_FLOAT, i, random.nextFloat());
        }
    }

    /** Every kernel once; a checksum of what they leave. */
    private long run(Kernels someKernels, LayerKernels someLayers) {
        someKernels.axpby(0.5f, x, 0, 0.5f, y, 0, count);
        adamw(someKernels);
        someLayers.gelu(x, 0, v, 0, count);
        long checksum = Double.doubleToLongBits(someKernels.sumOfSquares(x, 0, count));
        for (long i = 0; i < count; i++) {
            checksum = 31 * checksum + Float.floatToRawIntBits(y.getAtIndex(JAVA_FLOAT, i));
            checksum = 31 * checksum + Float.floatToRawIntBits(m.getAtIndex(JAVA_FLOAT, i));
            checksum = 31 * checksum + Float.floatToRawIntBits(v.getAtIndex(JAVA_FLOAT, i));
        }
        return checksum;
    }

    private void adamw(Kernels someKernels) {
        someKernels.adamw(x, 0, y, 0, m, 0, v, 0, count, 1, 1 - RATE1, 1 - RATE2, EPSILON, STEP_SIZE, 1, 1);
    }

    /** Frees the memory. */
    @TearDown(Level.Trial)
    public void tearDown() {
        arena.close();
    }

    /** y ← ½x + ½y. */
    @Benchmark
    public void axpby(Rate rate) {
        if (loops == null) kernels.axpby(0.5f, x, 0, 0.5f, y, 0, count);
        else loops.axpby();
        rate.gigabytes += count * (AXPBY_BYTES / GIGA);
    }

    /** One AdamW step. */
    @Benchmark
    public void adamw(Rate rate) {
        if (loops == null) adamw(kernels);
        else loops.adamw(RATE1, RATE2, EPSILON, STEP_SIZE);
        rate.gigabytes += count * (ADAMW_BYTES / GIGA);
    }

    /** Σ x². */
    @Benchmark
    public double sumOfSquares(Rate rate) {
        rate.gigabytes += count * (SUM_BYTES / GIGA);
        return loops == null ? kernels.sumOfSquares(x, 0, count) : loops.sumOfSquares();
    }

    /** y ← gelu(x). */
    @Benchmark
    public void gelu(Rate rate) {
        layers.gelu(x, 0, y, 0, count);
        rate.gigabytes += count * (GELU_BYTES / GIGA);
    }
}
