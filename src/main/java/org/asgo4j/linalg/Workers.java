// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.linalg;

import java.lang.reflect.UndeclaredThrowableException;
import java.util.Objects;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;

/**
 * A fixed team of threads that share out the tasks of one call at a time. The calling thread is worker 0. Each worker
 * calls the BLAS with one thread, which scales perfectly over matrices, so that workers × BLAS threads is what was
 * asked for.
 *
 * <p>Tasks are handed out in order, one by one: put the largest first. A call allocates nothing on the Java heap. What
 * a task computes must not depend on the worker it runs on; results are then identical for any number of workers. What
 * one call's tasks write, the caller and the tasks of later calls see.
 *
 * {@snippet file="MatrixExamplesTest.java" region="workers"}
 */
public final class Workers implements AutoCloseable {

    /** What a worker does with one task of a {@link #run}. */
    @FunctionalInterface
    public interface Task {
        /** Does task {@code task} on worker {@code worker}, {@code 0 ≤ worker <} {@link Workers#count}. */
        void run(int task, int worker);
    }

    /**
     * How long an idle worker watches for the next call before it sleeps. Waking a sleeping thread takes about 50 µs;
     * the gap between two parts of a training step is far below 100 µs.
     */
    private static final long SPIN_NANOS = 100_000;

    private final Thread[] threads;
    private final AtomicInteger nextTask = new AtomicInteger();
    private final AtomicInteger busy = new AtomicInteger();
    private final AtomicReference<Throwable> failure = new AtomicReference<>();
    private int failedOn; // the worker; read after all have ended
    private final AtomicReference<Thread> caller = new AtomicReference<>();
    private volatile int round;
    private volatile boolean closed;
    private Task task;
    private int taskCount;

    /**
     * Starts a team.
     *
     * @param count the number of workers, at least 1, the calling thread included
     * @throws IllegalArgumentException if {@code count} is less than 1
     */
    public Workers(int count) {
        this(count, Thread.ofPlatform().daemon().name("asgo4j-worker-", 1).factory());
    }

    /** With threads of a factory. */
    Workers(int count, ThreadFactory factory) {
        if (count < 1) throw new IllegalArgumentException("workers must be at least 1, got " + count);
        threads = new Thread[count - 1];
        try {
            for (int i = 0; i < threads.length; i++) {
                int worker = i + 1;
                threads[i] = factory.newThread(() -> serve(worker));
                threads[i].start();
            }
        } catch (RuntimeException | Error e) { // the system may refuse one: those before it must not stay
            close();
            throw e;
        }
    }

    /** The number of workers, the calling thread included. */
    public int count() {
        return threads.length + 1;
    }

    /**
     * Runs tasks {@code 0 … count−1}, shared out over all workers, and returns when all are done.
     *
     * <p>A {@link RuntimeException} or {@link Error} of a task is thrown here, after the tasks under way have ended;
     * tasks not yet begun are not run then. Of several, the first is thrown; one of another thread has this call's
     * stack among its suppressed.
     *
     * @param count the number of tasks, at least 0
     * @param action does one task
     * @throws IllegalArgumentException if {@code count} is negative
     * @throws IllegalStateException if the team is closed, or a call is under way (one caller at a time; no nesting)
     */
    public void run(int count, Task action) {
        if (count < 0) throw new IllegalArgumentException("count of tasks must be at least 0, got " + count);
        Objects.requireNonNull(action, "action");
        claim();
        Throwable thrown;
        try {
            if (closed) throw new IllegalStateException("workers are closed");
            task = action;
            taskCount = count;
            nextTask.set(0);
            busy.set(threads.length);
            round++; // publishes the fields above
            for (int i = 0; i < threads.length; i++) LockSupport.unpark(threads[i]);
            work(0);
            await();
            thrown = failure.getAndSet(null);
        } finally {
            task = null;
            caller.set(null); // last: from here on another caller's run may begin
        }
        // Its stack is that of a worker, which does not say whose call this was.
        if (thrown != null && failedOn > 0) thrown.addSuppressed(new Throwable("the workers were called here"));
        if (thrown instanceof RuntimeException e) throw e;
        if (thrown instanceof Error e) throw e;
        if (thrown != null) throw new UndeclaredThrowableException(thrown); // from code that evades the compiler
    }

    /** Makes the current thread the one caller. */
    private void claim() {
        if (!caller.compareAndSet(null, Thread.currentThread())) {
            Thread other = caller.get(); // null if its call has just ended
            throw new IllegalStateException(
                    "workers are busy with a call from '" + (other == null ? "another thread" : other.getName()) + "'");
        }
    }

    private void work(int worker) {
        try {
            for (int i = nextTask.getAndIncrement(); i < taskCount; i = nextTask.getAndIncrement()) task.run(i, worker);
        } catch (Throwable t) {
            if (failure.compareAndSet(null, t)) failedOn = worker;
            nextTask.set(taskCount);
        }
    }

    private void serve(int worker) {
        int seen = 0;
        while (true) {
            long deadline = System.nanoTime() + SPIN_NANOS;
            while (round == seen && !closed) {
                if (System.nanoTime() < deadline) Thread.onSpinWait();
                else LockSupport.park(this);
            }
            if (closed) return;
            seen = round;
            work(worker);
            Thread.interrupted(); // left by a task: it would keep this thread from sleeping
            if (busy.decrementAndGet() == 0) LockSupport.unpark(caller.get());
        }
    }

    private void await() {
        long deadline = System.nanoTime() + SPIN_NANOS;
        while (busy.get() > 0) {
            if (System.nanoTime() >= deadline) LockSupport.park(this); // returns at once if this thread is interrupted
            Thread.onSpinWait();
        }
    }

    /**
     * Ends the threads; later calls of {@link #run} throw.
     *
     * @throws IllegalStateException if a {@link #run} is under way; the team stays open then
     */
    @Override
    public void close() {
        claim();
        closed = true;
        caller.set(null);
        for (Thread thread : threads) LockSupport.unpark(thread);
    }
}
