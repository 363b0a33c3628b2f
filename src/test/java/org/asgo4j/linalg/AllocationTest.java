// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.linalg;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.management.ThreadMXBean;
import java.lang.foreign.Arena;
import java.lang.management.ManagementFactory;
import java.util.stream.Stream;
import org.asgo4j.testing.Matrices;
import org.asgo4j.testing.Seeds;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * No operation allocates on the heap. The interpreter and the compilers' first versions do allocate; so calls are made
 * in batches until one batch allocates nothing, and a call that always allocates never gets there.
 */
@Tag("allocation")
class AllocationTest {
    private static final int BATCH = 200;

    /** When to give up: compilers have to wait for a processor on a busy machine. */
    private static final long PATIENCE_NANOS = 120_000_000_000L;

    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    private static Stream<Arguments> operations() {
        return OpenBackends.names().flatMap(name -> Operation.all(3, 5, 4).stream()
                .filter(operation -> !operation.usesWorkspace()) // which is made in the call; see below
                .filter(operation -> name == BackendName.CUDA || !operation.name().equals("gemmBlocks")) // makes views
                .flatMap(operation -> operation.types().stream().map(type -> Arguments.of(name, operation, type))));
    }

    @ParameterizedTest
    @MethodSource("operations")
    void operationAllocatesNothing(BackendName name, Operation operation, ElementType type) {
        try (Backend backend = Backends.open(name); Arena arena = Arena.ofConfined()) {
            Matrix[] matrices = operation.matrices(arena, type);
            assertAllocatesNothing(() -> operation.run(backend, matrices));
        }
    }

    @ParameterizedTest
    @MethodSource("org.asgo4j.linalg.OpenBackends#namesAndTypes")
    void eighAllocatesNothing(BackendName name, ElementType type) {
        int order = 18; // two leaves of a triangular inverse
        try (Backend backend = Backends.open(name); Arena arena = Arena.ofConfined()) {
            EighWorkspace workspace = backend.eighWorkspace(arena, type, order);
            Matrix source = Matrices.random(arena, type, order, order, Seeds.next());
            Matrix a = backend.allocate(arena, type, order, order);
            Matrix w = backend.allocate(arena, type, 1, order);
            assertAllocatesNothing(() -> {
                backend.copy(source, a);
                backend.eigh(a, w, workspace);
            });
        }
    }

    @ParameterizedTest
    @MethodSource("org.asgo4j.linalg.OpenBackends#names")
    void reductionsAllocateNothing(BackendName name) {
        int order = 18; // two leaves of a triangular inverse
        try (Backend backend = Backends.open(name); Arena arena = Arena.ofConfined()) {
            EighWorkspace workspace = backend.eighWorkspace(arena, ElementType.FLOAT32, order);
            Matrix source = Matrices.random(arena, order, order, Seeds.next());
            Matrix a = backend.allocate(arena, order, order);
            Matrix diagonal = backend.allocate(arena, 1, order);
            Matrix offDiagonal = backend.allocate(arena, 1, order);
            Matrix sum = backend.allocate(arena, order, order);
            assertAllocatesNothing(() -> {
                backend.copy(source, a);
                backend.orthonormalize(a, workspace);
                backend.tridiagonalize(a, diagonal, offDiagonal, workspace);
                backend.addResolvent(1e-3, order, diagonal, offDiagonal, sum, workspace); // ‖T‖ < order
                backend.addInverse(1e-3, 2 * order, source, sum, workspace);
            });
        }
    }

    @ParameterizedTest
    @MethodSource("org.asgo4j.linalg.OpenBackends#names")
    void productsInTilesAllocateNothing(BackendName name) {
        assumeTrue(name != BackendName.REFERENCE, "has no tiles, and takes long");
        int order = 101; // 101³ multiplications are too many for one tile
        try (Backend backend = Backends.open(name); Arena arena = Arena.ofConfined()) {
            Matrix a = Matrices.random(arena, order, order, Seeds.next());
            Matrix b = Matrices.random(arena, order, order, Seeds.next());
            Matrix c = backend.allocate(arena, order, order);
            assertAllocatesNothing(() -> {
                backend.gemm(Transpose.NONE, Transpose.NONE, 1, a, b, 0, c);
                backend.gemm(Transpose.TRANSPOSED, Transpose.NONE, 1, a, b, 0, c);
                backend.syrk(Transpose.TRANSPOSED, 1, a, 0, c);
                backend.syrk(Transpose.NONE, 1, a, 0, c);
            });
        }
    }

    @Test
    void callOfWorkersAllocatesNothing() {
        int[] done = new int[8];
        Workers.Task task = (i, worker) -> done[i]++;
        try (Workers workers = new Workers(2)) {
            assertAllocatesNothing(() -> workers.run(done.length, task));
        }
    }

    private static void assertAllocatesNothing(Runnable call) {
        assumeTrue(THREADS.isThreadAllocatedMemoryEnabled());
        long allocated = Long.MAX_VALUE;
        long end = System.nanoTime() + PATIENCE_NANOS;
        while (allocated > 0 && System.nanoTime() < end) {
            long before = THREADS.getCurrentThreadAllocatedBytes();
            for (int i = 0; i < BATCH; i++) call.run();
            allocated = THREADS.getCurrentThreadAllocatedBytes() - before;
        }
        assertEquals(0, allocated, "bytes in the last " + BATCH + " calls");
    }
}
