// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.train;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.Matrix;
import org.asgo4j.linalg.Workers;
import org.asgo4j.optim.Optimizer;
import org.asgo4j.optim.OptimizerConfig;

/** A training on random tokens, to be measured: a model of one size, and optimizers of it. Owns its memory. */
final class SizedTraining implements AutoCloseable {
    private static final long SEED = 1;

    /** Of the schedule, which is constant: long enough for no benchmark to reach its end. */
    private static final int STEPS = 1_000_000;

    /** Of the default learning rate: without a warm-up all of it may raise the loss at first. */
    private static final float RATE_SHARE = 0.01f;

    private static final int VERIFYING_STEPS = 3;

    /** Weights are moved along the gradients until the loss should have changed by so much: far above its rounding. */
    private static final double NUDGE = 1e-2;

    /** The loss may change by this share more or less: it is curved. */
    private static final double SLOPE_TOLERANCE = 0.05;

    private final SizedModel model;
    private final Backend backend;
    private final GptParameters parameters;
    private final Gpt gpt;
    private final List<Optimizer> optimizers = new ArrayList<>();
    private final SplittableRandom random = new SplittableRandom(SEED);
    private final int[] inputs;
    private final int[] targets;

    /** Draws the weights and a first batch. */
    SizedTraining(Backend backend, Workers workers, SizedModel model, OptimizerChoice.Algorithm... algorithms) {
        this.model = model;
        this.backend = backend;
        parameters = new GptParameters(backend, model.config());
        parameters.initialize(SEED);
        gpt = new Gpt(backend, workers, parameters, model.batch());
        for (OptimizerChoice.Algorithm algorithm : algorithms) {
            var choice = new OptimizerChoice(algorithm, learningRate(algorithm));
            optimizers.add(new Optimizer(backend, workers, OptimizerConfig.published(),
                    choice.groups(parameters, ScheduleShape.CONSTANT, STEPS)));
        }
        inputs = new int[model.tokens()];
        targets = new int[inputs.length];
        draw();
    }

    /** What an optimizer of a sized training takes. */
    static float learningRate(OptimizerChoice.Algorithm algorithm) {
        return RATE_SHARE * algorithm.defaultLearningRate();
    }

    /**
     * Checks that the loss is that of a guess at first, that its slope along the gradients is what the gradients say,
     * and that some steps on one batch lower it.
     *
     * @throws IllegalStateException if not
     */
    void verify() {
        double first = forwardBackward();
        double guess = Math.log(model.config().vocabulary());
        require(Math.abs(first - guess) < 1, "loss %.3f at first, expected about ln(vocabulary) = %.3f", first, guess);
        verifySlope();
        double before = stepOnBatch();
        for (int i = 1; i < VERIFYING_STEPS; i++) stepOnBatch();
        double last = forwardBackward();
        require(last < before, "loss %.4f after some steps on one batch, expected less than %.4f", last, before);
    }

    /** (L(W + εG) − L(W − εG))/2ε against ‖G‖², with ε‖G‖² = {@link #NUDGE}. */
    private void verifySlope() {
        double squares = 0;
        for (GptParameter each : parameters.all()) squares += backend.sumOfSquares(each.gradient());
        double epsilon = NUDGE / squares;
        move(epsilon);
        double above = gpt.loss(inputs, targets, inputs.length);
        move(-2 * epsilon);
        double below = gpt.loss(inputs, targets, inputs.length);
        move(epsilon);
        double ratio = (above - below) / (2 * NUDGE);
        require(Math.abs(ratio - 1) < SLOPE_TOLERANCE,
                "loss changes along the gradients by %.4f of what their norm says, expected 1 ± %.2f", ratio,
                SLOPE_TOLERANCE);
    }

    /** W ← W + εG. */
    private void move(double epsilon) {
        for (GptParameter each : parameters.all()) {
            Matrix weight = each.weight();
            backend.axpby((float) epsilon, each.gradient(), 1, weight);
        }
    }

    private static void require(boolean holds, String message, Object... values) {
        if (!holds) throw new IllegalStateException(message.formatted(values));
    }

    /** Other tokens: a batch learned by heart has no gradient left. */
    void draw() {
        for (int i = 0; i < inputs.length; i++) {
            inputs[i] = random.nextInt(model.config().vocabulary());
            targets[i] = random.nextInt(model.config().vocabulary());
        }
    }

    /** The loss of the batch, and all gradients. */
    double forwardBackward() {
        return gpt.forwardBackward(inputs, targets);
    }

    /** A step of the optimizer of this number, on the gradients of the last pass. */
    Object optimizerStep(int number) {
        return optimizers.get(number).step();
    }

    /** Both, with the first optimizer. */
    double stepOnBatch() {
        double loss = forwardBackward();
        optimizerStep(0);
        return loss;
    }

    /** The batch that was drawn last. */
    int[] inputs() {
        return inputs;
    }

    /** The tokens that follow them. */
    int[] targets() {
        return targets;
    }

    GptParameters parameters() {
        return parameters;
    }

    @Override
    public void close() {
        optimizers.forEach(Optimizer::close);
        gpt.close();
        parameters.close();
    }
}
