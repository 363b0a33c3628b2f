// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.linalg;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.stream.Stream;
import org.asgo4j.testing.Matrices;
import org.asgo4j.testing.Seeds;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The same call gives the same bits: again, on another worker, beside other calls. */
class DeterminismTest {
    private static final int REPEATS = 16;
    private static final int CACHE_LINE = 64;

    private static Stream<Arguments> operations() {
        // Large enough for the blocked and the small-matrix paths of a BLAS, and for syevd's divide and conquer.
        return OpenBackends.names().flatMap(name -> Stream.concat(
                Operation.all(45, 70, 33).stream(), Operation.all(7, 11, 5).stream())
                .flatMap(operation -> operation.types().stream().map(type -> Arguments.of(name, operation, type))));
    }

    @ParameterizedTest
    @MethodSource("operations")
    void sameCallSameBits(BackendName name, Operation operation, ElementType type) {
        long seed = Seeds.next();
        MemorySegment[][] results = new MemorySegment[REPEATS][];
        try (Backend backend = Backends.open(name); Arena arena = Arena.ofShared(); Workers workers = new Workers(3)) {
            workers.run(REPEATS, (task, worker) -> results[task] = result(backend, operation, type, arena, seed));
            for (int task = 1; task < REPEATS; task++) {
                for (int i = 0; i < results[0].length; i++) {
                    String what = "%s %s %s: %s differs in repeat %d, seed=%d"
                            .formatted(name, operation, type, operation.arguments().get(i), task, seed);
                    assertEquals(-1, results[0][i].mismatch(results[task][i]), what);
                }
            }
        }
    }

    /** The bytes of all arguments after a call on random values. */
    private static MemorySegment[] result(
            Backend backend, Operation operation, ElementType type, Arena arena, long seed) {
        Matrix[] matrices = operation.matrices(arena, type);
        MemorySegment[] bytes = new MemorySegment[matrices.length];
        for (int i = 0; i < matrices.length; i++) {
            Matrix m = matrices[i];
            bytes[i] = arena.allocate(m.size() * m.type().byteSize(), CACHE_LINE);
            matrices[i] = new Matrix(bytes[i], m.type(), m.rows(), m.cols(), m.cols());
            Matrices.fill(matrices[i], Matrices.randomArray(m.rows(), m.cols(), seed + i));
        }
        operation.run(backend, matrices);
        if (operation.name().equals("sumOfSquares")) {
            MemorySegment sum = arena.allocate(ValueLayout.JAVA_DOUBLE);
            sum.set(ValueLayout.JAVA_DOUBLE, 0, backend.sumOfSquares(matrices[0]));
            return new MemorySegment[] {sum};
        }
        return bytes;
    }
}
