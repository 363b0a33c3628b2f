// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Batches are a function of the seed and stay inside the text; validation predicts every held-out token once. */
class BatchesTest {
    @Test
    void sameSeedSameBatchesOtherSeedOthers() {
        short[] tokens = counting(1000);
        int[][] first = draw(new Batches(tokens, 4, 8, 1337), 32);
        assertArrayEquals(first, draw(new Batches(tokens, 4, 8, 1337), 32));
        assertFalse(Arrays.deepEquals(first, draw(new Batches(tokens, 4, 8, 1338), 32)));
    }

    @Test
    void windowsAreRunsOfTheTextAndReachBothEnds() {
        int context = 3;
        short[] tokens = counting(8);
        boolean[] started = new boolean[tokens.length - context];
        Batches batches = new Batches(tokens, 2, context, 5);
        int[] inputs = new int[2 * context];
        int[] targets = new int[2 * context];
        for (int draw = 0; draw < 200; draw++) {
            batches.next(inputs, targets);
            for (int i = 0; i < inputs.length; i++) {
                assertEquals(inputs[i - i % context] + i % context, inputs[i], "a run, seed=5");
                assertEquals(inputs[i] + 1, targets[i], "shifted by one, seed=5");
            }
            started[inputs[0]] = true;
            started[inputs[context]] = true;
        }
        for (int start = 0; start < started.length; start++) {
            assertTrue(started[start], "no window started at " + start + ", seed=5");
        }
    }

    @ParameterizedTest
    @CsvSource({"2,1,1", "100,4,8", "33,4,8", "34,4,8", "65,4,8", "66,4,8", "7,3,50"})
    void validationPredictsEveryTokenButTheFirstOnce(int length, int batch, int context) {
        ValidationWindows windows = new ValidationWindows(counting(length), batch, context);
        int[] inputs = new int[batch * context];
        int[] targets = new int[batch * context];
        int next = 1;
        for (int b = 0; b < windows.batches(); b++) {
            int present = windows.fill(b, inputs, targets);
            assertTrue(present > 0 && (present == inputs.length || b == windows.batches() - 1), "batch " + b);
            for (int i = 0; i < inputs.length; i++) {
                if (i < present) {
                    assertEquals(next - 1, inputs[i]);
                    assertEquals(next++, targets[i]);
                } else {
                    assertEquals(0, inputs[i]);
                    assertEquals(ValidationWindows.IGNORED, targets[i]);
                }
            }
        }
        assertEquals(length, next);
        assertEquals(length - 1, windows.predictions());
    }

    @Test
    void wrongSizesAreNamed() {
        short[] tokens = counting(9);
        assertThrows(IllegalArgumentException.class, () -> new Batches(tokens, 1, 9, 0));
        assertThrows(IllegalArgumentException.class, () -> new Batches(tokens, 0, 8, 0));
        assertThrows(IllegalArgumentException.class, () -> new ValidationWindows(counting(1), 1, 1));
        Batches batches = new Batches(tokens, 2, 4, 0);
        Exception refusal =
                assertThrows(IllegalArgumentException.class, () -> batches.next(new int[8], new int[7]));
        assertTrue(refusal.getMessage().contains("targets has 7"), refusal.getMessage());
        ValidationWindows windows = new ValidationWindows(tokens, 2, 4);
        assertThrows(IndexOutOfBoundsException.class, () -> windows.fill(1, new int[8], new int[8]));
    }

    private static int[][] draw(Batches batches, int size) {
        int[][] drawn = new int[20][];
        for (int i = 0; i < drawn.length; i += 2) {
            drawn[i] = new int[size];
            drawn[i + 1] = new int[size];
            batches.next(drawn[i], drawn[i + 1]);
        }
        return drawn;
    }

    private static short[] counting(int length) {
        short[] tokens = new short[length];
        for (int i = 0; i < length; i++) {
            tokens[i] = (short) i;
        }
        return tokens;
    }
}
