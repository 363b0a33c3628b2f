// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.optim;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.lang.foreign.Arena;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.BackendName;
import org.asgo4j.linalg.Backends;
import org.asgo4j.linalg.ElementType;
import org.asgo4j.linalg.Matrix;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** What ASGO's update must satisfy by whatever method the root comes, and with every option. */
class RootMethodPropertiesTest {
    private static final long SEED = 1918;
    private static final float LEARNING_RATE = 0.5f;

    /** float32's unit roundoff. */
    private static final double U32 = 0x1p-24;

    /** How long compilation may take before what a step allocates counts as allocated by our code. */
    private static final long PATIENCE_NANOS = 120_000_000_000L;

    private final Backend backend = Backends.open(BackendName.OPENBLAS);
    private final Random random = new Random(SEED);

    /** Through products of dimension k and roots of conditions below 1e3, as in AsgoPropertiesTest. */
    private static double tolerance(int rows, int cols) {
        return 40 * Math.max(rows, cols) * U32;
    }

    /** The same for a method that changes the lengths of an update's singular vectors by a factor in [1−e, 1+e]. */
    private static double tolerance(RootMethod method, int rows, int cols) {
        double approximation = method == RootMethod.ZOLOTAREV ? ZolotarevInverseRoot.RELATIVE_ERROR : 0;
        return tolerance(rows, cols) + approximation;
    }

    private static AsgoConfig with(RootMethod method, Damping damping) {
        return AsgoConfig.published().withRoot(new Root(method, ElementType.FLOAT32, damping));
    }

    /** Every method and option whose update does not depend on the gradients' scale. */
    static Stream<Named<AsgoConfig>> variants() {
        var damping = Damping.relative(1e-6);
        AsgoConfig eigen = with(RootMethod.EIGEN, damping);
        AsgoConfig qr = with(RootMethod.QR, damping);
        return Stream.of(
                Named.of("eigen", eigen),
                Named.of("tridiagonal", with(RootMethod.TRIDIAGONAL, damping)),
                Named.of("zolotarev", with(RootMethod.ZOLOTAREV, damping)),
                Named.of("zolotarev in float64",
                        with(RootMethod.ZOLOTAREV, damping).withRootPrecision(ElementType.FLOAT64)),
                Named.of("polar express", with(RootMethod.POLAR_EXPRESS, damping)),
                Named.of("newton", with(RootMethod.NEWTON, damping)),
                Named.of("qr", qr),
                Named.of("newton in float64",
                        with(RootMethod.NEWTON, damping).withRootPrecision(ElementType.FLOAT64)),
                Named.of("polar express in float64",
                        with(RootMethod.POLAR_EXPRESS, damping).withRootPrecision(ElementType.FLOAT64)),
                Named.of("every third", eigen.withRefreshInterval(3)),
                Named.of("early", eigen.withRefresh(new Refresh.EarlyThenEvery(2, 2))),
                Named.of("adaptive", eigen.withRefresh(new Refresh.Adaptive(0.1, 3))),
                Named.of("adaptive qr", qr.withRefresh(new Refresh.Adaptive(0.1, 3))),
                Named.of("corrected", eigen.withEigenvalueCorrection(true)),
                Named.of("corrected qr", qr.withEigenvalueCorrection(true).withRefreshInterval(2)),
                Named.of("corrected adaptive",
                        eigen.withEigenvalueCorrection(true).withRefresh(new Refresh.Adaptive(0.1, 3))),
                Named.of("nesterov", eigen.withNesterov(true)),
                Named.of("momentum", eigen.withNesterov(true).withGramSource(GramSource.MOMENTUM)),
                Named.of("split", eigen.withSizeLimit(new SizeLimit(4, SizeLimit.Beyond.SPLIT))));
    }

    private List<double[][]> gradients(int count, int rows, int cols) {
        return IntStream.range(0, count).mapToObj(i -> Dense.random(rows, cols, random)).toList();
    }

    private double[][] last(AsgoConfig config, List<double[][]> gradients) {
        return Run.lastWeight(backend, new Asgo(config), gradients, LEARNING_RATE);
    }

    @ParameterizedTest
    @EnumSource(RootMethod.class)
    void firstStepIsTheScaledPolarFactor(RootMethod method) {
        for (int[] shape : new int[][] {{8, 24}, {31, 5}, {1, 6}, {6, 1}}) {
            double[][] g = Dense.random(shape[0], shape[1], random);
            boolean left = shape[0] < shape[1];
            double[][] v = left ? Dense.times(g, Dense.transpose(g)) : Dense.times(Dense.transpose(g), g);
            double[][] inverse = Dense.inverseSquareRoot(v);
            double[][] polar = left ? Dense.times(inverse, g) : Dense.times(g, inverse);
            double length = 0.2 * Math.sqrt(Math.max(shape[0], shape[1]));
            double[][] w = last(with(method, Damping.relative(0)), List.<double[][]>of(g));
            double difference = Dense.relativeDifference(w, Dense.scaled(-LEARNING_RATE * length, polar));
            assertTrue(difference < tolerance(method, shape[0], shape[1]), () -> difference + " seed=" + SEED);
        }
    }

