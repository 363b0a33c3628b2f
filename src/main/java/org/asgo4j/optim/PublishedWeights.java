// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.optim;

import static org.asgo4j.optim.Checks.require;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.Matrix;

/**
 * The weights of a training as others may read them while it goes on: an inference engine that serves, an evaluation.
 * The trainer publishes after a step; a reader takes a lease, and what it reads until it closes the lease is one
 * version, all weights of the same step.
 *
 * {@snippet file="ServingWhileTrainingTest.java" region="publish"}
 *
 * <p>Nobody waits. Where every copy but the current one is leased, {@link #publish} says so and the last version stays.
 * With two copies that is so while a reader holds the version before the last; a third one lets readers of two versions
 * overlap.
 *
 * <p>Each copy has a count of its leases, −1 while it is written. A reader counts itself in by compare-and-set and
 * gives up if the copy is being written or no longer the current one; the trainer claims a copy by compare-and-set from
 * 0. So no copy is ever written and leased at once, and the versions that one reader sees never go back. What the
 * trainer wrote happens-before what a reader of that version does.
 *
 * <p>The copies are in this computer's memory, where an engine on the CPU reads them, also of weights on a GPU:
 * publishing those brings each over the bus once, and returns when it is there. An engine on the GPU brings them back,
 * or reads the trainer's own between steps.
 *
 * <p>One thread at a time publishes and closes, any number read. Each copy takes as much memory as the weights, in an
 * arena that {@link #close} closes.
 */
public final class PublishedWeights implements AutoCloseable {
    /** The count of a copy that the trainer writes, or that is closed. */
    private static final int WRITTEN = -1;

    private static final int FEWEST_COPIES = 2;

    private final Backend backend;
    private final List<Matrix> source;
    private final Arena arena = Arena.ofShared();
    private final List<List<Matrix>> written = new ArrayList<>(); // per copy, as the trainer sees it
    private final List<List<Matrix>> read = new ArrayList<>(); // the same memory, read-only
    private final AtomicIntegerArray leases; // per copy; a reader that gives up is counted in for a moment
    private final AtomicInteger open = new AtomicInteger(); // leases of all copies, without those readers
    private final long[] versions; // per copy, written while it is claimed
    private volatile int current;
    private volatile boolean closed;
    private long version;

    /**
     * Makes the copies and publishes the weights as they are now, as version 0.
     *
     * @param backend allocates and copies; stays the caller's
     * @param weights what is published, the trainer's memory; not read but by {@link #publish}
     * @param copies at least 2
     * @throws IllegalArgumentException if there is no weight, one is null, or there are too few copies
     * @throws IllegalStateException if the backend is closed, or the memory of a weight is
     */
    public PublishedWeights(Backend backend, List<Matrix> weights, int copies) {
        require(backend != null, "published weights: backend must not be null");
        require(weights != null && !weights.isEmpty(), "published weights: there must be at least one");
        for (Matrix weight : weights) require(weight != null, "published weights: a weight is null");
        require(copies >= FEWEST_COPIES, "published weights: copies must be at least %s, got %s", FEWEST_COPIES,
                copies);
        this.backend = backend;
        this.source = List.copyOf(weights);
        this.leases = new AtomicIntegerArray(copies);
        this.versions = new long[copies];
        try {
            for (int i = 0; i < copies; i++) {
                List<Matrix> copy = source.stream()
                        .map(w -> backend.allocateHost(arena, w.type(), w.rows(), w.cols()))
                        .toList();
                written.add(copy);
                read.add(copy.stream().map(PublishedWeights::readOnly).toList());
            }
            write(current);
        } catch (RuntimeException | Error e) {
            arena.close();
            throw e;
        }
    }

    private static Matrix readOnly(Matrix m) {
        return new Matrix(m.segment().asReadOnly(), m.type(), m.rows(), m.cols(), m.rowStride());
    }

