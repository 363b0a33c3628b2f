// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.linalg;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.util.stream.Stream;
import org.asgo4j.testing.Guarded;
import org.asgo4j.testing.Matrices;
import org.asgo4j.testing.Seeds;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** C + α·(A + σI)⁻¹, multiplied by A + σI, in its lower triangle only. */
class InverseTest {
    /** On either side of every border between leaves, halves and the products of each. */
    private static final int[] ORDERS = {1, 2, 3, 15, 16, 17, 31, 32, 33, 48, 65, 131, 300};

    /** The largest order that the plain backend is tried on. */
    private static final int LARGEST_REFERENCE_ORDER = 65;

    private static Stream<Arguments> backends() {
        return OpenBackends.names().flatMap(name -> Stream.of(ElementType.values())
                .flatMap(type -> Stream.of(0, 5).map(gap -> Arguments.of(name, type, gap))));
    }

    @ParameterizedTest
    @MethodSource("backends")
    void addsAnInverse(BackendName name, ElementType type, int gap) {
        long seed = Seeds.next();
        for (int order : ORDERS) {
            if (name == BackendName.REFERENCE && order > LARGEST_REFERENCE_ORDER) continue;
            for (int rank : new int[] {2 * order, Math.ceilDiv(order, 2)}) { // of full rank, and the shift's work
                double[][] a = gram(order, rank, seed);
                for (int from : triangles(name)) {
                    check(name, type, gap, a, 1, 0.5, from, seed);
                    check(name, type, gap, a, -3, 1e-2 * order, from, seed);
                }
            }
        }
    }

    /** Both ways of the BLAS, whichever this CPU takes; 0 where there is one way. */
    private static int[] triangles(BackendName name) {
        return name == OpenBackends.BLAS
                ? new int[] {TriangularInverse.TRIANGLES_FROM, TriangularInverse.TRIANGLES_FROM_IF_PACKED}
                : new int[] {0};
    }

    /** XXᵀ. */
    private static double[][] gram(int order, int rank, long seed) {
        double[][] x = Matrices.randomArray(order, rank, seed);
        double[][] a = new double[order][order];
        for (int i = 0; i < order; i++) {
            for (int j = 0; j < order; j++) {
                for (int l = 0; l < rank; l++) a[i][j] += x[i][l] * x[j][l];
            }
        }
        return a;
    }

    private static void check(
            BackendName name, ElementType type, int gap, double[][] full, double alpha, double shift, int triangles,
            long seed) {
        int n = full.length;
        double[][] lower = new double[n][n];
        double[][] old = Matrices.randomArray(n, n, seed + 1);
        for (int i = 0; i < n; i++) {
            for (int j = 0; j < n; j++) {
                lower[i][j] = j > i ? Double.NaN : full[i][j];
                if (j > i) old[i][j] = Double.NaN;
            }
        }
        String what = "%s %s order=%d gap=%d α=%s σ=%s triangles=%d seed=%d"
                .formatted(name, type, n, gap, alpha, shift, triangles, seed);
        try (Backend backend = Backends.open(name); Arena arena = Arena.ofConfined()) {
            Guarded a = Guarded.of(arena, type, n + gap, lower);
            Guarded c = Guarded.of(arena, type, n + gap, old);
            EighWorkspace workspace = backend.eighWorkspace(arena, type, n + 3);
            if (triangles > 0) workspace.inverse(n, triangles); // kept for this order, so addInverse goes by it
            backend.addInverse(alpha, shift, a.matrix(), c.matrix(), workspace);
            double[][] x = new double[n][n];
            double norm = 0;
            for (int i = 0; i < n; i++) {
                for (int j = 0; j < n; j++) {
                    int row = Math.max(i, j);
                    int col = Math.min(i, j);
                    x[i][j] = (c.matrix().get(row, col) - (float) old[row][col]) / alpha;
                    if (type == ElementType.FLOAT64) x[i][j] = (c.matrix().get(row, col) - old[row][col]) / alpha;
                    if (j > i) assertTrue(Double.isNaN(c.matrix().get(i, j)), what + " wrote above the diagonal");
                    norm = Math.max(norm, Math.abs(x[i][j]));
                }
            }
            checkIdentity(type, full, shift, x, norm, what);
            assertEquals("", a.damage() + c.damage(), what);
        }
    }

