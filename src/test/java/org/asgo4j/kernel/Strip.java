// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.kernel;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.SplittableRandom;

/**
 * A range of elements in memory filled with NaN canaries, which begins {@code from} elements after a 64-byte boundary.
 *
 * @param segment the range and the canaries around it
 * @param from first element of the range
 * @param count elements of the range
 */
record Strip(MemorySegment segment, long from, int count) {
    /** Canary elements on each side: more than the widest vector. */
    static final int MARGIN = 32;

    private static final long ALIGNMENT = 64;
    private static final byte CANARY = (byte) 0xFF;

    private static final float[] SPECIAL = {
        Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY, 0f, -0f, Float.MIN_VALUE, -Float.MIN_VALUE,
        Float.MIN_NORMAL, Float.MAX_VALUE, -Float.MAX_VALUE, 1e-20f, -1e20f, 87f, -87f, 88.5f, -104f, 5.39f, -5.5f, 1f
    };

    /** All bits set, NaN in float and double, inside and around the range. */
    static Strip allocate(Arena arena, int count, int misalignment, int elementBytes) {
        long elements = 2L * MARGIN + misalignment + count;
        MemorySegment segment = arena.allocate(elements * elementBytes, ALIGNMENT);
        segment.fill(CANARY);
        return new Strip(segment, MARGIN + misalignment, count);
    }

    /** Floats uniform in [−8, 8). */
    static Strip floats(Arena arena, int count, int misalignment, SplittableRandom random) {
        Strip strip = allocate(arena, count, misalignment, Float.BYTES);
        for (int i = 0; i < count; i++) {
            strip.set(i, (float) random.nextDouble(-8, 8));
        }
        return strip;
    }

    /** Floats uniform in [−8, 8), one in four replaced by a special value. */
    static Strip special(Arena arena, int count, int misalignment, SplittableRandom random) {
        Strip strip = floats(arena, count, misalignment, random);
        for (int i = 0; i < count; i++) {
            if (random.nextInt(4) == 0) {
                strip.set(i, SPECIAL[random.nextInt(SPECIAL.length)]);
            }
        }
        return strip;
    }

    /** Doubles uniform in [−8, 8). */
    static Strip doubles(Arena arena, int count, int misalignment, SplittableRandom random) {
        Strip strip = allocate(arena, count, misalignment, Double.BYTES);
        for (int i = 0; i < count; i++) {
            strip.segment.setAtIndex(JAVA_DOUBLE, strip.from + i, random.nextDouble(-8, 8));
        }
        return strip;
    }

    Strip copy(Arena arena) {
        MemorySegment other = arena.allocate(segment.byteSize(), ALIGNMENT);
        other.copyFrom(segment);
        return new Strip(other, from, count);
    }

    float get(long i) {
        return segment.getAtIndex(JAVA_FLOAT, from + i);
    }

    double getDouble(long i) {
        return segment.getAtIndex(JAVA_DOUBLE, from + i);
    }

    void set(long i, float value) {
        segment.setAtIndex(JAVA_FLOAT, from + i, value);
    }

    float[] toArray() {
        float[] values = new float[count];
        MemorySegment.copy(segment, JAVA_FLOAT, from * Float.BYTES, values, 0, count);
        return values;
    }

    /** Index, relative to {@code from}, of the first float that differs from the other's (NaNs are alike), or null. */
    Long firstDifference(Strip other) {
        long all = segment.byteSize() / Float.BYTES;
        for (long i = 0; i < all; i++) {
            int mine = Float.floatToIntBits(segment.getAtIndex(JAVA_FLOAT, i));
            if (mine != Float.floatToIntBits(other.segment.getAtIndex(JAVA_FLOAT, i))) {
                return i - from;
            }
        }
        return null;
    }

    /** Whether every byte outside the range still is the canary. */
    boolean canariesAlive(int elementBytes) {
        for (long i = 0; i < segment.byteSize(); i++) {
            boolean inside = i >= from * elementBytes && i < (from + count) * elementBytes;
            if (!inside && segment.get(JAVA_BYTE, i) != CANARY) {
                return false;
            }
        }
        return true;
    }
}
