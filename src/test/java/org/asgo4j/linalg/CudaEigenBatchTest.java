// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.linalg;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.foreign.Arena;
import org.asgo4j.testing.Matrices;
import org.asgo4j.testing.Seeds;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Many eigendecompositions in one call are those of one call each, and fail each for itself. */
class CudaEigenBatchTest {
    /** cuSOLVER's devInfo above 0: so many elements did not converge. */
    private static final int NOT_CONVERGED = 2;

    private static final int GAP = 3;

    private final long seed = Seeds.next();

    @BeforeEach
    void fakeIsThere() {
        assumeTrue(FakeCuda.prepare(), FakeCuda.whyNot());
        assumeTrue(FakeCuda.isUsed(), "a real CUDA is tested: it can't be made to fail, and rounds in its own way");
        FakeCuda.reset();
        CudaLibraries.load(FakeCuda.folder().toString());
    }

    @AfterEach
    void nothingWasLeftOrMisused() {
        FakeCuda.resetAndRequireNothingLeft();
    }

    /** In the GPU's memory or not, with gaps or not, small batches after large ones and large ones after small. */
    @ParameterizedTest
    @EnumSource(ElementType.class)
    void eachIsWhatItIsAlone(ElementType type) {
        try (Backend backend = Backends.open(BackendName.CUDA)) {
            for (int[] each : new int[][] {{1, 1}, {3, 5}, {1, 2}, {70, 2}, {2, 33}, {4, 7}}) {
                for (int gap : new int[] {0, GAP}) {
                    for (boolean onDevice : new boolean[] {true, false}) {
                        double[][][] together = together(backend, type, symmetric(each[0], each[1]), gap, onDevice);
                        assertAlone(backend, type, symmetric(each[0], each[1]), together, -1);
                    }
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource(ElementType.class)
    void oneThatDoesNotConvergeLeavesTheOthers(ElementType type) {
        try (Backend backend = Backends.open(BackendName.CUDA)) {
            for (int bad = 0; bad < 3; bad++) {
                FakeCuda.failMatrix(bad, NOT_CONVERGED);
                double[][][] together = together(backend, type, symmetric(3, 6), 0, true);
                assertAlone(backend, type, symmetric(3, 6), together, bad);
            }
            assertAlone(backend, type, symmetric(3, 6), together(backend, type, symmetric(3, 6), 0, true), -1);
        }
    }

    /** cuSOLVER, which may not return, does not see it. */
    @ParameterizedTest
    @EnumSource(ElementType.class)
    void oneWithNaNLeavesTheOthers(ElementType type) {
        try (Backend backend = Backends.open(BackendName.CUDA)) {
            for (double bad : new double[] {Double.NaN, Double.NEGATIVE_INFINITY}) {
                for (int gap : new int[] {0, GAP}) {
                    double[][][] values = symmetric(3, 6);
                    values[1][4][2] = bad;
                    values[1][2][4] = bad;
                    assertAlone(backend, type, values, together(backend, type, values, gap, true), 1);
                }
            }
        }
    }

    @Test
    void whereCuSolverHasNoneNothingIsDone() {
        CudaLibraries loaded = CudaLibraries.load(FakeCuda.folder().toString());
        assertTrue(loaded.hasEigenBatch());
        var older = new CudaLibraries(loaded.folder(), loaded.files(), false);
        try (Backend backend = CudaBackend.open(older, true); Arena arena = Arena.ofConfined()) {
            assertUntouched(backend, arena);
            assertTrue(backend.describe().contains("without batched eigendecomposition"), backend.describe());
            assertEquals(0, FakeCuda.calls("cusolverDnCreateParams"));
        }
        try (Backend backend = CudaBackend.open(loaded, true)) {
            assertTrue(backend.describe().contains("with batched eigendecomposition"), backend.describe());
        }
    }

    @Test
    void whereItsWorkspaceHasNoRoomNothingIsDone() {
        try (Backend backend = Backends.open(BackendName.CUDA); Arena arena = Arena.ofConfined()) {
            backend.eigh(Matrices.random(arena, 2, 2, seed), Matrices.zeros(arena, ElementType.FLOAT32, 1, 2),
                    backend.eighWorkspace(arena, ElementType.FLOAT32, 2)); // takes what a lane takes once
            FakeCuda.setTotal(FakeCuda.liveBytes() + 125_000);
            Matrix a = Matrices.random(arena, 300, 100, seed);
            double[][] before = Matrices.toArray(a);
            assertFalse(backend.eighBlocks(3, a, Matrices.zeros(arena, ElementType.FLOAT32, 3, 100)));
            assertEquals(0, Matrices.maxAbsDifference(Matrices.toArray(a), before));
        }
    }

    @ParameterizedTest
    @EnumSource(value = BackendName.class, names = {"REFERENCE", "OPENBLAS"})
    void aCpuHasNone(BackendName name) {
        try (Backend backend = Backends.open(name); Arena arena = Arena.ofConfined()) {
            assertUntouched(backend, arena);
        }
    }

    private void assertUntouched(Backend backend, Arena arena) {
        Matrix a = Matrices.random(arena, 6, 3, seed);
        Matrix w = Matrices.random(arena, 2, 3, seed);
        double[][] before = Matrices.toArray(a);
        assertFalse(backend.eighBlocks(2, a, w));
        assertEquals(0, Matrices.maxAbsDifference(Matrices.toArray(a), before));
    }

    private double[][][] symmetric(int count, int order) {
        double[][][] all = new double[count][][];
        for (int i = 0; i < count; i++) {
            double[][] g = Matrices.randomArray(order, order, seed + i);
            all[i] = new double[order][order];
            for (int row = 0; row < order; row++) {
                for (int col = 0; col < order; col++) all[i][row][col] = (float) (g[row][col] + g[col][row]);
            }
        }
        return all;
    }

    /** The rows of vectors of each and, last, the eigenvalues. */
    private static double[][][] together(
            Backend backend, ElementType type, double[][][] values, int gap, boolean onDevice) {
        int count = values.length;
        int order = values[0].length;
        try (Arena arena = Arena.ofConfined()) {
            Matrix source = Matrices.zeros(arena, type, count * order, order + gap).colBlock(0, order);
            for (int i = 0; i < count; i++) Matrices.fill(source.rowBlock(i * order, order), values[i]);
            Matrix a = source;
            Matrix w = Matrices.zeros(arena, type, count, order + gap).colBlock(0, order);
            if (onDevice) {
                a = backend.allocate(arena, type, count * order, order + gap).colBlock(0, order);
                w = backend.allocate(arena, type, count, order + gap).colBlock(0, order);
                backend.copy(source, a);
            }
            assertTrue(backend.eighBlocks(count, a, w));
            double[][][] result = new double[count + 1][][];
            for (int i = 0; i < count; i++) result[i] = read(backend, a.rowBlock(i * order, order));
            result[count] = read(backend, w);
            return result;
        }
    }

    private static double[][] read(Backend backend, Matrix m) {
        try (Arena arena = Arena.ofConfined()) {
            Matrix here = Matrices.zeros(arena, m.type(), m.rows(), m.cols());
            backend.copy(m, here);
            return Matrices.toArray(here);
        }
    }

    /** To the bit, on the fake; eigenvalues of the one that fails are NaN. */
    private void assertAlone(
            Backend backend, ElementType type, double[][][] values, double[][][] together, int failed) {
        int order = values[0].length;
        for (int i = 0; i < values.length; i++) {
            String what = "%s, matrix %d of %d of order %d, seed=%d".formatted(type, i, values.length, order, seed);
            double[] eigenvalues = together[values.length][i];
            if (i == failed) {
                for (double each : eigenvalues) assertTrue(Double.isNaN(each), what);
                continue;
            }
            try (Arena arena = Arena.ofConfined()) {
                Matrix a = Matrices.of(arena, type, values[i]);
                Matrix w = Matrices.zeros(arena, type, 1, order);
                backend.eigh(a, w, backend.eighWorkspace(arena, type, order));
                assertArrayEquals(Matrices.toArray(w)[0], eigenvalues, what);
                assertArrayEquals(Matrices.toArray(a), together[i], what);
            }
        }
    }
}
