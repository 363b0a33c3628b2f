// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.linalg;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.foreign.Arena;
import java.util.function.BiFunction;
import org.asgo4j.testing.Guarded;
import org.asgo4j.testing.Matrices;
import org.asgo4j.testing.Seeds;
import org.asgo4j.testing.Tolerance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The operations on square matrices against their formulas, beside gaps and what they must not touch. */
class SquareOperationsTest {
    private static final int[] ORDERS = {1, 2, 7, 33, 70};
    private static final int GAP = 3;

    @ParameterizedTest
    @MethodSource("org.asgo4j.linalg.OpenBackends#namesAndTypes")
    void elementwiseOnesFollowTheirFormulas(BackendName name, ElementType type) {
        try (Backend backend = Backends.open(name)) {
            for (int k : ORDERS) {
                check(backend, type, k, m -> backend.fill(0.3, m), (a, at) -> 0.3);
                check(backend, type, k, m -> backend.divide(0.7, m), (a, at) -> a[at[0]][at[1]] / 0.7);
                check(backend, type, k, m -> backend.addToDiagonal(0.7, m),
                        (a, at) -> a[at[0]][at[1]] + (at[0].equals(at[1]) ? 0.7 : 0));
            }
        }
    }

    private interface Change {
        void apply(Matrix m);
    }

    private static void check(Backend backend, ElementType type, int k, Change change,
            BiFunction<double[][], Integer[], Double> formula) {
        long seed = Seeds.next();
        double[][] a = Matrices.randomArray(k, k, seed);
        try (Arena arena = Arena.ofConfined()) {
            Guarded guarded = Guarded.of(arena, type, k + GAP, a);
            change.apply(guarded.matrix());
            for (int i = 0; i < k; i++) {
                for (int j = 0; j < k; j++) {
                    double expected = formula.apply(a, new Integer[] {i, j});
                    // One rounding of the result, and one of the constant where the type is narrower than it.
                    double rounding = Tolerance.gamma(2, type) * (Math.abs(expected) + 1);
                    assertEquals(expected, guarded.matrix().get(i, j), rounding, "seed=" + seed);
                }
            }
            assertEquals("", guarded.damage(), "seed=" + seed);
        }
    }

