// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.train;

import java.util.Random;

/**
 * Random numbers whose generator can be saved: the same as those of {@link Random}, whose algorithm is specified (a
 * linear congruential generator of 48 bits) but whose state is private.
 */
final class Draws {
    private static final int BITS = 48;
    private static final long MASK = (1L << BITS) - 1;
    private static final long MULTIPLIER = 0x5DEECE66DL;
    private static final long INCREMENT = 0xB;

    private long state;

    /** Starts the sequence of {@code new Random(seed)}. */
    Draws(long seed) {
        state = (seed ^ MULTIPLIER) & MASK;
    }

    /** The next number of {@link Random#nextInt(int)}, 0 ≤ number {@literal <} bound. */
    int below(int bound) {
        int bits = next();
        if (Integer.bitCount(bound) == 1) return (int) ((bound * (long) bits) >> (Integer.SIZE - 1));
        int number = bits % bound;
        while (bits - number + (bound - 1) < 0) { // the last, incomplete run of bounds would favour small numbers
            bits = next();
            number = bits % bound;
        }
        return number;
    }

    private int next() {
        state = state * MULTIPLIER + INCREMENT & MASK;
        return (int) (state >>> (BITS - (Integer.SIZE - 1)));
    }

    /** The 48 bits that decide all numbers to come. */
    long state() {
        return state;
    }

    /** Continues as a generator would that had this state. */
    void restore(long saved) {
        if ((saved & MASK) != saved) {
            throw new IllegalArgumentException(
                    "state of a generator must be from 0 to %d, is %d".formatted(MASK, saved));
        }
        state = saved;
    }
}
