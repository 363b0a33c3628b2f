// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.optim;

import java.lang.foreign.Arena;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.Matrix;

/**
 * Computes the roots of one gram matrix on a background thread, from a copy, and hands them over at a step that finds
 * them ready. All methods are called by the thread that steps the weight.
 */
final class BackgroundRoot {
    /** One thread for all weights of this JVM: it calls the BLAS with one thread, like a worker. */
    private static final ExecutorService THREAD = Executors.newSingleThreadExecutor(task -> {
        Thread thread = new Thread(task, "asgo4j-roots");
        thread.setDaemon(true);
        return thread;
    });

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
    private RuntimeException failure; // of the last computation; written before it ends

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
     */
    void follow(long taken, double unit, Matrix gram, Matrix root, RootLadder ladder) {
        if (running != null && running.isDone()) adopt(unit, root, ladder);
        if (taken - triedStep > policy.maxStaleness()) {
            if (running == null) start(taken, unit, gram);
            settle();
            adopt(unit, root, ladder);
        }
        if (running == null && taken % policy.interval() == 0) start(taken, unit, gram);
    }

    private void start(long taken, double unit, Matrix gram) {
        backend.copy(gram, snapshot);
        backend.synchronize(); // before another thread reads it
        inverseRoot.rescale(snapshotUnit / unit);
        snapshotStep = taken;
        snapshotUnit = unit;
        running = THREAD.submit(task);
    }

    private void compute() {
        try {
            inverseRoot.compute(snapshot, snapshotUnit, result, report, workspace);
            Symmetric.requireFiniteRoot(backend, result); // which waits until it is there
            failure = null;
        } catch (RuntimeException e) {
            failure = e;
        }
    }

    private void adopt(double unit, Matrix root, RootLadder ladder) {
        settle();
        running = null;
        triedStep = snapshotStep; // also of a failed one: the next is due an interval later
        if (failure != null) {
            throw new RootFailure("in the background: " + failure.getMessage());
        }
        if (unit != snapshotUnit) {
            backend.multiplyLower(unit / snapshotUnit, result);
            Symmetric.requireFiniteRoot(backend, result);
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

    /** The age of the root in use; what is under way is given up, as it may be of another training than the loaded. */
    void describe(StateFields fields) {
        abandon();
        rootIsOf(fields.integer("root_step", rootStep));
    }

    /** What is under way won't be used. */
    void abandon() {
        settle();
        running = null;
    }

    /** Waits until nothing runs. */
    void settle() {
        if (running == null) return;
        boolean interrupted = false;
        while (true) {
            try {
                running.get();
                break;
            } catch (InterruptedException e) {
                interrupted = true; // the memory must not go while it is used
            } catch (java.util.concurrent.ExecutionException e) {
                throw new IllegalStateException("background root ended with an error", e.getCause());
            }
        }
        if (interrupted) Thread.currentThread().interrupt();
    }
}
