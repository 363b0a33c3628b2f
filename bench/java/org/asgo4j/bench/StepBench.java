// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.bench;

import java.lang.foreign.Arena;
import java.util.concurrent.TimeUnit;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.Backends;
import org.asgo4j.linalg.Workers;
import org.asgo4j.optim.AsgoConfig;
import org.asgo4j.optim.Optimizer;
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
 * One optimizer step of a whole set of weights; with {@code -prof gc}, what it allocates. {@link StepComparison} times
 * it beside C.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
@Fork(value = 1, jvmArgsAppend = {"--add-modules=jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED"})
public class StepBench {
    /** The set, as in {@link WeightSet}; at {@code tiny} a second has so many steps that JMH's own bytes vanish. */
    @Param({"tiny", "char-gpt", "block"})
    public String set;

    /** {@code published} or {@code defaults}. */
    @Param({"published", "defaults"})
    public String configuration;

    /** Steps between roots: the score is the mean over them. */
    @Param({"1", "10"})
    public int interval;

    /** Threads that step. */
    @Param({"2", "1"})
    public int workers;

    private Arena arena;
    private Backend backend;
    private Workers team;
    private Optimizer optimizer;

    /** Allocates, fills the gradients, and checks a step against the reference backend. */
    @Setup(Level.Trial)
    public void setUp() {
        arena = Arena.ofShared();
        backend = Backends.open();
        team = new Workers(workers);
        var weights = new WeightSet(set, backend, arena);
        AsgoConfig config = switch (configuration) {
            case "published" -> AsgoConfig.published();
            case "defaults" -> AsgoConfig.defaults();
            default -> throw new IllegalArgumentException("no configuration " + configuration);
        };
        config = config.withRefreshInterval(interval);
        StepCheck.againstReference(set, backend, team, config);
        optimizer = WeightSet.optimizer(backend, team, config, weights.parameters());
    }

    /** Ends the threads and frees the memory. */
    @TearDown(Level.Trial)
    public void tearDown() {
        optimizer.close();
        team.close();
        arena.close();
        backend.close();
    }

    /** One step of every weight. */
    @Benchmark
    public void step() {
        optimizer.step();
    }
}