    /**
     * ‖(A + σI)X − I‖: the factorization's backward error, n·u·‖A + σI‖·‖X‖ times the condition, and a rounding of C at
     * its largest element, 3 before the sum.
     */
    private static void checkIdentity(
            ElementType type, double[][] a, double shift, double[][] x, double norm, String what) {
        int n = a.length;
        double largest = 0;
        for (int i = 0; i < n; i++) {
            double row = shift;
            for (int j = 0; j < n; j++) row += Math.abs(a[i][j]);
            largest = Math.max(largest, row);
        }
        double condition = largest * norm * Math.sqrt(n);
        double tolerance = type.unitRoundoff() * (4 * n * condition + n * largest * 4);
        for (int i = 0; i < n; i++) {
            for (int j = 0; j < n; j++) {
                double sum = shift * x[i][j] - (i == j ? 1 : 0);
                for (int l = 0; l < n; l++) sum += a[i][l] * x[l][j];
                assertEquals(0, sum, tolerance, what + " at " + i + "," + j);
            }
        }
    }

    /** One workspace in any turn of orders, other work and refusals gives what one of its own gives, to the bit. */
    @ParameterizedTest
    @EnumSource(ElementType.class)
    void aWorkspaceServesManyCalls(ElementType type) {
        long seed = Seeds.next();
        int largest = 131;
        try (Backend backend = Backends.open(OpenBackends.BLAS); Arena arena = Arena.ofConfined()) {
            EighWorkspace shared = backend.eighWorkspace(arena, type, largest);
            for (int order : new int[] {48, 48, 17, 48, largest, largest, 33, largest}) {
                Matrix a = Guarded.of(arena, type, order, gram(order, 2 * order, seed)).matrix();
                Matrix expected = backend.allocate(arena, type, order, order);
                Matrix actual = backend.allocate(arena, type, order, order);
                backend.addInverse(1, 0.5, a, expected, backend.eighWorkspace(arena, type, largest));
                for (int turn = 0; turn < 4; turn++) {
                    String what = "%s order=%d turn=%d seed=%d".formatted(type, order, turn, seed);
                    backend.fill(0, actual);
                    backend.addInverse(1, 0.5, a, actual, shared);
                    assertEquals(-1, expected.segment().mismatch(actual.segment()), what);
                    if (turn == 1) backend.orthonormalize(actual, shared);
                    if (turn == 2) {
                        assertThrows(NativeCallException.class, () -> backend.addInverse(1, -1e6, a, actual, shared));
                    }
                }
            }
        }
    }

    /** k² elements of a call that has nothing to do with them. */
    @ParameterizedTest
    @EnumSource(ElementType.class)
    void zerosAreWrittenOnceForAnOrder(ElementType type) {
        int order = 40;
        try (Backend backend = Backends.open(OpenBackends.BLAS); Arena arena = Arena.ofConfined()) {
            Matrix a = backend.allocate(arena, type, order, order);
            Matrix c = backend.allocate(arena, type, order, order);
            EighWorkspace workspace = backend.eighWorkspace(arena, type, order);
            backend.addInverse(1, 1, a, c, workspace);
            Matrix x = workspace.inverse(order, TriangularInverse.TRIANGLES_FROM).x(); // as that call left it
            x.set(0, order - 1, 7); // where nothing but zeros is ever written
            backend.addInverse(1, 1, a, c, workspace);
            assertEquals(7, x.get(0, order - 1), "an inverse of the same order wrote the zeros again");
            backend.orthonormalize(c, workspace);
            backend.addInverse(1, 1, a, c, workspace);
            assertEquals(0, x.get(0, order - 1), "other work was in that memory");
        }
    }

    @ParameterizedTest
    @MethodSource("org.asgo4j.linalg.OpenBackends#names")
    void refusesWhatIsNotPositiveDefinite(BackendName name) {
        for (int order : new int[] {1, 5, 40}) {
            try (Backend backend = Backends.open(name); Arena arena = Arena.ofConfined()) {
                Matrix a = backend.allocateHost(arena, order, order);
                Matrix c = backend.allocateHost(arena, order, order);
                for (int i = 0; i < order; i++) a.set(i, i, i == order - 1 ? -2 : 1);
                EighWorkspace workspace = backend.eighWorkspace(arena, ElementType.FLOAT32, order);
                var thrown = assertThrows(
                        NativeCallException.class, () -> backend.addInverse(1, 0.5, a, c, workspace));
                assertTrue(thrown.getMessage().contains("not positive definite"), thrown.getMessage());
                a.set(order - 1, 0, Double.NaN);
                thrown = assertThrows(NativeCallException.class, () -> backend.addInverse(1, 0.5, a, c, workspace));
                assertTrue(thrown.getMessage().contains("not positive definite"), thrown.getMessage());
                a.set(order - 1, 0, 0);
                a.set(order - 1, order - 1, 1);
                for (int i = 0; i < order; i++) {
                    for (int j = 0; j <= i; j++) c.set(i, j, 0); // undefined after a refusal
                }
                backend.addInverse(1, 0, a, c, workspace); // and the workspace serves on
                assertEquals(1, c.get(0, 0));
            }
        }
    }
}
