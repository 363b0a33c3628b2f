// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.optim;

/** The name of a weight in messages: known to an optimizer, {@code weight} to a state that is stepped by hand. */
final class WeightName {
    private String name = "weight";

    String get() {
        return name;
    }

    void set(String newName) {
        name = newName;
    }
}
