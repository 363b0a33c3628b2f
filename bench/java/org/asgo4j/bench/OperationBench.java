// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.bench;

import java.util.concurrent.TimeUnit;
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
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.infra.BenchmarkParams;

/**
 * The operations of an ASGO step, by us and by other libraries, in milliseconds; {@link Operation} defines them. Each
 * result is verified before it is timed. The peers need the profile {@code bench}; see {@code bench/README.md}.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 1, jvmArgsAppend = {"--add-modules=jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED"})
public class OperationBench {
    /**
     * The order n. 64 is an attention head: the cost of a call shows. 128 is the training job's GPT, 256 and 512 lie
     * between. 768, 1024 and 2048 are the widths of GPT-2 small, GPT-2 medium and models of a billion parameters. 767
     * is the odd one: beside 768 it shows what a size costs that no vector and no block of a kernel divides.
     */
    @Param({"64", "128", "256", "512", "767", "768", "1024", "2048"})
    public int size;

    /** Who does it: a backend of ours, or a peer. {@code mkl} needs the profile of that name. */
    @Param({"openblas", "reference", "ejml", "ojalgo", "netlib-java", "netlib-vector", "netlib-jni", "nd4j", "libtorch"
    })
    public String implementation;

    /** Threads that the library may use. Optimizers step matrices side by side, with one thread each. */
    @Param("1")
    public int threads;

    private Call call;

    /** Prepares the operation that is measured, does it once, and verifies the result. */
    @Setup(Level.Trial)
    public void setUp(BenchmarkParams benchmark) {
        String name = benchmark.getBenchmark();
        Operation operation = Operation.ofMethod(name.substring(name.lastIndexOf('.') + 1));
        Operands operands = Operands.random(size);
        call = Contenders.named(implementation).prepare(operation, operands, threads);
        Verification.check(operation, operands, call);
    }

    /** {@link Operation#GEMM}: 2n³ flops. */
    @Benchmark
    public void gemm() {
        call.run();
    }

    /** {@link Operation#SYRK}: 4n³ flops of one triangle. */
    @Benchmark
    public void syrk() {
        call.run();
    }

    /** {@link Operation#SYMM}: 8n³ flops. */
    @Benchmark
    public void symm() {
        call.run();
    }

    /** {@link Operation#EIGH}. */
    @Benchmark
    public void eigh() {
        call.run();
    }

    /** {@link Operation#INVERSE_ROOT}. */
    @Benchmark
    public void inverseRoot() {
        call.run();
    }

    /** {@link Operation#STEP}. */
    @Benchmark
    public void step() {
        call.run();
    }
}
