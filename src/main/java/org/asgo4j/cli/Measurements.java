// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.cli;

import java.io.PrintStream;
import java.lang.foreign.Arena;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.DoubleStream;
import java.util.stream.Stream;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.BackendName;
import org.asgo4j.linalg.EighWorkspace;
import org.asgo4j.linalg.ElementType;
import org.asgo4j.linalg.Matrix;
import org.asgo4j.linalg.Transpose;
import org.asgo4j.linalg.Workers;

/**
 * Times the operations that an optimizer step lives on, each as the best of a few bursts, a tenth of a second together:
 * enough to see that a machine or a library is wrong by a factor, not to compare two versions of anything.
 */
final class Measurements implements AutoCloseable {
    private static final int BURSTS = 3;
    private static final long BURST_NANOS = 40_000_000;
    private static final long WARM_UP_NANOS = 40_000_000;

    /** Bytes per second. Vector code is a hundred times slower until it is compiled, and faster than this after. */
    private static final double LEAST_COMPILED_RATE = 2e9;

    private static final long LONGEST_COMPILATION_NANOS = 3_000_000_000L;

    /** Order of the products: a width of models that train on a CPU; 3 MiB per worker. */
    private static final int PRODUCT_ORDER = 512;

    private static final int[] EIGEN_ORDERS = {128, 256, 512};

    /** For pure Java, which would take many seconds with the orders above. */
    private static final int SMALL_PRODUCT_ORDER = 96;

    private static final int[] SMALL_EIGEN_ORDERS = {16, 32, 64};

    /** X and Y of 64 KiB each lie in the second cache of any core. */
    private static final int CACHED_ROWS = 16;

    /** X and Y of 64 MiB each are beyond most last caches. */
    private static final int MEMORY_ROWS = 16_384;

    private static final int COLS = 1024;

    private static final float ALPHA = 0.5f;
    private static final float BETA = 0.5f;

    /** axpby reads x and y and writes y. */
    private static final int BYTES_PER_ELEMENT = 3 * Float.BYTES;

    private static final double GIGA = 1e9;
    private static final double NANOS_PER_SECOND = 1e9;
    private static final double MILLIS_PER_SECOND = 1e3;

    private final Backend backend;
    private final Workers workers;
    private final boolean small;
    private final Arena arena = Arena.ofShared();

    /** What one worker does again and again, and how many operations or bytes that is. */
    private record Work(Runnable call, double amount) {}

    Measurements(Backend backend, Workers workers) {
        this.backend = backend;
        this.workers = workers;
        small = backend.name() == BackendName.REFERENCE;
    }

    /** Measures, and writes a line as soon as it is known. */
    void print(PrintStream out) {
        out.println("%-24s %10s %10s".formatted("speed", "1 thread", workers.count() + " threads"));
        List<Work> cached = everyWorker(() -> axpby(CACHED_ROWS));
        awaitCompiled(cached.getFirst());
        for (int k : small ? SMALL_EIGEN_ORDERS : EIGEN_ORDERS) {
            double millis = MILLIS_PER_SECOND / rate(List.of(eigh(k)));
            out.println("%-24s %10.2f".formatted("ssyevd %d, ms".formatted(k), millis));
        }
        int order = small ? SMALL_PRODUCT_ORDER : PRODUCT_ORDER;
        List<Work> gemm = everyWorker(() -> gemm(order));
        List<Work> syrk = everyWorker(() -> syrk(order));
        row(out, "sgemm %d, GFLOP/s".formatted(order), gemm.getFirst(), gemm);
        row(out, "ssyrk %d, GFLOP/s".formatted(order), syrk.getFirst(), syrk);
        row(out, "axpby in cache, GB/s", cached.getFirst(), cached);
        List<Work> parts = everyWorker(() -> axpby(MEMORY_ROWS / workers.count()));
        row(out, "axpby from memory, GB/s", axpby(MEMORY_ROWS), parts);
    }

    /** Ends the use of all matrices. */
    @Override
    public void close() {
        arena.close();
    }

    private void row(PrintStream out, String name, Work alone, List<Work> together) {
        out.println("%-24s %10.1f %10.1f".formatted(name, rate(List.of(alone)) / GIGA, rate(together) / GIGA));
    }

    private List<Work> everyWorker(Supplier<Work> work) {
        return Stream.generate(work).limit(workers.count()).toList();
    }

    private Work gemm(int order) {
        Matrix a = random(order);
        Matrix c = backend.allocate(arena, order, order);
        return new Work(() -> backend.gemm(Transpose.NONE, Transpose.NONE, 1, a, a, 0, c), 2.0 * order * order * order);
    }

    private Work syrk(int order) {
        Matrix a = random(order);
        Matrix c = backend.allocate(arena, order, order);
        return new Work(() -> backend.syrk(Transpose.NONE, 1, a, 0, c), (order + 1.0) * order * order);
    }

    private Work axpby(int rows) {
        Matrix x = backend.allocate(arena, Math.max(1, rows), COLS);
        Matrix y = backend.allocate(arena, x.rows(), COLS);
        return new Work(() -> backend.axpby(ALPHA, x, BETA, y), (double) x.size() * BYTES_PER_ELEMENT);
    }

    /** Random numbers where the backend computes. */
    private Matrix random(int order) {
        Matrix a = backend.allocate(arena, order, order);
        backend.copy(AgreementCheck.random(backend, arena, order), a);
        return a;
    }

    /** One decomposition; the copy that it destroys is made anew, which takes a hundredth of its time. */
    private Work eigh(int order) {
        Matrix a = random(order);
        Matrix vectors = backend.allocate(arena, order, order);
        Matrix values = backend.allocate(arena, 1, order);
        EighWorkspace workspace = backend.eighWorkspace(arena, ElementType.FLOAT32, order);
        return new Work(
                () -> {
                    backend.copy(a, vectors);
                    backend.eigh(vectors, values, workspace);
                },
                1);
    }

    private void awaitCompiled(Work work) {
        long start = System.nanoTime();
        double rate;
        do {
            rate = burst(List.of(work), BURST_NANOS);
        } while (rate < LEAST_COMPILED_RATE && System.nanoTime() - start < LONGEST_COMPILATION_NANOS);
    }

    /** Amount per second of all works side by side, one worker each, after a warm-up. */
    private double rate(List<Work> works) {
        burst(works, WARM_UP_NANOS);
        double best = 0;
        for (int i = 0; i < BURSTS; i++) best = Math.max(best, burst(works, BURST_NANOS));
        return best;
    }

    private double burst(List<Work> works, long nanos) {
        double[] amounts = new double[works.size()];
        long start = System.nanoTime();
        workers.run(works.size(), (task, _) -> {
            Work work = works.get(task);
            do {
                work.call().run();
                amounts[task] += work.amount();
            } while (System.nanoTime() - start < nanos);
            backend.synchronize();
        });
        return DoubleStream.of(amounts).sum() * NANOS_PER_SECOND / (System.nanoTime() - start);
    }
}