    /**
     * Copies the weights as they are now and makes them the version that readers get from here on. Called by the
     * trainer between steps, since it reads the weights. Allocates nothing.
     *
     * @return whether there was a copy without a lease; if not, nothing has changed
     * @throws IllegalStateException if this is closed, or the memory of a weight is
     */
    public boolean publish() {
        if (closed) throw new IllegalStateException("published weights are closed");
        int spare = claimSpare();
        if (spare < 0) return false;
        try {
            write(spare);
            version++;
            versions[spare] = version;
        } finally {
            leases.set(spare, 0); // from here on it can be counted into; readers do so when it is the current one
        }
        current = spare;
        return true;
    }

    /** A copy that is neither current nor leased, now claimed; −1 if there is none. */
    private int claimSpare() {
        for (int i = 0; i < leases.length(); i++) {
            if (i != current && leases.compareAndSet(i, 0, WRITTEN)) return i;
        }
        return -1;
    }

    private void write(int copy) {
        List<Matrix> target = written.get(copy);
        for (int i = 0; i < target.size(); i++) backend.copy(source.get(i), target.get(i));
        backend.synchronize(); // before another thread reads it
    }

    /**
     * The version published last, to be read until the lease is closed; from any thread, and never waiting for the
     * trainer. A lease that is never closed keeps its copy from the trainer for good.
     *
     * @throws IllegalStateException if this is closed
     */
    public Lease lease() {
        while (true) {
            if (closed) throw new IllegalStateException("published weights are closed");
            int copy = current;
            int count = leases.get(copy);
            if (count == WRITTEN || !leases.compareAndSet(copy, count, count + 1)) {
                Thread.onSpinWait(); // another version has just been published, or another reader was faster
            } else if (copy == current) {
                open.getAndIncrement();
                return new Lease(this, copy);
            } else {
                leases.getAndDecrement(copy);
            }
        }
    }

    /**
     * The version published last: 0 for the weights at construction, then counted up by {@link #publish}.
     *
     * @throws IllegalStateException if this is closed
     */
    public long version() {
        try (Lease lease = lease()) {
            return lease.version();
        }
    }

    /**
     * Frees the copies.
     *
     * @throws IllegalStateException if a lease is open, which would read freed memory; nothing has changed then
     */
    @Override
    public void close() {
        if (closed) return;
        for (int i = 0; i < leases.length(); i++) {
            while (!leases.compareAndSet(i, 0, WRITTEN)) {
                int count = open.get();
                if (count > 0) refuseToClose(i, count);
                Thread.yield(); // a reader that has just given this copy up, or its lease
            }
        }
        closed = true;
        arena.close();
    }

    /** Gives back what {@link #close} has claimed. */
    private void refuseToClose(int claimed, int count) {
        for (int i = 0; i < claimed; i++) leases.set(i, 0);
        throw new IllegalStateException("%d lease(s) of published weights are open; close them first".formatted(count));
    }

    /** A version that is read. Its memory holds that version until {@link #close}, and another one some time after. */
    public static final class Lease implements AutoCloseable {
        private final PublishedWeights owner;
        private final int copy;
        private boolean open = true;

        private Lease(PublishedWeights owner, int copy) {
            this.owner = owner;
            this.copy = copy;
        }

        /**
         * The weights, in the order they were given, without gaps between rows, read-only. For engines that want an
         * address: {@code weights().get(i).segment().address()}.
         *
         * @throws IllegalStateException if this lease is closed
         */
        public List<Matrix> weights() {
            checkOpen();
            return owner.read.get(copy);
        }

        /**
         * Which version this is: the number of times that weights were published before.
         *
         * @throws IllegalStateException if this lease is closed
         */
        public long version() {
            checkOpen();
            return owner.versions[copy];
        }

        private synchronized void checkOpen() {
            if (!open) throw new IllegalStateException("this lease is closed: its memory may hold another version");
        }

        /** Gives the version back; a second call does nothing. */
        @Override
        public synchronized void close() {
            if (!open) return;
            open = false;
            owner.open.getAndDecrement(); // first: what is counted in and not open is gone in a moment
            owner.leases.getAndDecrement(copy);
        }
    }
}
