// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.optim;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.asgo4j.linalg.Backend;

/**
 * The native memory that an {@link Optimizer} takes for weights of given shapes, counted where it is allocated. It is
 * all taken at construction, so this is also its peak, but for what a root in float64 takes where one in float32 fails.
 *
 * @param state bytes remembered from step to step: moments, gram matrices, roots
 * @param scratch bytes of one worker's workspace, LAPACK's included
 */
public record OptimizerMemory(long state, long scratch) {

    /** A weight's rows and columns. */
    public record Shape(int rows, int cols) {
        /** Its elements. */
        public long parameters() {
            return (long) rows * cols;
        }
    }

    /** What the rule takes for weights of these shapes. */
    public static OptimizerMemory of(Backend backend, Rule rule, List<Shape> shapes) {
        try (var state = new CountingArena(); var scratch = new CountingArena()) {
            var workspace = new Workspace(backend);
            for (Shape shape : shapes) {
                rule.newSharedState(backend, state, RowBlocks.whole(shape.rows), shape.cols).reserve(workspace);
            }
            workspace.allocate(scratch);
            return new OptimizerMemory(state.bytes, scratch.bytes);
        }
    }

    /** State, and a workspace for each of so many workers. */
    public long total(int workers) {
        return state + workers * scratch;
    }

    /** Hands on what it is asked for, and counts it. */
    private static final class CountingArena implements Arena {
        private final Arena arena = Arena.ofShared();
        private long bytes;

        @Override
        public MemorySegment allocate(long byteSize, long byteAlignment) {
            bytes += byteSize;
            return arena.allocate(byteSize, byteAlignment);
        }

        @Override
        public MemorySegment.Scope scope() {
            return arena.scope();
        }

        @Override
        public void close() {
            arena.close();
        }
    }
}
