// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.linalg;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import org.asgo4j.testing.Matrices;
import org.asgo4j.testing.Seeds;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Memory lives as long as its arena, whatever becomes of the backend. */
class LifetimeTest {

    @ParameterizedTest
    @MethodSource("org.asgo4j.linalg.OpenBackends#names")
    void matricesOutliveTheirBackendAndServeTheNext(BackendName name) {
        long seed = Seeds.next();
        try (Arena arena = Arena.ofConfined()) {
            Matrix a;
            Matrix w;
            EighWorkspace workspace;
            double[][] values = Matrices.randomArray(4, 4, seed);
            Matrix source = Matrices.of(arena, ElementType.FLOAT32, values);
            try (Backend first = Backends.open(name)) {
                a = first.allocate(arena, 4, 4);
                w = first.allocateHost(arena, 1, 4);
                workspace = first.eighWorkspace(arena, ElementType.FLOAT32, 4);
                first.copy(source, a);
            }
            try (Backend second = Backends.open(name)) {
                Matrix read = second.allocateHost(arena, 4, 4);
                second.copy(a, read);
                assertEquals(0, Matrices.maxAbsDifference(Matrices.toArray(read), values), "seed=" + seed);
                second.eigh(a, w, workspace);
                double trace = values[0][0] + values[1][1] + values[2][2] + values[3][3];
                double sum = w.get(0, 0) + w.get(0, 1) + w.get(0, 2) + w.get(0, 3);
                assertEquals(trace, sum, 1e-5, "seed=" + seed);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("org.asgo4j.linalg.OpenBackends#names")
    void closingOneBackendLeavesAnotherOpen(BackendName name) {
        try (Backend stays = Backends.open(name); Arena arena = Arena.ofConfined()) {
            Backends.open(name).close();
            Matrix m = stays.allocate(arena, 2, 2);
            stays.gemm(Transpose.NONE, Transpose.NONE, 1, m, m, 0, stays.allocate(arena, 2, 2));
        }
    }

    @ParameterizedTest
    @MethodSource("org.asgo4j.linalg.OpenBackends#names")
    void elementsOfClosedMemoryAreOutOfReach(BackendName name) {
        try (Backend backend = Backends.open(name)) {
            Matrix m;
            Matrix inJava;
            try (Arena arena = Arena.ofConfined()) {
                m = backend.allocate(arena, 2, 3);
                inJava = backend.allocateHost(arena, 2, 3);
            }
            assertThrows(IllegalStateException.class, () -> inJava.get(0, 0));
            assertThrows(IllegalStateException.class, () -> inJava.set(0, 0, 1));
            String message = assertThrows(IllegalStateException.class, () -> backend.sumOfSquares(m)).getMessage();
            assertTrue(message.contains("sumOfSquares") && message.contains("2×3"), message);
        }
    }
}
