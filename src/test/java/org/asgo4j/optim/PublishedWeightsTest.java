// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.optim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.management.ThreadMXBean;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.BackendName;
import org.asgo4j.linalg.Backends;
import org.asgo4j.linalg.FakeCuda;
import org.asgo4j.linalg.Matrix;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a lease reads is one version; a lease keeps it; readers never go back. Every element carries its version. */
class PublishedWeightsTest {
    private static final int ROWS = 61;
    private static final int COLS = 67;
    private static final int STRIDE = 70;
    private static final int READERS = 3;

    /** How many versions each reader meets. */
    private static final int VERSIONS = 25;

    private static final int BATCH = 200;

    private static final int CLOSINGS = 2000;

    /** When to give up: compilers have to wait for a processor on a busy machine. */
    private static final long PATIENCE_NANOS = 120_000_000_000L;

    private final Arena arena = Arena.ofShared();
    private final Backend backend = Backends.open(BackendName.REFERENCE);
    private final List<Matrix> weights = List.of(
            Matrix.of(arena.allocate((long) ROWS * STRIDE * Float.BYTES, Float.BYTES), ROWS, COLS, STRIDE),
            backend.allocate(arena, 1, ROWS * COLS));

    @AfterEach
    void free() {
        arena.close();
    }

    private void stamp(long version) {
        for (Matrix w : weights) {
            MemorySegment segment = w.segment();
            for (long i = 0; i < segment.byteSize() / Float.BYTES; i++) {
                segment.setAtIndex(ValueLayout.JAVA_FLOAT, i, version);
            }
        }
    }

