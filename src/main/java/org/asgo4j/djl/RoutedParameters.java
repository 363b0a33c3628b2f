// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.djl;

import ai.djl.ndarray.NDArray;
import ai.djl.nn.Block;
import ai.djl.nn.Parameter;
import ai.djl.util.Pair;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.asgo4j.linalg.Backend;
import org.asgo4j.optim.Rule;
import org.asgo4j.optim.RuleState;
import org.asgo4j.optim.WeightStates;

/** The parameters that an optimizer has met, by DJL's id, each routed to its rule at first sight. Owns their states. */
final class RoutedParameters implements AutoCloseable {
    private final Routing routing;
    private final Block block;
    private final WeightStates states;
    private final Map<String, RoutedParameter> byId = new HashMap<>();

    /**
     * @param block names the parameters; null: they are known by id only
     */
    RoutedParameters(Routing routing, Block block, Backend backend) {
        this.routing = routing;
        this.block = block;
        this.states = new WeightStates(backend);
    }

    RoutedParameter get(String id, NDArray weight) {
        RoutedParameter known = byId.get(id);
        if (known != null) return known;
        RoutedParameter added = route(block == null ? nameWithoutBlock(id, weight) : nameInBlock(id), weight);
        byId.put(id, added);
        return added;
    }

    private RoutedParameter route(String name, NDArray array) {
        RoutedParameter.check(name, "weight", array);
        Rule rule = routing.rule(name, array.getShape());
        if (rule == null) throw new IllegalStateException("the routing gave no rule for '%s'".formatted(name));
        int rows = RoutedParameter.rows(array.getShape());
        RuleState state = states.add(name, rule, rows, RoutedParameter.cols(array.getShape()));
        return new RoutedParameter(name, array, state);
    }

    /** The array's own name, such as {@code weight}, made unique. */
    private static String nameWithoutBlock(String id, NDArray weight) {
        String own = weight.getName();
        return own == null || own.isEmpty() ? id : own + "#" + id;
    }

    private String nameInBlock(String id) {
        for (Pair<String, Parameter> each : block.getParameters()) {
            if (each.getValue().getId().equals(id)) return each.getKey();
        }
        throw new IllegalStateException(
                "parameter %s is none of the block that the optimizer was built for".formatted(id));
    }

    /** Clears the gradients of all parameters of the block after a failure; of none if there is no block. */
    void clearGradients(Throwable thrown) {
        if (block == null) return;
        for (Parameter each : block.getParameters().values()) {
            if (each.isInitialized()) clearGradient(each.getArray(), thrown);
        }
    }

    /** One that the engine can't clear keeps no other from being cleared. */
    static void clearGradient(NDArray weight, Throwable thrown) {
        try {
            TensorMemory.clearGradient(weight);
        } catch (RuntimeException failed) {
            thrown.addSuppressed(failed);
        }
    }

    /** The most updates of any parameter. */
    long mostSteps() {
        return byId.values().stream().mapToLong(each -> each.state.steps()).max().orElse(0);
    }

    void save(Path file, long updates) throws IOException {
        addAll("save");
        states.save(file, updates);
    }

    /** Gives back the number of updates saved. */
    long load(Path file) throws IOException {
        addAll("load");
        return states.load(file);
    }

    /** Makes the state of every parameter that gathers gradients, whether it has been updated yet or not. */
    private void addAll(String operation) {
        if (block == null) {
            throw new IllegalStateException(
                    operation + ": a file needs the parameters' names: build with optBlock(model.getBlock())");
        }
        for (Pair<String, Parameter> each : block.getParameters()) {
            Parameter parameter = each.getValue();
            if (!parameter.requiresGradient()) continue;
            if (!parameter.isInitialized()) {
                throw new IllegalStateException("%s: parameter '%s' is not initialized: call trainer.initialize first"
                        .formatted(operation, each.getKey()));
            }
            byId.computeIfAbsent(parameter.getId(), id -> route(each.getKey(), parameter.getArray()));
        }
    }

    @Override
    public void close() {
        states.close();
    }
}
