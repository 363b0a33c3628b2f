// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.bench;

import java.lang.foreign.Arena;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.Backends;
import org.asgo4j.linalg.EighWorkspace;
import org.asgo4j.linalg.ElementType;
import org.asgo4j.linalg.Matrix;
import org.asgo4j.linalg.Side;
import org.asgo4j.linalg.Transpose;
import org.asgo4j.optim.Asgo;
import org.asgo4j.optim.AsgoConfig;
import org.asgo4j.optim.RuleState;
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
 * One ASGO step of one weight on one BLAS thread, and the four calls of order n³ in it; {@code native/step} measures
 * the same in C. 128×512 is the MLP of the training job's GPT, 768×768 and 768×3072 are the weights of GPT-2 small.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
@Fork(value = 1, jvmArgsAppend = {"--add-modules=jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED"})
public class StepBench {
    private static final long SEED = 1;
    private static final float LEARNING_RATE = 0.01f;
    private static final float WEIGHT_DECAY = 0.1f;

    /** Rows×cols; rows ≤ cols, so that the left side is preconditioned. */
    @Param({"128x128", "128x512", "768x768", "768x3072"})
    public String shape;

    private Arena arena;
    private Backend backend;
    private Matrix weight;
    private Matrix gradient;
    private Matrix update;
    private Matrix gram;
    private Matrix vectors;
    private Matrix root;
    private Matrix eigenvalues;
    private EighWorkspace workspace;
    private RuleState everyStep;
    private RuleState everyTenth;

    /** Allocates, fills the gradient, and checks that a step gives what the definition says. */
    @Setup(Level.Trial)
    public void setUp() {
        int rows = Integer.parseInt(shape.substring(0, shape.indexOf('x')));
        int cols = Integer.parseInt(shape.substring(shape.indexOf('x') + 1));
        arena = Arena.ofShared();
        backend = Backends.open();
        weight = backend.allocate(arena, rows, cols);
        gradient = backend.allocate(arena, rows, cols);
        update = backend.allocate(arena, rows, cols);
        gram = backend.allocate(arena, rows, rows);
        vectors = backend.allocate(arena, rows, rows);
        root = backend.allocate(arena, rows, rows);
        eigenvalues = backend.allocate(arena, 1, rows);
        workspace = backend.eighWorkspace(arena, ElementType.FLOAT32, rows);
        var random = new Random(SEED);
        for (int i = 0; i < rows; i++) {
            for (int j = 0; j < cols; j++) gradient.set(i, j, random.nextFloat() - 0.5);
        }
        everyStep = new Asgo(AsgoConfig.published()).newState(backend, arena, rows, cols);
        everyTenth = new Asgo(AsgoConfig.published().withRefreshInterval(10)).newState(backend, arena, rows, cols);
        backend.syrk(Transpose.NONE, 1, gradient, 0, gram);
        check(rows, cols);
    }

    /** The first update is the polar factor times 0.2·√max(m, n): W·Wᵀ = (η·0.2)²·n·I for full-rank W of m ≤ n. */
    private void check(int rows, int cols) {
        everyStep.step(weight, gradient, LEARNING_RATE, 0);
        backend.syrk(Transpose.NONE, 1 / (0.04 * LEARNING_RATE * LEARNING_RATE * cols), weight, 0, root);
        double worst = 0;
        for (int i = 0; i < rows; i++) {
            for (int j = 0; j <= i; j++) worst = Math.max(worst, Math.abs(root.get(i, j) - (i == j ? 1 : 0)));
        }
        // A square random matrix has singular values down to 1/n of the largest: κ(V) = n², of which float32 sees u·n².
        double tolerance = rows == cols ? 0.2 : 1e-3;
        if (!(worst < tolerance)) {
            throw new IllegalStateException("first step of " + shape + " is no polar factor: off by " + worst);
        }
    }

    /** Frees the memory. */
    @TearDown(Level.Trial)
    public void tearDown() {
        arena.close();
        backend.close();
    }

    /** The whole step with a root at every step, as published. */
    @Benchmark
    public void step() {
        everyStep.step(weight, gradient, LEARNING_RATE, WEIGHT_DECAY);
    }

    /** The whole step with a root at every tenth. */
    @Benchmark
    public void stepRefreshTen() {
        everyTenth.step(weight, gradient, LEARNING_RATE, WEIGHT_DECAY);
    }

    /** V ← β₂V + (1−β₂)GGᵀ. */
    @Benchmark
    public void gramSyrk() {
        backend.syrk(Transpose.NONE, 0.2, gradient, 0.8, gram);
    }

    /** Q, λ of V, the copy of V included. */
    @Benchmark
    public void rootSyevd() {
        backend.copy(gram, vectors);
        backend.eigh(vectors, eigenvalues, workspace);
    }

    /** P ← SᵀS. */
    @Benchmark
    public void rootSyrk() {
        backend.syrk(Transpose.TRANSPOSED, 1, vectors, 0, root);
    }

    /** U ← PM. */
    @Benchmark
    public void applySymm() {
        backend.symm(Side.LEFT, root, gradient, update);
    }
}