    /** Reads every element and fails unless all carry the lease's version. */
    private static long readStamp(PublishedWeights.Lease lease) {
        long version = lease.version();
        for (Matrix w : lease.weights()) {
            MemorySegment segment = w.segment();
            for (long i = 0; i < segment.byteSize() / Float.BYTES; i++) {
                float stamp = segment.getAtIndex(ValueLayout.JAVA_FLOAT, i);
                if (stamp != version) {
                    throw new AssertionError("torn: element %d of %s has stamp %s in version %d"
                            .formatted(i, w.shape(), stamp, version));
                }
            }
        }
        return version;
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 3})
    void concurrentReadersSeeWholeVersionsThatNeverGoBack(int copies) throws Exception {
        try (var published = new PublishedWeights(backend, weights, copies);
                ExecutorService readers = Executors.newFixedThreadPool(READERS)) {
            var met = new AtomicIntegerArray(READERS);
            List<Future<?>> running = new ArrayList<>();
            for (int i = 0; i < READERS; i++) {
                int reader = i;
                running.add(readers.submit(() -> {
                    long last = -1;
                    while (met.get(reader) < VERSIONS) {
                        try (var lease = published.lease()) {
                            long version = readStamp(lease);
                            if (version < last) throw new AssertionError("back from " + last + " to " + version);
                            if (version > last) met.incrementAndGet(reader);
                            last = version;
                        }
                    }
                }));
            }
            stamp(1);
            for (int version = 1; running.stream().anyMatch(reader -> !reader.isDone());) {
                if (published.publish()) stamp(++version);
                else Thread.yield(); // a reader that lost its core holds the only spare copy
            }
            for (Future<?> reader : running) reader.get();
        }
    }

    @Test
    void aLeaseKeepsItsVersionAndTheTrainerNeverWaits() {
        try (var published = new PublishedWeights(backend, weights, 2)) {
            stamp(1);
            try (var held = published.lease()) {
                assertTrue(published.publish());
                assertEquals(0, readStamp(held));
                stamp(2);
                assertFalse(published.publish(), "the one copy that is not current is leased");
                assertEquals(0, readStamp(held));
                assertEquals(1, published.version());
            }
            assertTrue(published.publish(), "given back");
            try (var lease = published.lease()) {
                assertEquals(2, readStamp(lease));
            }
        }
    }

    @Test
    void aThirdCopyLetsReadersOfTwoVersionsOverlap() {
        try (var published = new PublishedWeights(backend, weights, 3)) {
            try (var first = published.lease()) {
                stamp(1);
                assertTrue(published.publish());
                try (var second = published.lease(); var third = published.lease()) {
                    stamp(2);
                    assertTrue(published.publish());
                    assertEquals(0, readStamp(first));
                    assertEquals(1, readStamp(second));
                    assertEquals(1, readStamp(third));
                }
            }
        }
    }

    /** Weights in either memory; what the GPU has queued is done before a version is there. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aGpusWeightsArePublishedInThisComputersMemory(boolean onDevice) {
        assumeTrue(FakeCuda.prepare(), FakeCuda.whyNot());
        if (FakeCuda.isUsed()) FakeCuda.reset();
        try (Backend cuda = Backends.open(BackendName.CUDA)) {
            if (FakeCuda.isUsed()) FakeCuda.setDeferred(1);
            Matrix weight = onDevice ? cuda.allocate(arena, ROWS, COLS) : cuda.allocateHost(arena, ROWS, COLS);
            try (var published = new PublishedWeights(cuda, List.of(weight), 2)) {
                for (int version = 1; version <= 3; version++) {
                    cuda.fill(version, weight);
                    assertTrue(published.publish());
                    try (var lease = published.lease()) {
                        assertEquals(version, readStamp(lease));
                    }
                }
            }
        }
    }

    /** Whatever memory a backend gives: the copies are done before another thread gets them. */
    @Test
    void publishingWaitsForItsCopies() {
        List<String> calls = new ArrayList<>();
        Backend recording = FaultyBackend.around(backend, (operation, arguments, done) -> {
            if (done) calls.add(operation);
        });
        try (var published = new PublishedWeights(recording, weights, 2)) {
            assertEquals(List.of("copy", "copy", "synchronize"), calls.subList(calls.size() - 3, calls.size()));
            calls.clear();
            published.publish();
            assertEquals(List.of("copy", "copy", "synchronize"), calls);
        }
    }

    /** A reader may be counted in for a moment without a lease: only leases keep from closing. */
    @Test
    void closingIsRefusedForLeasesOnly() throws Exception {
        List<Matrix> weight = List.of(backend.allocate(arena, 1, 1));
        for (int round = 0; round < CLOSINGS; round++) {
            var published = new PublishedWeights(backend, weight, 2);
            var begun = new CountDownLatch(1);
            Thread reader = Thread.ofPlatform().start(() -> {
                try {
                    while (true) {
                        published.lease().close();
                        begun.countDown();
                    }
                } catch (IllegalStateException closed) {
                    return;
                }
            });
            begun.await();
            for (boolean open = true; open;) {
                try {
                    published.publish();
                    published.close();
                    open = false;
                } catch (IllegalStateException e) {
                    assertTrue(e.getMessage().startsWith("1 lease"), e.getMessage());
                }
            }
            reader.join();
        }
    }

    /** Batches are published until one of them allocates nothing, as the compilers' first versions do allocate. */
    @Test
    @Tag("allocation")
    void publishingAllocatesNothing() {
        var threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        try (var published = new PublishedWeights(backend, weights, 2)) {
            long fewest = Long.MAX_VALUE;
            for (long end = System.nanoTime() + PATIENCE_NANOS; fewest > 0 && System.nanoTime() < end;) {
                long before = threads.getCurrentThreadAllocatedBytes();
                for (int i = 0; i < BATCH; i++) published.publish();
                fewest = Math.min(fewest, threads.getCurrentThreadAllocatedBytes() - before);
            }
            assertEquals(0, fewest, "bytes allocated in " + BATCH + " publications");
        }
    }

    @Test
    void versionsAreReadOnly() {
        try (var published = new PublishedWeights(backend, weights, 2); var lease = published.lease()) {
            Matrix weight = lease.weights().getFirst();
            String message = assertThrows(IllegalArgumentException.class,
                    () -> backend.axpby(1, weights.getFirst(), 0, weight)).getMessage();
            assertTrue(message.contains("read-only"), message);
        }
    }

    @Test
    void whatIsClosedIsRefused() {
        var published = new PublishedWeights(backend, weights, 2);
        var lease = published.lease();
        String open = assertThrows(IllegalStateException.class, published::close).getMessage();
        assertTrue(open.contains("1 lease"), open);
        assertEquals(0, readStamp(lease), "a refused close changes nothing");
        assertTrue(published.publish(), "a refused close changes nothing");
        lease.close();
        lease.close(); // counted once
        assertThrows(IllegalStateException.class, lease::weights);
        assertThrows(IllegalStateException.class, lease::version);
        published.close();
        published.close();
        assertThrows(IllegalStateException.class, published::lease);
        assertThrows(IllegalStateException.class, published::publish);
    }

    @Test
    void tooFewCopiesAndNoWeightsAreRefused() {
        assertThrows(IllegalArgumentException.class, () -> new PublishedWeights(backend, weights, 1));
        assertThrows(IllegalArgumentException.class, () -> new PublishedWeights(backend, List.of(), 2));
        assertThrows(IllegalArgumentException.class, () -> new PublishedWeights(backend, null, 2));
        assertThrows(IllegalArgumentException.class,
                () -> new PublishedWeights(backend, Collections.singletonList(null), 2));
    }
}
