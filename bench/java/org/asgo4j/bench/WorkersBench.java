// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.bench;

import java.util.concurrent.TimeUnit;
import org.asgo4j.linalg.Workers;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** What sharing out costs: a call of the team, and each task of it. Says whether small tasks should be put together. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 1, jvmArgsAppend = "--add-modules=jdk.incubator.vector")
public class WorkersBench {
    /** So many that the call itself no longer shows. */
    private static final int TASKS = 10_000;

    /** Two cache lines hold 2^4 elements, so that workers don't write to the same one; lines are fetched in pairs. */
    private static final int PADDING = 4;

    /** Threads. */
    @Param({"2", "1"})
    public int workers;

    private Workers team;
    private long[] done;
    private final Workers.Task task = (_, worker) -> done[worker << PADDING]++;

    /** Starts the team, and checks that all tasks are done. */
    @Setup(Level.Trial)
    public void setUp() {
        team = new Workers(workers);
        done = new long[workers << PADDING];
        tasks();
        long sum = 0;
        for (long each : done) sum += each;
        if (sum != TASKS) throw new IllegalStateException(sum + " of " + TASKS + " tasks were done");
    }

    /** Ends the threads. */
    @TearDown(Level.Trial)
    public void tearDown() {
        team.close();
    }

    /** A call with one task for each worker. */
    @Benchmark
    public void call() {
        team.run(workers, task);
    }

    /** One of many tasks. */
    @Benchmark
    @OperationsPerInvocation(TASKS)
    public void tasks() {
        team.run(TASKS, task);
    }
}
