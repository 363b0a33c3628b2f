// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.kernel;

import jdk.incubator.vector.FloatVector;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Skips every test where {@code asgo4j.lanes} asks for wider vectors than the CPU has, so that a build that runs the
 * kernels at 128, 256 and 512 bits passes everywhere. Registered for all tests, in META-INF/services.
 */
public final class SupportedLanes implements ExecutionCondition {
    @Override
    public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
        Integer requested = Integer.getInteger(LaneWidth.PROPERTY);
        int widest = FloatVector.SPECIES_PREFERRED.vectorBitSize();
        return requested != null && requested > widest
                ? ConditionEvaluationResult.disabled(
                        "the widest vector of this CPU has %d bits, not %d".formatted(widest, requested))
                : ConditionEvaluationResult.enabled("vectors of the requested width");
    }
}
