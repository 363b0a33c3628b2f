// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.optim;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.Matrix;
import org.asgo4j.linalg.Side;

/** The states of a weight's blocks of rows, or of columns, each stepped as a weight of its own. */
final class BlockedState extends RuleState implements Halves {
    private final RuleState[] states;
    private final Slices weightSlices;
    private final Slices gradientSlices;

    /** Blocks of rows. */
    static BlockedState ofRows(Backend backend, Rule rule, Arena arena, RowBlocks blocks, int cols) {
        int[] sizes = blocks.sizes().stream().mapToInt(Integer::intValue).toArray();
        return new BlockedState(backend, rule, arena, blocks.rows(), cols, sizes, Side.LEFT);
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
        states = new RuleState[sizes.length];
        for (int i = 0; i < sizes.length; i++) {
            states[i] = side == Side.LEFT
                    ? rule.create(backend, arena, sizes[i], cols)
                    : rule.create(backend, arena, rows, sizes[i]);
        }
        weightSlices = new Slices(sizes, side);
        gradientSlices = new Slices(sizes, side);
    }

    @Override
    void reserve(Workspace workspace) {
        for (RuleState state : states) state.reserve(workspace);
    }

    @Override
    void apply(
            Matrix weight, Matrix gradient, double gradientScale, float learningRate, float weightDecay,
            Workspace workspace) {
        Matrix[] weightBlocks = weightSlices.of(weight);
        Matrix[] gradientBlocks = gradientSlices.of(gradient);
        for (int i = 0; i < states.length; i++) {
            states[i].update(
                    weightBlocks[i], gradientBlocks[i], Double.NaN, gradientScale, learningRate, weightDecay,
                    workspace);
        }
    }

    /** No block's gradient is longer than the whole. */
    @Override
    NormLimit normLimit() {
        return states[0].normLimit();
    }

    @Override
    public List<AsgoState> batched() {
        List<AsgoState> all = new ArrayList<>();
        for (RuleState state : states) {
            List<AsgoState> some = state instanceof Halves halves ? halves.batched() : List.of();
            if (some.isEmpty()) return List.of();
            all.addAll(some);
        }
        return all;
    }

    @Override
    public void prepare(Matrix gradient, double sumOfSquares, double gradientScale, Workspace workspace) {
        Matrix[] blocks = gradientSlices.of(gradient);
        for (int i = 0; i < states.length; i++) {
            ((Halves) states[i]).prepare(blocks[i], Double.NaN, gradientScale, workspace);
        }
    }

    @Override
    public void complete(
            Matrix weight, Matrix gradient, double gradientScale, float learningRate, float weightDecay,
            Workspace workspace) {
        Matrix[] weightBlocks = weightSlices.of(weight);
        Matrix[] gradientBlocks = gradientSlices.of(gradient);
        for (int i = 0; i < states.length; i++) {
            ((Halves) states[i]).complete(
                    weightBlocks[i], gradientBlocks[i], gradientScale, learningRate, weightDecay, workspace);
        }
        countStep();
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
    public void settle() {
        for (RuleState state : states) state.settle();
    }
}
