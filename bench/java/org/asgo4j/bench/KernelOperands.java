// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.bench;

import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.SplittableRandom;

/** Memory that kernels are measured on. Borrows it from an arena. */
final class KernelOperands {
    /** Columns of a row where there are rows: the width of GPT-2 small, or all if there are fewer. */
    static final int WIDTH = 768;

    private static final long SEED = 1;
    private static final long ALIGNMENT = 64;

    /** Elements that are drawn; they are repeated after that, as drawing hundreds of millions takes a minute. */
    private static final int DRAWN = 1 << 20;

    final int count;
    final int cols;
    final int rows;
    final int size; // of the largest square within count elements
    final MemorySegment x; // in [−2, 2)
    final MemorySegment y; // in [−2, 2)
    final MemorySegment m; // −1 or 1
    final MemorySegment v; // in [0.5, 1)
    final MemorySegment wide; // doubles in [−2, 2)
    final MemorySegment gain; // cols
    final MemorySegment gainGradient; // cols
    final MemorySegment mean; // rows
    final MemorySegment inverseDeviation; // rows
    final MemorySegment targets; // rows

    /** Allocates for vectors of {@code count} elements, and fills. */
    KernelOperands(Arena arena, int count) {
        this.count = count;
        this.cols = Math.min(WIDTH, count);
        this.rows = count / cols;
        this.size = (int) Math.sqrt(count);
        this.x = floats(arena, count);
        this.y = floats(arena, count);
        this.m = floats(arena, count);
        this.v = floats(arena, count);
        this.wide = arena.allocate(count * (long) Double.BYTES, ALIGNMENT);
        this.gain = floats(arena, cols);
        this.gainGradient = floats(arena, cols);
        this.mean = floats(arena, rows);
        this.inverseDeviation = floats(arena, rows);
        this.targets = arena.allocate(rows * (long) Integer.BYTES, ALIGNMENT);
        fill();
    }

    private static MemorySegment floats(Arena arena, long count) {
        return arena.allocate(count * Float.BYTES, ALIGNMENT);
    }

    /** The same numbers every time. */
    void fill() {
        var random = new SplittableRandom(SEED);
        int drawn = Math.min(count, DRAWN);
        for (long i = 0; i < drawn; i++) {
            x.setAtIndex(JAVA_FLOAT, i, (float) random.nextDouble(-2, 2));
            y.setAtIndex(JAVA_FLOAT, i, (float) random.nextDouble(-2, 2));
            m.setAtIndex(JAVA_FLOAT, i, random.nextBoolean() ? 1 : -1);
            v.setAtIndex(JAVA_FLOAT, i, (float) random.nextDouble(0.5, 1));
            wide.setAtIndex(JAVA_DOUBLE, i, random.nextDouble(-2, 2));
        }
        for (MemorySegment each : new MemorySegment[] {x, y, m, v, wide}) repeat(each, each.byteSize() / count * drawn);
        for (long i = 0; i < cols; i++) {
            gain.setAtIndex(JAVA_FLOAT, i, (float) random.nextDouble(0.5, 2));
            gainGradient.setAtIndex(JAVA_FLOAT, i, 0);
        }
        for (long i = 0; i < rows; i++) {
            mean.setAtIndex(JAVA_FLOAT, i, (float) random.nextDouble(-1, 1));
            inverseDeviation.setAtIndex(JAVA_FLOAT, i, (float) random.nextDouble(0.5, 2));
            targets.setAtIndex(JAVA_INT, i, random.nextInt(cols));
        }
    }

    /** The first bytes again and again up to the end. */
    private static void repeat(MemorySegment segment, long bytes) {
        for (long at = bytes; at < segment.byteSize(); at += bytes) {
            MemorySegment.copy(segment, 0, segment, at, Math.min(bytes, segment.byteSize() - at));
        }
    }

    /** A hash of all bits. */
    long hash() {
        long hash = 0;
        for (MemorySegment each : new MemorySegment[] {x, y, m, v, wide, gainGradient, mean, inverseDeviation}) {
            for (long i = 0; i < each.byteSize() / Integer.BYTES; i++) {
                hash = 31 * hash + each.getAtIndex(JAVA_INT, i);
            }
        }
        return hash;
    }
}
