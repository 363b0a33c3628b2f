// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.optim;

/**
 * Nodes and weights of the quadrature for x^(−1/2) on [m, M] (Hale, Higham and Trefethen 2008, method 3): with k² =
 * m/M, K' = K(1−k²) and u_j = (j−½)K'/N,
 *
 * <pre>
 * x^(−1/2) ≈ Σ_j w_j·√m/(x + m·s_j)      s_j = sc²(u_j|1−k²),  w_j = (2K'/πN)·dn(u_j|1−k²)/cn²(u_j|1−k²)
 * </pre>
 *
 * The elliptic functions come from the arithmetic-geometric mean (Abramowitz and Stegun 16.4 and 17.6).
 */
final class Elliptic {
    /** The mean of 1 and √(m/M) ≥ 1e-10 is reached to rounding in eight steps, as it converges quadratically. */
    private static final int MEAN_STEPS = 8;

    /**
     * The error is at most {@link #ERROR_FACTOR}·exp(−2π²N/(ln(M/m) + this)): 2·ln 4 for large M/m, and fits errors
     * measured from M/m = 1 to 1e12.
     */
    private static final double WIDTH_OFFSET = 3;

    private static final double ERROR_FACTOR = 4;

    private final double[] mean = new double[MEAN_STEPS + 1];
    private final double[] difference = new double[MEAN_STEPS + 1];
    private final double[] node = new double[2];
    private double quarterPeriod;
    private double ratio;
    private int count;

    /**
     * Prepares nodes for m/M = {@code newRatio} and a relative error.
     *
     * @return room for one node
     */
    double[] begin(double newRatio, double error) {
        begin(newRatio);
        double exponent = Math.log(ERROR_FACTOR / error);
        count = (int) Math.ceil((WIDTH_OFFSET - Math.log(ratio)) * exponent / (2 * Math.PI * Math.PI));
        return node;
    }

    /** Prepares {@link #squaredTangent} for k² = {@code newRatio}. */
    void begin(double newRatio) {
        ratio = newRatio;
        mean[0] = 1;
        double geometric = Math.sqrt(ratio);
        difference[0] = Math.sqrt(Math.max(0, 1 - ratio));
        for (int n = 0; n < MEAN_STEPS; n++) {
            mean[n + 1] = (mean[n] + geometric) / 2;
            difference[n + 1] = (mean[n] - geometric) / 2;
            geometric = Math.sqrt(mean[n] * geometric);
        }
        quarterPeriod = Math.PI / (2 * mean[MEAN_STEPS]);
    }

    /** sc²(t·K'|1−k²) for t in [0, 1). */
    double squaredTangent(double t) {
        double tangent = Math.tan(amplitude(t * quarterPeriod));
        return tangent * tangent;
    }

    /** The number of nodes N. */
    int count() {
        return count;
    }

    /** Node {@code j}, from 0: {@code result[0]} ← s_j, {@code result[1]} ← w_j. */
    void node(int j, double[] result) {
        double phase = amplitude((j + 0.5) * quarterPeriod / count);
        double sn = Math.sin(phase);
        double cn = Math.cos(phase);
        double dn = Math.sqrt(cn * cn + ratio * sn * sn); // dn² = 1 − (1−k²)sn² without cancellation
        result[0] = sn * sn / (cn * cn);
        result[1] = 2 * quarterPeriod / (Math.PI * count) * dn / (cn * cn);
    }

    /** am(u|1−k²). */
    private double amplitude(double u) {
        double phase = Math.scalb(mean[MEAN_STEPS] * u, MEAN_STEPS);
        for (int n = MEAN_STEPS; n > 0; n--) {
            phase = (phase + Math.asin(difference[n] / mean[n] * Math.sin(phase))) / 2;
        }
        return phase;
    }
}
