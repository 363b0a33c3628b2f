package org.asgo4j.optim;

import java.lang.foreign.Arena;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.Matrix;

/** The states of a weight's row blocks, each stepped as a weight of its own. */
final class BlockedState extends RuleState {
    private final RuleState[] states;
    private final int[] sizes;
    private final Matrix[] weightBlocks;
    private final Matrix[] gradientBlocks;
    private Matrix slicedWeight; // whose slices the block arrays hold: slicing anew at every step would allocate
    private Matrix slicedGradient;

    BlockedState(Backend backend, Rule rule, Arena arena, int cols, RowBlocks blocks) {
        super(backend, Math.toIntExact(blocks.rows()), cols);
        sizes = blocks.sizes().stream().mapToInt(Integer::intValue).toArray();
        states = new RuleState[sizes.length];
        for (int i = 0; i < sizes.length; i++) states[i] = rule.create(backend, arena, sizes[i], cols);
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
            states[i].update(weightBlocks[i], gradientBlocks[i], gradientScale, learningRate, weightDecay, workspace);
        }
    }

    private void slice(Matrix m, Matrix[] blocks) {
        int from = 0;
        for (int i = 0; i < sizes.length; i++) {
            blocks[i] = m.rowBlock(from, sizes[i]);
            from += sizes[i];
        }
    }

    @Override
    void describe(StateFields fields) {
        for (int i = 0; i < states.length; i++) states[i].persist(fields.part("block" + i));
    }

    @Override
    public long refreshes() {
        long sum = 0;
        for (RuleState state : states) sum += state.refreshes();
        return sum;
    }
}
