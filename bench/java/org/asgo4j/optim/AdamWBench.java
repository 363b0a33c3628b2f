// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.optim;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.Backends;
import org.asgo4j.linalg.Matrix;
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

/**
 * One step of {@link Optimizer} with AdamW on the weights of a GPT-2 small block: four of 768×768, 3072×768 and
 * 768×3072, 7.1 million parameters, which are 198 MB read and written in the fused pass and 28 MB read before it, since
 * a norm of all gradients says whether they are finite.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
@Fork(value = 1, jvmArgsAppend = {"--add-modules=jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED"})
public class AdamWBench {
    private static final long SEED = 1;
    private static final int WIDTH = 768;
    private static final int EXPANDED = 4 * WIDTH;
    private static final int[][] SHAPES = {
        {WIDTH, WIDTH}, {WIDTH, WIDTH}, {WIDTH, WIDTH}, {WIDTH, WIDTH}, {EXPANDED, WIDTH}, {WIDTH, EXPANDED}
    };
    private static final float LEARNING_RATE = 1e-3f;
    private static final float WEIGHT_DECAY = 0.1f;
    private static final OptimizerConfig UNCLIPPED =
            OptimizerConfig.published().withClipNorm(Double.POSITIVE_INFINITY);

    /** Workers: the machine's cores, and one for what they gain. */
    @Param({"2", "1"})
    public int workers;

    private Arena arena;
    private Backend backend;
    private Workers threads;
    private Optimizer optimizer;

    /** Allocates, fills the gradients, and checks the first step against its definition. */
    @Setup(Level.Trial)
    public void setUp() {
        arena = Arena.ofShared();
        backend = Backends.open();
        threads = new Workers(workers);
        var random = new SplittableRandom(SEED);
        List<Parameter> parameters = new ArrayList<>();
        for (int[] shape : SHAPES) {
            Matrix weight = backend.allocate(arena, shape[0], shape[1]);
            Matrix gradient = backend.allocate(arena, shape[0], shape[1]);
            for (int i = 0; i < shape[0]; i++) {
                for (int j = 0; j < shape[1]; j++) {
                    weight.set(i, j, random.nextDouble(-1, 1));
                    gradient.set(i, j, random.nextDouble(-1, 1));
                }
            }
            parameters.add(Parameter.of("weight" + parameters.size(), weight, gradient));
        }
        var group = new ParameterGroup("block", new AdamW(AdamWConfig.published()), _ -> LEARNING_RATE, WEIGHT_DECAY,
                parameters);
        optimizer = new Optimizer(backend, threads, UNCLIPPED, List.of(group));
        check(parameters);
    }

    /** From zeroed moments the first update is g/(|g| + ε): the learning rate with the gradient's sign. */
    private void check(List<Parameter> parameters) {
        List<Matrix> before = new ArrayList<>();
        for (Parameter p : parameters) {
            Matrix copy = backend.allocate(arena, p.weight().rows(), p.weight().cols());
            backend.copy(p.weight(), copy);
            before.add(copy);
        }
        optimizer.step();
        double tolerance = 8 * LEARNING_RATE * 0x1p-24 + 4 * 0x1p-24; // a weight is at most 1, so is what it loses
        for (int p = 0; p < parameters.size(); p++) {
            Matrix weight = parameters.get(p).weight();
            Matrix gradient = parameters.get(p).gradient();
            for (int i = 0; i < weight.rows(); i++) {
                for (int j = 0; j < weight.cols(); j++) {
                    double g = gradient.get(i, j);
                    double expected = before.get(p).get(i, j) * (1 - (double) LEARNING_RATE * WEIGHT_DECAY)
                            - LEARNING_RATE * g / (Math.abs(g) + AdamWConfig.published().epsilon());
                    if (!(Math.abs(weight.get(i, j) - expected) <= tolerance)) {
                        throw new IllegalStateException("weight %d at %d, %d is %s after a step, must be %s"
                                .formatted(p, i, j, weight.get(i, j), expected));
                    }
                }
            }
        }
    }

    /** Frees the memory. */
    @TearDown(Level.Trial)
    public void tearDown() {
        optimizer.close();
        threads.close();
        backend.close();
        arena.close();
    }

    /** The whole step, norm included. */
    @Benchmark
    public StepReport step() {
        return optimizer.step();
    }
}
