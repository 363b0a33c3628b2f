// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** The tools that measure a training step run, on the smallest model; what they measure is verified by themselves. */
class TrainingToolsTest {
    private static final double MOMENT = 0.01;

    @Test
    void theFloorIsWrittenAsATable() {
        String table = TrainingFloor.table(SizedModel.TINY, MOMENT, MOMENT, 16, 16);
        assertTrue(table.contains("| step with AdamW, "), table);
    }

    /** Loss, gradients and steps are PyTorch's, or it throws. */
    @Test
    @DisabledOnOs(value = OS.MAC, architectures = "x86_64", disabledReason = "no PyTorch 2.7 is built for Intel Macs")
    void theComparisonWithPyTorchIsWrittenAsATable() {
        String table = PyTorchComparison.table(SizedModel.TINY, MOMENT, MOMENT);
        assertTrue(table.contains("| PyTorch, AdamW | "), table);
        assertTrue(table.contains("| asgo4j, ASGO | "), table);
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void theProfileEndsWithTheTimeAsleep() throws IOException {
        String table = StepProfile.table(SizedModel.TINY, OptimizerChoice.Algorithm.ADAMW, MOMENT, MOMENT);
        assertTrue(table.contains("| asleep | "), table);
    }

    /** Counted by hand: one layer, one head, C = 2, T = 2, V = 3, B = 1. */
    @Test
    void workIsThatOfTheDefinition() {
        var config = new GptConfig(3, 1, 1, 2, 2);
        int weights = 4 * 2 * 2 + 2 * (2 * 8) + 3 * 2; // Q, K, V and projection; MLP; head
        int pairs = 1 + 2; //                             positions that see 1 and 2 others
        int parameters = 100;
        StepWork work = StepWork.of(config, 1, parameters);
        assertEquals(3 * 2 * weights * 2 + 6 * 2 * 2 * pairs, work.flops());
        assertEquals(8 * Float.BYTES * parameters, work.bytes());
    }
}
