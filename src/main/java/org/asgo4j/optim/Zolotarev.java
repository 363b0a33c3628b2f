// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.optim;

/**
 * Zolotarev's rational function h, of all with r poles the one that comes nearest to x^(−1/2) on [ℓ², 1] in relative
 * error (Nakatsukasa and Freund, <em>Computing fundamental matrix decompositions accurately via the matrix sign
 * function in two iterations: the power of Zolotarev's functions</em>, SIAM Review 58, 2016, section 3). With K' =
 * K(1−ℓ²) and c_i = ℓ²·sc²(iK'/(2r+1)|1−ℓ²),
 *
 * <pre>
 * h(x) = C·(1 + Σ_j a_j/(x + c_(2j−1)))      a_j = −Π_k(c_(2j−1) − c_2k) / Π_(k≠j)(c_(2j−1) − c_(2k−1)) {@literal >} 0
 * </pre>
 *
 * and √x·h(x) runs between 1−e and 1+e, touching them 2r+2 times in turn, first and last at the ends: which gives C.
 * Below ℓ² it stays finite: h(0) is at most (2r+1)/ℓ.
 */
final class Zolotarev {
    /** Enough for an error of 1e-3 down to ℓ² = 1e-15. */
    private static final int MOST_POLES = 16;

    private final Elliptic elliptic = new Elliptic();
    private final double[] pole = new double[MOST_POLES];
    private final double[] weight = new double[MOST_POLES];
    private double ratio = Double.NaN;
    private double error;
    private double constant;
    private int count;

    /**
     * The fewest poles whose relative error on [ℓ², 1] is at most {@code most}; nothing to do if that was asked last.
     *
     * @param newRatio ℓ², in (0, 1]
     */
    void fit(double newRatio, double most) {
        if (newRatio == ratio && error <= most) return;
        ratio = newRatio;
        elliptic.begin(ratio);
        count = 0;
        do {
            count++;
            place();
        } while (error > most && count < MOST_POLES);
    }

    /** Poles and weights for {@link #count}, and the error they have. */
    private void place() {
        int intervals = 2 * count + 1;
        for (int j = 0; j < count; j++) pole[j] = zeroOrPole(2 * j + 1, intervals);
        for (int j = 0; j < count; j++) {
            double product = -1;
            for (int k = 0; k < count; k++) {
                product *= pole[j] - zeroOrPole(2 * k + 2, intervals);
                if (k != j) product /= pole[j] - pole[k];
            }
            weight[j] = product;
        }
        constant = 1;
        double low = Math.sqrt(ratio) * at(ratio);
        double high = at(1);
        constant = 2 / (low + high);
        error = Math.abs(high - low) / (low + high);
    }

    /** c_i. */
    private double zeroOrPole(int i, int intervals) {
        return ratio * elliptic.squaredTangent((double) i / intervals);
    }

    /** h(x). */
    double at(double x) {
        double sum = 1;
        for (int j = 0; j < count; j++) sum += weight[j] / (x + pole[j]);
        return constant * sum;
    }

    /** The number of poles r. */
    int count() {
        return count;
    }

    /** The largest relative error on [ℓ², 1]. */
    double error() {
        return error;
    }

    /** C. */
    double constant() {
        return constant;
    }

    /** Minus the pole, c_(2j+1), {@code j} from 0. */
    double shift(int j) {
        return pole[j];
    }

    /** C·a of that pole. */
    double weight(int j) {
        return constant * weight[j];
    }
}
