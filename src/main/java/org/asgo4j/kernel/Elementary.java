// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.kernel;

/**
 * exp and erf in float32: the definition that {@link VectorElementary} repeats, fma for fma.
 *
 * <p>The coefficients are minimax fits made for this class; {@code ElementaryTest} measures the errors stated here
 * against float64 references.
 */
final class Elementary {

    /** Below this {@link #exp} is 0; e^−87 = 1.6e-38 is the last step before subnormal numbers. */
    static final float EXP_LOWER = -87;

    /** Above this {@link #exp} is +∞; e^88 = 1.7e38 is half the largest float. */
    static final float EXP_UPPER = 88;

    static final float LOG2_E = 1.44269504f;

    /** ln 2 with 9 trailing zero bits, so that its product with an exponent is exact … */
    static final float LN2_HIGH = 0.693359375f;

    /** … and what is missing to ln 2. */
    static final float LN2_LOW = -2.12194440e-4f;

    /**
     * Exponent bias of a float on top of 1.5·2²³. Adding it rounds a number n to an integer and leaves n + 127 in the
     * low bits: shifted left by {@link #EXPONENT_SHIFT}, they are the float 2ⁿ.
     */
    static final float EXPONENT_MAGIC = 0x1.8p23f + 127;

    /** Bits below the exponent of a float. */
    static final int EXPONENT_SHIFT = 23;

    /** (eʳ − 1 − r)/r² ≈ E0 + E1·r + … + E4·r⁴ for |r| ≤ 0.3475; relative error of eʳ 3.2e-9. */
    static final float E0 = 0.49999994f;
    static final float E1 = 0.16666520f;
    static final float E2 = 0.041668404f;
    static final float E3 = 0.0083688991f;
    static final float E4 = 0.0013814222f;

    /**
     * ½·erf(x/√2) ≈ x·(P0 + P1·z + … + P5·z⁵)/(1 + Q1·z + … + Q5·z⁵) with z = x², |x| ≤ 5.5; absolute error
     * 7.2e-9 before rounding.
     */
    static final float P0 = 0.39894223f;
    static final float P1 = 0.033852637f;
    static final float P2 = 0.00467726f;
    static final float P3 = 0.0001688255f;
    static final float P4 = 6.3521084e-6f;
    static final float P5 = 2.2749363e-8f;
    static final float Q1 = 0.2515219f;
    static final float Q2 = 0.028645866f;
    static final float Q3 = 0.001884444f;
    static final float Q4 = 7.3647396e-5f;
    static final float Q5 = 1.1975031e-6f;

    /** From here on ½·erf(x/√2) is taken as ½; the error is 3.4e-8. */
    static final float HALF_ERF_END = 5.39f;

    /** 1/√(2π), the height of the normal density. */
    static final float NORMAL_PEAK = 0.39894228f;

    private Elementary() {
    }

    /**
     * eˣ, within 2 ulp for {@link #EXP_LOWER} ≤ x ≤ {@link #EXP_UPPER}, 0 below, +∞ above, NaN for NaN.
     *
     * <p>x = n·ln 2 + r with |r| ≤ ½·ln 2, then eˣ = 2ⁿ·(1 + r + r²·E(r)).
     */
    static float exp(float x) {
        float shifted = Math.fma(x, LOG2_E, EXPONENT_MAGIC);
        float n = shifted - EXPONENT_MAGIC;
        float r = Math.fma(n, -LN2_LOW, Math.fma(n, -LN2_HIGH, x));
        float e = Math.fma(Math.fma(Math.fma(Math.fma(E4, r, E3), r, E2), r, E1), r, E0);
        float p = Math.fma(Math.fma(e, r, 1), r, 1);
        float result = p * Float.intBitsToFloat(Float.floatToRawIntBits(shifted) << EXPONENT_SHIFT);
        if (x < EXP_LOWER) {
            return 0;
        }
        return x > EXP_UPPER ? Float.POSITIVE_INFINITY : result;
    }

    /** ½·erf(x/√2) = Φ(x) − ½, Φ the normal distribution, within 2.5e-7; exactly ±½ beyond {@link #HALF_ERF_END}. */
    static float halfErf(float x) {
        float z = x * x;
        float p = Math.fma(Math.fma(Math.fma(Math.fma(Math.fma(P5, z, P4), z, P3), z, P2), z, P1), z, P0);
        float q = Math.fma(Math.fma(Math.fma(Math.fma(Math.fma(Q5, z, Q4), z, Q3), z, Q2), z, Q1), z, 1);
        float result = x * p / q;
        if (x > HALF_ERF_END) {
            return 0.5f;
        }
        return x < -HALF_ERF_END ? -0.5f : result;
    }

    /** GELU: x·Φ(x) = ½·x·(1 + erf(x/√2)), within 3e-7·|x|. */
    static float gelu(float x) {
        return Math.fma(x, halfErf(x), 0.5f * x);
    }

    /** Derivative of GELU: Φ(x) + x·φ(x), φ the normal density, within 5e-7. */
    static float geluSlope(float x) {
        float density = NORMAL_PEAK * exp(-0.5f * x * x);
        return Math.fma(x, density, 0.5f + halfErf(x));
    }
}
