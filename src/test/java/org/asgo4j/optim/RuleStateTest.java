// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.optim;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.util.Random;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.BackendName;
import org.asgo4j.linalg.Backends;
import org.asgo4j.linalg.Matrix;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The level for host frameworks: weight and gradient are handed in at each call and may lie elsewhere each time. */
class RuleStateTest {
    private static final long SEED = 7;
    private final Backend backend = Backends.open(BackendName.OPENBLAS);
    private final Random random = new Random(SEED);

    private static Rule rule(String name) {
        return name.equals("asgo") ? new Asgo(AsgoConfig.published()) : new AdamW(AdamWConfig.published());
    }

    @ParameterizedTest
    @ValueSource(strings = {"asgo", "adamw"})
    void badArgumentsAreRefusedBeforeAnythingIsChanged(String name) {
        try (Arena arena = Arena.ofConfined()) {
            Matrix weight = backend.allocate(arena, 3, 4);
            Matrix gradient = backend.allocate(arena, 3, 4);
            Dense.set(weight, Dense.random(3, 4, random));
            double[][] before = Dense.of(weight);
            RuleState state = rule(name).newState(backend, arena, 3, 4);

            refused("gradient is 4×3, must be 3×4", () -> state.step(weight, backend.allocate(arena, 4, 3), 0.1f, 0));
            refused("weight and gradient overlap", () -> state.step(weight, weight, 0.1f, 0));
            refused("learningRate must be finite and at least 0, got NaN", () -> state.step(weight, gradient, Float.NaN,
                    0));
            refused("weightDecay must be finite and at least 0, got -1.0", () -> state.step(weight, gradient, 1, -1));
            Matrix readOnly = Matrix.of(weight.segment().asReadOnly(), 3, 4);
            refused("memory of weight (3×4) is read-only", () -> state.step(readOnly, gradient, 1, 0));
            gradient.set(2, 1, Double.NaN);
            var thrown = assertThrows(NonFiniteGradientException.class, () -> state.step(weight, gradient, 0.1f, 0));
            assertEquals(2 * 4 + 1, thrown.index());

            for (int i = 0; i < 3; i++) assertArrayEquals(before[i], Dense.of(weight)[i]);
            assertEquals(0, state.steps());
        }
    }

    /** In float32 the square of such an element may be infinite, and v for good. */
    @Test
    void adamwRefusesAGradientWhoseSquaresOverflowBeforeAnythingIsChanged() {
        try (Arena arena = Arena.ofConfined()) {
            Matrix weight = backend.allocate(arena, 3, 4);
            Matrix gradient = backend.allocate(arena, 3, 4);
            RuleState state = new AdamW(new AdamWConfig(0.9, 0, 1e-8)).newState(backend, arena, 3, 4);
            for (double largest : new double[] {0x1p62, 1, 0x1p62}) {
                Dense.set(gradient, Dense.random(3, 4, random));
                gradient.set(1, 2, largest);
                state.step(weight, gradient, 0.1f, 0);
            }
            double[][] before = Dense.of(weight);
            double[][] moment = (double[][]) RecordedFields.of(state).values().get("second_moment");
            assertEquals(0x1p124, moment[1][2]);
            gradient.set(1, 2, 1e20);
            var thrown = assertThrows(ArithmeticException.class, () -> state.step(weight, gradient, 0.1f, 0));
            for (String part : new String[] {"norm of the gradient is 1.0", "E20 at step 4", "AdamW", "Clip"}) {
                assertTrue(thrown.getMessage().contains(part), thrown.getMessage());
            }
            for (int i = 0; i < 3; i++) {
                assertArrayEquals(before[i], Dense.of(weight)[i]);
                assertArrayEquals(
                        moment[i], ((double[][]) RecordedFields.of(state).values().get("second_moment"))[i]);
            }
            assertEquals(3, state.steps());
        }
    }

    @Test
    void weightOfAnotherThreadIsRefused() throws Exception {
        try (Arena shared = Arena.ofShared();
                Arena confined = Arena.ofConfined()) {
            Matrix weight = backend.allocate(confined, 3, 4);
            Matrix gradient = backend.allocate(shared, 3, 4);
            RuleState state = rule("asgo").newState(backend, shared, 3, 4);
            var thrown = new Throwable[1];
            Thread thread = Thread.ofPlatform().name("stranger").start(() -> {
                try {
                    state.step(weight, gradient, 0.1f, 0);
                } catch (RuntimeException e) {
                    thrown[0] = e;
                }
            });
            thread.join();
            assertTrue(thrown[0] instanceof WrongThreadException, String.valueOf(thrown[0]));
            assertTrue(thrown[0].getMessage().contains("weight (3×4)")
                    && thrown[0].getMessage().contains("'stranger'"));
        }
    }

    private static void refused(String part, Runnable action) {
        var thrown = assertThrows(IllegalArgumentException.class, action::run);
        assertTrue(thrown.getMessage().contains(part), () -> "'" + thrown.getMessage() + "' lacks '" + part + "'");
    }
}
