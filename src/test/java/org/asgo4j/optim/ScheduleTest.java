package org.asgo4j.optim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class ScheduleTest {
    private static final float ULP = 1e-7f;

    /** As torch's LinearLR(1/w) for w steps followed by CosineAnnealingLR(eta_min = 0.02·peak) computes it. */
    @Test
    void publishedScheduleWarmsUpLinearlyAndFallsAsACosine() {
        Schedule schedule = Schedule.published(0.01f, 2000);
        assertEquals(0.01 / 200, schedule.learningRate(1), ULP);
        double warmup = 0.01 * (1 / 200.0 + (1 - 1 / 200.0) * 100 / 200.0);
        assertEquals(warmup, schedule.learningRate(101), ULP);
        assertEquals(0.01f, schedule.learningRate(201), ULP);
        assertEquals(0.01 * (0.02 + 0.98 / 2), schedule.learningRate(201 + 900), ULP);
        assertEquals(0.01 * 0.02, schedule.learningRate(2001), ULP);
        assertEquals(0.01 * 0.02, schedule.learningRate(1_000_000), ULP);
    }

    @Test
    void risesOverTheWarmUpAndFallsAfterwards() {
        Schedule schedule = Schedule.published(1, 300);
        for (int step = 2; step <= 31; step++) {
            assertTrue(schedule.learningRate(step) > schedule.learningRate(step - 1), "step " + step);
        }
        for (int step = 33; step <= 300; step++) {
            assertTrue(schedule.learningRate(step) < schedule.learningRate(step - 1), "step " + step);
        }
    }

    @Test
    void fewStepsHaveNoWarmUp() {
        assertEquals(1, Schedule.published(1, 5).learningRate(1));
    }

    @Test
    void badValuesAreNamed() {
        refused("got -1.0", () -> Schedule.constant(-1));
        refused("got NaN", () -> Schedule.constant(Float.NaN));
        refused("totalSteps must be at least 1, got 0", () -> Schedule.published(1, 0));
        refused("warmupSteps must be in [0, 10], got 11", () -> new Schedule.WarmupCosine(1, 11, 10, 0));
        refused("finalFraction must be in [0, 1], got 2.0", () -> new Schedule.WarmupCosine(1, 1, 10, 2));
    }

    private static void refused(String part, Runnable action) {
        var thrown = assertThrows(IllegalArgumentException.class, action::run);
        assertTrue(thrown.getMessage().contains(part), thrown.getMessage());
    }
}
