// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.optim;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.Semaphore;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.Matrix;
import org.asgo4j.linalg.NativeCallException;

/** A backend whose decompositions on the background thread each wait for a permit; they fail on demand. */
final class HeldBackground {
    private static final String THREAD = "asgo4j-roots";

    private final Semaphore gate = new Semaphore(0);
    private final Backend backend;
    private volatile Throwable thrown;
    /** What the background was last given, in the unit of then. */
    volatile double[][] decomposed;
    volatile boolean failsInBackground;
    volatile boolean failsInForeground;
    /** What decompositions on the background thread end with; null for none. */
    volatile Error errorInBackground;

    HeldBackground(Backend real) {
        backend = FaultyBackend.around(real, this::strike);
    }

    Backend backend() {
        return backend;
    }

    private void strike(String operation, Object[] arguments, boolean done) {
        if (done || !operation.equals("eigh")) return;
        boolean background = Thread.currentThread().getName().equals(THREAD);
        if (background) {
            gate.acquireUninterruptibly();
            decomposed = Dense.of((Matrix) arguments[0]);
            if (errorInBackground != null) throw errorInBackground;
        }
        if (background ? failsInBackground : failsInForeground) throw NativeCallException.lapack("ssyevd", 3);
    }

    /** Lets one decomposition go on. */
    void releaseOne() {
        gate.release();
    }

    /** Lets all go on from here. The one background thread of the JVM must not stay in a test that is over. */
    void releaseAll() {
        gate.release(1 << 20);
    }

    /** Runs it on a thread of its own, which must come to wait for the background; then lets that go on. */
    void mustWait(Runnable action) throws InterruptedException {
        thrown = null;
        Thread thread = Thread.ofPlatform().name("waiting").start(() -> {
            try {
                action.run();
            } catch (RuntimeException | Error e) {
                thrown = e;
            }
        });
        while (thread.getState() != Thread.State.WAITING && thread.isAlive()) Thread.onSpinWait();
        boolean waits = thread.isAlive();
        releaseOne();
        thread.join();
        assertTrue(waits, "it did not wait: " + thrown);
        if (thrown != null) throw new AssertionError("after it waited", thrown);
    }
}
