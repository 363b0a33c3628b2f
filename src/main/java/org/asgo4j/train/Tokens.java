// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.train;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** The batch at hand: token ids in native memory, checked on the way in. */
final class Tokens {
    private final int vocabulary;
    private final int capacity;
    private final MemorySegment inputs;
    private final MemorySegment targets;

    /** Holds up to {@code capacity} inputs and as many targets. */
    Tokens(Arena arena, int vocabulary, int capacity) {
        this.vocabulary = vocabulary;
        this.capacity = capacity;
        inputs = arena.allocate(ValueLayout.JAVA_INT, capacity);
        targets = arena.allocate(ValueLayout.JAVA_INT, capacity);
    }

    /** Takes the first {@code count} inputs; those after them become token 0. */
    void setInputs(int[] ids, int count) {
        set("inputs", ids, count, inputs);
    }

    /** Takes the first {@code count} targets; those after them become token 0. */
    void setTargets(int[] ids, int count) {
        set("targets", ids, count, targets);
    }

    private void set(String name, int[] ids, int count, MemorySegment to) {
        if (ids.length < count) {
            throw new IllegalArgumentException(
                    "%s: %d tokens given, must be at least %d".formatted(name, ids.length, count));
        }
        for (int i = 0; i < count; i++) {
            if (ids[i] < 0 || ids[i] >= vocabulary) {
                throw new IllegalArgumentException(
                        "%s[%d] is token %d, must be in [0, %d)".formatted(name, i, ids[i], vocabulary));
            }
        }
        MemorySegment.copy(ids, 0, to, ValueLayout.JAVA_INT, 0, count);
        for (int i = count; i < capacity; i++) to.setAtIndex(ValueLayout.JAVA_INT, i, 0);
    }

    int input(int index) {
        return inputs.getAtIndex(ValueLayout.JAVA_INT, index);
    }

    /** The targets as 32-bit integers. */
    MemorySegment targets() {
        return targets;
    }
}
