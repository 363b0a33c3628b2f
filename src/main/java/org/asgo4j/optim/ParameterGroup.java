// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.optim;

import static org.asgo4j.optim.Checks.require;

import java.util.List;

/**
 * Parameters that share a rule, a learning-rate schedule and a weight decay.
 *
 * {@snippet file="TrainingExamplesTest.java" region="loop"}
 *
 * @param name for messages
 * @param rule the update rule
 * @param schedule the learning rate of each step
 * @param weightDecay λ, decoupled, finite and at least 0
 * @param parameters at least one
 */
public record ParameterGroup(
        String name, Rule rule, Schedule schedule, float weightDecay, List<Parameter> parameters) {

    /** Checks the values. */
    public ParameterGroup {
        require(name != null && !name.isBlank(), "group name must not be blank");
        require(rule != null && schedule != null, "group '%s': rule and schedule must not be null", name);
        require(weightDecay >= 0 && weightDecay < Float.POSITIVE_INFINITY,
                "group '%s': weightDecay must be finite and at least 0, got %s", name, weightDecay);
        require(parameters != null, "group '%s': parameters must not be null", name);
        for (Parameter each : parameters) require(each != null, "group '%s': a parameter is null", name);
        parameters = List.copyOf(parameters);
        require(!parameters.isEmpty(), "group '%s' has no parameters", name);
    }
}
