// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.bench;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.concurrent.TimeUnit;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.Backends;
import org.asgo4j.linalg.Matrix;
import org.asgo4j.linalg.Transpose;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What it costs to call C: a function that does nothing worth mentioning, and the smallest product, checks of shapes
 * and liveness included. A published step of one weight makes two such calls, and two more at a root; the
 * default's root of order 128 some 90.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 1, jvmArgsAppend = {"--add-modules=jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED"})
public class DowncallBench {
    private static final int ORDER = 2;
    private static final MethodHandle ABS = Linker.nativeLinker().downcallHandle(
            Linker.nativeLinker().defaultLookup().findOrThrow("abs"),
            FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));

    private Arena arena;
    private Backend backend;
    private Matrix a;
    private Matrix b;
    private Matrix c;
    private int argument = -ORDER;

    /** Fills A and B, and checks both calls. */
    @Setup(Level.Trial)
    public void setUp() throws Throwable {
        arena = Arena.ofShared();
        backend = Backends.open();
        a = backend.allocate(arena, ORDER, ORDER);
        b = backend.allocate(arena, ORDER, ORDER);
        c = backend.allocate(arena, ORDER, ORDER);
        for (int i = 0; i < ORDER; i++) {
            for (int j = 0; j < ORDER; j++) {
                a.set(i, j, i + 1);
                b.set(i, j, j + 1);
            }
        }
        gemm();
        for (int i = 0; i < ORDER; i++) {
            for (int j = 0; j < ORDER; j++) {
                if (c.get(i, j) != ORDER * (i + 1) * (j + 1)) throw new IllegalStateException("wrong product");
            }
        }
        if (abs() != ORDER) throw new IllegalStateException("wrong absolute value");
    }

    /** Frees the memory. */
    @TearDown(Level.Trial)
    public void tearDown() {
        arena.close();
        backend.close();
    }

    /** {@code abs} of the C library. */
    @Benchmark
    public int abs() throws Throwable {
        return (int) ABS.invokeExact(argument);
    }

    /** C ← AB, 2×2, through the backend. */
    @Benchmark
    public void gemm() {
        backend.gemm(Transpose.NONE, Transpose.NONE, 1, a, b, 0, c);
    }
}
