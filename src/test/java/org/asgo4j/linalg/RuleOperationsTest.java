// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.linalg;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.foreign.Arena;
import java.util.List;
import java.util.stream.Stream;
import org.asgo4j.testing.Guarded;
import org.asgo4j.testing.Matrices;
import org.asgo4j.testing.Seeds;
import org.asgo4j.testing.Tolerance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The operations that single update rules are made of, against their formulas, with and without gaps between rows. */
class RuleOperationsTest {
    private static final int[][] SIZES = {{1, 1}, {1, 17}, {5, 1}, {3, 19}, {8, 64}, {7, 33}, {2, 130}};

    private static Stream<Arguments> namesAndGaps() {
        return OpenBackends.names().flatMap(name -> Stream.of(0, 5).map(gap -> Arguments.of(name, gap)));
    }

    @ParameterizedTest
    @MethodSource("namesAndGaps")
    void scaleColsAndAddSquaresAreElementwise(BackendName name, int gap) {
        long seed = Seeds.next();
        float alpha = 0.3f;
        float beta = 0.7f;
        try (Backend backend = Backends.open(name)) {
            for (int[] size : SIZES) {
                double[][] d = Matrices.randomArray(1, size[1], seed);
                double[][] a = Matrices.randomArray(size[0], size[1], seed + 1);
                double[][] y = Matrices.randomArray(size[0], size[1], seed + 2);
                try (Arena arena = Arena.ofConfined()) {
                    Guarded factors = guarded(arena, 0, d);
                    Guarded scaled = guarded(arena, gap, a);
                    Guarded x = guarded(arena, gap + 1, a);
                    Guarded squares = guarded(arena, gap, y);
                    backend.scaleCols(factors.matrix(), scaled.matrix());
                    backend.addSquares(alpha, x.matrix(), beta, squares.matrix());
                    for (int i = 0; i < size[0]; i++) {
                        for (int j = 0; j < size[1]; j++) {
                            float value = (float) a[i][j];
                            y[i][j] = Math.fma(alpha * value, value, beta * (float) y[i][j]);
                            a[i][j] = (float) d[0][j] * value;
                        }
                    }
                    String what = "%s %d×%d gap=%d seed=%d".formatted(name, size[0], size[1], gap, seed);
                    assertEquals(0, Matrices.maxAbsDifference(Matrices.toArray(scaled.matrix()), a), what);
                    assertEquals(0, Matrices.maxAbsDifference(Matrices.toArray(squares.matrix()), y), what);
                    for (Guarded each : List.of(factors, scaled, x, squares)) assertEquals("", each.damage(), what);
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("namesAndGaps")
    void gramDiagonalIsTheDiagonalOfTheGramMatrix(BackendName name, int gap) {
        long seed = Seeds.next();
        double alpha = 0.3;
        double beta = 0.7;
        try (Backend backend = Backends.open(name)) {
            for (int[] size : SIZES) {
                for (Side side : Side.values()) {
                    double[][] a = Matrices.randomArray(size[0], size[1], seed);
                    a[0][0] = 1e30f; // its square overflows float32
                    double[][] given = side == Side.LEFT ? a : Matrices.transpose(a);
                    double[][] old = Matrices.randomArray(1, given.length, seed + 1);
                    try (Arena arena = Arena.ofConfined()) {
                        Guarded in = guarded(arena, gap, a);
                        Guarded out = Guarded.of(arena, ElementType.FLOAT64, given.length + gap, old);
                        backend.gramDiagonal(side, alpha, in.matrix(), beta, out.matrix());
                        String what = "%s %s %d×%d gap=%d seed=%d".formatted(name, side, size[0], size[1], gap, seed);
                        for (int i = 0; i < given.length; i++) {
                            double sum = 0;
                            for (double each : given[i]) sum += (float) each * (double) (float) each;
                            double magnitude = alpha * sum + Math.abs(beta * old[0][i]);
                            assertEquals(alpha * sum + beta * old[0][i], out.matrix().get(0, i),
                                    Tolerance.gamma(2 * given[i].length + 3, ElementType.FLOAT64) * magnitude, what);
                        }
                        assertEquals("", in.damage() + out.damage(), what);
                    }
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("namesAndGaps")
    void divideByRootIsZeroWhereItsDenominatorIs(BackendName name, int gap) {
        long seed = Seeds.next();
        try (Backend backend = Backends.open(name)) {
            for (int[] size : SIZES) {
                double[][] x = Matrices.randomArray(size[0], size[1], seed);
                double[][] v = Matrices.randomArray(size[0], size[1], seed + 1);
                for (double[] row : v) {
                    for (int j = 0; j < row.length; j++) row[j] = j % 3 == 0 ? 0 : (float) (row[j] * row[j]);
                }
                for (float[] offset : new float[][] {{0, 0}, {0.5f, 0}, {0, 0.25f}}) {
                    try (Arena arena = Arena.ofConfined()) {
                        Guarded in = guarded(arena, gap, x);
                        Guarded squares = guarded(arena, 2 * gap, v);
                        Guarded out = Guarded.allocate(arena, ElementType.FLOAT32, size[0], size[1], size[1] + gap);
                        backend.divideByRoot(in.matrix(), squares.matrix(), offset[0], offset[1], out.matrix());
                        String what = "%s %d×%d gap=%d seed=%d".formatted(name, size[0], size[1], gap, seed);
                        for (int i = 0; i < size[0]; i++) {
                            for (int j = 0; j < size[1]; j++) {
                                double denominator = Math.sqrt(v[i][j] + offset[0]) + offset[1];
                                double expected = denominator == 0 ? 0 : x[i][j] / denominator;
                                assertEquals(expected, out.matrix().get(i, j),
                                        Tolerance.gamma(5, ElementType.FLOAT32) * Math.abs(expected), what);
                            }
                        }
                        assertEquals("", in.damage() + squares.damage() + out.damage(), what);
                    }
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("namesAndGaps")
    void lionFollowsItsFormula(BackendName name, int gap) {
        long seed = Seeds.next();
        try (Backend backend = Backends.open(name)) {
            for (int[] size : SIZES) {
                double[][] g = Matrices.randomArray(size[0], size[1], seed);
                double[][] m = Matrices.randomArray(size[0], size[1], seed + 1);
                double[][] w = Matrices.randomArray(size[0], size[1], seed + 2);
                try (Arena arena = Arena.ofConfined()) {
                    Guarded gradient = guarded(arena, gap, g);
                    Guarded momentum = guarded(arena, gap + 1, m);
                    Guarded weight = guarded(arena, gap, w);
                    backend.lion(0.5f, 0.75, 0.875, 0.125f, 0.5f, gradient.matrix(), momentum.matrix(),
                            weight.matrix());
                    String what = "%s %d×%d gap=%d seed=%d".formatted(name, size[0], size[1], gap, seed);
                    for (int i = 0; i < size[0]; i++) {
                        for (int j = 0; j < size[1]; j++) {
                            double sign = Math.signum(0.75 * m[i][j] + 0.25 * 0.5 * g[i][j]);
                            assertEquals((float) (0.5 * w[i][j] - 0.125 * sign), weight.matrix().get(i, j), what);
                            assertEquals(0.875 * m[i][j] + 0.125 * 0.5 * g[i][j], momentum.matrix().get(i, j),
                                    Tolerance.gamma(2, ElementType.FLOAT32) * 2, what);
                        }
                    }
                    for (Guarded each : List.of(gradient, momentum, weight)) assertEquals("", each.damage(), what);
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("namesAndGaps")
    void gatherAndSymmetrizeMoveElements(BackendName name, int gap) {
        long seed = Seeds.next();
        try (Backend backend = Backends.open(name); Arena arena = Arena.ofConfined()) {
            double[][] x = Matrices.randomArray(3, 4, seed);
            Guarded in = guarded(arena, gap, x);
            Guarded out = Guarded.allocate(arena, ElementType.FLOAT32, 3, 4, 4 + gap);
            int[] rows = {2, 0, 1};
            int[] cols = {1, 1, 3, 0};
            backend.gather(rows, cols, in.matrix(), out.matrix());
            for (int i = 0; i < 3; i++) {
                for (int j = 0; j < 4; j++) assertEquals(x[rows[i]][cols[j]], out.matrix().get(i, j), "seed=" + seed);
            }
            assertEquals("", in.damage() + out.damage());
            for (ElementType type : ElementType.values()) {
                for (int order : new int[] {1, 2, 31, 32, 33, 70}) {
                    double[][] a = Matrices.randomArray(order, order, seed);
                    Guarded square = Guarded.of(arena, type, order + gap, a);
                    backend.symmetrize(square.matrix());
                    for (int i = 0; i < order; i++) {
                        for (int j = 0; j < order; j++) {
                            assertEquals(a[Math.max(i, j)][Math.min(i, j)], square.matrix().get(i, j), "seed=" + seed);
                        }
                    }
                    assertEquals("", square.damage());
                }
            }
        }
    }

    private static Guarded guarded(Arena arena, int gap, double[][] values) {
        return Guarded.of(arena, ElementType.FLOAT32, values[0].length + gap, values);
    }
}
