// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.optim;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.BackendName;
import org.asgo4j.linalg.Backends;
import org.asgo4j.linalg.ElementType;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Every option of ASGO and their combinations, step by step against the formulas in float64. */
class AsgoVariantsTest {
    private static final long SEED = 808;
    private static final double LEARNING_RATE = 0.25;
    private static final int STEPS = 7;
    private static final double DELTA = 1e-3;

    /** Wide, tall, square, a row, a column. */
    private static final int[][] SHAPES = {{4, 9}, {9, 4}, {6, 6}, {1, 7}, {7, 1}};

    private final Random random = new Random(SEED);
    private final Backend backend = Backends.open(BackendName.OPENBLAS);

    private static AsgoConfig damped() {
        return AsgoConfig.published().withDamping(Damping.relative(DELTA));
    }

    /** A configuration with its options as its name. */
    private static Named<AsgoConfig> named(AsgoConfig c) {
        return Named.of("%s%s %s %s %s %s %s".formatted(c.eigenvalueCorrection() ? "corrected " : "",
                c.nesterov() ? "nesterov" : "plain", c.gramSource(), c.accumulation(), c.root().method(), c.refresh(),
                c.side()), c);
    }

    static Stream<Named<AsgoConfig>> uncorrected() {
        List<AsgoConfig> configs = new ArrayList<>();
        for (GramSource source : GramSource.values()) {
            for (Accumulation accumulation : Accumulation.values()) {
                for (boolean nesterov : new boolean[] {false, true}) {
                    AsgoConfig p = damped();
                    AsgoConfig config = new AsgoConfig(p.beta1(), nesterov, p.beta2(), source, accumulation, p.root(),
                            p.refresh(), false, p.side(), p.sizeLimit(), p.scaling());
                    configs.add(config);
                    configs.add(config.withRefreshInterval(3));
                    configs.add(config.withRootMethod(RootMethod.QR));
                }
            }
        }
        configs.add(damped().withRefresh(new Refresh.Adaptive(0.3, 4)));
        configs.add(damped().withRefresh(new Refresh.EarlyThenEvery(3, 3)));
        configs.add(damped().withBetas(0, 0));
        configs.add(damped().withSide(PreconditionerSide.LEFT).withNesterov(true));
        configs.add(damped().withSide(PreconditionerSide.RIGHT).withGramSource(GramSource.MOMENTUM));
        return configs.stream().map(AsgoVariantsTest::named);
    }

    static Stream<Named<AsgoConfig>> corrected() {
        List<AsgoConfig> configs = new ArrayList<>();
        for (GramSource source : GramSource.values()) {
            for (boolean nesterov : new boolean[] {false, true}) {
                AsgoConfig config = damped().withGramSource(source).withNesterov(nesterov)
                        .withEigenvalueCorrection(true);
                configs.add(config);
                configs.add(config.withRefreshInterval(3));
                configs.add(config.withRootMethod(RootMethod.QR).withRefreshInterval(2));
                configs.add(config.withRefresh(new Refresh.Adaptive(0.3, 4)));
                configs.add(config.withRootMethod(RootMethod.QR).withRefresh(new Refresh.Adaptive(0.3, 4)));
            }
        }
        return configs.stream().map(AsgoVariantsTest::named);
    }

    private List<double[][]> gradients(int rows, int cols) {
        double[][] mean = Dense.random(rows, cols, random); // what momentum finds
        return IntStream.range(0, STEPS).mapToObj(t -> {
            double[][] g = Dense.plus(mean, 1, Dense.random(rows, cols, random));
            for (double[] row : g) {
                for (int j = 0; j < cols; j++) row[j] = (float) row[j];
            }
            return g;
        }).toList();
    }

    private void follows(AsgoConfig config, int rows, int cols, double tolerance) {
        follows(config, gradients(rows, cols), tolerance);
    }

    private void follows(AsgoConfig config, List<double[][]> g, double tolerance) {
        int rows = g.getFirst().length;
        int cols = g.getFirst()[0].length;
        var dense = new DenseAsgo(config, rows, cols);
        List<double[][]> weights = Run.weights(backend, new Asgo(config), g, (float) LEARNING_RATE);
        for (int t = 0; t < g.size(); t++) {
            double difference = Dense.relativeDifference(weights.get(t), dense.step(g.get(t), LEARNING_RATE));
            assertTrue(difference < tolerance, "%d×%d step %d: %s ≥ %s seed=%d"
                    .formatted(rows, cols, t + 1, difference, tolerance, SEED));
        }
    }

    /** A root of condition 1/δ is off by 4k·u/δ, as in InverseRootTest; the products add less. */
    @ParameterizedTest
    @MethodSource("uncorrected")
    void followsItsFormulas(AsgoConfig config) {
        for (int[] shape : SHAPES) {
            int order = Preconditioner.order(config.side(), shape[0], shape[1]);
            follows(config, shape[0], shape[1], 4 * order * 0x1p-24 / DELTA);
        }
    }

    /**
     * An eigenvector is off by k·u·λ_max/gap, and an element of QG relatively by that over its share of G: 1e-3 takes
     * gaps of a twentieth and shares of a hundredth.
     */
    @ParameterizedTest
    @MethodSource("corrected")
    void correctedEigenvaluesFollowTheirFormulas(AsgoConfig config) {
        for (int[] shape : SHAPES) follows(config, shape[0], shape[1], 1e-3);
        follows(config.withSide(PreconditionerSide.RIGHT), 7, 5, 1e-3);
        follows(config.withSide(PreconditionerSide.LEFT), 5, 6, 1e-3);
    }

    /** The unit moves with the gradients: at once where they grow, and where they shrink once the state has, too. */
    @ParameterizedTest
    @ValueSource(ints = {-40, 40})
    void followsItsFormulasThroughAJump(int exponent) {
        AsgoConfig config = damped().withBetas(0.1, 0.1);
        for (int[] shape : new int[][] {{4, 9}, {9, 4}}) {
            List<double[][]> g = new ArrayList<>(gradients(shape[0], shape[1]));
            for (int i = 0; i < 4; i++) {
                gradients(shape[0], shape[1]).forEach(each -> g.add(Dense.scaled(Math.scalb(1.0, exponent), each)));
            }
            follows(config.withEigenvalueCorrection(true), g, 1e-3);
            for (RootMethod method : List.of(RootMethod.EIGEN, RootMethod.QR, RootMethod.NEWTON)) {
                follows(config.withRootMethod(method), g, 4 * 4 * 0x1p-24 / DELTA);
            }
        }
    }

    /** In float64 what is left is float32's rounding of momentum, root and weight. */
    @ParameterizedTest
    @EnumSource(GramSource.class)
    void float64RootsFollowClosely(GramSource source) {
        AsgoConfig config = damped().withGramSource(source).withNesterov(true).withRootPrecision(ElementType.FLOAT64);
        for (int[] shape : SHAPES) follows(config, shape[0], shape[1], 60 * 0x1p-24 / Math.sqrt(DELTA));
    }

    @ParameterizedTest
    @EnumSource(UpdateScaling.class)
    void scalings(UpdateScaling scaling) {
        for (int[] shape : SHAPES) {
            int order = Math.min(shape[0], shape[1]);
            follows(damped().withScaling(scaling).withNesterov(true), shape[0], shape[1], 4 * order * 0x1p-24 / DELTA);
        }
    }
}
