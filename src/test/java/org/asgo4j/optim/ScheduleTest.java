// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.optim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.util.stream.Stream;
import org.asgo4j.optim.Schedule.InverseSquareRoot;
import org.asgo4j.optim.Schedule.OneCycle;
import org.asgo4j.optim.Schedule.WarmupCosine;
import org.asgo4j.optim.Schedule.WarmupStableDecay;
import org.asgo4j.optim.Schedule.WarmupStableDecay.Decay;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

class ScheduleTest {
    private static final long STEPS = 300;

    /** Roundings between a formula in double and the float returned, with float parameters such as 0.02f. */
    private static final double ROUNDING = 4 * 0x1p-24;

    /** As torch's LinearLR(1/w) for w steps followed by CosineAnnealingLR(eta_min = 0.02·peak) computes it. */
    @Test
    void publishedScheduleWarmsUpLinearlyAndFallsAsACosine() {
        Schedule schedule = Schedule.published(0.01f, 2000);
        assertRate(0.01 / 200, schedule, 1);
        assertRate(0.01 * (1 / 200.0 + (1 - 1 / 200.0) * 100 / 200.0), schedule, 101);
        assertRate(0.01, schedule, 201);
        assertRate(0.01 * (0.02 + 0.98 / 2), schedule, 201 + 900);
        assertRate(0.01 * 0.02, schedule, 2001);
        assertRate(0.01 * 0.02, schedule, 1_000_000);
    }

    @Test
    void fewStepsHaveNoWarmUp() {
        assertEquals(1, Schedule.published(1, 5).learningRate(1));
        assertEquals(1, Schedule.warmupStableDecay(1, 0, 5, 0.2f, Decay.LINEAR).learningRate(1));
        assertEquals(1, Schedule.inverseSquareRoot(1, 1).learningRate(1));
    }

