// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.optim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.reflect.RecordComponent;
import java.util.stream.Stream;
import org.asgo4j.linalg.BackendName;
import org.asgo4j.linalg.ElementType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Configurations say what is wrong with a value, and the published one holds the paper's numbers. */
class ConfigTest {

    @Test
    void publishedDefaultsAreThePapers() {
        AsgoConfig config = AsgoConfig.published();
        assertEquals(0.9, config.beta1());
        assertEquals(0.8, config.beta2());
        assertEquals(Root.eigen(Damping.absolute(1e-10)), config.root());
        assertEquals(Refresh.every(1), config.refresh());
        assertEquals(GramSource.GRADIENT, config.gramSource());
        assertFalse(config.nesterov());
        assertEquals(PreconditionerSide.AUTO, config.side());
        assertEquals(UpdateScaling.RMS, config.scaling());
        assertEquals(new AdamWConfig(0.9, 0.95, 1e-8), AdamWConfig.published());
    }

    @Test
    void defaultsAreWhatWasMeasured() {
        AsgoConfig config = AsgoConfig.defaults();
        assertEquals(
                AsgoConfig.published()
                        .withBetas(0.9, 0)
                        .withNesterov(true)
                        .withGramSource(GramSource.MOMENTUM)
                        .withRoot(new Root(RootMethod.ZOLOTAREV, ElementType.FLOAT32, Damping.relative(1e-6))),
                config);
    }

    static Stream<Record> configurations() {
        return Stream.of(AsgoConfig.published(), DasgoConfig.published(), MuonConfig.published(),
                ShampooConfig.published(), SoapConfig.published(), AdamWConfig.published(), SgdConfig.common(),
                LionConfig.published(), OptimizerConfig.published());
    }

    /** Each component has its method, which changes that one and no other. */
    @ParameterizedTest
    @MethodSource("configurations")
    void everyComponentCanBeChangedAlone(Record config) throws ReflectiveOperationException {
        RecordComponent[] components = config.getClass().getRecordComponents();
        for (RecordComponent changed : components) {
            String name = changed.getName();
            String with = "with" + Character.toUpperCase(name.charAt(0)) + name.substring(1);
            Object other = other(changed.getAccessor().invoke(config));
            Object result = config.getClass().getMethod(with, changed.getType()).invoke(config, other);
            for (RecordComponent each : components) {
                Object expected = each == changed ? other : each.getAccessor().invoke(config);
                assertEquals(expected, each.getAccessor().invoke(result), with + ": " + each.getName());
            }
        }
    }

    /** Another value that every configuration takes. */
    private static Object other(Object value) {
        return switch (value) {
            case Double number -> number / 2;
            case Boolean truth -> !truth;
            case Integer number -> number + 1;
            case Damping any -> Damping.relative(0.5);
            case Root any -> Root.eigen(Damping.relative(0.5));
            case Refresh any -> Refresh.every(7);
            case SizeLimit any -> new SizeLimit(7, SizeLimit.Beyond.SPLIT);
            case Enum<?> constant -> {
                Object[] all = constant.getDeclaringClass().getEnumConstants();
                yield all[(constant.ordinal() + 1) % all.length];
            }
            default -> throw new IllegalArgumentException("no other value of " + value.getClass());
        };
    }

    @Test
    void badValuesAreNamedWithWhatWasExpected() {
        AsgoConfig config = AsgoConfig.published();
        refused("beta1 must be in [0, 1), got 1.0", () -> config.withBetas(1, 0.8));
        refused("beta2 must be in [0, 1), got NaN", () -> config.withBetas(0.9, Double.NaN));
        refused("refresh interval must be at least 1 step, got 0", () -> config.withRefreshInterval(0));
        refused("damping value must be finite and at least 0, got -1.0E-6", () -> Damping.relative(-1e-6));
        refused("damping kind must not be null", () -> new Damping(null, 1e-6));
        refused("relative damping must be below 1, got 1.0", () -> Damping.relative(1));
        refused("pseudo-inverse tolerance must be below 1, got 2.0", () -> Damping.pseudoInverse(2));
        for (double bad : new double[] {0, -1e-8, 1e-46, Double.NaN, Double.POSITIVE_INFINITY}) {
            String message = "epsilon must be finite and positive as a float, got " + bad;
            refused(message, () -> new AdamWConfig(0.9, 0.95, bad));
        }
        refused("clipNorm must be positive, got 0.0", () -> OptimizerConfig.published().withClipNorm(0));
        refused("observeEvery must be at least 0 steps, got -1",
                () -> OptimizerConfig.published().withObserveEvery(-1));
        refused("adaptive refresh needs a root with an eigenbasis (EIGEN or QR), got NEWTON",
                () -> config.withRootMethod(RootMethod.NEWTON).withRefresh(Refresh.adaptive()));
        refused("eigenvalue correction needs a root with an eigenbasis (EIGEN or QR), got POLAR_EXPRESS",
                () -> config.withRootMethod(RootMethod.POLAR_EXPRESS).withEigenvalueCorrection(true));
        refused("root: NEWTON takes damping ABSOLUTE or RELATIVE, got PSEUDO_INVERSE",
                () -> config.withRootMethod(RootMethod.NEWTON).withDamping(Damping.pseudoInverse(1e-6)));
        refused("root: TRIDIAGONAL is float32 only, got FLOAT64",
                () -> config.withRootMethod(RootMethod.TRIDIAGONAL).withRootPrecision(ElementType.FLOAT64));
        refused("maxStaleness must be at least the interval 10, got 9", () -> Refresh.asynchronous(10, 9));
        refused("tolerance must be in (0, 1), got 1.0", () -> new Refresh.Adaptive(1, 50));
        refused("maxPreconditionerSize must be at least 1, got 0",
                () -> new SizeLimit(0, SizeLimit.Beyond.SPLIT));
    }

    @Test
    void updateScalingsAreTheirFormulas() {
        assertEquals(0.2 * Math.sqrt(12 * 3) / 5, UpdateScaling.RMS.factor(5, 12, 3));
        assertEquals(0, UpdateScaling.RMS.factor(0, 12, 3), "a zero update has no direction");
        assertEquals(0.2 * Math.sqrt(12), UpdateScaling.SPECTRAL.factor(5, 12, 3));
        assertEquals(0.2 * Math.sqrt(12), UpdateScaling.SPECTRAL.factor(5, 3, 12));
        assertEquals(2, UpdateScaling.ASPECT_RATIO.factor(5, 12, 3));
        assertEquals(1, UpdateScaling.ASPECT_RATIO.factor(5, 3, 12));
        assertEquals(1, UpdateScaling.NONE.factor(5, 12, 3));
    }

    private static void refused(String part, Runnable action) {
        var thrown = assertThrows(IllegalArgumentException.class, action::run);
        assertTrue(thrown.getMessage().contains(part), thrown.getMessage());
    }

    @Test
    void onAGpuTheDefaultRootIsMadeOfProducts() {
        assertEquals(AsgoConfig.defaults(), AsgoConfig.defaults(BackendName.OPENBLAS));
        assertEquals(AsgoConfig.defaults().withRootMethod(RootMethod.POLAR_EXPRESS),
                AsgoConfig.defaults(BackendName.CUDA));
    }
}
