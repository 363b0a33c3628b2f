// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.optim;

import static org.asgo4j.optim.Checks.require;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.asgo4j.io.Safetensors;
import org.asgo4j.io.SafetensorsWriter;
import org.asgo4j.linalg.Backend;

/**
 * The states of named weights that a host framework steps one at a time, with weight and gradient handed in at each
 * step. Saved and loaded together, in the format of {@link Optimizer#save}.
 *
 * <p>Weights of one rule and shape share their scratch memory, so one thread at a time may step, save or load. Owns the
 * memory of all states.
 *
 * {@snippet file="WeightStatesExamplesTest.java" region="states"}
 */
public final class WeightStates implements AutoCloseable {

    /** What states with the same scratch memory have in common. */
    private record Geometry(Rule rule, RowBlocks blocks, int cols) {}

    private final Backend backend;
    private final Arena arena = Arena.ofShared();
    private final Map<String, NamedState> states = new TreeMap<>(); // files don't depend on who came first
    private final Map<Geometry, Workspace> workspaces = new HashMap<>();
    private boolean closed;

    /**
     * No states yet.
     *
     * @param backend does the arithmetic; stays the caller's
     */
    public WeightStates(Backend backend) {
        require(backend != null, "backend must not be null");
        this.backend = backend;
    }

    /**
     * Makes the state, all zeros, of one more weight.
     *
     * @param name unique here; used in messages and in the file. Not blank, not beginning with '/'
     * @param rule the update rule
     * @param rows the weight's rows, at least 1
     * @param cols the weight's columns, at least 1
     * @return the state, which lives as long as this
     * @throws IllegalArgumentException if an argument is none of these, or {@link Rule#newState} refuses the shape
     * @throws IllegalStateException if this or the backend is closed
     */
    public RuleState add(String name, Rule rule, int rows, int cols) {
        require(rows >= 1 && cols >= 1, "weight '%s' is %s×%s, must be at least 1×1", name, rows, cols);
        return add(name, rule, RowBlocks.whole(rows), cols);
    }

    /**
     * Makes the state, all zeros, of one more weight whose row blocks are preconditioned each on its own.
     *
     * @param name unique here; used in messages and in the file. Not blank, not beginning with '/'
     * @param rule the update rule
     * @param blocks the weight's rows
     * @param cols the weight's columns, at least 1
     * @return the state, which lives as long as this
     * @throws IllegalArgumentException if an argument is none of these, or {@link Rule#newState} refuses the shape
     * @throws IllegalStateException if this or the backend is closed
     */
    public RuleState add(String name, Rule rule, RowBlocks blocks, int cols) {
        checkOpen();
        Checks.name("name of a weight", name);
        require(rule != null, "rule of '%s' must not be null", name);
        require(blocks != null, "row blocks of '%s' must not be null", name);
        require(cols >= 1, "weight '%s' has %s columns, must have at least 1", name, cols);
        require(!states.containsKey(name), "there is a state of '%s' already", name);
        rule.requireOrders("weight '" + name + "'", blocks, cols);
        RuleState state = rule.newSharedState(backend, arena, blocks, cols);
        state.own(workspaces.computeIfAbsent(new Geometry(rule, blocks, cols), any -> workspace(state)));
        state.name(name);
        states.put(name, new NamedState(name, NamedState.describe(rule, blocks, cols), state));
        return state;
    }

    private Workspace workspace(RuleState state) {
        var workspace = new Workspace(backend);
        state.reserve(workspace);
        workspace.allocate(arena);
        return workspace;
    }

    /**
     * Writes all states to a file, which is replaced as a whole or not at all.
     *
     * @param updates the host's own count of updates, at least 0, which {@link #load} gives back
     * @throws IOException if the file can't be written; a file that was there is unchanged
     * @throws ArithmeticException if a state holds a NaN or an infinity, which {@link #load} refuses, naming weight and
     *     field; a file that was there is unchanged
     */
    public void save(Path file, long updates) throws IOException {
        checkOpen();
        require(updates >= 0, "updates must be at least 0, got %s", updates);
        settle();
        try (Arena scratch = Arena.ofConfined()) {
            var writer = new SafetensorsWriter();
            StateFile.add(backend, writer, "", true, scratch, named(), new StateFile.Own(updates, 0));
            writer.write(file);
        }
    }

    /**
     * Replaces all states by those of a file that {@link #save} wrote for the same names, rules and shapes. From here
     * on steps are, bit for bit, those that the saved states would have taken (but for asynchronous roots).
     *
     * @return the count of updates given to {@link #save}
     * @throws StateMismatchException if the file holds the state of other weights or rules, or of another version;
     *     nothing has been changed
     * @throws IOException if the file can't be read or is not safetensors; nothing has been changed
     */
    public long load(Path file) throws IOException {
        checkOpen();
        settle();
        try (Safetensors source = Safetensors.open(file)) {
            return StateFile.load(backend, source, "", named(), new StateFile.Own(0, 0)).steps();
        }
    }

    private List<NamedState> named() {
        return List.copyOf(states.values());
    }

    private void settle() {
        for (NamedState each : states.values()) each.state().settle();
    }

    private void checkOpen() {
        if (closed) throw new IllegalStateException("the states of these weights are closed");
    }

    /** Frees the memory of all states. */
    @Override
    public void close() {
        if (closed) return;
        settle();
        closed = true;
        arena.close();
    }
}
