// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.optim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.BackendName;
import org.asgo4j.linalg.Backends;
import org.asgo4j.linalg.ElementType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Roots that start from the last one: as good as cold ones where V moves slowly, and never wrong where it does not. */
class WarmRootTest {
    private static final long SEED = 5150;
    private static final int ORDER = 24;
    private static final Damping DAMPING = Damping.relative(1e-4);

    private final Random random = new Random(SEED);
    private final Backend backend = Backends.open(BackendName.OPENBLAS);
    private int decompositions;
    private final Backend counted = FaultyBackend.around(backend, (operation, arguments, done) -> {
        if (done && operation.equals("eigh")) decompositions++;
    });

    /** β₂V + (1−β₂)GGᵀ with a fresh G of {@code ORDER × 2·ORDER}, whose rows differ in length by up to 10. */
    private double[][] next(double[][] v, double beta2) {
        return next(v, beta2, 2 * ORDER);
    }

    private double[][] next(double[][] v, double beta2, int columns) {
        double[][] g = Dense.random(ORDER, columns, random);
        for (int i = 0; i < ORDER; i++) {
            for (int j = 0; j < g[i].length; j++) g[i][j] *= Math.pow(10, -(double) i / ORDER);
        }
        return Dense.plus(Dense.scaled(beta2, v), 1 - beta2, Dense.times(g, Dense.transpose(g)));
    }

    private double[][] settled(double beta2) {
        double[][] v = new double[ORDER][ORDER];
        for (int t = 0; t < 4 / (1 - beta2); t++) v = next(v, beta2);
        return v;
    }

    private double distance(double[][] p, double[][] v, ElementType type) {
        double[][] exact = RootTrial.exact(backend, RootTrial.rounded(type, v), DAMPING, new double[1]);
        return Dense.relativeDifference(p, exact);
    }

    /** What EIGEN is off by, 4k·u·κ, and in P half the residual at which Newton's iteration ends, u^(2/3). */
    private static double tolerance(ElementType type, double condition) {
        double u = type.unitRoundoff();
        return 4 * ORDER * (u * condition + ElementType.FLOAT32.unitRoundoff()) + Math.pow(u, 2.0 / 3) * ORDER;
    }

    @ParameterizedTest
    @EnumSource(ElementType.class)
    void newtonFollowsASlowlyMovingMatrix(ElementType type) {
        double[][] v = settled(0.99);
        try (var trial = RootTrial.of(counted, RootMethod.NEWTON, type, DAMPING, ORDER)) {
            for (int t = 0; t < 30; t++) {
                double distance = distance(trial.root(v), v, type);
                double tolerance = tolerance(type, trial.report.condition);
                assertTrue(distance < tolerance, "step " + t + ": " + distance + " ≥ " + tolerance + " seed=" + SEED);
                assertEquals(RootMethod.NEWTON, trial.report.method);
                v = next(v, 0.99);
            }
            assertEquals(0, trial.report.fallbacks, "seed=" + SEED);
        }
        assertEquals(1, decompositions, "the first");
    }

    @ParameterizedTest
    @EnumSource(ElementType.class)
    void newtonFallsBackWhereTheMatrixHasTurned(ElementType type) {
        double[][] v = settled(0.9);
        try (var trial = RootTrial.of(counted, RootMethod.NEWTON, type, DAMPING, ORDER)) {
            for (int turn = 0; turn < 4; turn++) {
                double distance = distance(trial.root(v), v, type);
                double tolerance = tolerance(type, trial.report.condition);
                assertTrue(distance < tolerance, "turn " + turn + ": " + distance + " seed=" + SEED);
                assertEquals(turn, trial.report.fallbacks, "seed=" + SEED);
                assertEquals(turn + 1, decompositions);
                double[][] q = Dense.orthogonal(ORDER, random);
                v = Dense.times(Dense.transpose(q), Dense.times(v, q));
            }
        }
    }

