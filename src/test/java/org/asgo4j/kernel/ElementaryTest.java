// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.kernel;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.function.DoubleUnaryOperator;
import jdk.incubator.vector.FloatVector;
import org.asgo4j.testing.Seeds;
import org.junit.jupiter.api.Test;

/** The errors that {@link Elementary} states, measured against float64, and its vector twin. */
class ElementaryTest {
    private static final int SAMPLES = 200_000;

    /** Vectors of random bits. */
    private static final int VECTORS = 4000;

    /** Φ(x) − ½ = φ(x)·(x + x³/3 + x⁵/(3·5) + …): all terms of one sign, so nothing cancels. */
    static double halfErf(double x) {
        double term = x;
        double sum = 0;
        for (int k = 1; Math.abs(term) > 1e-18 * Math.abs(sum); k++) {
            sum += term;
            term *= x * x / (2 * k + 1);
        }
        return density(x) * sum;
    }

    static double density(double x) {
        return Math.exp(-0.5 * x * x) / Math.sqrt(2 * Math.PI);
    }

    @Test
    void referenceKnowsTheNormalDistribution() {
        // NIST Handbook, table of Φ(x) − ½; and the tail 1 − Φ(5) = 2.866515719e-7.
        assertEquals(0.341344746, halfErf(1), 1e-9);
        assertEquals(0.477249868, halfErf(2), 1e-9);
        assertEquals(0.5 - 2.866515719e-7, halfErf(5), 1e-15);
    }

    @Test
    void expIsWithinTwoUlp() {
        double worst = 0;
        for (int i = 0; i <= SAMPLES; i++) {
            float x = Elementary.EXP_LOWER + (Elementary.EXP_UPPER - Elementary.EXP_LOWER) * i / SAMPLES;
            worst = Math.max(worst, ulps(Elementary.exp(x), Math.exp(x)));
        }
        assertTrue(worst < 2, "worst error " + worst + " ulp");
    }

    private static double ulps(float actual, double exact) {
        return Math.abs(actual - exact) / Math.ulp((float) exact);
    }

    @Test
    void expBelowItsRange() {
        assertEquals(1, Elementary.exp(0));
        assertEquals(1, Elementary.exp(-0f));
        assertEquals(1, Elementary.exp(Float.MIN_VALUE));
        assertEquals(0, Elementary.exp(Math.nextDown(Elementary.EXP_LOWER)));
        assertEquals(0, Elementary.exp(-Float.MAX_VALUE));
        assertEquals(0, Elementary.exp(Float.NEGATIVE_INFINITY));
        assertTrue(Float.isNaN(Elementary.exp(Float.NaN)));
        assertTrue(Float.isNaN(Elementary.exp(Float.intBitsToFloat(0x7FABCDEF))));
    }

    @Test
    void normalIsWithinItsBound() {
        assertWithin(2.5e-7, x -> Elementary.normal((float) x), x -> 0.5 + halfErf(x), x -> 1);
    }

    @Test
    void geluIsWithinItsBound() {
        assertWithin(3e-7, x -> Elementary.gelu((float) x), x -> x * (0.5 + halfErf(x)), Math::abs);
    }

    @Test
    void geluSlopeIsWithinItsBound() {
        assertWithin(4e-7, x -> Elementary.geluSlope((float) x), x -> 0.5 + halfErf(x) + x * density(x), x -> 1);
    }

    private static void assertWithin(double bound, DoubleUnaryOperator actual, DoubleUnaryOperator exact,
            DoubleUnaryOperator scale) {
        double worst = 0;
        double where = 0;
        for (int i = -SAMPLES / 2; i <= SAMPLES / 2; i++) {
            double x = (float) (7.0 * i / (SAMPLES / 2));
            double error = Math.abs(actual.applyAsDouble(x) - exact.applyAsDouble(x)) / scale.applyAsDouble(x);
            if (x != 0 && !(error <= worst)) {
                worst = error;
                where = x;
            }
        }
        assertTrue(worst < bound, "error " + worst + " at " + where);
    }

    @Test
    void geluSaturatesExactly() {
        for (float x = Elementary.NORMAL_END + 1; x < 1e30f; x *= 3) {
            assertEquals(x, Elementary.gelu(x));
            assertEquals(0, Elementary.gelu(-x), 0f);
            assertEquals(1, Elementary.geluSlope(x));
            assertEquals(0, Elementary.geluSlope(-x));
        }
        assertEquals(Float.POSITIVE_INFINITY, Elementary.gelu(Float.POSITIVE_INFINITY));
        assertTrue(Float.isNaN(Elementary.gelu(Float.NaN)));
    }

    @Test
    void vectorTwinsAgreeOnAnyBits() {
        long seed = Seeds.next();
        var random = new SplittableRandom(seed);
        int lanes = Lanes.FLOATS.length();
        float[] x = new float[lanes];
        float[] ones = new float[lanes];
        Arrays.fill(ones, 1);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment values = arena.allocate(JAVA_FLOAT, lanes);
            MemorySegment outer = arena.allocateFrom(JAVA_FLOAT, ones);
            MemorySegment gelu = arena.allocate(JAVA_FLOAT, lanes);
            MemorySegment slope = arena.allocate(JAVA_FLOAT, lanes);
            for (int round = 0; round < VECTORS; round++) {
                for (int i = 0; i < lanes; i++) {
                    boolean anything = random.nextBoolean();
                    x[i] = anything ? Float.intBitsToFloat(random.nextInt()) : (float) random.nextDouble(-100, 100);
                }
                MemorySegment.copy(x, 0, values, JAVA_FLOAT, 0, lanes);
                float[] exp = VectorElementary.exp(FloatVector.fromArray(Lanes.FLOATS, x, 0)).toArray();
                LayerKernels.vector().gelu(values, 0, gelu, 0, lanes);
                LayerKernels.vector().geluBackward(values, 0, outer, 0, slope, 0, lanes);
                for (int i = 0; i < lanes; i++) {
                    String where = "x=%s (%08x) seed=%d".formatted(x[i], Float.floatToRawIntBits(x[i]), seed);
                    assertEquals(Elementary.exp(x[i]), exp[i], where);
                    assertEquals(Elementary.gelu(x[i]), gelu.getAtIndex(JAVA_FLOAT, i), where);
                    assertEquals(Elementary.geluSlope(x[i]), slope.getAtIndex(JAVA_FLOAT, i), where);
                }
            }
        }
    }
}
