// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.optim;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.foreign.Arena;
import java.util.Random;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.BackendName;
import org.asgo4j.linalg.Backends;
import org.asgo4j.linalg.Matrix;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** At which steps a policy computes a root. */
class RefreshPolicyTest {
    private static final long SEED = 17;
    private static final int ROWS = 5;
    private static final int COLS = 8;

    private final Backend backend = Backends.open(BackendName.OPENBLAS);
    private final Random random = new Random(SEED);

    /** The steps, from 1, at which a root or a basis is computed. */
    private int[] refreshed(AsgoConfig config, int steps, IntFunction<double[][]> gradients) {
        try (Arena arena = Arena.ofConfined()) {
            Matrix weight = backend.allocate(arena, ROWS, COLS);
            Matrix gradient = backend.allocate(arena, ROWS, COLS);
            RuleState state = new Asgo(config).newState(backend, arena, ROWS, COLS);
            return IntStream.rangeClosed(1, steps).filter(t -> {
                long before = state.refreshes();
                Dense.set(gradient, gradients.apply(t));
                state.step(weight, gradient, 0.1f, 0);
                return state.refreshes() > before;
            }).toArray();
        }
    }

    private int[] refreshed(Refresh policy, int steps) {
        return refreshed(AsgoConfig.published().withRefresh(policy), steps, t -> Dense.random(ROWS, COLS, random));
    }

    @Test
    void everySoManySteps() {
        assertArrayEquals(new int[] {1, 2, 3, 4}, refreshed(Refresh.every(1), 4));
        assertArrayEquals(new int[] {1, 4, 7, 10}, refreshed(Refresh.every(3), 12));
    }

    @Test
    void earlyThenEvery() {
        assertEquals(new Refresh.EarlyThenEvery(3, 4), Refresh.earlyThenEvery(30, 4));
        assertEquals(new Refresh.EarlyThenEvery(3, 4), Refresh.earlyThenEvery(21, 4), "a tenth, rounded up");
        assertArrayEquals(new int[] {1, 2, 3, 4, 8, 12, 16}, refreshed(Refresh.earlyThenEvery(30, 4), 18));
        assertArrayEquals(new int[] {1, 6, 11}, refreshed(new Refresh.EarlyThenEvery(0, 5), 12));
        assertArrayEquals(new int[] {1, 2, 3}, refreshed(new Refresh.EarlyThenEvery(100, 5), 3));
    }

    /** One gradient again and again has the same eigenvectors: only the cap renews the basis. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void adaptive(boolean corrected) {
        double[][] first = Dense.random(ROWS, COLS, random);
        double[][] second = Dense.random(ROWS, COLS, random);
        AsgoConfig config = AsgoConfig.published().withDamping(Damping.relative(1e-6)).withBetas(0.9, 0)
                .withEigenvalueCorrection(corrected).withRefresh(new Refresh.Adaptive(0.1, 6));
        assertArrayEquals(new int[] {1, 7, 13}, refreshed(config, 15, t -> first));
        assertArrayEquals(new int[] {1, 4, 10}, refreshed(config, 12, t -> t < 4 ? first : second), "turned at 4");
        assertEquals(new Refresh.Adaptive(0.1, 50), Refresh.adaptive(), "as published");
    }
}