    /**
     * An error in one of many directions is small in ‖R‖_F/√k. The last X solves (V+sI)^(1/2)·Δ + Δ·(V+sI)^(1/2) = R
     * for its error Δ, which beside P is at most ½‖R‖_F in any direction, and ‖R‖_F/√k is u^(2/3) in the end, or the
     * u·κ that rounding leaves.
     */
    @ParameterizedTest
    @ValueSource(doubles = {0.8, 0.9})
    void newtonIsAsGoodInEveryDirection(double beta2) {
        double u = ElementType.FLOAT32.unitRoundoff();
        double delta = 1e-2;
        double[][] v = settled(beta2);
        Damping damping = Damping.relative(delta);
        try (var trial = RootTrial.of(counted, RootMethod.NEWTON, ElementType.FLOAT32, damping, ORDER)) {
            for (int t = 0; t < 40; t++) {
                double[][] p = trial.root(v);
                double shift = delta * trial.report.largest;
                double[][] quarter = RootTrial.function(backend, RootTrial.rounded(ElementType.FLOAT32, v),
                        (lambda, largest) -> Math.sqrt(Math.sqrt(lambda + shift)));
                double[] ratios = Dense.eigenvalues(Dense.times(quarter, Dense.times(p, quarter)));
                double error = Math.max(ratios[ORDER - 1] - 1, 1 - ratios[0]);
                double condition = trial.report.condition;
                double tolerance = Math.sqrt(ORDER) / 2 * Math.max(Math.pow(u, 2.0 / 3), u * condition)
                        + 4 * ORDER * u * Math.sqrt(condition);
                assertTrue(error < tolerance, "step " + t + ": " + error + " ≥ " + tolerance + " seed=" + SEED);
                v = next(v, beta2, ORDER / 3);
            }
        }
        assertTrue(decompositions < 15, "40 steps took " + decompositions);
    }

    /** Rounding that leaves more than u^(2/3) ends the iteration; there is none where it leaves over a hundredth. */
    @ParameterizedTest
    @CsvSource({"1e6, 1", "1e8, 4"})
    void newtonIsDoneWhereRoundingEndsIt(double condition, int expected) {
        double[][] v = RootTrial.withCondition(ORDER, condition, random);
        try (var trial = RootTrial.of(counted, RootMethod.NEWTON, ElementType.FLOAT32, Damping.relative(0), ORDER)) {
            for (int t = 0; t < 4; t++) trial.root(Dense.scaled(1 + 0.01 * t, v));
        }
        assertEquals(expected, decompositions, "seed=" + SEED);
    }

    /** A matrix that only grows or shrinks has the same eigenvectors: nothing to decompose for a factor below 1.5. */
    @ParameterizedTest
    @ValueSource(doubles = {0.55, 0.75, 1.25, 1.45})
    void newtonFollowsAScale(double factor) {
        double[][] v = settled(0.9);
        try (var trial = RootTrial.of(counted, RootMethod.NEWTON, ElementType.FLOAT32, DAMPING, ORDER)) {
            for (int t = 0; t < 5; t++) {
                double distance = distance(trial.root(v), v, ElementType.FLOAT32);
                double tolerance = tolerance(ElementType.FLOAT32, trial.report.condition);
                assertTrue(distance < tolerance, distance + " ≥ " + tolerance + " seed=" + SEED);
                v = Dense.scaled(factor, v);
            }
        }
        assertEquals(1, decompositions);
    }

    /** Zeros only scale V; where they have scaled it so far that the unit moves, the last root moves with it. */
    @Test
    void newtonFollowsTheUnit() {
        AsgoConfig config = AsgoConfig.published().withRoot(new Root(RootMethod.NEWTON, ElementType.FLOAT32, DAMPING));
        List<double[][]> g = new ArrayList<>(Collections.nCopies(500, new double[ORDER][2 * ORDER]));
        g.set(0, Dense.random(ORDER, 2 * ORDER, random));
        Run.weights(counted, new Asgo(config), g, 1);
        assertEquals(1, decompositions, "seed=" + SEED);
    }

    /** The first residual is 1 − factor; above a half it is not worth a try. */
    @ParameterizedTest
    @ValueSource(doubles = {0.45, 1.55})
    void newtonStartsAnewAfterALeap(double factor) {
        double[][] v = settled(0.9);
        try (var trial = RootTrial.of(counted, RootMethod.NEWTON, ElementType.FLOAT32, DAMPING, ORDER)) {
            for (int t = 0; t < 4; t++) {
                trial.root(v);
                assertEquals(t + 1, decompositions);
                v = Dense.scaled(factor, v);
            }
        }
    }

