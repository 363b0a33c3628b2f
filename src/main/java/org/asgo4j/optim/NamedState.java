// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.optim;

/**
 * The state of a weight with what a file says of it.
 *
 * @param name unique among what is saved together
 * @param description rule and shape, which must agree between a file and what it is loaded into
 */
record NamedState(String name, String description, RuleState state) {

    static String describe(Rule rule, int rows, int cols) {
        return "%s %d×%d".formatted(rule.name(), rows, cols);
    }
}
