// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.bench;

import java.util.SplittableRandom;

/**
 * The operands of the operations of order n, as arrays row by row; every contender copies them. Entries of A, B, G,
 * H and W are uniform in [−1, 1).
 *
 * @param n the order
 * @param a A, n×n
 * @param b B, n×n
 * @param symmetric S = A + Aᵀ, n×n
 * @param gradient G, n×4n: a weight of a transformer's MLP
 * @param nextGradient H, n×4n: every second step's
 * @param weight W before the first step, n×4n
 * @param gram V = 3·GGᵀ/4n, n×n, exactly symmetric. A random G of that shape gives it a spectrum from 1/4 to 9/4
 *     (Marchenko and Pastur 1967), so that a wrong root can't hide behind a condition number
 */
public record Operands(
        int n, float[] a, float[] b, float[] symmetric, float[] gradient, float[] nextGradient, float[] weight,
        float[] gram) {
    /** N/n, of the MLP in every GPT. */
    public static final int COLS_PER_ROW = 4;

    /** κ(V) = ((1 + ½)/(1 − ½))², for large n. */
    public static final double CONDITION = 9;

    private static final long SEED = 1;
    private static final float VARIANCES = 3; // entries uniform in [−1, 1) have variance 1/3
    private static final int BLOCK = 64; //      rows of V that stay in a cache while Gᵀ passes by

    /** Draws operands; the same for the same order. */
    public static Operands random(int n) {
        if (n < 1) throw new IllegalArgumentException("order must be at least 1, got " + n);
        var random = new SplittableRandom(SEED);
        float[] a = draw(random, n * n);
        float[] b = draw(random, n * n);
        float[] symmetric = new float[n * n];
        for (int i = 0; i < n; i++) {
            for (int j = 0; j < n; j++) symmetric[i * n + j] = a[i * n + j] + a[j * n + i];
        }
        float[] gradient = draw(random, n * n * COLS_PER_ROW);
        float[] nextGradient = draw(random, n * n * COLS_PER_ROW);
        float[] weight = draw(random, n * n * COLS_PER_ROW);
        return new Operands(n, a, b, symmetric, gradient, nextGradient, weight, gram(n, gradient));
    }

    /** N, the columns of G. */
    public int cols() {
        return n * COLS_PER_ROW;
    }

    private static float[] draw(SplittableRandom random, int count) {
        float[] values = new float[count];
        for (int i = 0; i < count; i++) values[i] = random.nextFloat(-1, 1);
        return values;
    }

    /** In plain Java, since no contender's BLAS may be loaded here, and by rows of Gᵀ, which C2 makes vectors of. */
    private static float[] gram(int n, float[] gradient) {
        int cols = n * COLS_PER_ROW;
        float scale = VARIANCES / cols;
        float[] gram = new float[n * n];
        float[] column = new float[n];
        for (int from = 0; from < n; from += BLOCK) {
            for (int l = 0; l < cols; l++) {
                for (int j = 0; j < n; j++) column[j] = gradient[j * cols + l];
                for (int i = from; i < Math.min(n, from + BLOCK); i++) addScaled(scale * column[i], column, gram, i);
            }
        }
        for (int i = 0; i < n; i++) {
            for (int j = i + 1; j < n; j++) gram[i * n + j] = gram[j * n + i];
        }
        return gram;
    }

    /** Row i of the lower triangle of V ← V + factor·gᵀ. */
    private static void addScaled(float factor, float[] g, float[] gram, int i) {
        int start = i * g.length;
        for (int j = 0; j <= i; j++) gram[start + j] += factor * g[j];
    }
}
