// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.optim;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import java.util.stream.Stream;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.BackendName;
import org.asgo4j.linalg.Backends;
import org.asgo4j.linalg.ElementType;
import org.asgo4j.linalg.NativeCallException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Every root method, started cold, against the root in float64; the eigenvectors themselves are never compared. */
class InverseRootTest {
    private static final long SEED = 1234;
    private static final int[] ORDERS = {1, 2, 3, 17, 40, 131};

    /** The largest order that the plain backend, some hundred times slower, is tried on. */
    private static final int LARGEST_REFERENCE_ORDER = 17;

    /** float32's unit roundoff. */
    private static final double U32 = ElementType.FLOAT32.unitRoundoff();

    private final Random random = new Random(SEED);
    private final Backend blas = Backends.open(BackendName.OPENBLAS);

    static Stream<Arguments> methods() {
        return Stream.of(RootMethod.values()).flatMap(method -> Stream.of(ElementType.values())
                .filter(type -> method != RootMethod.TRIDIAGONAL || type == ElementType.FLOAT32)
                .map(type -> Arguments.of(method, type)));
    }

    /** The methods in either precision on BLAS, and in float32 on the plain backend. */
    static Stream<Arguments> methodsAndBackends() {
        return methods().flatMap(a -> Stream.of(BackendName.OPENBLAS, BackendName.REFERENCE)
                .map(name -> Arguments.of(a.get()[0], a.get()[1], name)));
    }

    /** κ up to which the method is right in this precision. */
    private static double largestCondition(RootMethod method, ElementType type) {
        if (type == ElementType.FLOAT32) return 1e5;
        return method == RootMethod.POLAR_EXPRESS ? 1e6 : 1e10;
    }

    /**
     * ‖PVP − I‖ of one that takes V's eigenvalues with errors of 4k·u·λ_max, so the smallest with 4k·u·κ of itself, and
     * rounds P to float32, which PVP sees times ‖V^(1/2)‖·‖P‖ = √κ at most.
     */
    private static double tolerance(int order, ElementType type, double condition) {
        return 4 * order * (type.unitRoundoff() * condition + U32 * Math.sqrt(condition));
    }

    /**
     * The relative error that a method may leave in P's eigenvalues at any order. PolarExpress never corrects what
     * rounding does to Y and not to Z: in each step u·(|a·y| + |b·y| + |y'|) to y', and as much to Z; P has half the
     * sum. Over the ten steps that is 107 u from Y = 1/1.01, where the polynomials cancel most.
     */
    private static double approximation(RootMethod method, ElementType type) {
        return switch (method) {
            case ZOLOTAREV -> ZolotarevInverseRoot.RELATIVE_ERROR;
            case POLAR_EXPRESS -> 107 * type.unitRoundoff();
            default -> 0;
        };
    }

    /** The relative error that e in P's eigenvalues makes in PVP's. */
    private static double squared(double e) {
        return (1 + e) * (1 + e) - 1;
    }

    @ParameterizedTest
    @MethodSource("methodsAndBackends")
    void invertsTheRoot(RootMethod method, ElementType type, BackendName name) {
        Backend backend = Backends.open(name);
        for (int order : ORDERS) {
            if (name == BackendName.REFERENCE && order > LARGEST_REFERENCE_ORDER) continue;
            double step = order > LARGEST_REFERENCE_ORDER ? 1e5 : 10; // what is slow is tried at the ends
            for (double condition = 1; condition <= largestCondition(method, type); condition *= step) {
                double[][] v = RootTrial.rounded(type, RootTrial.withCondition(order, condition, random));
                try (var trial = RootTrial.of(backend, method, type, Damping.relative(0), order)) {
                    double[][] p = trial.root(v);
                    String what = "order %d κ=%.0e seed=%d".formatted(order, condition, SEED);
                    double residual = RootTrial.residual(p, v);
                    double rounding = tolerance(order, type, condition);
                    double e = approximation(method, type);
                    double most = rounding + squared(e);
                    assertTrue(residual < most, () -> what + ": ‖PVP−I‖ = " + residual + " ≥ " + most);
                    double[][] exact = RootTrial.exact(blas, v, Damping.relative(0), new double[1]);
                    double distance = Dense.relativeDifference(p, exact);
                    double tolerance = rounding + e;
                    assertTrue(distance < tolerance, () -> what + ": ‖P−P*‖/‖P*‖ = " + distance + " ≥ " + tolerance);
                }
            }
        }
    }

