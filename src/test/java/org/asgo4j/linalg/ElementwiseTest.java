// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.linalg;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
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

/** The elementwise operations and reductions against their formulas, with and without gaps between rows. */
class ElementwiseTest {
    private static final int[][] SIZES = {{1, 1}, {1, 17}, {5, 1}, {3, 19}, {8, 64}, {7, 33}, {2, 130}};

    private static Stream<Arguments> namesAndGaps() {
        return OpenBackends.names().flatMap(name -> Stream.of(0, 5).map(gap -> Arguments.of(name, gap)));
    }

    @ParameterizedTest
    @MethodSource("namesAndGaps")
    void axpbyIsOneFma(BackendName name, int gap) {
        long seed = Seeds.next();
        float alpha = 0.3f;
        try (Backend backend = Backends.open(name)) {
            for (int[] size : SIZES) {
                for (float beta : new float[] {0.7f, 1, 0}) {
                    double[][] x = Matrices.randomArray(size[0], size[1], seed);
                    double[][] old = Matrices.randomArray(size[0], size[1], seed + 1);
                    double[][] expected = new double[size[0]][size[1]];
                    for (int i = 0; i < size[0]; i++) {
                        for (int j = 0; j < size[1]; j++) {
                            float xij = (float) x[i][j];
                            float yij = (float) old[i][j];
                            expected[i][j] = beta == 0 ? alpha * xij : Math.fma(alpha, xij, beta * yij);
                        }
                    }
                    try (Arena arena = Arena.ofConfined()) {
                        Guarded in = guarded(arena, gap, x);
                        Guarded out = Guarded.allocate(arena, ElementType.FLOAT32, size[0], size[1], size[1] + gap);
                        if (beta != 0) Matrices.fill(out.matrix(), old); // else Y stays NaN: it must not be read
                        backend.axpby(alpha, in.matrix(), beta, out.matrix());
                        String what = "%s %d×%d gap=%d β=%s seed=%d".formatted(name, size[0], size[1], gap, beta, seed);
                        assertEquals(0, Matrices.maxAbsDifference(Matrices.toArray(out.matrix()), expected), what);
                        assertEquals("", in.damage() + out.damage(), what);
                    }
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("namesAndGaps")
    void lookAheadIsAMomentumAndThenAnother(BackendName name, int gap) {
        long seed = Seeds.next();
        float fresh = 0.3f;
        float keep = 0.9f;
        try (Backend backend = Backends.open(name)) {
            for (int[] size : SIZES) {
                double[][] gradient = Matrices.randomArray(size[0], size[1], seed);
                double[][] old = Matrices.randomArray(size[0], size[1], seed + 1);
                double[][] momentum = new double[size[0]][size[1]];
                double[][] direction = new double[size[0]][size[1]];
                for (int i = 0; i < size[0]; i++) {
                    for (int j = 0; j < size[1]; j++) {
                        float g = (float) gradient[i][j];
                        momentum[i][j] = Math.fma(fresh, g, keep * (float) old[i][j]);
                        direction[i][j] = Math.fma(keep, (float) momentum[i][j], fresh * g);
                    }
                }
                try (Arena arena = Arena.ofConfined()) {
                    Guarded g = guarded(arena, gap, gradient);
                    Guarded m = guarded(arena, gap, old);
                    Guarded n = Guarded.allocate(arena, ElementType.FLOAT32, size[0], size[1], size[1] + gap);
                    backend.lookAhead(fresh, g.matrix(), keep, m.matrix(), n.matrix());
                    String what = "%s %d×%d gap=%d seed=%d".formatted(name, size[0], size[1], gap, seed);
                    assertEquals(0, Matrices.maxAbsDifference(Matrices.toArray(m.matrix()), momentum), what);
                    assertEquals(0, Matrices.maxAbsDifference(Matrices.toArray(n.matrix()), direction), what);
                    assertEquals("", g.damage() + m.damage() + n.damage(), what);
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("namesAndGaps")
    void axpbyAndCopyTakeTheSameMatrixTwice(BackendName name, int gap) {
        long seed = Seeds.next();
        double[][] x = Matrices.randomArray(3, 19, seed);
        try (Backend backend = Backends.open(name); Arena arena = Arena.ofConfined()) {
            Guarded both = guarded(arena, gap, x);
            backend.axpby(0.5f, both.matrix(), 0.5f, both.matrix());
            backend.copy(both.matrix(), both.matrix());
            assertEquals(0, Matrices.maxAbsDifference(Matrices.toArray(both.matrix()), x), "seed=" + seed);
            assertEquals("", both.damage());
        }
    }

    @ParameterizedTest
    @MethodSource("namesAndGaps")
    void adamwFollowsItsFormula(BackendName name, int gap) {
        long seed = Seeds.next();
        try (Backend backend = Backends.open(name)) {
            for (int[] size : SIZES) checkAdamw(backend, size[0], size[1], gap, seed);
        }
    }

    private static void checkAdamw(Backend backend, int rows, int cols, int gap, long seed) {
        double beta1 = 0.9;
        double beta2 = 0.999;
        float scale = 0.5f;
        float epsilon = 1e-3f;
        float stepSize = 0.01f;
        float correction = 1.5f;
        float decay = 0.99f;
        double[][] g = Matrices.randomArray(rows, cols, seed);
        double[][] m = Matrices.randomArray(rows, cols, seed + 1);
        double[][] v = Matrices.randomArray(rows, cols, seed + 2);
        double[][] w = Matrices.randomArray(rows, cols, seed + 3);
        for (double[] row : v) {
            for (int j = 0; j < cols; j++) row[j] = j % 3 == 0 ? 0 : row[j] * row[j]; // 0: 1−β₂ is all of the new v
        }
        try (Arena arena = Arena.ofConfined()) {
            Guarded gradient = guarded(arena, gap, g);
            Guarded first = guarded(arena, gap + 1, m);
            Guarded second = guarded(arena, gap, v);
            Guarded weight = guarded(arena, gap, w);
            backend.adamw(scale, beta1, beta2, epsilon, stepSize, correction, decay,
                    gradient.matrix(), first.matrix(), second.matrix(), weight.matrix());
            String what = "%s %d×%d gap=%d seed=%d".formatted(backend.name(), rows, cols, gap, seed);
            // A dozen roundings on the way from g to w, each relative to the largest term of its sum.
            double rounding = Tolerance.gamma(12, ElementType.FLOAT32);
            for (int i = 0; i < rows; i++) {
                for (int j = 0; j < cols; j++) {
                    double gradientIj = scale * g[i][j];
                    double newM = beta1 * m[i][j] + (1 - beta1) * gradientIj;
                    double newV = beta2 * (float) v[i][j] + (1 - beta2) * gradientIj * gradientIj;
                    double denominator = correction * Math.sqrt(newV) + epsilon;
                    double newW = decay * w[i][j] - stepSize * newM / denominator;
                    double terms = Math.abs(m[i][j]) + Math.abs(gradientIj);
                    assertEquals(newM, first.matrix().get(i, j), rounding * terms, what);
                    assertEquals(newV, second.matrix().get(i, j), rounding * newV, what);
                    assertEquals(newW, weight.matrix().get(i, j),
                            rounding * (Math.abs(w[i][j]) + stepSize * terms / denominator), what);
                    assertEquals(g[i][j], gradient.matrix().get(i, j), "gradient was written");
                }
            }
            for (Guarded each : List.of(gradient, first, second, weight)) assertEquals("", each.damage(), what);
        }
    }

    @ParameterizedTest
    @MethodSource("namesAndGaps")
    void scaleRowsMultipliesEachRow(BackendName name, int gap) {
        long seed = Seeds.next();
        try (Backend backend = Backends.open(name)) {
            for (int[] size : SIZES) {
                for (ElementType type : ElementType.values()) {
                    double[][] d = Matrices.randomArray(1, size[0], seed);
                    double[][] a = Matrices.randomArray(size[0], size[1], seed + 1);
                    try (Arena arena = Arena.ofConfined()) {
                        Guarded factors = Guarded.of(arena, type, size[0], d);
                        Guarded rows = Guarded.of(arena, type, size[1] + gap, a);
                        backend.scaleRows(factors.matrix(), rows.matrix());
                        for (int i = 0; i < size[0]; i++) {
                            for (int j = 0; j < size[1]; j++) a[i][j] = rounded(type, d[0][i] * a[i][j]);
                        }
                        String what = "%s %s %d×%d gap=%d seed=%d".formatted(name, type, size[0], size[1], gap, seed);
                        assertEquals(0, Matrices.maxAbsDifference(Matrices.toArray(rows.matrix()), a), what);
                        assertEquals("", factors.damage() + rows.damage(), what);
                    }
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("namesAndGaps")
    void copyWidensExactlyAndNarrowsToNearest(BackendName name, int gap) {
        long seed = Seeds.next();
        try (Backend backend = Backends.open(name)) {
            for (int[] size : SIZES) {
                for (ElementType from : ElementType.values()) {
                    for (ElementType to : ElementType.values()) {
                        double[][] x = Matrices.randomArray(size[0], size[1], seed);
                        for (double[] row : x) {
                            for (int j = 0; j < row.length; j++) row[j] = rounded(from, row[j] / 3);
                        }
                        try (Arena arena = Arena.ofConfined()) {
                            Guarded in = Guarded.of(arena, from, size[1] + gap, x);
                            Guarded out = Guarded.allocate(arena, to, size[0], size[1], size[1] + 2 * gap);
                            backend.copy(in.matrix(), out.matrix());
                            for (double[] row : x) {
                                for (int j = 0; j < row.length; j++) row[j] = rounded(to, row[j]);
                            }
                            String what = "%s %s to %s %d×%d gap=%d seed=%d"
                                    .formatted(name, from, to, size[0], size[1], gap, seed);
                            assertEquals(0, Matrices.maxAbsDifference(Matrices.toArray(out.matrix()), x), what);
                            assertEquals("", in.damage() + out.damage(), what);
                        }
                    }
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("namesAndGaps")
    void sumOfSquaresIsAccumulatedInFloat64(BackendName name, int gap) {
        long seed = Seeds.next();
        try (Backend backend = Backends.open(name)) {
            for (int[] size : SIZES) {
                double[][] x = Matrices.randomArray(size[0], size[1], seed);
                x[0][0] = 1e30f; // its square overflows float32
                double expected = 0;
                for (double[] row : x) {
                    for (double each : row) expected += (float) each * (double) (float) each;
                }
                try (Arena arena = Arena.ofConfined()) {
                    Matrix m = guarded(arena, gap, x).matrix();
                    assertEquals(expected, backend.sumOfSquares(m),
                            Tolerance.gamma(2 * size[0] * size[1], ElementType.FLOAT64) * expected,
                            "%s %s gap=%d seed=%d".formatted(name, m.shape(), gap, seed));
                    for (double bad : new double[] {Double.NaN, Double.NEGATIVE_INFINITY}) {
                        m.set(size[0] - 1, size[1] - 1, bad);
                        assertEquals(Math.abs(bad), backend.sumOfSquares(m));
                    }
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("namesAndGaps")
    void firstNonFiniteFindsEachPosition(BackendName name, int gap) {
        long seed = Seeds.next();
        double[] bad = {Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY};
        try (Backend backend = Backends.open(name); Arena arena = Arena.ofConfined()) {
            for (int[] size : SIZES) {
                Matrix m = guarded(arena, gap, Matrices.randomArray(size[0], size[1], seed)).matrix();
                m.set(0, 0, Float.MAX_VALUE);
                assertEquals(-1, backend.firstNonFinite(m), () -> name + " " + m + " seed=" + seed);
                for (int at = size[0] * size[1] - 1; at >= 0; at--) { // what was found before stays behind it
                    m.set(at / size[1], at % size[1], bad[at % bad.length]);
                    assertEquals(at, backend.firstNonFinite(m), () -> name + " " + m + " seed=" + seed);
                }
            }
        }
    }

    /** Each operand has a row stride of its own. */
    @ParameterizedTest
    @MethodSource("org.asgo4j.linalg.OpenBackends#names")
    void gapsInOneOperandAloneChangeNothing(BackendName name) {
        long seed = Seeds.next();
        try (Backend backend = Backends.open(name)) {
            for (Operation operation : Operation.all(7, 11, 5)) {
                if (!Operation.ELEMENTWISE.contains(operation.name())) continue;
                for (ElementType type : operation.types()) {
                    double[][][] expected = run(backend, operation, type, -1, seed);
                    for (int i = 0; i < expected.length; i++) {
                        String what = "%s %s with gaps in %s, seed=%d"
                                .formatted(operation, type, operation.arguments().get(i).name(), seed);
                        assertArrayEquals(expected, run(backend, operation, type, i, seed), what);
                    }
                }
            }
        }
    }

    /** What is in the matrices after the operation; only {@code gapped} has gaps. */
    private static double[][][] run(Backend backend, Operation operation, ElementType type, int gapped, long seed) {
        try (Arena arena = Arena.ofConfined()) {
            Guarded[] guarded = new Guarded[operation.arguments().size()];
            for (int i = 0; i < guarded.length; i++) {
                double[][] values = operation.values(i, seed);
                guarded[i] = Guarded.of(arena, operation.arguments().get(i).type(type),
                        values[0].length + (i == gapped ? 5 : 0), values);
            }
            operation.run(backend, Stream.of(guarded).map(Guarded::matrix).toArray(Matrix[]::new));
            for (Guarded each : guarded) assertEquals("", each.damage(), operation::toString);
            return Stream.of(guarded).map(each -> Matrices.toArray(each.matrix())).toArray(double[][][]::new);
        }
    }

    private static Guarded guarded(Arena arena, int gap, double[][] values) {
        return Guarded.of(arena, ElementType.FLOAT32, values[0].length + gap, values);
    }

    private static double rounded(ElementType type, double value) {
        return type == ElementType.FLOAT32 ? (float) value : value;
    }
}
