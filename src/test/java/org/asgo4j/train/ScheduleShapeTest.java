// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.train;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.asgo4j.optim.Schedule;
import org.asgo4j.optim.Schedule.InverseSquareRoot;
import org.asgo4j.optim.Schedule.OneCycle;
import org.asgo4j.optim.Schedule.WarmupCosine;
import org.asgo4j.optim.Schedule.WarmupStableDecay;
import org.asgo4j.optim.Schedule.WarmupStableDecay.Decay;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A resumed training goes on with the schedule that its shape's name stood for when it began. */
class ScheduleShapeTest {
    private static final float PEAK = 0.5f;

    private static Schedule expected(ScheduleShape shape) {
        return switch (shape) {
            case COSINE -> new WarmupCosine(PEAK, 10, 100, 0.02f);
            case CONSTANT -> new Schedule.Constant(PEAK);
            case WSD -> new WarmupStableDecay(PEAK, 10, 20, 100, Decay.ONE_MINUS_SQRT, 0);
            case ONE_CYCLE -> new OneCycle(PEAK, 100, 0.3f, 25, 1e4f);
            case INVERSE_SQRT -> new InverseSquareRoot(PEAK, 10);
        };
    }

    @ParameterizedTest
    @EnumSource(ScheduleShape.class)
    void namesStandForTheseSchedules(ScheduleShape shape) {
        assertEquals(expected(shape), shape.of(PEAK, 100));
    }
}
