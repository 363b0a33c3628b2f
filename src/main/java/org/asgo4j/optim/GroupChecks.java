// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.optim;

import static org.asgo4j.optim.Checks.require;

import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** What must hold between the groups of one {@link Optimizer}, and of their memory. */
final class GroupChecks {

    private GroupChecks() {}

    /**
     * That there are some, that names differ, that no weight shares memory with another or with a gradient, and that
     * its rule can take it.
     */
    static void check(List<ParameterGroup> groups) {
        require(!groups.isEmpty(), "optimizer: there must be at least one group");
        List<Parameter> all = groups.stream().flatMap(group -> group.parameters().stream()).toList();
        Set<String> names = new HashSet<>();
        for (Parameter p : all) {
            require(names.add(p.name()), "optimizer: two parameters are named '%s'", p.name());
            for (Parameter other : all) {
                require(!p.weight().overlaps(other.gradient()),
                        "optimizer: weight '%s' overlaps gradient '%s'", p.name(), other.name());
                require(p == other || !p.weight().overlaps(other.weight()),
                        "optimizer: weight '%s' overlaps weight '%s'", p.name(), other.name());
            }
        }
        for (ParameterGroup group : groups) {
            for (Parameter p : group.parameters()) {
                group.rule().requireOrders("parameter '" + p.name() + "'", p.weight().cols(), p.blocks());
            }
        }
    }

    /** Any worker may step any parameter; a confined arena would fail at whichever step first meets another thread. */
    static void checkShared(List<ParameterGroup> groups) {
        Thread another = new Thread();
        for (ParameterGroup group : groups) {
            for (Parameter p : group.parameters()) {
                boolean shared = p.weight().segment().isAccessibleBy(another)
                        && p.gradient().segment().isAccessibleBy(another);
                require(shared, "optimizer: memory of parameter '%s' is confined to a thread; several workers need "
                        + "a shared arena (Arena.ofShared())", p.name());
            }
        }
    }
}
