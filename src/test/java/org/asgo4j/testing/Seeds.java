// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.testing;

import java.util.concurrent.atomic.AtomicLong;

/**
 * Seeds for random test data. The sequence is the same in every run; {@code -Dasgo4j.seed=S} makes every seed S, which
 * repeats one failure, and {@code -Dasgo4j.seed=time} starts the sequence at the clock. Print the seed in failure
 * messages.
 */
public final class Seeds {
    private static final String PROPERTY = System.getProperty("asgo4j.seed", "");

    /** The increment of SplitMix64, so that neighbouring seeds differ in many bits. */
    private static final long STEP = 0x9E3779B97F4A7C15L;

    private static final AtomicLong NEXT = new AtomicLong(PROPERTY.equals("time") ? System.nanoTime() : STEP);

    private Seeds() {}

    /** The next seed. */
    public static long next() {
        boolean fixed = !PROPERTY.isEmpty() && !PROPERTY.equals("time");
        return fixed ? Long.parseLong(PROPERTY) : NEXT.getAndAdd(STEP);
    }
}
