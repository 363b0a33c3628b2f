// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.linalg;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.reflect.UndeclaredThrowableException;
import java.util.ArrayList;
import java.util.List;
import java.util.Arrays;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Every task once, on one of the workers; a failure is the caller's; the team lives on. The time limits only end a
 * hang.
 */
@Timeout(value = 60, threadMode = ThreadMode.SEPARATE_THREAD)
class WorkersTest {
    private static final int STRESS_ROUNDS = 100_000;
    private static final long STRESS_NANOS = 1_000_000_000;
    private static final long SLOW_NANOS = 50_000_000;

    /** More tasks than can be run while a worker that has failed waits for a processor to say so. */
    private static final int ENDLESS = 1_000_000_000;

    private static final Workers.Task NOTHING = (task, worker) -> {};

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 8})
    void runsEveryTaskOnce(int count) {
        try (Workers workers = new Workers(count)) {
            assertEquals(count, workers.count());
            for (int tasks : new int[] {0, 1, 2, count, 7, 1000}) {
                AtomicIntegerArray runs = new AtomicIntegerArray(tasks);
                AtomicInteger strangers = new AtomicInteger();
                workers.run(tasks, (task, worker) -> {
                    runs.incrementAndGet(task);
                    if (worker < 0 || worker >= count) strangers.incrementAndGet();
                });
                assertArrayEquals(IntStream.range(0, tasks).map(i -> 1).toArray(),
                        IntStream.range(0, tasks).map(runs::get).toArray(), tasks + " tasks on " + count + " workers");
                assertEquals(0, strangers.get());
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 4})
    void allWorkersTakePartAndTheCallerIsWorkerZero(int count) {
        try (Workers workers = new Workers(count)) {
            CountDownLatch all = new CountDownLatch(count);
            Thread[] threads = new Thread[count];
            workers.run(count, (task, worker) -> {
                threads[worker] = Thread.currentThread();
                all.countDown();
                await(all); // no worker can take two
            });
            assertSame(Thread.currentThread(), threads[0]);
            assertEquals(count, IntStream.range(0, count).mapToObj(i -> threads[i]).distinct().count());
        }
    }

    @Test
    void callReturnsAfterTheSlowestWorker() {
        try (Workers workers = new Workers(2)) {
            boolean[] done = new boolean[1];
            CountDownLatch both = new CountDownLatch(2);
            workers.run(2, (task, worker) -> {
                both.countDown();
                await(both);
                if (worker == 1) {
                    long end = System.nanoTime() + SLOW_NANOS; // the caller is through by then
                    while (System.nanoTime() < end) LockSupport.parkNanos(SLOW_NANOS);
                    done[0] = true;
                }
            });
            assertTrue(done[0], "the call returned before a task had ended");
        }
    }

    @Test
    void resultsDoNotDependOnTheNumberOfWorkers() {
        double[] alone = sums(1);
        for (int count : new int[] {2, 3, 5}) assertArrayEquals(alone, sums(count), count + " workers");
    }

    private static double[] sums(int count) {
        double[] result = new double[64];
        try (Workers workers = new Workers(count)) {
            for (int round = 1; round <= 50; round++) {
                double factor = 1.0 / round; // of a round, so that each must see what the one before it wrote
                workers.run(result.length,
                        (task, worker) -> result[task] = Math.fma(result[task], factor, Math.sin(task)));
            }
        }
        return result;
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 4})
    void failureOfATaskIsTheCallersAndEndsTheRest(int count) {
        try (Workers workers = new Workers(count)) {
            for (Throwable failure : List.of(new IllegalArgumentException("task"), new StackOverflowError("task"))) {
                for (int failing : new int[] {0, 5}) {
                    AtomicInteger begun = new AtomicInteger();
                    CountDownLatch failed = new CountDownLatch(1);
                    Throwable thrown = assertThrows(Throwable.class, () -> workers.run(ENDLESS, (task, worker) -> {
                        begun.incrementAndGet();
                        if (task == failing) {
                            failed.countDown();
                            throwUnchecked(failure);
                        }
                        if (task > failing) await(failed);
                    }));
                    assertSame(failure, thrown);
                    assertTrue(begun.get() < ENDLESS, "all tasks were run in spite of the failure of task " + failing);
                    runsEveryTaskOnce(workers);
                }
            }
        }
    }

    /** A failure on another thread says whose call it was of. */
    @Test
    void failureOfAnotherThreadHasTheCallersStack() {
        try (Workers workers = new Workers(2)) {
            for (int failing = 0; failing < 2; failing++) {
                int bad = failing;
                CountDownLatch both = new CountDownLatch(2);
                var thrown = assertThrows(ArithmeticException.class, () -> workers.run(2, (task, worker) -> {
                    both.countDown();
                    await(both); // no worker can take two
                    if (worker == bad) throw new ArithmeticException("task");
                }));
                Throwable[] calls = thrown.getSuppressed();
                assertEquals(failing, calls.length);
                for (Throwable each : calls) {
                    assertTrue(Arrays.stream(each.getStackTrace())
                            .anyMatch(frame -> frame.getClassName().equals(WorkersTest.class.getName())));
                }
            }
        }
    }

    @Test
    void checkedFailureThatEvadedTheCompilerIsNotLost() {
        try (Workers workers = new Workers(2)) {
            IOException failure = new IOException("task");
            assertSame(failure, assertThrows(UndeclaredThrowableException.class,
                    () -> workers.run(3, (task, worker) -> throwUnchecked(failure))).getCause());
            runsEveryTaskOnce(workers);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3})
    void nestedCallIsRefused(int count) {
        try (Workers workers = new Workers(count)) {
            String caller = Thread.currentThread().getName();
            for (int tasks : new int[] {1, 20}) {
                assertMessage(IllegalStateException.class,
                        () -> workers.run(tasks, (task, worker) -> workers.run(1, NOTHING)), "busy", caller);
                runsEveryTaskOnce(workers);
            }
        }
    }

    @Test
    void concurrentCallIsRefusedAndSoIsClosing() throws InterruptedException {
        try (Workers workers = new Workers(2)) {
            CountDownLatch begun = new CountDownLatch(1);
            CountDownLatch end = new CountDownLatch(1);
            Thread first = Thread.ofPlatform().name("first").start(() -> workers.run(1, (task, worker) -> {
                begun.countDown();
                await(end);
            }));
            await(begun);
            assertMessage(IllegalStateException.class, () -> workers.run(1, NOTHING), "busy", "first");
            assertThrows(IllegalStateException.class, workers::close);
            end.countDown();
            first.join();
            runsEveryTaskOnce(workers);
        }
    }

    @Test
    void closedTeamRefusesCallsAndItsThreadsEnd() throws InterruptedException {
        Workers workers = new Workers(3);
        Thread[] threads = new Thread[3];
        CountDownLatch all = new CountDownLatch(3);
        workers.run(3, (task, worker) -> {
            threads[worker] = Thread.currentThread();
            all.countDown();
            await(all);
        });
        workers.close();
        workers.close();
        assertMessage(IllegalStateException.class, () -> workers.run(1, NOTHING), "closed");
        for (int worker = 1; worker < 3; worker++) {
            assertTrue(threads[worker].isDaemon());
            threads[worker].join();
        }
    }

    @Test
    void refusesWhatItCanNotDo() {
        for (int count : new int[] {0, -3}) {
            assertMessage(IllegalArgumentException.class, () -> new Workers(count), "at least 1", "got " + count);
        }
        try (Workers workers = new Workers(2)) {
            assertMessage(IllegalArgumentException.class, () -> workers.run(-1, NOTHING), "at least 0", "got -1");
            assertThrows(NullPointerException.class, () -> workers.run(1, null));
            runsEveryTaskOnce(workers);
        }
    }

    /** A thread that is interrupted can't sleep in a lock; it must still wait for the others, and stay interrupted. */
    @Test
    void interruptedCallerStillWaitsForAllTasks() {
        try (Workers workers = new Workers(2)) {
            Thread.currentThread().interrupt();
            int[] done = new int[100];
            for (int round = 0; round < 50; round++) workers.run(done.length, (task, worker) -> done[task]++);
            assertTrue(Thread.interrupted());
            assertArrayEquals(IntStream.range(0, done.length).map(i -> 50).toArray(), done);
        }
    }

    /** A system that refuses the third thread: the first two end, as nobody has the team to close it. */
    @Test
    void threadsEndIfOneCannotBeStarted() throws InterruptedException {
        List<Thread> started = new ArrayList<>();
        var refused = new OutOfMemoryError("unable to create native thread");
        var thrown = assertThrows(OutOfMemoryError.class, () -> new Workers(5, action -> new Thread(action) {
            @Override
            public void start() {
                if (started.size() == 2) throw refused;
                started.add(this);
                super.start();
            }
        }));
        assertSame(refused, thrown);
        for (Thread thread : started) thread.join();
        assertEquals(2, started.size());
    }

    /** Else it could not sleep until the team is closed. */
    @Test
    void aTaskThatLeavesItsWorkerInterruptedLeavesNoTrace() {
        try (Workers workers = new Workers(2)) {
            boolean[] interrupted = new boolean[2];
            for (int round = 0; round < 2; round++) {
                CountDownLatch both = new CountDownLatch(2);
                workers.run(2, (task, worker) -> {
                    interrupted[worker] = Thread.currentThread().isInterrupted();
                    both.countDown();
                    await(both); // no worker can take two
                    if (worker == 1) Thread.currentThread().interrupt();
                });
                assertFalse(interrupted[1], "round " + round);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 4})
    void manyTinyCallsNeitherHangNorLoseATask(int count) {
        int[] done = new int[3];
        int rounds = 0;
        try (Workers workers = new Workers(count)) {
            Workers.Task increment = (task, worker) -> done[task]++;
            // As many as a busy machine does in its time.
            long end = System.nanoTime() + STRESS_NANOS;
            for (; rounds < STRESS_ROUNDS && System.nanoTime() < end; rounds++) workers.run(done.length, increment);
        }
        assertArrayEquals(new int[] {rounds, rounds, rounds}, done);
    }

    /** Calls so far apart that the workers have gone to sleep between them. */
    @Test
    void sleepingWorkersWakeUp() throws InterruptedException {
        try (Workers workers = new Workers(3)) {
            for (int round = 0; round < 20; round++) {
                Thread.sleep(2);
                CountDownLatch all = new CountDownLatch(3);
                workers.run(3, (task, worker) -> {
                    all.countDown();
                    await(all);
                });
            }
        }
    }

    private static void assertMessage(Class<? extends Exception> type, Executable call, String... parts) {
        String message = assertThrows(type, call).getMessage();
        for (String part : parts) assertTrue(message.contains(part), () -> "'" + message + "' lacks '" + part + "'");
    }

    private static void runsEveryTaskOnce(Workers workers) {
        AtomicInteger runs = new AtomicInteger();
        workers.run(100, (task, worker) -> runs.incrementAndGet());
        assertEquals(100, runs.get(), "the team must be usable again");
    }

    private static void await(CountDownLatch latch) {
        boolean interrupted = false;
        while (true) {
            try {
                latch.await();
                break;
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) Thread.currentThread().interrupt();
    }

    @SuppressWarnings("unchecked")
    private static <T extends Throwable> void throwUnchecked(Throwable throwable) throws T {
        throw (T) throwable;
    }
}