    @ParameterizedTest
    @EnumSource(ElementType.class)
    void qrConvergesWhereTheMatrixStandsStillAndLagsWhereItMoves(ElementType type) {
        int order = 8;
        double condition = 1e3; // neighbouring eigenvalues differ by 10^(3/7): the error shrinks by 0.37 a turn
        double[][] first = RootTrial.withCondition(order, condition, random);
        double[][] second = RootTrial.withCondition(order, condition, random);
        double exactTo = 4 * order * (type.unitRoundoff() * condition + ElementType.FLOAT32.unitRoundoff()
                * Math.sqrt(condition));
        try (var trial = RootTrial.of(counted, RootMethod.QR, type, DAMPING, order)) {
            assertTrue(distance(trial.root(first), first, type) < exactTo, "exact at the first, seed=" + SEED);
            assertEquals(RootMethod.EIGEN, trial.report.method);
            double lag = distance(trial.root(second), second, type);
            assertTrue(lag > 0.1, "one turn is not enough: " + lag + " seed=" + SEED);
            assertEquals(RootMethod.QR, trial.report.method);
            for (int t = 0; t < 40; t++) trial.root(second);
            double end = distance(trial.root(second), second, type);
            assertTrue(end < exactTo, "after 40 turns " + end + " ≥ " + exactTo + " seed=" + SEED);
        }
        assertEquals(1, decompositions);
    }

    @ParameterizedTest
    @EnumSource(value = RootMethod.class, names = {"EIGEN", "QR"})
    void adaptiveRefreshLooksAndOnlyThenDecomposes(RootMethod method) {
        int cap = 6;
        AsgoConfig config = AsgoConfig.published().withRoot(new Root(method, ElementType.FLOAT32, DAMPING))
                .withRefresh(new Refresh.Adaptive(0.1, cap));
        double[][] still = RootTrial.withCondition(ORDER, 100, random);
        double[][] q = Dense.orthogonal(ORDER, random);
        double[][] turned = Dense.times(Dense.transpose(q), Dense.times(still, q));
        try (var trial = new RootTrial(counted, config, ORDER)) {
            boolean[] renewed = new boolean[2 * cap + 1];
            for (int t = 0; t < renewed.length; t++) {
                // It grows, which turns nothing: the eigenvalues are always new.
                double[][] v = Dense.scaled(1 + 0.1 * t, still);
                double distance = distance(trial.root(v), v, ElementType.FLOAT32);
                assertTrue(distance < 4 * ORDER * ElementType.FLOAT32.unitRoundoff() * 100, t + ": " + distance);
                renewed[t] = trial.renewed;
            }
            for (int t = 0; t < renewed.length; t++) assertEquals(t % cap == 0, renewed[t], "step " + t);
            assertEquals(method == RootMethod.EIGEN ? 3 : 1, decompositions);
            trial.root(turned);
            assertTrue(trial.renewed, "turned");
            assertEquals(method == RootMethod.EIGEN ? 4 : 1, decompositions);
            if (method == RootMethod.EIGEN) {
                trial.root(turned);
                assertTrue(!trial.renewed, "and then it stands still");
            }
        }
    }

    /** Rotating by an angle φ in one plane moves B off its diagonal by about φ: the tolerance is what decides. */
    @ParameterizedTest
    @ValueSource(doubles = {0.02, 0.2})
    void adaptiveToleranceIsTheOffDiagonalPart(double angle) {
        double tolerance = 0.07;
        AsgoConfig config = AsgoConfig.published().withDamping(DAMPING)
                .withRefresh(new Refresh.Adaptive(tolerance, 1000));
        double[][] v = {{2, 0}, {0, 1}};
        double[][] r = {{Math.cos(angle), Math.sin(angle)}, {-Math.sin(angle), Math.cos(angle)}};
        double[][] turned = Dense.times(Dense.transpose(r), Dense.times(v, r));
        // B's off-diagonal element is sin φ·cos φ, twice in ‖B‖_F = √5.
        double offDiagonal = Math.sqrt(2) * Math.sin(angle) * Math.cos(angle) / Math.sqrt(5);
        try (var trial = new RootTrial(counted, config, 2)) {
            trial.root(v);
            trial.root(turned);
            assertEquals(offDiagonal > tolerance, trial.renewed, "off-diagonal part " + offDiagonal);
        }
    }
}
