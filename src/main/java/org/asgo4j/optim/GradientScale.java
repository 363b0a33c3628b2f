// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.optim;

import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.Matrix;

/**
 * The power of two by which a state is held divided, so that the squares of gradients of any scale stay inside float32.
 * It rounds nothing, cancels in the update, and follows the norms: set by the first gradient that is not zero, moved
 * when a norm leaves its range.
 */
final class GradientScale {
    /**
     * Squares of norms between 2^−30 and 2^30 and their sums stay far inside float32 (2^±126); beyond, state and
     * gradient are brought back to 1.
     */
    private static final int EXPONENT_RANGE = 30;

    /** Keeps the power of two itself and its inverse normal float32 numbers. */
    private static final int EXPONENT_LIMIT = 126;

    /** What has smaller squares, while the unit follows something larger, ends: float32's rounding of it would show. */
    static final double SMALLEST_SQUARE = 0x1p-100;

    /** Of the largest unit so many times that squares stay inside float32. */
    static final double LARGEST_NORM = Math.scalb(1.0, EXPONENT_LIMIT + EXPONENT_RANGE);

    /** A factor that float32 holds with room on both sides: larger ones are applied in several passes. */
    private static final double LARGEST_FACTOR = 0x1p100;

    /** What is held divided by the unit. */
    interface Held {
        /** The largest squared norm of what is held, in the unit. */
        double largestSquare();

        /** Multiplies what is held by a power of two, squares by its square. */
        void rescale(double factor);
    }

    private final Backend backend;
    private int exponent; // unit = 2^exponent
    private boolean set; // whether a gradient has set the unit

    GradientScale(Backend backend) {
        this.backend = backend;
    }

    /** What the state is divided by; 1 before the first gradient. */
    double unit() {
        return Math.scalb(1.0, exponent);
    }

    /**
     * Sets the unit if this is the first norm that is not zero, and moves it where gradient and state have both left
     * its range: a smaller gradient alone, or one of zeros, changes it only once what it meets in the state has faded.
     *
     * @param norm of the gradient about to be used
     * @param held the state, which is taken from the old unit to the new one
     */
    void follow(double norm, Held held) {
        if (!set) {
            if (norm == 0) return;
            exponent = exponentOf(norm);
            set = true;
        }
        if (norm != 0 && !outOfRange(norm / unit())) return;
        double largest = Math.max(norm / unit(), Math.sqrt(held.largestSquare()));
        if (!outOfRange(largest)) return;
        int old = exponent;
        exponent = exponentOf(largest * unit());
        if (exponent != old) held.rescale(Math.scalb(1.0, old - exponent));
    }

    /** X ← c·G/unit, where c/unit may be more than float32 holds: of a tiny gradient a large multiple. */
    void scale(Matrix gradient, double c, Matrix x) {
        double factor = c / unit();
        double first = Math.clamp(factor, 1 / LARGEST_FACTOR, LARGEST_FACTOR);
        backend.axpby((float) first, gradient, 0, x);
        if (factor != first) multiply(backend, factor / first, x);
    }

    /** A ← factor·A for a factor that float32 itself need not hold. */
    static void multiply(Backend backend, double factor, Matrix a) {
        double left = factor;
        while (left > LARGEST_FACTOR) {
            backend.axpby(0, a, (float) LARGEST_FACTOR, a);
            left /= LARGEST_FACTOR;
        }
        while (left > 0 && left < 1 / LARGEST_FACTOR) {
            backend.axpby(0, a, (float) (1 / LARGEST_FACTOR), a);
            left *= LARGEST_FACTOR;
        }
        backend.axpby(0, a, (float) left, a);
    }

    /** Exponent of the unit, and whether it has been set. */
    void describe(StateFields fields) {
        exponent = (int) fields.integer("exponent", exponent, -EXPONENT_LIMIT, EXPONENT_LIMIT);
        set = fields.flag("scaled", set);
    }

    /** Whether the squares of what has this norm may leave float32. */
    static boolean outOfRange(double norm) {
        return norm != 0 && Math.abs(Math.getExponent(norm)) > EXPONENT_RANGE;
    }

    private static int exponentOf(double norm) {
        return Math.clamp(Math.getExponent(norm), -EXPONENT_LIMIT, EXPONENT_LIMIT);
    }
}
