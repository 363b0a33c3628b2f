// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.examples;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.Backends;
import org.asgo4j.linalg.Matrix;
import org.asgo4j.optim.Asgo;
import org.asgo4j.optim.AsgoConfig;
import org.asgo4j.optim.RuleState;
import org.asgo4j.optim.WeightStates;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the documentation shows of binding a framework that hands in one weight at a time. */
class WeightStatesExamplesTest {
    @TempDir
    private Path folder;

    @Test
    void statesAreKeptForAFrameworkThatHandsInOneWeightAtATime() throws IOException {
        Path file = folder.resolve("states.safetensors");
        try (Backend backend = Backends.open();
                Arena arena = Arena.ofConfined()) {
            Matrix weight = backend.allocate(arena, 8, 16);
            Matrix gradient = backend.allocate(arena, 8, 16);
            gradient.set(2, 3, 1);
            // @start region="states"
            try (var states = new WeightStates(backend)) {
                RuleState state = states.add("fc.weight", new Asgo(AsgoConfig.defaults()), 8, 16);
                state.step(weight, gradient, 0.01f, 0.1f);
                states.save(file, state.steps());
            }
            // @end
        }
        assertTrue(Files.exists(file));
    }
}