    /** Each schedule with peak 1, the first and last step at the peak, and the most that one step may change. */
    static Stream<Arguments> shapes() {
        return Stream.of(
                arguments(Schedule.published(1, STEPS), 31, 31, 1 / 30.0),
                arguments(Schedule.warmupStableDecay(1, 30, STEPS, 0.2f, Decay.LINEAR), 30, 241, 1 / 30.0),
                arguments(Schedule.warmupStableDecay(1, 30, STEPS, 0.2f, Decay.ONE_MINUS_SQRT), 30, 241,
                        Math.sqrt(1 / 60.0)),
                arguments(new WarmupStableDecay(1, 0, STEPS, STEPS, Decay.LINEAR, 0.25f), 1, 1, 1 / 300.0),
                arguments(Schedule.oneCycle(1, STEPS), 90, 90, Math.PI / 2 / 89),
                arguments(Schedule.inverseSquareRoot(1, 30), 30, 30, 1 / 30.0));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("shapes")
    void risesToThePeakStaysAndFalls(Schedule schedule, long firstAtPeak, long lastAtPeak, double steepest) {
        for (long step = 2; step <= STEPS; step++) {
            float before = schedule.learningRate(step - 1);
            float now = schedule.learningRate(step);
            int expected = step <= firstAtPeak ? 1 : step <= lastAtPeak ? 0 : -1;
            assertEquals(expected, Math.signum(now - before), "step " + step + ": " + before + " → " + now);
        }
        assertEquals(1, schedule.learningRate(firstAtPeak));
        assertEquals(1, schedule.learningRate(lastAtPeak));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("shapes")
    void doesNotJump(Schedule schedule, long firstAtPeak, long lastAtPeak, double steepest) {
        for (long step = 2; step <= 2 * STEPS; step++) {
            double change = schedule.learningRate(step) - schedule.learningRate(step - 1);
            assertTrue(Math.abs(change) <= steepest + ROUNDING, "step " + step + " changes by " + change);
        }
    }

    @ParameterizedTest
    @EnumSource
    void warmupStableDecayFollowsItsFormula(Decay decay) {
        var schedule = new WarmupStableDecay(0.5f, 20, 100, 400, decay, 0.125f);
        assertRate(0.5 / 20, schedule, 1);
        assertRate(0.5 * 7 / 20, schedule, 7);
        assertRate(0.5, schedule, 20);
        assertRate(0.5, schedule, 150);
        assertRate(0.5, schedule, 301);
        for (int i = 1; i < 100; i++) {
            double left = decay == Decay.LINEAR ? 1 - i / 100.0 : 1 - Math.sqrt(i / 100.0);
            assertRate(0.5 * (0.125 + 0.875 * left), schedule, 301 + i);
        }
        assertRate(0.5 * 0.125, schedule, 401);
        assertRate(0.5 * 0.125, schedule, Long.MAX_VALUE);
    }

    @Test
    void decayIsAFractionOfTheStepsButAtLeastOne() {
        assertEquals(new WarmupStableDecay(1, 3, 7, 33, Decay.LINEAR, 0),
                Schedule.warmupStableDecay(1, 3, 33, 0.2f, Decay.LINEAR));
        assertEquals(new WarmupStableDecay(1, 0, 1, 4, Decay.LINEAR, 0),
                Schedule.warmupStableDecay(1, 0, 4, 0.1f, Decay.LINEAR));
    }

    /** Any step of the plateau can be where another decay starts: up to there the rates are the same. */
    @Test
    void aLongerPlateauSharesItsBeginning() {
        Schedule shorter = new WarmupStableDecay(0.1f, 10, 50, 200, Decay.LINEAR, 0);
        Schedule longer = new WarmupStableDecay(0.1f, 10, 50, 1000, Decay.LINEAR, 0);
        for (long step = 1; step <= 151; step++) {
            assertEquals(shorter.learningRate(step), longer.learningRate(step), "step " + step);
        }
        for (long step = 1; step <= 60; step++) {
            assertEquals(shorter.learningRate(150 + step), longer.learningRate(950 + step), "decay step " + step);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "2000, 0.3, 25, 10000", "300, 0.25, 10, 100", "7, 0.5, 4, 2", "10, 0.03125, 25, 10", "64, 0, 8, 8",
        "64, 1, 8, 8"
    })
    void oneCycleIsTorchs(int steps, float rise, float initialDivisor, float finalDivisor) {
        var schedule = new OneCycle(0.25f, steps, rise, initialDivisor, finalDivisor);
        for (int step = 1; step <= steps; step++) {
            double expected = torchOneCycle(0.25, step - 1, steps, rise, initialDivisor, finalDivisor);
            assertRate(expected, schedule, step);
        }
    }

    /** Where the rise is the first step alone, or less, that has the peak, or what lies beyond it. */
    @Test
    void oneCycleIsFiniteHoweverShort() {
        assertRate(1, new OneCycle(1, 2, 0.5f, 25, 1e4f), 1);
        assertRate(1, new OneCycle(1, 1, 1, 25, 1e4f), 1);
        for (int steps = 1; steps <= 8; steps++) {
            for (int rise = 0; rise <= 8; rise++) {
                var schedule = new OneCycle(1, steps, rise / 8f, 25, 1e4f);
                for (int step = 1; step <= steps + 1; step++) {
                    float rate = schedule.learningRate(step);
                    assertTrue(rate > 0 && rate <= 1, schedule + " at " + step + ": " + rate);
                }
            }
        }
    }

    /** OneCycleLR.get_lr and _annealing_cos of torch.optim.lr_scheduler, two phases, transcribed line by line. */
    private static double torchOneCycle(
            double maxLr, int stepNum, int totalSteps, double pctStart, double divFactor, double finalDivFactor) {
        double initialLr = maxLr / divFactor;
        double minLr = initialLr / finalDivFactor;
        double[][] phases = {{pctStart * totalSteps - 1, initialLr, maxLr}, {totalSteps - 1, maxLr, minLr}};
        double startStep = 0;
        for (int i = 0;; i++) {
            double endStep = phases[i][0];
            if (stepNum <= endStep || i == phases.length - 1) {
                double pct = (stepNum - startStep) / (endStep - startStep);
                double cosOut = Math.cos(Math.PI * pct) + 1;
                return phases[i][2] + (phases[i][1] - phases[i][2]) / 2.0 * cosOut;
            }
            startStep = phases[i][0];
        }
    }

    @Test
    void oneCycleStartsAndEndsAtItsDivisors() {
        Schedule schedule = Schedule.oneCycle(1, 1000);
        assertRate(1 / 25.0, schedule, 1);
        assertRate(1, schedule, 300);
        assertRate(1 / 250_000.0, schedule, 1000);
        assertRate(1 / 250_000.0, schedule, 1001);
        assertRate(1 / 250_000.0, schedule, Long.MAX_VALUE);
    }

    /** lrate = d^(−0.5)·min(step^(−0.5), step·w^(−1.5)), section 5.3 of Vaswani et al. with d = 512, w = 4000. */
    @Test
    void inverseSquareRootIsTheTransformers() {
        Schedule schedule = Schedule.inverseSquareRoot((float) (1 / Math.sqrt(512.0 * 4000)), 4000);
        for (long step : new long[] {1, 100, 3999, 4000, 4001, 16_000, 100_000}) {
            double expected = Math.min(1 / Math.sqrt(step), step * Math.pow(4000, -1.5)) / Math.sqrt(512);
            assertRate(expected, schedule, step);
        }
        assertEquals(schedule.learningRate(4000) / 2, schedule.learningRate(16_000), "four times the steps halve it");
    }

    @Test
    void aLambdaIsASchedule() {
        Schedule halving = step -> 0.5f / step;
        assertEquals(0.125f, halving.learningRate(4));
    }

    @Test
    void recordsCompareByValue() {
        assertEquals(Schedule.oneCycle(1, 10), Schedule.oneCycle(1, 10));
        assertEquals(new InverseSquareRoot(1, 10), Schedule.inverseSquareRoot(1, 10));
        assertEquals("InverseSquareRoot[peak=1.0, warmupSteps=10]", Schedule.inverseSquareRoot(1, 10).toString());
    }

    @ParameterizedTest
    @CsvSource({"-1", "NaN", "Infinity"})
    void everyPeakIsChecked(float peak) {
        String got = "at least 0, got " + peak;
        refused(got, () -> Schedule.constant(peak));
        refused(got, () -> Schedule.published(peak, 100));
        refused(got, () -> Schedule.warmupStableDecay(peak, 1, 100, 0.2f, Decay.LINEAR));
        refused(got, () -> Schedule.oneCycle(peak, 100));
        refused(got, () -> Schedule.inverseSquareRoot(peak, 100));
    }

    @Test
    void badValuesAreNamed() {
        refused("totalSteps must be at least 1, got 0", () -> Schedule.published(1, 0));
        refused("warmupSteps must be in [0, 10], got 11", () -> new WarmupCosine(1, 11, 10, 0));
        refused("finalFraction must be in [0, 1], got 2.0", () -> new WarmupCosine(1, 1, 10, 2));

        refused("decayFraction must be in (0, 1], got 0.0",
                () -> Schedule.warmupStableDecay(1, 1, 10, 0, Decay.LINEAR));
        refused("decayFraction must be in (0, 1], got NaN",
                () -> Schedule.warmupStableDecay(1, 1, 10, Float.NaN, Decay.LINEAR));
        refused("totalSteps must be at least 1, got 0",
                () -> Schedule.warmupStableDecay(1, 0, 0, 0.5f, Decay.LINEAR));
        refused("decaySteps must be in [1, 10], got 11", () -> new WarmupStableDecay(1, 0, 11, 10, Decay.LINEAR, 0));
        refused("decaySteps must be in [1, 10], got 0", () -> new WarmupStableDecay(1, 0, 0, 10, Decay.LINEAR, 0));
        refused("warmupSteps must be in [0, 8], what 2 decaySteps leave of 10 totalSteps, got 9",
                () -> new WarmupStableDecay(1, 9, 2, 10, Decay.LINEAR, 0));
        refused("decay must not be null", () -> new WarmupStableDecay(1, 1, 2, 10, null, 0));
        refused("finalFraction must be in [0, 1], got -0.5",
                () -> new WarmupStableDecay(1, 1, 2, 10, Decay.LINEAR, -0.5f));

        refused("totalSteps must be at least 1, got -3", () -> Schedule.oneCycle(1, -3));
        refused("riseFraction must be in [0, 1], got 1.5", () -> new OneCycle(1, 10, 1.5f, 25, 10));
        refused("initialDivisor must be finite and at least 1, got 0.5", () -> new OneCycle(1, 10, 0.5f, 0.5f, 10));
        refused("finalDivisor must be finite and at least 1, got NaN", () -> new OneCycle(1, 10, 0.5f, 25, Float.NaN));

        refused("warmupSteps must be at least 1, got 0", () -> Schedule.inverseSquareRoot(1, 0));
    }

    private static void assertRate(double expected, Schedule schedule, long step) {
        float actual = schedule.learningRate(step);
        assertEquals(expected, actual, ROUNDING * expected, "step " + step + " of " + schedule);
    }

    private static void refused(String part, Runnable action) {
        var thrown = assertThrows(IllegalArgumentException.class, action::run);
        assertTrue(thrown.getMessage().contains(part), thrown.getMessage());
    }
}
