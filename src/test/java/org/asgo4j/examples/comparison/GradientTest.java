// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.examples.comparison;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.function.DoubleSupplier;
import java.util.function.Supplier;
import org.asgo4j.examples.Digits;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.Backends;
import org.asgo4j.linalg.ElementType;
import org.asgo4j.linalg.Matrix;
import org.asgo4j.testing.Seeds;
import org.asgo4j.testing.Tolerance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Checks every weight's gradient against central differences of the loss, both in float64. */
class GradientTest {
    /** h = ∛u balances the h² of a central difference against the rounding u/h of the losses. */
    private static final double STEP = Math.cbrt(ElementType.FLOAT64.unitRoundoff());

    /** Images factorized: few, since a sum over all would round away what one weight changes. */
    private static final int IMAGES = 40;

    /** The terms added up on the way to a loss: at most those of all elements, after each of a handful of layers. */
    private static final int TERMS = 4 * IMAGES * Digits.PIXELS;

    private static final int ENTRIES = 8;

    @ParameterizedTest
    @EnumSource(Example.class)
    void everyGradientIsThatOfTheLoss(Example example) {
        long seed = Seeds.next();
        var random = new SplittableRandom(seed);
        try (Arena arena = Arena.ofConfined(); Backend backend = Backends.open()) {
            var memory = new Memory(backend, arena, ElementType.FLOAT64);
            Problem problem = example.problem(memory, digits(example), seed);
            liftBiases(problem, random);
            DoubleSupplier loss = lossOfOneBatch(problem);
            loss.getAsDouble();
            for (Weight weight : problem.weights()) {
                check(weight, loss, random, () -> example + " " + weight.name() + ", seed=" + seed);
            }
        }
    }

    private static Digits digits(Example example) {
        Digits all = Digits.read();
        return example != Example.FACTORIZATION
                ? all
                : new Digits(Arrays.copyOf(all.pixels(), IMAGES), Arrays.copyOf(all.labels(), IMAGES));
    }

    /** With biases of 0, what is white all around lies on the kink of the rectifiers, where there is no derivative. */
    private static void liftBiases(Problem problem, SplittableRandom random) {
        for (Weight weight : problem.weights()) {
            if (!weight.bias()) continue;
            for (int j = 0; j < weight.value().cols(); j++) weight.value().set(0, j, random.nextGaussian());
        }
    }

    /** The loss, always of the same batch; sets the gradients too. */
    private static DoubleSupplier lossOfOneBatch(Problem problem) {
        if (!(problem instanceof Classification classification)) return problem::gradient;
        classification.takeBatch();
        return classification::gradientOfBatch;
    }

    private static void check(
            Weight weight, DoubleSupplier loss, SplittableRandom random, Supplier<String> message) {
        Matrix value = weight.value();
        double[][] gradient = new double[value.rows()][value.cols()];
        double largest = 0;
        for (int i = 0; i < value.rows(); i++) {
            for (int j = 0; j < value.cols(); j++) {
                gradient[i][j] = weight.gradient().get(i, j);
                largest = Math.max(largest, Math.abs(gradient[i][j]));
            }
        }
        assertTrue(largest > 0, () -> "no gradient, " + message.get());
        double rounding = Tolerance.gamma(TERMS, ElementType.FLOAT64) * loss.getAsDouble() / STEP;
        double tolerance = rounding + STEP * STEP;
        assertTrue(tolerance < largest / 100, () -> "the tolerance would accept anything, " + message.get());
        for (int n = 0; n < ENTRIES; n++) {
            int i = random.nextInt(value.rows());
            int j = random.nextInt(value.cols());
            double before = value.get(i, j);
            double middle = loss.getAsDouble();
            value.set(i, j, before + STEP);
            double above = (loss.getAsDouble() - middle) / STEP;
            value.set(i, j, before - STEP);
            double below = (middle - loss.getAsDouble()) / STEP;
            value.set(i, j, before);
            // One of some 10⁵ rectifiers may have its kink within the step: the derivatives on both sides then differ.
            assertEquals((above + below) / 2, gradient[i][j], tolerance + Math.abs(above - below) / 2,
                    () -> "(%d, %d) of %s".formatted(i, j, message.get()));
        }
    }
}