    /** How far the λ_max that a method measures its damping with may be off, relatively. */
    private static double largestError(RootMethod method) {
        return switch (method) {
            case TRIDIAGONAL -> 0.01; //   bisected
            case POLAR_EXPRESS -> 0.1; //  power iteration
            default -> 0;
        };
    }

    /** Singular and nearly singular V, damped so well that float32's rounding of V is small beside it. */
    @ParameterizedTest
    @MethodSource("methods")
    void dampedRootsOfSingularMatrices(RootMethod method, ElementType type) {
        for (int order : new int[] {2, 3, 17, 40}) {
            double[][][] matrices = {
                RootTrial.withCondition(order, 1e10, random),
                RootTrial.ofRank(order, 1, random),
                RootTrial.ofRank(order, (order + 1) / 2, random),
                signs(order)};
            for (double[][] each : matrices) {
                for (double delta : new double[] {1e-2, 1e-4}) {
                    double[][] v = RootTrial.rounded(type, each);
                    double[] largest = new double[1];
                    double[][] exact = RootTrial.exact(blas, v, Damping.relative(delta), largest);
                    if (method == RootMethod.ZOLOTAREV) { // its δ is relative to ‖V‖_F
                        double wider = delta * Dense.norm(v) / largest[0];
                        exact = RootTrial.exact(blas, v, Damping.relative(wider), largest);
                    }
                    double[][] p = once(method, type, Damping.relative(delta), v);
                    double distance = Dense.relativeDifference(p, exact);
                    // An error of 4k·u·λ_max in a zero eigenvalue is 4k·u/δ of what damping makes of it.
                    double tolerance = 4 * order * U32 / delta + largestError(method) / 2 + approximation(method, type);
                    assertTrue(distance < tolerance,
                            () -> "order %d δ=%s: ‖P−P*‖/‖P*‖ = %s ≥ %s seed=%d"
                                    .formatted(v.length, delta, distance, tolerance, SEED));
                    double[] values = Dense.eigenvalues(p);
                    double bound = (1 + tolerance) / Math.sqrt(delta * largest[0]);
                    assertTrue(values[order - 1] <= bound, () -> "λ_max of P " + values[order - 1] + " > " + bound);
                    assertTrue(values[0] > 0, () -> "P is not positive definite: " + values[0] + " seed=" + SEED);
                }
            }
        }
    }

    /**
     * Where there is no other damping, a direction that was never seen gets the root of rounding's level, from a cold
     * start and a warm one. A diagonal V is exact.
     */
    @ParameterizedTest
    @EnumSource(RootMethod.class)
    void undampedRootsOfSingularMatricesEndAtRounding(RootMethod method) {
        int order = 40;
        double[][] v = new double[order][order];
        for (int i = 0; i < order; i += 2) v[i][i] = 1;
        double largest = method == RootMethod.ZOLOTAREV ? Dense.norm(v) : 1;
        double floor = order * U32 * largest;
        double tolerance = 4 * order * U32 + largestError(method) / 2 + approximation(method, ElementType.FLOAT32);
        try (var trial = RootTrial.of(blas, method, ElementType.FLOAT32, Damping.absolute(0), order)) {
            for (int t = 0; t < 2; t++) {
                double[][] p = trial.root(v);
                for (int i = 0; i < order; i++) {
                    double expected = 1 / Math.sqrt(v[i][i] + floor);
                    assertEquals(expected, p[i][i], tolerance * expected, method + " root " + t + " at " + i);
                }
            }
            assertEquals(0, trial.report.fallbacks);
        }
    }

    /**
     * However far that is from V^(−1/2), it is h(V), to rounding: an error of 4k·u·λ_max beside the smallest pole, and
     * that of P in float32.
     */
    @ParameterizedTest
    @EnumSource(ElementType.class)
    void zolotarevIsItsFunctionOfV(ElementType type) {
        double delta = 1e-6;
        for (int order : ORDERS) {
            for (double condition : new double[] {1, 1e3, 1e8}) {
                double[][] v = RootTrial.rounded(type, RootTrial.withCondition(order, condition, random));
                double shift = delta * Dense.norm(v);
                double top = Dense.norm(v) + shift;
                var h = new Zolotarev();
                h.fit(shift / top, ZolotarevInverseRoot.RELATIVE_ERROR);
                double[][] expected = RootTrial.function(
                        blas, v, (lambda, largest) -> h.at((lambda + shift) / top) / Math.sqrt(top));
                double distance = Dense.relativeDifference(
                        once(RootMethod.ZOLOTAREV, type, Damping.relative(delta), v), expected);
                double pole = shift / top + h.shift(0) + 1 / condition / top;
                double tolerance = 4 * order * (type.unitRoundoff() / pole + U32);
                String what = "order %d κ=%.0e: %s ≥ %s seed=%d".formatted(order, condition, distance, tolerance, SEED);
                assertTrue(distance < tolerance, what);
            }
        }
    }

