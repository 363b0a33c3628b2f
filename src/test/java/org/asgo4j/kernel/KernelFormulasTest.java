// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.lang.foreign.Arena;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.asgo4j.testing.Seeds;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Each kernel computes its formula, to the rounding errors it is allowed. */
class KernelFormulasTest {
    /** Unit roundoff of float32. */
    private static final double U = 0x1p-24;

    private static final int COUNT = 4999;

    private final long seed = Seeds.next();
    private final SplittableRandom random = new SplittableRandom(seed);

    static Stream<Named<Kernels>> twins() {
        return Stream.of(Named.of("scalar", Kernels.scalar()), Named.of("vector", Kernels.vector()));
    }

    @ParameterizedTest
    @MethodSource("twins")
    void axpbyIsAFusedMultiplyAdd(Kernels kernels) {
        try (Arena arena = Arena.ofConfined()) {
            Strip x = Strip.floats(arena, COUNT, 1, random);
            Strip y = Strip.floats(arena, COUNT, 2, random);
            float[] old = y.toArray();
            kernels.axpby(1.3f, x.segment(), x.from(), -0.7f, y.segment(), y.from(), COUNT);
            for (int i = 0; i < COUNT; i++) {
                assertEquals(Math.fma(1.3f, x.get(i), -0.7f * old[i]), y.get(i), message(i));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("twins")
    void axpbyWithoutBetaReadsNoY(Kernels kernels) {
        try (Arena arena = Arena.ofConfined()) {
            Strip x = Strip.floats(arena, COUNT, 0, random);
            Strip y = Strip.allocate(arena, COUNT, 0, Float.BYTES);
            kernels.axpby(2, x.segment(), x.from(), -0f, y.segment(), y.from(), COUNT);
            for (int i = 0; i < COUNT; i++) {
                assertEquals(2 * x.get(i), y.get(i), message(i));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("twins")
    void adamwFollowsTorchOverManySteps(Kernels kernels) {
        double rate = 3e-3;
        double decay = 0.1;
        double beta1 = 0.9;
        double beta2 = 0.95;
        double epsilon = 1e-8;
        int steps = 20;
        try (Arena arena = Arena.ofConfined()) {
            Strip weight = Strip.floats(arena, COUNT, 3, random);
            Strip m = Strip.allocate(arena, COUNT, 1, Float.BYTES);
            Strip v = Strip.allocate(arena, COUNT, 2, Float.BYTES);
            double[] w = new double[COUNT];
            double[] first = new double[COUNT];
            double[] second = new double[COUNT];
            for (int i = 0; i < COUNT; i++) {
                w[i] = weight.get(i);
                m.set(i, 0);
                v.set(i, 0);
            }
            for (int step = 1; step <= steps; step++) {
                Strip gradient = Strip.floats(arena, COUNT, 0, random);
                double correction1 = 1 - Math.pow(beta1, step);
                double correction2 = 1 - Math.pow(beta2, step);
                kernels.adamw(weight.segment(), weight.from(), gradient.segment(), gradient.from(), m.segment(),
                        m.from(), v.segment(), v.from(), COUNT, 0.5f, beta1, beta2, (float) epsilon,
                        (float) (rate / correction1), (float) (1 / Math.sqrt(correction2)),
                        (float) (1 - rate * decay));
                for (int i = 0; i < COUNT; i++) {
                    double g = 0.5 * gradient.get(i);
                    first[i] = beta1 * first[i] + (1 - beta1) * g;
                    second[i] = beta2 * second[i] + (1 - beta2) * g * g;
                    double denominator = Math.sqrt(second[i]) / Math.sqrt(correction2) + epsilon;
                    w[i] = (1 - rate * decay) * w[i] - rate / correction1 * first[i] / denominator;
                }
            }
            // A step rounds |w| ≤ 9 three times: the decay factor, its product, the sum. Corrected, m/√v < 5.
            // m is a sum of terms ≤ 4 that may cancel, off by 3u·4 after each rounding; 30 times that, for a √v
            // that is small beside the largest gradient, is 100u of the largest update.
            double tolerance = steps * (3 * 9 * U + 100 * U * 5 * rate);
            for (int i = 0; i < COUNT; i++) {
                assertEquals(w[i], weight.get(i), tolerance, message(i));
            }
        }
    }

    /** Each is a chain of roundings that the test repeats, so they agree exactly. */
    @ParameterizedTest
    @MethodSource("twins")
    void productsAndSquaresAreElementwise(Kernels kernels) {
        try (Arena arena = Arena.ofConfined()) {
            Strip x = Strip.floats(arena, COUNT, 1, random);
            Strip product = Strip.floats(arena, COUNT, 2, random);
            Strip scaled = x.copy(arena);
            Strip sum = Strip.floats(arena, COUNT, 1, random);
            float[] oldSum = sum.toArray();
            Strip squares = Strip.floats(arena, COUNT, 3, random);
            Strip wide = Strip.doubles(arena, COUNT, 1, random);
            float[] oldProduct = product.toArray();
            float[] oldSquares = squares.toArray();
            double[] oldWide = new double[COUNT];
            for (int i = 0; i < COUNT; i++) {
                oldWide[i] = wide.getDouble(i);
            }
            kernels.multiply(x.segment(), x.from(), product.segment(), product.from(), COUNT);
            kernels.scaleAndAdd(0.3f, scaled.segment(), scaled.from(), sum.segment(), sum.from(), COUNT);
            kernels.addSquares(0.3f, x.segment(), x.from(), 0.7f, squares.segment(), squares.from(), COUNT);
            kernels.addSquaresDouble(0.3, x.segment(), x.from(), 0.7, wide.segment(), wide.from(), COUNT);
            for (int i = 0; i < COUNT; i++) {
                assertEquals(x.get(i) * oldProduct[i], product.get(i), message(i));
                assertEquals(0.3f * x.get(i), scaled.get(i), message(i));
                assertEquals(oldSum[i] + 0.3f * x.get(i), sum.get(i), message(i));
                assertEquals(Math.fma(0.3f * x.get(i), x.get(i), 0.7f * oldSquares[i]), squares.get(i), message(i));
                assertEquals(Math.fma(0.3 * x.get(i), x.get(i), 0.7 * oldWide[i]), wide.getDouble(i), message(i));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("twins")
    void divisionByARootIsZeroWhereTheRootIs(Kernels kernels) {
        float[][] offsets = {{0, 0}, {0.5f, 0}, {0, 0.5f}, {1e-10f, 1e-8f}};
        try (Arena arena = Arena.ofConfined()) {
            Strip x = Strip.floats(arena, COUNT, 1, random);
            Strip v = Strip.floats(arena, COUNT, 2, random);
            for (int i = 0; i < COUNT; i++) {
                v.set(i, random.nextInt(4) == 0 ? 0 : v.get(i) * v.get(i));
            }
            for (float[] offset : offsets) {
                Strip y = Strip.allocate(arena, COUNT, 3, Float.BYTES);
                kernels.divideByRoot(x.segment(), x.from(), v.segment(), v.from(), offset[0], offset[1], y.segment(),
                        y.from(), COUNT);
                for (int i = 0; i < COUNT; i++) {
                    double denominator = Math.sqrt((double) v.get(i) + offset[0]) + offset[1];
                    double expected = denominator == 0 ? 0 : x.get(i) / denominator;
                    // Roundings: the sum and half of it in the root, the root, the other sum, the quotient.
                    assertEquals(expected, y.get(i), 5 * U * Math.abs(expected), message(i));
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("twins")
    void lionStepsByTheSignOfItsDirection(Kernels kernels) {
        try (Arena arena = Arena.ofConfined()) {
            Strip weight = Strip.floats(arena, COUNT, 3, random);
            Strip gradient = Strip.floats(arena, COUNT, 0, random);
            Strip m = Strip.floats(arena, COUNT, 1, random);
            for (int i = 0; i < COUNT; i += 5) {
                gradient.set(i, 0);
                m.set(i, i % 2 == 0 ? 0 : -0f);
            }
            m.set(1, Float.NaN);
            float[] oldWeight = weight.toArray();
            float[] oldM = m.toArray();
            kernels.lion(weight.segment(), weight.from(), gradient.segment(), gradient.from(), m.segment(), m.from(),
                    COUNT, 0.5f, 0.75, 0.875, 0.125f, 0.5f);
            assertEquals(Float.NaN, weight.get(1), "a NaN must not get lost");
            for (int i = 0; i < COUNT; i++) {
                if (i == 1) continue;
                double g = 0.5 * gradient.get(i);
                double direction = Math.signum(0.75 * oldM[i] + 0.25 * g); // no rounding decides the sign of such sums
                assertEquals(0.5f * oldWeight[i] - 0.125f * (float) direction, weight.get(i), message(i));
                // Rounded: β₂m and the sum.
                double largest = Math.abs(oldM[i]) + Math.abs(g);
                assertEquals(0.875 * oldM[i] + 0.125 * g, m.get(i), 2 * U * largest, message(i));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("twins")
    void sumOfSquaresIsADoubleSum(Kernels kernels) {
        try (Arena arena = Arena.ofConfined()) {
            int count = 3 * ScalarKernels.SQUARES_BLOCK + 77;
            Strip x = Strip.floats(arena, count, 1, random);
            double expected = 0;
            for (int i = 0; i < count; i++) {
                expected += (double) x.get(i) * x.get(i);
            }
            // Terms are exact and positive: each sum is off by at most its number of additions times 2⁻⁵³, relatively.
            assertEquals(expected, kernels.sumOfSquares(x.segment(), x.from(), count), expected * 2 * count * 0x1p-53,
                    message(0));
        }
    }

    @ParameterizedTest
    @MethodSource("twins")
    void sumOfSquaresDoesNotOverflow(Kernels kernels) {
        try (Arena arena = Arena.ofConfined()) {
            Strip x = Strip.allocate(arena, 100, 0, Float.BYTES);
            for (int i = 0; i < 100; i++) {
                x.set(i, Float.MAX_VALUE);
            }
            double expected = 100 * (double) Float.MAX_VALUE * Float.MAX_VALUE;
            assertEquals(expected, kernels.sumOfSquares(x.segment(), x.from(), 100), expected * 100 * 0x1p-53);
        }
    }

    @ParameterizedTest
    @MethodSource("twins")
    void firstNonFiniteFindsEveryPosition(Kernels kernels) {
        float[] nonFinite = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY};
        try (Arena arena = Arena.ofConfined()) {
            int count = ScalarKernels.SQUARES_BLOCK + 203;
            Strip x = Strip.floats(arena, count, 1, random);
            x.set(5, Float.MAX_VALUE);
            x.set(6, -Float.MAX_VALUE);
            assertEquals(-1, kernels.firstNonFinite(x.segment(), x.from(), count), message(0));
            for (int i = count - 1; i >= 0; i -= 1 + random.nextInt(7)) {
                x.set(i, nonFinite[random.nextInt(nonFinite.length)]);
                assertEquals(i, kernels.firstNonFinite(x.segment(), x.from(), count), message(i));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("twins")
    void wideningIsExactAndNarrowingUndoesIt(Kernels kernels) {
        try (Arena arena = Arena.ofConfined()) {
            Strip x = Strip.special(arena, COUNT, 1, random);
            Strip wide = Strip.allocate(arena, COUNT, 2, Double.BYTES);
            Strip back = Strip.allocate(arena, COUNT, 1, Float.BYTES);
            kernels.widen(x.segment(), x.from(), wide.segment(), wide.from(), COUNT);
            kernels.narrow(wide.segment(), wide.from(), back.segment(), back.from(), COUNT);
            for (int i = 0; i < COUNT; i++) {
                assertEquals((double) x.get(i), wide.getDouble(i), message(i));
                assertEquals(x.get(i), back.get(i), message(i));
            }
            kernels.scaleDouble(-0.5, wide.segment(), wide.from(), COUNT);
            for (int i = 0; i < COUNT; i++) {
                assertEquals(-0.5 * x.get(i), wide.getDouble(i), message(i));
            }
        }
    }

    @Test
    void rangesOutsideTheSegmentThrow() {
        try (Arena arena = Arena.ofConfined()) {
            Strip x = Strip.floats(arena, 100, 0, random);
            long elements = x.segment().byteSize() / Float.BYTES;
            twins().forEach(twin -> {
                Kernels kernels = twin.getPayload();
                assertThrows(IndexOutOfBoundsException.class, () -> kernels.scale(1, x.segment(), 0, elements + 1));
                assertThrows(IndexOutOfBoundsException.class, () -> kernels.scale(1, x.segment(), -1, 100));
                assertThrows(IndexOutOfBoundsException.class, () -> kernels.sumOfSquares(x.segment(), 1, elements));
            });
        }
    }

    private String message(int i) {
        return "i=%d seed=%d".formatted(i, seed);
    }
}
