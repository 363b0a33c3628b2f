// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.kernel;

/**
 * exp and erf in float32: the definition that {@link VectorElementary} repeats, fma for fma.
 *
 * <p>The coefficients are minimax fits made for this class; {@code ElementaryTest} measures the errors stated here
 * against float64 references.
 */
final class Elementary {

    /**
     * Below this {@link #exp} is 0; e^−50 = 2e-22 is nothing beside the 1 that every softmax has. Smaller probabilities
     * make subnormal numbers of their products with gradients, and with a subnormal factor a product takes a CPU over a
     * hundred cycles: DASGO's attention is so certain of itself that a training step took twice as long.
     */
    static final float EXP_LOWER = -50;

    /** Up to here {@link #exp} is defined; e^88 = 1.7e38 is half the largest float. */
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

    /** From here on Φ(x) is taken as 1, and as 0 below its negative; the error is 3.4e-8. */
    static final float NORMAL_END = 5.39f;

    /**
     * gelu′(x) ≈ ½ + x·(S0 + S1·z + … + S5·z⁵)/(1 + T1·z + … + T5·z⁵) with z = x², |x| ≤ 5.75; absolute error 1.2e-7
     * before rounding.
     */
    static final float S0 = 0.79788536f;
    static final float S1 = -0.030995242f;
    static final float S2 = 0.014230182f;
    static final float S3 = 1.9236237e-5f;
    static final float S4 = 3.5954312e-5f;
    static final float S5 = 1.9290732e-7f;
    static final float T1 = 0.2944948f;
    static final float T2 = 0.04098032f;
    static final float T3 = 0.0035230245f;
    static final float T4 = 1.9203698e-4f;
    static final float T5 = 8.95172e-6f;

    /** From here on gelu′(x) is taken as 1, and as 0 below its negative; the error is 1.5e-7. */
    static final float SLOPE_END = 5.75f;

    private Elementary() {
    }

    /**
     * eˣ, within 2 ulp for {@link #EXP_LOWER} ≤ x ≤ {@link #EXP_UPPER}, 0 below, NaN for NaN. Above it is
     * undefined: no exponent of a softmax is positive.
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
        return x < EXP_LOWER ? 0 : result;
    }

    /** Φ(x) = ½ + ½·erf(x/√2), the normal distribution, within 2.5e-7; exactly 0 or 1 beyond {@link #NORMAL_END}. */
    static float normal(float x) {
        float z = x * x;
        float p = Math.fma(Math.fma(Math.fma(Math.fma(Math.fma(P5, z, P4), z, P3), z, P2), z, P1), z, P0);
        float q = Math.fma(Math.fma(Math.fma(Math.fma(Math.fma(Q5, z, Q4), z, Q3), z, Q2), z, Q1), z, 1);
        float result = Math.fma(x, p / q, 0.5f);
        if (x > NORMAL_END) {
            return 1;
        }
        return x < -NORMAL_END ? 0 : result;
    }

    /** GELU: x·Φ(x) = ½·x·(1 + erf(x/√2)), within 3e-7·|x|. */
    static float gelu(float x) {
        return x * normal(x);
    }

    /**
     * Derivative of GELU: Φ(x) + x·φ(x), φ the normal density, within 4e-7; exactly 0 or 1 beyond {@link #SLOPE_END}.
     *
     * <p>Its distance from ½ is an odd function as smooth as erf, so that one quotient stands for erf and exp.
     */
    static float geluSlope(float x) {
        float z = x * x;
        float s = Math.fma(Math.fma(Math.fma(Math.fma(Math.fma(S5, z, S4), z, S3), z, S2), z, S1), z, S0);
        float t = Math.fma(Math.fma(Math.fma(Math.fma(Math.fma(T5, z, T4), z, T3), z, T2), z, T1), z, 1);
        float result = Math.fma(x, s / t, 0.5f);
        if (x > SLOPE_END) {
            return 1;
        }
        return x < -SLOPE_END ? 0 : result;
    }
}