    @ParameterizedTest
    @MethodSource("variants")
    void leftUpdateCommutesWithRotation(AsgoConfig variant) {
        if (variant.sizeLimit() != SizeLimit.NONE) return; // blocks of rotated rows are other blocks
        AsgoConfig config = variant.withSide(PreconditionerSide.LEFT).withDamping(Damping.relative(0));
        double[][] q = Dense.orthogonal(6, random);
        List<double[][]> g = gradients(4, 6, 19);
        double[][] expected = Dense.times(q, last(config, g));
        double[][] actual = last(config, g.stream().map(x -> Dense.times(q, x)).toList());
        double difference = Dense.relativeDifference(actual, expected);
        // Corrected eigenvalues divide by elements in the eigenbasis, which is off by k·u·λ_max/gap.
        double bound = config.eigenvalueCorrection() ? 1e-3 : tolerance(6, 19);
        assertTrue(difference < bound, () -> difference + " seed=" + SEED);
    }

    @ParameterizedTest
    @MethodSource("variants")
    void transposingTransposesTheUpdate(AsgoConfig variant) {
        AsgoConfig config = variant.withDamping(Damping.relative(0));
        List<double[][]> g = gradients(5, 6, 19);
        double[][] wide = last(config, g);
        double[][] tall = last(config, g.stream().map(Dense::transpose).toList());
        double difference = Dense.relativeDifference(Dense.transpose(tall), wide);
        double bound = config.eigenvalueCorrection() ? 1e-3 : tolerance(6, 19);
        assertTrue(difference < bound, () -> difference + " seed=" + SEED);
    }

    /** Rows that share no column have a diagonal V, of which DASGO is the whole. */
    @ParameterizedTest
    @EnumSource(RootMethod.class)
    void withADiagonalGramMatrixItIsDasgo(RootMethod method) {
        List<double[][]> g = IntStream.range(0, 5).mapToObj(t -> {
            double[][] a = new double[4][12];
            for (int j = 0; j < 12; j++) a[j % 4][j] = random.nextFloat(0.5f, 1.5f);
            return a;
        }).toList();
        AsgoConfig config = with(method, Damping.relative(0));
        DasgoConfig dasgo = DasgoConfig.published().withEpsilon(0).withSide(PreconditionerSide.LEFT)
                .withBetas(config.beta1(), config.beta2());
        double[][] expected = Run.lastWeight(backend, new Dasgo(dasgo), g, LEARNING_RATE);
        double difference = Dense.relativeDifference(last(config, g), expected);
        assertTrue(difference < tolerance(method, 4, 12), () -> difference + " seed=" + SEED);
    }

    /** Powers of two round nothing anywhere, so the trajectories agree bit for bit, over all of float32's scales. */
    @ParameterizedTest
    @MethodSource("variants")
    void scalingGradientsByAPowerOfTwoChangesNothing(AsgoConfig config) {
        for (int[] shape : new int[][] {{6, 14}, {14, 6}, {1, 9}}) {
            List<double[][]> g = gradients(5, shape[0], shape[1]);
            double[][] expected = last(config, g);
            for (int exponent : new int[] {-100, -60, -31, 1, 60, 100}) {
                double[][] actual = last(config, g.stream().map(x -> Dense.scaled(Math.scalb(1.0, exponent), x))
                        .toList());
                for (int i = 0; i < shape[0]; i++) {
                    assertArrayEquals(expected[i], actual[i], "2^" + exponent + " seed=" + SEED);
                }
            }
        }
    }

    /** The length of the last step, per element and learning rate. */
    private static double rootMeanSquare(double[][] before, double[][] after) {
        return Dense.norm(Dense.plus(after, -1, before)) / LEARNING_RATE / Math.sqrt(after.length * after[0].length);
    }

    @ParameterizedTest
    @MethodSource("variants")
    void gradientsWhoseScaleJumpsStayFiniteAndScaled(AsgoConfig config) {
        double[] scales = {1, 1e-18, 1e18, 1, 1e-30, 1e30, 1e-3, 1e-18};
        List<double[][]> g = new ArrayList<>();
        for (double scale : scales) g.add(Dense.scaled(scale, Dense.random(9, 14, random)));
        check(config, g, 0);
        // A root of gradients of 1e-30 can't be held in the unit of those of 1e30.
        List<double[][]> up = new ArrayList<>();
        for (double scale : new double[] {1e-30, 1e-30, 1e30, 1e30}) {
            up.add(Dense.scaled(scale, Dense.random(9, 14, random)));
        }
        check(config, up, 0);
    }

