// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.optim;

/**
 * The largest gradient that a rule takes: an infinity in its state would never end, and nobody might hear of it.
 *
 * @param largest norm of the gradient, multiplied by the factor of the step
 * @param rule named in the message
 * @param reason what of its state bounds it, for the message
 */
record NormLimit(double largest, String rule, String reason) {
    /** Moving averages of such gradients stay inside float32, with room for what rounding adds. */
    private static final double LARGEST_AVERAGE = 0x1p127;

    /** For a rule whose momentum is a moving average of the gradients themselves. */
    static NormLimit ofMomentum(String rule) {
        return ofMomentum(rule, 1);
    }

    /** For a momentum that is up to 1/{@code share} times as long as the gradients. */
    static NormLimit ofMomentum(String rule, double share) {
        return new NormLimit(share * LARGEST_AVERAGE, rule, "what it adds up is float32");
    }

    /** For a state that is held divided by a {@link GradientScale}'s unit. */
    static NormLimit inUnits(String rule) {
        return new NormLimit(GradientScale.LARGEST_NORM, rule, "its state, divided by a power of two, is float32");
    }

    boolean allows(double norm) {
        return norm <= largest;
    }

    /**
     * Refuses a larger norm.
     *
     * @param step the step it is of, counted from 1
     */
    void require(double norm, long step) {
        if (allows(norm)) return;
        throw new ArithmeticException(("norm of the gradient is %s at step %d, must be at most %s under %s: %s. Clip "
                + "gradients, or leave such a step out").formatted(norm, step, largest, rule, reason));
    }
}
