// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.kernel;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/**
 * {@link Elementary}, lane by lane: the same operations in the same order, guards as blends. Here are the constants of
 * all its functions; erf is only needed where there are no nodes left for a call, and stands in {@link
 * VectorGelu}.
 *
 * <p>Coefficients are constant vectors, not broadcasts: a broadcast costs C2 hundreds of nodes, and a kernel over its
 * limit (see {@link VectorLoops}) has calls left in its loop that make an object of every vector.
 */
final class VectorElementary {

    static final FloatVector ONE = all(1);
    static final FloatVector HALF = all(0.5f);

    static final FloatVector EXP_LOWER = all(Elementary.EXP_LOWER);
    static final FloatVector ZERO = all(0);
    static final FloatVector LOG2_E = all(Elementary.LOG2_E);
    static final FloatVector MINUS_LN2_HIGH = all(-Elementary.LN2_HIGH);
    static final FloatVector MINUS_LN2_LOW = all(-Elementary.LN2_LOW);
    static final FloatVector EXPONENT_MAGIC = all(Elementary.EXPONENT_MAGIC);
    static final FloatVector E0 = all(Elementary.E0);
    static final FloatVector E1 = all(Elementary.E1);
    static final FloatVector E2 = all(Elementary.E2);
    static final FloatVector E3 = all(Elementary.E3);
    static final FloatVector E4 = all(Elementary.E4);

    static final FloatVector NORMAL_END = all(Elementary.NORMAL_END);
    static final FloatVector MINUS_NORMAL_END = all(-Elementary.NORMAL_END);
    static final FloatVector P0 = all(Elementary.P0);
    static final FloatVector P1 = all(Elementary.P1);
    static final FloatVector P2 = all(Elementary.P2);
    static final FloatVector P3 = all(Elementary.P3);
    static final FloatVector P4 = all(Elementary.P4);
    static final FloatVector P5 = all(Elementary.P5);
    static final FloatVector Q1 = all(Elementary.Q1);
    static final FloatVector Q2 = all(Elementary.Q2);
    static final FloatVector Q3 = all(Elementary.Q3);
    static final FloatVector Q4 = all(Elementary.Q4);
    static final FloatVector Q5 = all(Elementary.Q5);
    static final FloatVector S0 = all(Elementary.S0);
    static final FloatVector S1 = all(Elementary.S1);
    static final FloatVector S2 = all(Elementary.S2);
    static final FloatVector S3 = all(Elementary.S3);
    static final FloatVector S4 = all(Elementary.S4);
    static final FloatVector S5 = all(Elementary.S5);
    static final FloatVector T1 = all(Elementary.T1);
    static final FloatVector T2 = all(Elementary.T2);
    static final FloatVector T3 = all(Elementary.T3);
    static final FloatVector T4 = all(Elementary.T4);
    static final FloatVector T5 = all(Elementary.T5);
    static final FloatVector SLOPE_END = all(Elementary.SLOPE_END);
    static final FloatVector MINUS_SLOPE_END = all(-Elementary.SLOPE_END);

    private VectorElementary() {
    }

    /** Lane by lane {@link Elementary#exp}. */
    static FloatVector exp(FloatVector x) {
        FloatVector shifted = x.fma(LOG2_E, EXPONENT_MAGIC);
        FloatVector n = shifted.sub(EXPONENT_MAGIC);
        FloatVector r = n.fma(MINUS_LN2_LOW, n.fma(MINUS_LN2_HIGH, x));
        FloatVector p = E4.fma(r, E3).fma(r, E2).fma(r, E1).fma(r, E0).fma(r, ONE).fma(r, ONE);
        FloatVector power = shifted.reinterpretAsInts().lanewise(VectorOperators.LSHL, Elementary.EXPONENT_SHIFT)
                .reinterpretAsFloats();
        return p.mul(power).blend(ZERO, x.compare(VectorOperators.LT, EXP_LOWER));
    }

    private static FloatVector all(float value) {
        return FloatVector.broadcast(Lanes.FLOATS, value);
    }
}
