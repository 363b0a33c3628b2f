// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.optim;

import java.lang.foreign.Arena;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.Matrix;

/**
 * Computes the roots of one gram matrix on a background thread, from a copy, and hands them over at a step that finds
 * them ready. All methods are called by the thread that steps the weight.
 */
final class BackgroundRoot {
    /** How long the thread waits for another root before it ends: it keeps this class and its loader. */
    private static final long IDLE_MILLIS = 60_000;

    /** One thread for all weights of this JVM: it calls the BLAS with one thread, like a worker. */
    private static final ExecutorService THREAD = thread(IDLE_MILLIS);

    private final Backend backend;
    private final Refresh.Asynchronous policy;
    private final InverseRoot inverseRoot;
    private final Workspace workspace;
    private final Matrix snapshot; //  V of snapshotStep
    private final Matrix result; //    its root
    private final RootReport report = new RootReport();
    private final Runnable task = this::compute;
    private double snapshotUnit = 1;
    private long snapshotStep;
    private long rootStep; //          the step whose V the root in use is of
    private long triedStep; //         the step whose V was last rooted, or could not be
    private Future<?> running;
    private Throwable failure; // of the last computation; written before it ends

    BackgroundRoot(Backend backend, Arena arena, AsgoConfig config, Matrix gram) {
        this.backend = backend;
        this.policy = (Refresh.Asynchronous) config.refresh();
        this.inverseRoot = InverseRoots.of(backend, arena, config, gram);
        this.workspace = new Workspace(backend);
        this.snapshot = backend.allocate(arena, gram.type(), gram.rows(), gram.rows());
        this.result = backend.allocate(arena, gram.rows(), gram.rows());
        inverseRoot.reserve(workspace);
        workspace.allocate(arena);
        Checks.require(snapshot.segment().isAccessibleBy(new Thread()),
                "asynchronous roots need memory of a shared arena (Arena.ofShared()), got one confined to a thread");
    }

    /** One thread, made when there is a task and none, that ends after so long without. */
    static ThreadPoolExecutor thread(long idleMillis) {
        var one = new ThreadPoolExecutor(
                1, 1, idleMillis, TimeUnit.MILLISECONDS, new LinkedBlockingQueue<>(), task -> {
                    Thread thread = new Thread(task, "asgo4j-roots");
                    thread.setDaemon(true);
                    return thread;
                });
        one.allowCoreThreadTimeOut(true);
        return one;
    }

    /** The root in use was computed in the foreground, from the V of this step. */
    void rootIsOf(long step) {
        rootStep = step;
        triedStep = step;
    }

    /** The age of the root in use, in steps. */
    long staleness(long taken) {
        return taken - rootStep;
    }

    /**
     * Takes over a root that is ready, waits for one if the one in use is too old, and starts the next if due.
     *
     * @param taken steps taken before this one
     * @throws RootFailure if the root could not be computed
     * @throws RootFailedException if its computation ended with an {@link Error}; a later step tries again
     */
    void follow(long taken, double unit, Matrix gram, Matrix root, RootLadder ladder) {
        if (running != null && running.isDone()) adopt(taken, unit, root, ladder);
        if (taken - triedStep > policy.maxStaleness()) {
            if (running == null) start(taken, unit, gram);
            if (running != null) adopt(taken, unit, root, ladder);
        }
        if (running == null && taken % policy.interval() == 0) start(taken, unit, gram);
    }

    /** Starts a root, unless V is zero: its root would hold the weight still until the next. The one in use stays. */
    private void start(long taken, double unit, Matrix gram) {
        if (backend.trace(gram) == 0) return;
        backend.copy(gram, snapshot);
        inverseRoot.rescale(snapshotUnit / unit);
        backend.synchronize(); // before another thread reads what these wrote
        snapshotStep = taken;
        snapshotUnit = unit;
        running = THREAD.submit(task);
    }

    private void compute() {
        try {
            inverseRoot.compute(snapshot, snapshotUnit, result, report, workspace);
            Symmetric.requireFiniteRoot(backend, result); // which waits until it is there
            failure = null;
        } catch (Throwable t) { // nobody else would hear of it
            failure = t;
        }
    }

    private void adopt(long taken, double unit, Matrix root, RootLadder ladder) {
        settle();
        running = null;
        triedStep = snapshotStep; // also of a failed one: the next is due an interval later
        if (failure instanceof RuntimeException) {
            throw new RootFailure("in the background: " + failure.getMessage());
        }
        if (failure != null) throw ladder.ended(taken, failure);
        if (unit != snapshotUnit && !Symmetric.rescaleRoot(backend, unit / snapshotUnit, result)) {
            throw new RootFailure("float32 can't hold the root in the new unit");
        }
        backend.copy(result, root);
        backend.symmetrize(root);
        rootStep = snapshotStep;
        double squares = (snapshotUnit / unit) * (snapshotUnit / unit);
        ladder.report.begin(report.method);
        ladder.report.smallest = report.smallest * squares;
        ladder.report.largest = report.largest * squares;
        ladder.report.condition = report.condition;
        ladder.counts.refreshes++;
        ladder.succeeded(unit);
    }

    /** The age of the root in use; when loading, what is under way is given up: it is of another training. */
    void describe(StateFields fields) {
        long step = fields.integer("root_step", rootStep);
        if (!fields.loads()) return;
        abandon();
        rootIsOf(step);
    }

    /** What is under way won't be used. */
    void abandon() {
        settle();
        running = null;
    }

    /** Waits until nothing runs. How it ended is for the step that would take it over. */
    void settle() {
        if (running == null) return;
        boolean interrupted = false;
        while (true) {
            try {
                running.get();
                break;
            } catch (InterruptedException e) {
                interrupted = true; // the memory must not go while it is used
            } catch (ExecutionException e) {
                failure = e.getCause();
                break;
            }
        }
        if (interrupted) Thread.currentThread().interrupt();
    }
}
