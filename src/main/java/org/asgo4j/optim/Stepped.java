// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.optim;

/** A parameter of an {@link Optimizer} with its state, its group, and what the step under way found. */
final class Stepped {
    final Parameter parameter;
    final RuleState state;
    final int group;
    final double cost;
    final String weightRole; //     for messages: made once, since a step allocates nothing
    final String gradientRole;
    final String description; //    what must agree between a file and an optimizer
    double sumOfSquares; //         of the gradient
    boolean leftOut; //             of the step under way
    double updateSquares; //        of the last observed step
    double weightSquares;

    Stepped(Parameter parameter, RuleState state, int group, Rule rule, double cost) {
        this.parameter = parameter;
        this.state = state;
        this.group = group;
        this.cost = cost;
        this.weightRole = "weight '" + parameter.name() + "'";
        this.gradientRole = "gradient '" + parameter.name() + "'";
        this.description = NamedState.describe(rule, parameter.blocks(), parameter.weight().cols());
        state.name(parameter.name());
    }

    /** What is saved of it. */
    NamedState named() {
        return new NamedState(parameter.name(), description, state);
    }
}
