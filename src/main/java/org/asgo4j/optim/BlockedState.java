// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.optim;

import java.lang.foreign.Arena;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.Matrix;
import org.asgo4j.linalg.Side;

/** The states of a weight's blocks of rows, or of columns, each stepped as a weight of its own. */
final class BlockedState extends RuleState {
    private final RuleState[] states;
    private final int[] sizes;
    private final Side side; // LEFT: blocks of rows
    private final Matrix[] weightBlocks;
    private final Matrix[] gradientBlocks;
    private Matrix slicedWeight; // whose slices the block arrays hold: slicing anew at every step would allocate
    private Matrix slicedGradient;

    /** Blocks of rows. */
    static BlockedState ofRows(Backend backend, Rule rule, Arena arena, int cols, RowBlocks blocks) {
        int[] sizes = blocks.sizes().stream().mapToInt(Integer::intValue).toArray();
        return new BlockedState(backend, rule, arena, Math.toIntExact(blocks.rows()), cols, sizes, Side.LEFT);
    }

    /** Blocks of nearly equal length, at most {@code largest}, of rows (LEFT) or columns (RIGHT). */
    static BlockedState ofAtMost(
            int largest, Backend backend, Rule rule, Arena arena, int rows, int cols, Side side) {
        int length = side == Side.LEFT ? rows : cols;
        int[] sizes = new int[Math.ceilDiv(length, largest)];
        for (int i = 0; i < sizes.length; i++) {
            sizes[i] = length / sizes.length + (i < length % sizes.length ? 1 : 0);
        }
        return new BlockedState(backend, rule, arena, rows, cols, sizes, side);
    }

    private BlockedState(Backend backend, Rule rule, Arena arena, int rows, int cols, int[] sizes, Side side) {
        super(backend, rows, cols);
        this.sizes = sizes;
        this.side = side;
        states = new RuleState[sizes.length];
        for (int i = 0; i < sizes.length; i++) {
            states[i] = side == Side.LEFT
                    ? rule.create(backend, arena, sizes[i], cols)
                    : rule.create(backend, arena, rows, sizes[i]);
        }
        weightBlocks = new Matrix[sizes.length];
        gradientBlocks = new Matrix[sizes.length];
    }

    @Override
    void reserve(Workspace workspace) {
        for (RuleState state : states) state.reserve(workspace);
    }

    @Override
    void apply(
            Matrix weight, Matrix gradient, double gradientScale, float learningRate, float weightDecay,
            Workspace workspace) {
        if (weight != slicedWeight) {
            slice(weight, weightBlocks);
            slicedWeight = weight;
        }
        if (gradient != slicedGradient) {
            slice(gradient, gradientBlocks);
            slicedGradient = gradient;
        }
        for (int i = 0; i < states.length; i++) {
            states[i].update(
                    weightBlocks[i], gradientBlocks[i], Double.NaN, gradientScale, learningRate, weightDecay,
                    workspace);
        }
    }

    private void slice(Matrix m, Matrix[] blocks) {
        int from = 0;
        for (int i = 0; i < sizes.length; i++) {
            blocks[i] = side == Side.LEFT ? m.rowBlock(from, sizes[i]) : m.colBlock(from, sizes[i]);
            from += sizes[i];
        }
    }

    @Override
    void describe(StateFields fields) {
        for (int i = 0; i < states.length; i++) states[i].persist(fields.part("block" + i));
    }

    @Override
    void name(String name) {
        super.name(name);
        for (int i = 0; i < states.length; i++) states[i].name("%s, block %d".formatted(name, i));
    }

    @Override
    void addCounts(RootCounts sum) {
        for (RuleState state : states) state.addCounts(sum);
    }

    @Override
    void settle() {
        for (RuleState state : states) state.settle();
    }
}
