// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.examples.comparison;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.asgo4j.examples.Digits;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.ElementType;
import org.asgo4j.linalg.Workers;
import org.asgo4j.optim.AdamW;
import org.asgo4j.optim.AdamWConfig;
import org.asgo4j.optim.Optimizer;
import org.asgo4j.optim.OptimizerConfig;
import org.asgo4j.optim.Parameter;
import org.asgo4j.optim.ParameterGroup;
import org.asgo4j.optim.Rule;
import org.asgo4j.optim.Schedule;

/**
 * The loop: gradient, step, now and then a look at the losses. Matrices are stepped by the rule, biases by AdamW at a
 * rate of their own, the same beside every rule.
 *
 * @param example what is minimized
 * @param rule what the matrices are stepped with
 * @param learningRate the peak for the matrices; warm-up over a tenth of the steps, then a cosine, as published
 * @param seed of everything random in the problem
 * @param steps of the training
 * @param points how many times the losses are measured after the start, evenly, the last time at the end
 */
public record Training(Example example, Rule rule, float learningRate, long seed, int steps, int points) {
    private static final float BIAS_LEARNING_RATE = 0.01f;
    private static final int QUARTERS = 4;
    private static final double NANOS_PER_MICRO = 1e3;

    /** Runs the training. One that meets a NaN or infinity ends there, with a shorter curve and an infinite loss. */
    public Curve run(Backend backend, Digits digits) {
        try (Arena arena = Arena.ofConfined(); Workers workers = new Workers(1)) {
            Problem problem = example.problem(new Memory(backend, arena, ElementType.FLOAT32), digits, seed);
            try (var optimizer = new Optimizer(backend, workers, noClipping(), groups(problem.weights()))) {
                return run(problem, optimizer);
            }
        }
    }

    private Curve run(Problem problem, Optimizer optimizer) {
        List<Curve.Point> curve = new ArrayList<>();
        long[] gradientNanos = new long[steps];
        long[] stepNanos = new long[steps];
        curve.add(point(problem, 0));
        for (int step = 1; step <= steps; step++) {
            long start = System.nanoTime();
            problem.gradient();
            long middle = System.nanoTime();
            try {
                optimizer.step();
            } catch (ArithmeticException e) { // a learning rate that is too high: a NaN, or a root that fails
                return new Curve(curve, Double.NaN, Double.NaN);
            }
            gradientNanos[step - 1] = middle - start;
            stepNanos[step - 1] = System.nanoTime() - middle;
            if (step * points / steps > (step - 1) * points / steps) {
                curve.add(point(problem, step));
            }
        }
        return new Curve(curve, interquartileMeanMicros(gradientNanos), interquartileMeanMicros(stepNanos));
    }

    private static Curve.Point point(Problem problem, int step) {
        return new Curve.Point(step, problem.training(), problem.validation());
    }

    /** Rules that scale their updates ignore the gradient's length; clipping would change the others alone. */
    private static OptimizerConfig noClipping() {
        return OptimizerConfig.published().withClipNorm(Double.POSITIVE_INFINITY);
    }

    private List<ParameterGroup> groups(List<Weight> weights) {
        List<ParameterGroup> groups = new ArrayList<>();
        groups.add(new ParameterGroup("matrices", rule, Schedule.published(learningRate, steps),
                example.weightDecay(), parameters(weights, false)));
        if (weights.stream().anyMatch(Weight::bias)) {
            groups.add(new ParameterGroup("biases", new AdamW(AdamWConfig.published()),
                    Schedule.published(BIAS_LEARNING_RATE, steps), 0, parameters(weights, true)));
        }
        return groups;
    }

    private static List<Parameter> parameters(List<Weight> weights, boolean biases) {
        return weights.stream()
                .filter(weight -> weight.bias() == biases)
                .map(weight -> Parameter.of(weight.name(), weight.value(), weight.gradient()))
                .toList();
    }

    /**
     * The mean of the middle half in rank, not in time: the first steps are slow until the compilers have seen them.
     * Where steps with a root and without take turns, half of it is of either.
     */
    private static double interquartileMeanMicros(long[] nanos) {
        return Arrays.stream(nanos)
                .sorted()
                .skip(nanos.length / QUARTERS)
                .limit(nanos.length - 2 * (nanos.length / QUARTERS))
                .average()
                .orElseThrow() / NANOS_PER_MICRO;
    }
}
