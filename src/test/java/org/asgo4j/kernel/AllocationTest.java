// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.kernel;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.asgo4j.testing.OtherMemory;
import org.asgo4j.testing.Seeds;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * A compiled kernel allocates nothing: a vector that becomes an object is the usual way for a kernel to be slow. And
 * that whatever else the JVM did with vectors before.
 */
@Tag("allocation")
class AllocationTest {
    /** Columns of a row: vectors, and a tail for every lane width. */
    private static final int COLS = 83;

    private static final int ROWS = 4;

    /** Time for the compiler to get there; interpreted vectors are objects. */
    private static final long DEADLINE_NANOS = 120_000_000_000L;

    private static final int CALLS = 200;

    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    /** One kernel, on strips of ROWS·COLS floats. */
    private interface Call {
        void run(Strip x, Strip y, Strip z, MemorySegment targets);
    }

    private static final Kernels KERNELS = Kernels.vector();
    private static final float[] WORK = new float[Kernels.LARGEST_FACTOR * Kernels.LARGEST_FACTOR];
    private static final LayerKernels LAYERS = LayerKernels.vector();

    /** Enough for {@link VectorSquares} to take four blocks at once, and a rest. */
    private static final int MANY = 6 * ScalarKernels.SQUARES_BLOCK + COLS;

    private static final MemorySegment LARGE = Arena.global().allocate(JAVA_FLOAT, MANY);

    @BeforeAll
    static void otherMemory() throws IOException {
        OtherMemory.use();
    }

    static Stream<Named<Call>> calls() {
        int n = ROWS * COLS;
        return Stream.of(
                Named.of("axpby", (x, y, z, t) -> KERNELS.axpby(0.5f, x.segment(), x.from(), 0.5f, y.segment(),
                        y.from(), n)),
                Named.of("adamw", (x, y, z, t) -> KERNELS.adamw(x.segment(), x.from(), y.segment(), y.from(),
                        z.segment(), z.from(), y.segment(), y.from(), n, 1, 0.9, 0.99, 1e-8f, 0.1f, 1, 1)),
                Named.of("lookAhead", (x, y, z, t) -> KERNELS.lookAhead(0.1f, x.segment(), x.from(), 0.9f, y.segment(),
                        y.from(), z.segment(), z.from(), n)),
                Named.of("multiply", (x, y, z, t) -> KERNELS.multiply(x.segment(), x.from(), y.segment(), y.from(), n)),
                Named.of("scaleAndAdd", (x, y, z, t) -> KERNELS.scaleAndAdd(0.5f, x.segment(), x.from(), y.segment(),
                        y.from(), n)),
                Named.of("addSquares", (x, y, z, t) -> KERNELS.addSquares(0.1f, x.segment(), x.from(), 0.5f,
                        y.segment(), y.from(), n)),
                Named.of("addSquaresDouble", (x, y, z, t) -> KERNELS.addSquaresDouble(0.1, x.segment(), x.from(), 0.5,
                        y.segment(), 0, n / 2)),
                Named.of("divideByRoot", (x, y, z, t) -> KERNELS.divideByRoot(x.segment(), x.from(), y.segment(),
                        y.from(), 0.1f, 0, z.segment(), z.from(), n)),
                Named.of("lion", (x, y, z, t) -> KERNELS.lion(x.segment(), x.from(), y.segment(), y.from(),
                        z.segment(), z.from(), n, 1, 0.9, 0.99, 0.1f, 1)),
                Named.of("sumOfSquares", (x, y, z, t) -> KERNELS.sumOfSquares(x.segment(), x.from(), n)),
                Named.of("sumOfSquares, four blocks", (x, y, z, t) -> KERNELS.sumOfSquares(LARGE, 0, MANY)),
                Named.of("firstNonFinite", (x, y, z, t) -> KERNELS.firstNonFinite(x.segment(), x.from(), n)),
                Named.of("invertFactor", (x, y, z, t) -> {
                    int k = Kernels.LARGEST_FACTOR;
                    for (int i = 0; i < k; i++) x.segment().setAtIndex(JAVA_FLOAT, x.from() + i * (k + 1), 1e3f);
                    KERNELS.invertFactor(x.segment(), x.from(), k, y.segment(), y.from(), k, k, WORK);
                    KERNELS.invertFactor(x.segment(), x.from(), k, y.segment(), y.from(), k, k - 1, WORK);
                }),
                Named.of("mirror", (x, y, z, t) -> KERNELS.mirror(x.segment(), x.from(), 18, 18)),
                Named.of("transpose", (x, y, z, t) -> KERNELS.transpose(x.segment(), x.from(), COLS, y.segment(),
                        y.from(), ROWS, ROWS, COLS)),
                Named.of("gelu", (x, y, z, t) -> LAYERS.gelu(x.segment(), x.from(), y.segment(), y.from(), n)),
                Named.of("geluBackward", (x, y, z, t) -> LAYERS.geluBackward(x.segment(), x.from(), y.segment(),
                        y.from(), z.segment(), z.from(), n)),
                Named.of("layerNorm", (x, y, z, t) -> LAYERS.layerNorm(x.segment(), x.from(), x.segment(), x.from(),
                        y.segment(), y.from(), z.segment(), z.from(), z.segment(), z.from() + ROWS, ROWS, COLS, 1e-5f)),
                Named.of("layerNormBackward", (x, y, z, t) -> LAYERS.layerNormBackward(x.segment(), x.from(),
                        x.segment(), x.from(), x.segment(), x.from(), x.segment(), x.from(), x.segment(), x.from(),
                        y.segment(), y.from(), y.segment(), y.from(), z.segment(), z.from(), ROWS, COLS)),
                Named.of("causalSoftmax", (x, y, z, t) -> LAYERS.causalSoftmax(x.segment(), x.from(), 18, 18, 1)),
                Named.of("causalSoftmaxBackward", (x, y, z, t) -> LAYERS.causalSoftmaxBackward(x.segment(), x.from(),
                        y.segment(), y.from(), 18, 18, 1)),
                Named.of("crossEntropy", (x, y, z, t) -> LAYERS.crossEntropy(x.segment(), x.from(), COLS, ROWS, COLS, t,
                        0, 1)),
                Named.of("crossEntropyLoss", (x, y, z, t) -> LAYERS.crossEntropyLoss(x.segment(), x.from(), COLS, ROWS,
                        COLS, t, 0)));
    }

    @ParameterizedTest
    @MethodSource("calls")
    void nothingOnceCompiled(Call call) {
        var random = new SplittableRandom(Seeds.next());
        try (Arena arena = Arena.ofConfined()) {
            Strip x = Strip.floats(arena, ROWS * COLS, 1, random);
            Strip y = Strip.floats(arena, ROWS * COLS, 2, random);
            Strip z = Strip.floats(arena, ROWS * COLS, 3, random);
            MemorySegment targets = arena.allocate(JAVA_INT, ROWS);
            long start = System.nanoTime();
            long bytes;
            do {
                long before = THREADS.getCurrentThreadAllocatedBytes();
                for (int i = 0; i < CALLS; i++) {
                    call.run(x, y, z, targets);
                }
                bytes = THREADS.getCurrentThreadAllocatedBytes() - before;
            } while (bytes > 0 && System.nanoTime() - start < DEADLINE_NANOS);
            assertEquals(0, bytes, "bytes allocated by the last " + CALLS + " calls");
        }
    }
}
