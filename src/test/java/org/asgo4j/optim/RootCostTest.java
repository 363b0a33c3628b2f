// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.optim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.BackendName;
import org.asgo4j.linalg.Backends;
import org.asgo4j.linalg.ElementType;
import org.asgo4j.linalg.Matrix;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The operations of order k³ that a root or a step is documented to take, counted. */
class RootCostTest {
    private static final long SEED = 77;
    private static final int ORDER = 20;
    private static final Set<String> CUBIC = Set.of("gemm", "syrk", "symm", "eigh", "tridiagonalize", "orthonormalize",
            "addInverse");

    private final Random random = new Random(SEED);
    private final Map<String, Integer> counts = new TreeMap<>();
    private final Backend backend =
            FaultyBackend.around(Backends.open(BackendName.OPENBLAS), (operation, arguments, done) -> {
                if (!done || arguments == null) return;
                boolean vectors = Stream.of(arguments).filter(Matrix.class::isInstance).map(Matrix.class::cast)
                        .anyMatch(m -> m.cols() == 1);
                if (operation.equals("addResolvent") || CUBIC.contains(operation) && !vectors) {
                    counts.merge(operation, 1, Integer::sum);
                }
            });

    private Map<String, Integer> rootCost(RootTrial trial, double[][] v) {
        counts.clear();
        trial.root(v);
        return Map.copyOf(counts);
    }

    private RootTrial trial(RootMethod method, ElementType type) {
        return RootTrial.of(backend, method, type, Damping.relative(1e-4), ORDER);
    }

    @ParameterizedTest
    @EnumSource(ElementType.class)
    void polarExpressTakes37Products(ElementType type) {
        try (var trial = trial(RootMethod.POLAR_EXPRESS, type)) {
            for (double condition : new double[] {1, 1e4}) {
                double[][] v = RootTrial.withCondition(ORDER, condition, random);
                assertEquals(Map.of("gemm", 37), rootCost(trial, v));
            }
        }
    }

    @ParameterizedTest
    @EnumSource(ElementType.class)
    void eigenTakesADecompositionAndASyrk(ElementType type) {
        try (var trial = trial(RootMethod.EIGEN, type)) {
            double[][] v = RootTrial.withCondition(ORDER, 100, random);
            assertEquals(Map.of("eigh", 1, "syrk", 1), rootCost(trial, v));
        }
    }

    @Test
    void tridiagonalTakesAReductionTwoProductsAndAboutTwelveResolvents() {
        int fewest = Integer.MAX_VALUE;
        int most = 0;
        try (var trial = trial(RootMethod.TRIDIAGONAL, ElementType.FLOAT32)) {
            for (double condition = 1; condition <= 1e4; condition *= 10) { // times δ^(−1) at most
                Map<String, Integer> cost = new TreeMap<>(
                        rootCost(trial, RootTrial.withCondition(ORDER, condition, random)));
                int resolvents = cost.remove("addResolvent");
                assertEquals(Map.of("tridiagonalize", 1, "symm", 1, "gemm", 1), cost);
                fewest = Math.min(fewest, resolvents);
                most = Math.max(most, resolvents);
            }
        }
        assertTrue(fewest >= 3 && most <= 14, fewest + " to " + most + " resolvents");
    }

    @ParameterizedTest
    @EnumSource(ElementType.class)
    void zolotarevTakesTwoInverses(ElementType type) {
        double[][] v = RootTrial.withCondition(ORDER, 10, random);
        try (var trial = RootTrial.of(backend, RootMethod.ZOLOTAREV, type, Damping.relative(1e-6), ORDER)) {
            assertEquals(Map.of("addInverse", 2), rootCost(trial, v));
        }
    }

    @ParameterizedTest
    @EnumSource(ElementType.class)
    void newtonTakesTwoProductsAnIterationAndFourAround(ElementType type) {
        double[][] v = RootTrial.withCondition(ORDER, 10, random);
        try (var trial = trial(RootMethod.NEWTON, type)) {
            assertEquals(Map.of("eigh", 1, "syrk", 1), rootCost(trial, v));
            // The same V again needs one look at the residual.
            assertEquals(Map.of("symm", 1, "gemm", 1 + 2 + 2), rootCost(trial, v));
            Map<String, Integer> moved = rootCost(trial, Dense.plus(v, 1e-3, RootTrial.ofRank(ORDER, ORDER, random)));
            assertEquals(1, moved.get("symm"));
            int iterations = (moved.get("gemm") - 3) / 2;
            assertEquals(3 + 2 * iterations, moved.get("gemm"));
            assertTrue(iterations >= 2 && iterations <= 12 && moved.size() == 2, () -> moved + " seed=" + SEED);
        }
    }

    @Test
    void qrTakesTwoProductsAQrAndASyrk() {
        double[][] v = RootTrial.withCondition(ORDER, 10, random);
        try (var trial = trial(RootMethod.QR, ElementType.FLOAT32)) {
            assertEquals(Map.of("eigh", 1, "syrk", 1), rootCost(trial, v));
            assertEquals(Map.of("symm", 2, "orthonormalize", 1, "syrk", 1), rootCost(trial, v));
        }
    }

    @Test
    void adaptiveRefreshTakesOneProductToLook() {
        double[][] v = RootTrial.withCondition(ORDER, 10, random);
        AsgoConfig config = AsgoConfig.published().withRefresh(Refresh.adaptive());
        try (var trial = new RootTrial(backend, config, ORDER)) {
            assertEquals(Map.of("eigh", 1, "syrk", 1), rootCost(trial, v));
            assertEquals(Map.of("symm", 1, "syrk", 1), rootCost(trial, v));
        }
    }

    @Test
    void stepsTakeASyrkAndAProductAndCorrectedOnesThree() {
        AsgoConfig config = AsgoConfig.published().withRefreshInterval(2);
        assertEquals(Map.of("syrk", 1, "gemm", 1), secondStepCost(config));
        assertEquals(Map.of("syrk", 1, "gemm", 3), secondStepCost(config.withEigenvalueCorrection(true)));
    }

    private Map<String, Integer> secondStepCost(AsgoConfig config) {
        try (Arena arena = Arena.ofConfined()) {
            Matrix weight = backend.allocate(arena, ORDER, 2 * ORDER);
            Matrix gradient = backend.allocate(arena, ORDER, 2 * ORDER);
            RuleState state = new Asgo(config).newState(backend, arena, ORDER, 2 * ORDER);
            Dense.set(gradient, Dense.random(ORDER, 2 * ORDER, random));
            state.step(weight, gradient, 0.1f, 0);
            counts.clear();
            state.step(weight, gradient, 0.1f, 0);
            return Map.copyOf(counts);
        }
    }
}
