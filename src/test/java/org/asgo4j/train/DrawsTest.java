// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Random;
import org.asgo4j.testing.Seeds;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.junit.jupiter.api.Test;

/** The numbers are those of java.util.Random, and go on from a saved state. */
class DrawsTest {

    /** 3·2^29 leaves a quarter of all draws in the incomplete run that is drawn again. */
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 1000, 1 << 20, 3 << 29, Integer.MAX_VALUE})
    void numbersAreThoseOfRandom(int bound) {
        long seed = Seeds.next();
        var draws = new Draws(seed);
        var random = new Random(seed);
        for (int i = 0; i < 1000; i++) {
            assertEquals(random.nextInt(bound), draws.below(bound), "seed=" + seed + ", draw " + i);
        }
    }

    @Test
    void aSavedStateGoesOn() {
        long seed = Seeds.next();
        var first = new Draws(seed);
        for (int i = 0; i < 10; i++) first.below(7);
        var second = new Draws(0);
        second.restore(first.state());
        for (int i = 0; i < 10; i++) assertEquals(first.below(100), second.below(100), "seed=" + seed);
    }

    @ParameterizedTest
    @ValueSource(longs = {-1, 1L << 48})
    void otherStatesAreRefused(long state) {
        assertThrows(IllegalArgumentException.class, () -> new Draws(0).restore(state));
    }
}