    @ParameterizedTest
    @MethodSource("org.asgo4j.linalg.OpenBackends#namesAndTypes")
    void lowerTrianglesAreScaledAndAveraged(BackendName name, ElementType type) {
        long seed = Seeds.next();
        try (Backend backend = Backends.open(name)) {
            for (int k : ORDERS) {
                double[][] a = Matrices.randomArray(k, k, seed);
                double[][] untouched = Matrices.randomArray(k, k, seed + 1);
                try (Arena arena = Arena.ofConfined()) {
                    Guarded scaled = Guarded.of(arena, type, k + GAP, a);
                    Guarded averaged = Guarded.of(arena, ElementType.FLOAT32, k + GAP, untouched);
                    backend.averageLower(0.7, scaled.matrix(), averaged.matrix());
                    backend.multiplyLower(0.7, scaled.matrix());
                    double rounding = Tolerance.gamma(1, type);
                    for (int i = 0; i < k; i++) {
                        for (int j = 0; j < k; j++) {
                            double mean = 0.7 * (a[i][j] + a[j][i]) / 2;
                            double expected = j <= i ? (float) mean : untouched[i][j];
                            assertEquals(expected, averaged.matrix().get(i, j), "seed=" + seed);
                            if (j <= i) assertEquals(0.7 * a[i][j], scaled.matrix().get(i, j), rounding);
                        }
                    }
                    assertEquals("", scaled.damage() + averaged.damage(), "seed=" + seed);
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("org.asgo4j.linalg.OpenBackends#namesAndTypes")
    void reductionsAreAccumulatedInFloat64(BackendName name, ElementType type) {
        long seed = Seeds.next();
        try (Backend backend = Backends.open(name)) {
            for (int k : ORDERS) {
                double[][] a = Matrices.randomArray(k, k, seed);
                double[][] b = Matrices.randomArray(k, k, seed + 1);
                double trace = 0;
                double squares = 0;
                double distance = 0;
                for (int i = 0; i < k; i++) {
                    trace += a[i][i];
                    for (int j = 0; j < k; j++) {
                        double symmetric = j <= i ? a[i][j] : a[j][i];
                        squares += symmetric * symmetric;
                        distance += Math.pow((i == j ? 1 : 0) - a[i][j], 2);
                    }
                }
                try (Arena arena = Arena.ofConfined()) {
                    Guarded x = Guarded.of(arena, type, k + GAP, a);
                    Guarded y = Guarded.of(arena, type, k + GAP, b);
                    double bound = Tolerance.gamma(k * k + 2, ElementType.FLOAT64) * 4 * k * k;
                    assertEquals(trace, backend.trace(x.matrix()), bound, "seed=" + seed);
                    assertEquals(squares, backend.sumOfSquaresOfSymmetric(x.matrix()), bound, "seed=" + seed);
                    assertEquals(distance, backend.squaredDistanceFromIdentity(x.matrix()), bound, "seed=" + seed);
                    Guarded column = Guarded.allocate(arena, type, k, 1, 1);
                    backend.diagonal(x.matrix(), column.matrix());
                    for (int i = 0; i < k; i++) assertEquals(x.matrix().get(i, i), column.matrix().get(i, 0));
                    assertEquals("", column.damage(), "seed=" + seed);
                    Guarded d = Guarded.allocate(arena, type, 1, k, k);
                    backend.rowDots(x.matrix(), y.matrix(), d.matrix());
                    for (int i = 0; i < k; i++) {
                        double dot = 0;
                        for (int j = 0; j < k; j++) dot += a[i][j] * b[i][j];
                        double rounding = bound + Tolerance.gamma(1, type) * Math.abs(dot);
                        assertEquals(dot, d.matrix().get(0, i), rounding, "seed=" + seed);
                    }
                    assertEquals("", x.damage() + y.damage() + d.damage(), "seed=" + seed);
                }
            }
        }
    }

    /** X is symmetric afterwards, and for diagonal B the correction is Newton's own. */
    @ParameterizedTest
    @MethodSource("org.asgo4j.linalg.OpenBackends#namesAndTypes")
    void aRootIsCorrectedByItsFormula(BackendName name, ElementType type) {
        long seed = Seeds.next();
        try (Backend backend = Backends.open(name)) {
            for (int k : ORDERS) {
                double[][] x = Matrices.randomArray(k, k, seed);
                double[][] product = Matrices.randomArray(k, k, seed + 1);
                double[][] b = Matrices.randomArray(k, k, seed + 2);
                for (int i = 0; i < k; i++) b[i][i] = 1 + Math.abs(b[i][i]);
                try (Arena arena = Arena.ofConfined()) {
                    Guarded root = Guarded.of(arena, type, k + GAP, x);
                    Guarded diagonal = Guarded.of(arena, type, k + GAP, b);
                    backend.correctRoot(Matrices.of(arena, type, product), diagonal.matrix(), root.matrix());
                    for (int i = 0; i < k; i++) {
                        for (int j = 0; j < k; j++) {
                            double r = (i == j ? 1 : 0) - (product[i][j] + product[j][i]) / 2;
                            double bi = type == ElementType.FLOAT32 ? (float) b[i][i] : b[i][i];
                            double bj = type == ElementType.FLOAT32 ? (float) b[j][j] : b[j][j];
                            double expected = (x[i][j] + x[j][i]) / 2 + r / (Math.sqrt(bi) + Math.sqrt(bj));
                            assertEquals(expected, root.matrix().get(i, j), 4 * type.unitRoundoff(), "seed=" + seed);
                            assertEquals(root.matrix().get(j, i), root.matrix().get(i, j), "seed=" + seed);
                        }
                    }
                    assertEquals("", root.damage() + diagonal.damage(), "seed=" + seed);
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("org.asgo4j.linalg.OpenBackends#namesAndTypes")
    void eitherTypeIsGatheredAndSearched(BackendName name, ElementType type) {
        long seed = Seeds.next();
        double[][] x = Matrices.randomArray(3, 4, seed);
        try (Backend backend = Backends.open(name); Arena arena = Arena.ofConfined()) {
            Guarded in = Guarded.of(arena, type, 4 + GAP, x);
            Guarded out = Guarded.allocate(arena, type, 3, 4, 4 + GAP);
            int[] rows = {2, 0, 1};
            int[] cols = {3, 1, 0, 2};
            backend.gather(rows, cols, in.matrix(), out.matrix());
            for (int i = 0; i < 3; i++) {
                for (int j = 0; j < 4; j++) assertEquals(x[rows[i]][cols[j]], out.matrix().get(i, j), "seed=" + seed);
            }
            assertEquals("", in.damage() + out.damage(), "seed=" + seed);
            assertEquals(-1, backend.firstNonFinite(out.matrix()));
            out.matrix().set(2, 0, Double.NEGATIVE_INFINITY);
            out.matrix().set(1, 3, Double.NaN);
            assertEquals(7, backend.firstNonFinite(out.matrix()));
        }
    }
}