    /** Every step from the first on has a root mean square of 0.2; rank-one histories stay in their span. */
    private void check(AsgoConfig config, List<double[][]> gradients, int first) {
        double[][] before = new double[gradients.getFirst().length][gradients.getFirst()[0].length];
        List<double[][]> weights = Run.weights(backend, new Asgo(config), gradients, LEARNING_RATE);
        for (int t = 0; t < weights.size(); t++) {
            double length = rootMeanSquare(before, weights.get(t));
            assertEquals(t < first ? 0 : 0.2, length, 0.2 * tolerance(9, 14), "step " + (t + 1) + " seed=" + SEED);
            before = weights.get(t);
        }
    }

    @ParameterizedTest
    @MethodSource("variants")
    void zeroAndRankOneGradientsTrain(AsgoConfig config) {
        double[][] zero = new double[6][11];
        double[][] rankOne = Dense.times(Dense.random(6, 1, random), Dense.random(1, 11, random));
        double[][] signs = new double[6][11]; // whose gram matrices have diagonals orthogonal to their eigenvectors
        for (int i = 0; i < 6; i++) {
            for (int j = 0; j < 10; j++) signs[i][j] = (i + j) % 2 == 0 ? 1 : -1;
        }
        check(config, List.of(zero, zero, rankOne, zero, rankOne, rankOne, zero), 2);
        check(config, List.of(signs, signs, zero, signs), 0);
        check(config, List.of(zero, signs, Dense.scaled(1e18, rankOne), Dense.scaled(1e-18, signs)), 1);
    }

    @ParameterizedTest
    @MethodSource("variants")
    void referenceBackendGivesTheSameTrajectory(AsgoConfig config) {
        List<double[][]> g = gradients(6, 7, 13);
        Backend reference = Backends.open(BackendName.REFERENCE);
        double[][] plain = Run.lastWeight(reference, new Asgo(config), g, LEARNING_RATE);
        double difference = Dense.relativeDifference(last(config, g), plain);
        double bound = config.eigenvalueCorrection() ? 1e-3 : tolerance(7, 13);
        assertTrue(difference < bound, () -> difference + " seed=" + SEED);
    }

    /** A state that was given another's fields goes on as that one does, bit for bit. */
    @ParameterizedTest
    @MethodSource("variants")
    void namedFieldsAreTheWholeState(AsgoConfig config) {
        int taken = 5;
        List<double[][]> g = new ArrayList<>(gradients(2 * taken, 6, 12));
        g.set(taken - 2, Dense.scaled(1e18, g.get(taken - 2))); // the unit has moved
        var rule = new Asgo(config);
        try (Arena arena = Arena.ofConfined()) {
            Matrix weight = backend.allocate(arena, 6, 12);
            Matrix resumedWeight = backend.allocate(arena, 6, 12);
            Matrix gradient = backend.allocate(arena, 6, 12);
            RuleState state = rule.newState(backend, arena, 6, 12);
            RuleState resumed = rule.newState(backend, arena, 6, 12);
            for (int t = 0; t < g.size(); t++) {
                if (t == taken) {
                    RecordedFields.of(state).loadInto(resumed);
                    backend.copy(weight, resumedWeight);
                }
                Dense.set(gradient, g.get(t));
                state.step(weight, gradient, LEARNING_RATE, 0.01f);
                if (t < taken) continue;
                resumed.step(resumedWeight, gradient, LEARNING_RATE, 0.01f);
                double[][] expected = Dense.of(weight);
                double[][] actual = Dense.of(resumedWeight);
                for (int i = 0; i < 6; i++) assertArrayEquals(expected[i], actual[i], "step " + t + " seed=" + SEED);
            }
            assertEquals(state.refreshes(), resumed.refreshes());
        }
    }

    @Tag("allocation")
    @ParameterizedTest
    @MethodSource("variants")
    void stepAllocatesNothing(AsgoConfig config) {
        var threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        try (Arena arena = Arena.ofConfined()) {
            Matrix weight = backend.allocate(arena, 6, 14);
            Matrix gradient = backend.allocate(arena, 6, 14);
            Matrix[] gradients = new Matrix[5]; // V moves, so that warm starts have something to do
            for (int i = 0; i < gradients.length; i++) {
                gradients[i] = backend.allocate(arena, 6, 14);
                Dense.set(gradients[i], Dense.random(6, 14, random));
            }
            RuleState state = new Asgo(config).newState(backend, arena, 6, 14);
            long allocated = Long.MAX_VALUE;
            long end = System.nanoTime() + PATIENCE_NANOS;
            while (allocated > 0 && System.nanoTime() < end) {
                long before = threads.getCurrentThreadAllocatedBytes();
                for (int i = 0; i < 200; i++) {
                    backend.copy(gradients[i % gradients.length], gradient);
                    state.step(weight, gradient, 1e-3f, 0);
                }
                allocated = threads.getCurrentThreadAllocatedBytes() - before;
            }
            assertEquals(0, allocated, "bytes in the last 200 steps");
        }
    }
}