    /** ggᵀ of a g of ±1 whose squares, V's diagonal, are orthogonal to it: no iteration may start there alone. */
    private static double[][] signs(int order) {
        double[][] g = new double[order][1];
        for (int i = 0; i < order; i++) g[i][0] = i % 2 == 0 ? 1 : -1;
        return Dense.times(g, Dense.transpose(g));
    }

    private double[][] once(RootMethod method, ElementType type, Damping damping, double[][] v) {
        try (var trial = RootTrial.of(blas, method, type, damping, v.length)) {
            return trial.root(v);
        }
    }

    /** What float32 can't see of V may not make P large or indefinite: at most the damping's (λ_max·δ)^(−1/2). */
    @ParameterizedTest
    @EnumSource(RootMethod.class)
    void rootsStayBoundedWhereFloat32SeesNoneOfTheSmallEigenvalues(RootMethod method) {
        double delta = 1e-6;
        for (int order : new int[] {3, 17, 40}) {
            double[][][] matrices = {
                RootTrial.withCondition(order, 1e7, random),
                RootTrial.withCondition(order, 1e10, random),
                RootTrial.ofRank(order, 2, random)};
            for (double[][] each : matrices) {
                double[][] v = RootTrial.rounded(ElementType.FLOAT32, each);
                double top = Dense.eigenvalues(v)[order - 1];
                double[][] p;
                try {
                    p = once(method, ElementType.FLOAT32, Damping.relative(delta), v);
                } catch (RootFailure e) {
                    assertEquals(RootMethod.TRIDIAGONAL, method, "it alone may find V + sI not positive definite");
                    assertTrue(e.getMessage().contains("not positive definite in float32"), e.getMessage());
                    continue;
                }
                double[] values = Dense.eigenvalues(p);
                // EIGEN takes max(λ, 0) + δλ_max; the others see λ + δλ_max with λ down to −k·u·λ_max, and a
                // PolarExpress that is not done at 1e-7 of the norm stays below its limit.
                double least = method.shiftsOnly() && method != RootMethod.NEWTON ? delta / 100 : delta;
                double bound = 1.001 / Math.sqrt(least * top);
                assertTrue(values[order - 1] <= bound, () -> method + " λ_max of P is " + values[order - 1] + " > "
                        + bound + " seed=" + SEED);
                assertTrue(values[0] > -order * U32 * bound, () -> method + " P is not semidefinite: " + values[0]
                        + " seed=" + SEED);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("methods")
    void easyMatrices(RootMethod method, ElementType type) {
        for (int order : ORDERS) {
            var damping = Damping.relative(1e-3);
            double[][] p = once(method, type, damping, Dense.identity(order));
            double[][] expected = Dense.scaled(1 / Math.sqrt(1.001), Dense.identity(order));
            double tolerance = 4 * order * U32 + approximation(method, type);
            assertTrue(Dense.relativeDifference(p, expected) < tolerance, () -> "identity of " + p.length);

            try (var trial = RootTrial.of(blas, method, type, damping, order)) {
                assertEquals(0, Dense.norm(trial.root(new double[order][order])), "zeros have the root 0");
                double[][] after = trial.root(Dense.identity(order));
                assertTrue(Dense.relativeDifference(after, expected) < tolerance, () -> "after zeros");
            }
        }
    }

    /** Rows of very different length: eigenvalues from 1 to 1e-5, neither sorted nor mixed. */
    @ParameterizedTest
    @MethodSource("methods")
    void badlyScaledMatrices(RootMethod method, ElementType type) {
        int order = 17;
        double[][] diagonal = new double[order][order];
        for (int i = 0; i < order; i++) diagonal[i][i] = Math.pow(10, -5 * random.nextDouble());
        double[][] correlated = RootTrial.withCondition(order, 4, random);
        double[][] scaled = new double[order][order];
        for (int i = 0; i < order; i++) {
            for (int j = 0; j < order; j++) {
                scaled[i][j] = Math.sqrt(diagonal[i][i] * diagonal[j][j]) * correlated[i][j];
            }
        }
        for (double[][] each : new double[][][] {diagonal, scaled}) {
            double[][] v = RootTrial.rounded(type, each);
            double[] values = Dense.eigenvalues(v);
            double rounding = tolerance(order, type, values[order - 1] / values[0]);
            double tolerance = rounding + squared(approximation(method, type));
            double[][] p = once(method, type, Damping.relative(0), v);
            assertTrue(RootTrial.residual(p, v) < tolerance,
                    () -> RootTrial.residual(p, v) + " ≥ " + tolerance + " seed=" + SEED);
        }
    }

    /**
     * V/4^e with an absolute ε, told that its unit is 2^e, has P·2^e. Even powers of two round nothing, nor do the
     * fourth roots that EIGEN splits P into. (Where V is tiny LAPACK's absolute thresholds round otherwise.)
     */
    @ParameterizedTest
    @MethodSource("methods")
    void anotherUnitGivesTheSameBits(RootMethod method, ElementType type) {
        double[][] v = RootTrial.rounded(ElementType.FLOAT32, RootTrial.withCondition(17, 100, random));
        double[][] expected = once(method, type, Damping.absolute(1e-3), v);
        for (int exponent : new int[] {-20, -2, 2, 4}) {
            double unit = Math.scalb(1.0, exponent);
            try (var trial = RootTrial.of(blas, method, type, Damping.absolute(1e-3), 17)) {
                double[][] p = trial.root(Dense.scaled(1 / unit / unit, v), unit);
                for (int i = 0; i < 17; i++) {
                    assertArrayEquals(Dense.scaled(unit, expected)[i], p[i], "2^" + exponent + " seed=" + SEED);
                }
            }
        }
    }

    /** What a method remembers of V moves to the new unit with V. */
    @ParameterizedTest
    @MethodSource("methods")
    void rescalingBetweenRootsGivesTheSameBits(RootMethod method, ElementType type) {
        double[][] first = RootTrial.rounded(ElementType.FLOAT32, RootTrial.withCondition(17, 100, random));
        double[][] noise = RootTrial.ofRank(17, 17, random);
        double[][] second = RootTrial.rounded(ElementType.FLOAT32, Dense.plus(first, 1e-4, noise));
        double factor = 0x1p+10;
        try (var trial = RootTrial.of(blas, method, type, Damping.relative(1e-4), 17);
                var moved = RootTrial.of(blas, method, type, Damping.relative(1e-4), 17)) {
            trial.root(first);
            moved.root(first);
            moved.inverseRoot.rescale(factor);
            double[][] expected = Dense.scaled(1 / factor, trial.root(second));
            double[][] p = moved.root(Dense.scaled(factor * factor, second), 1 / factor);
            for (int i = 0; i < 17; i++) assertArrayEquals(expected[i], p[i], "row " + i + " seed=" + SEED);
            assertEquals(trial.report.method, moved.report.method);
            assertEquals(0, moved.report.fallbacks);
        }
    }

    @ParameterizedTest
    @MethodSource("methods")
    void matricesThatAreNotFiniteFailOrShowIt(RootMethod method, ElementType type) {
        for (double bad : new double[] {Double.NaN, Double.POSITIVE_INFINITY}) {
            for (int[] at : new int[][] {{0, 0}, {5, 2}, {8, 8}}) {
                double[][] v = RootTrial.withCondition(9, 10, random);
                v[at[0]][at[1]] = bad;
                try (var trial = RootTrial.of(blas, method, type, Damping.relative(1e-6), 9)) {
                    double[][] p = trial.root(v);
                    double trace = 0;
                    for (int i = 0; i < 9; i++) trace += p[i][i];
                    assertTrue(!Double.isFinite(trace), bad + " at " + at[0] + "," + at[1] + " gave a finite root");
                } catch (RootFailure | NativeCallException expected) {
                    assertTrue(expected.getMessage().length() > 0);
                }
            }
        }
    }

    @Test
    void tridiagonalRefusesWhatIsNotPositiveDefinite() {
        double[][] v = RootTrial.ofRank(6, 2, random);
        v[3][3] -= 0.5;
        var thrown = assertThrows(RootFailure.class,
                () -> once(RootMethod.TRIDIAGONAL, ElementType.FLOAT32, Damping.relative(1e-6), v));
        assertTrue(thrown.getMessage().contains("smallest eigenvalue is below"), thrown.getMessage());
    }
}
