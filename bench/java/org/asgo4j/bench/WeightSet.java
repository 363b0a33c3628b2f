// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.bench;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.Matrix;
import org.asgo4j.linalg.Workers;
import org.asgo4j.optim.Asgo;
import org.asgo4j.optim.AsgoConfig;
import org.asgo4j.optim.Optimizer;
import org.asgo4j.optim.OptimizerConfig;
import org.asgo4j.optim.Parameter;
import org.asgo4j.optim.ParameterGroup;
import org.asgo4j.optim.Schedule;

/**
 * The weights, of zeros, and gradients of a model: what a step works on.
 *
 * <p>A gradient is √max(m, n) times a diagonal of ones, and noise of standard deviation s = 12^(−1/2) whose largest
 * singular value is near s(√m + √n) ≤ 0.58·√max(m, n). So its condition number is below 1.58/0.42, and that of its gram
 * matrix below {@link #CONDITION}, at every shape.
 */
final class WeightSet {
    /** The most that a gram matrix of these gradients has for a condition number; (1.58/0.42)² = 14.2. */
    static final double CONDITION = 16;

    static final float LEARNING_RATE = 0.01f;
    static final float WEIGHT_DECAY = 0.1f;

    private static final long SEED = 1;
    private static final int LAYERS = 4;
    private static final int CHAR_WIDTH = 128;
    private static final int TINY_WIDTH = 4;
    private static final int SMALL_WIDTH = 768;
    private static final int XL_WIDTH = 1600;
    private static final int MLP_FACTOR = 4;

    private final List<Parameter> parameters = new ArrayList<>();
    private final Backend backend;
    private final Arena arena;
    private final Random random = new Random(SEED);
    private final boolean onHost;

    /** In the backend's memory; see {@link #WeightSet(String, Backend, Arena, boolean)}. */
    WeightSet(String name, Backend backend, Arena arena) {
        this(name, backend, arena, false);
    }

    /**
     * A set by name: {@code char-gpt}, the 24 matrices of the training job's GPT of 4 layers of width 128; {@code
     * block}, one block of GPT-2 small; {@code block-xl}, one of GPT-2 XL; {@code tiny}, char-gpt at width 4, where all
     * is overhead; a number n, one weight of n×n. In plain memory of this computer if {@code onHost}, else in the
     * backend's.
     */
    WeightSet(String name, Backend backend, Arena arena, boolean onHost) {
        this.onHost = onHost;
        this.backend = backend;
        this.arena = arena;
        switch (name) {
            case "tiny" -> addBlocks(LAYERS, TINY_WIDTH);
            case "char-gpt" -> addBlocks(LAYERS, CHAR_WIDTH);
            case "block" -> addBlocks(1, SMALL_WIDTH);
            case "block-xl" -> addBlocks(1, XL_WIDTH);
            default -> add("weight", Integer.parseInt(name), Integer.parseInt(name));
        }
        drawGradients();
    }

    private void addBlocks(int layers, int width) {
        for (int i = 0; i < layers; i++) {
            for (String square : List.of("query", "key", "value", "projection")) add(square + i, width, width);
            add("up" + i, MLP_FACTOR * width, width);
            add("down" + i, width, MLP_FACTOR * width);
        }
    }

    private void add(String name, int rows, int cols) {
        parameters.add(Parameter.of(name, allocate(rows, cols), allocate(rows, cols)));
    }

    private Matrix allocate(int rows, int cols) {
        return onHost ? Matrix.of(arena.allocate(Float.BYTES * (long) rows * cols, Float.BYTES), rows, cols)
                : backend.allocate(arena, rows, cols);
    }

    /** Draws new gradients, in place. */
    void drawGradients() {
        for (Parameter parameter : parameters) {
            Matrix gradient = parameter.gradient();
            if (gradient.isOnDevice()) {
                try (Arena scratch = Arena.ofConfined()) {
                    backend.copy(drawn(backend.allocateHost(scratch, gradient.rows(), gradient.cols())), gradient);
                }
            } else {
                drawn(gradient);
            }
        }
    }

    private Matrix drawn(Matrix gradient) {
        double diagonal = Math.sqrt(Math.max(gradient.rows(), gradient.cols()));
        for (int i = 0; i < gradient.rows(); i++) {
            for (int j = 0; j < gradient.cols(); j++) {
                gradient.set(i, j, random.nextFloat() - 0.5 + (i == j ? diagonal : 0));
            }
        }
        return gradient;
    }

    List<Parameter> parameters() {
        return parameters;
    }

    /** The same gradients with weights of their own, of zeros. */
    List<Parameter> parametersWithNewWeights() {
        return parameters.stream()
                .map(p -> Parameter.of(p.name(), allocate(p.weight().rows(), p.weight().cols()), p.gradient()))
                .toList();
    }

    /** An optimizer of such parameters, under the published clipping. */
    static Optimizer optimizer(Backend backend, Workers workers, AsgoConfig config, List<Parameter> parameters) {
        var group = new ParameterGroup(
                "matrices", new Asgo(config), Schedule.constant(LEARNING_RATE), WEIGHT_DECAY, parameters);
        return new Optimizer(backend, workers, OptimizerConfig.published(), List.of(group));
    }
}
