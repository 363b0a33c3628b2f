package org.asgo4j.kernel;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/**
 * {@link Elementary}, lane by lane: the same operations in the same order, guards as blends.
 *
 * <p>Coefficients are constant vectors, not broadcasts: a broadcast costs C2 hundreds of nodes, and a kernel over its
 * limit (see {@link VectorKernels}) has calls left in its loop that make an object of every vector.
 */
final class VectorElementary {

    static final FloatVector ONE = all(1);
    private static final FloatVector HALF = all(0.5f);
    private static final FloatVector MINUS_HALF = all(-0.5f);

    static final FloatVector EXP_LOWER = all(Elementary.EXP_LOWER);
    static final FloatVector EXP_UPPER = all(Elementary.EXP_UPPER);
    private static final FloatVector ZERO = all(0);
    static final FloatVector INFINITY = all(Float.POSITIVE_INFINITY);
    static final FloatVector LOG2_E = all(Elementary.LOG2_E);
    static final FloatVector MINUS_LN2_HIGH = all(-Elementary.LN2_HIGH);
    static final FloatVector MINUS_LN2_LOW = all(-Elementary.LN2_LOW);
    static final FloatVector EXPONENT_MAGIC = all(Elementary.EXPONENT_MAGIC);
    static final FloatVector E0 = all(Elementary.E0);
    static final FloatVector E1 = all(Elementary.E1);
    static final FloatVector E2 = all(Elementary.E2);
    static final FloatVector E3 = all(Elementary.E3);
    static final FloatVector E4 = all(Elementary.E4);

    private static final FloatVector END = all(Elementary.HALF_ERF_END);
    private static final FloatVector MINUS_END = all(-Elementary.HALF_ERF_END);
    private static final FloatVector P0 = all(Elementary.P0);
    private static final FloatVector P1 = all(Elementary.P1);
    private static final FloatVector P2 = all(Elementary.P2);
    private static final FloatVector P3 = all(Elementary.P3);
    private static final FloatVector P4 = all(Elementary.P4);
    private static final FloatVector P5 = all(Elementary.P5);
    private static final FloatVector Q1 = all(Elementary.Q1);
    private static final FloatVector Q2 = all(Elementary.Q2);
    private static final FloatVector Q3 = all(Elementary.Q3);
    private static final FloatVector Q4 = all(Elementary.Q4);
    private static final FloatVector Q5 = all(Elementary.Q5);
    private static final FloatVector NORMAL_PEAK = all(Elementary.NORMAL_PEAK);

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
        return p.mul(power)
                .blend(ZERO, x.compare(VectorOperators.LT, EXP_LOWER))
                .blend(INFINITY, x.compare(VectorOperators.GT, EXP_UPPER));
    }

    /** Lane by lane {@link Elementary#halfErf}. */
    static FloatVector halfErf(FloatVector x) {
        FloatVector z = x.mul(x);
        FloatVector p = P5.fma(z, P4).fma(z, P3).fma(z, P2).fma(z, P1).fma(z, P0);
        FloatVector q = Q5.fma(z, Q4).fma(z, Q3).fma(z, Q2).fma(z, Q1).fma(z, ONE);
        return x.mul(p).div(q)
                .blend(HALF, x.compare(VectorOperators.GT, END))
                .blend(MINUS_HALF, x.compare(VectorOperators.LT, MINUS_END));
    }

    /** Lane by lane {@link Elementary#gelu}. */
    static FloatVector gelu(FloatVector x) {
        return x.fma(halfErf(x), x.mul(HALF));
    }

    /** Lane by lane {@link Elementary#geluSlope}. */
    static FloatVector geluSlope(FloatVector x) {
        FloatVector density = exp(x.mul(MINUS_HALF).mul(x)).mul(NORMAL_PEAK);
        return x.fma(density, halfErf(x).add(HALF));
    }

    private static FloatVector all(float value) {
        return FloatVector.broadcast(Lanes.FLOATS, value);
    }
}
