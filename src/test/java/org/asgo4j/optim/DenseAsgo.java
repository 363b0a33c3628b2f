// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.optim;

import java.lang.foreign.Arena;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.BackendName;
import org.asgo4j.linalg.Backends;
import org.asgo4j.linalg.ElementType;
import org.asgo4j.linalg.Matrix;

/**
 * {@link Asgo} with relative damping as its formulas say, in float64 on arrays, to be compared with. It keeps no unit,
 * no lower triangles, no workspace, and rounds nothing.
 */
final class DenseAsgo {
    private static final Backend REFERENCE = Backends.open(BackendName.REFERENCE);

    private final AsgoConfig config;
    private final boolean left;
    private final double[][] weight;
    private double[][] momentum;
    private double[][] gram;
    private double[][] root;
    private double[][] basis; //        eigenvectors as rows, of descending eigenvalues
    private double[][] secondMoment;
    private long taken;
    private long sinceRenewal;

    DenseAsgo(AsgoConfig config, int rows, int cols) {
        this.config = config;
        this.left = config.side() == PreconditionerSide.LEFT || config.side() == PreconditionerSide.AUTO && rows < cols;
        this.weight = new double[rows][cols];
        this.momentum = new double[rows][cols];
        this.secondMoment = new double[rows][cols];
        int order = left ? rows : cols;
        this.gram = new double[order][order];
    }

    /** W after one step with this gradient. */
    double[][] step(double[][] g, double learningRate) {
        double beta1 = config.beta1();
        momentum = Dense.plus(Dense.scaled(beta1, momentum), 1 - beta1, g);
        double[][] direction = config.nesterov() ? Dense.plus(Dense.scaled(beta1, momentum), 1 - beta1, g) : momentum;
        double[][] x = config.gramSource() == GramSource.GRADIENT ? g : direction;
        double[][] square = left ? Dense.times(x, Dense.transpose(x)) : Dense.times(Dense.transpose(x), x);
        boolean sum = config.accumulation() == Accumulation.SUM;
        gram = Dense.plus(Dense.scaled(sum ? 1 : config.beta2(), gram), sum ? 1 : 1 - config.beta2(), square);
        if (config.refresh().isDue(taken)) refresh();
        taken++;
        double[][] update = config.eigenvalueCorrection() ? corrected(direction, g) : applied(root, direction);
        double factor = factor(Dense.norm(update), g.length, g[0].length);
        for (int i = 0; i < weight.length; i++) {
            for (int j = 0; j < weight[i].length; j++) weight[i][j] -= learningRate * factor * update[i][j];
        }
        return weight;
    }

    private double factor(double norm, int rows, int cols) {
        return switch (config.scaling()) {
            case RMS -> 0.2 * Math.sqrt(rows * cols) / norm;
            case SPECTRAL -> 0.2 * Math.sqrt(Math.max(rows, cols));
            case ASPECT_RATIO -> Math.sqrt(Math.max(1, (double) rows / cols));
            case NONE -> 1;
        };
    }

    private void refresh() {
        double[][][] eigen = descending(gram);
        double[][] spectrum = eigen[0];
        boolean follows = config.root().method() == RootMethod.QR || config.refresh() instanceof Refresh.Adaptive;
        if (follows && basis != null) {
            turn(eigen[1]);
            double[][] b = Dense.times(basis, Dense.times(gram, Dense.transpose(basis)));
            for (int i = 0; i < b.length; i++) spectrum[0][i] = b[i][i];
        } else {
            basis = eigen[1];
        }
        double largest = 0;
        for (double value : spectrum[0]) largest = Math.max(largest, value);
        double[][] scaled = new double[basis.length][basis.length];
        for (int i = 0; i < basis.length; i++) {
            double damped = Math.max(spectrum[0][i], 0) + config.root().damping().value() * largest;
            for (int j = 0; j < basis.length; j++) scaled[i][j] = basis[i][j] / Math.sqrt(damped);
        }
        root = Dense.times(Dense.transpose(basis), scaled);
    }

    private void turn(double[][] eigenvectors) {
        if (config.refresh() instanceof Refresh.Adaptive adaptive) {
            double[][] b = Dense.times(basis, Dense.times(gram, Dense.transpose(basis)));
            double off = 0;
            for (int i = 0; i < b.length; i++) {
                for (int j = 0; j < b.length; j++) off += i == j ? 0 : b[i][j] * b[i][j];
            }
            sinceRenewal++;
            if (sinceRenewal < adaptive.cap() && Math.sqrt(off) <= adaptive.tolerance() * Dense.norm(b)) return;
            sinceRenewal = 0;
        }
        basis = config.root().method() == RootMethod.QR ? orthonormal(Dense.times(basis, gram)) : eigenvectors;
    }

    private double[][] applied(double[][] p, double[][] x) {
        return left ? Dense.times(p, x) : Dense.times(x, p);
    }

    /** Adam's quotient in the eigenbasis, whose second moment has no bias correction. */
    private double[][] corrected(double[][] direction, double[][] g) {
        double[][] turnedGradient = left ? Dense.times(basis, g) : Dense.times(g, Dense.transpose(basis));
        double[][] quotient = left ? Dense.times(basis, direction) : Dense.times(direction, Dense.transpose(basis));
        for (int i = 0; i < quotient.length; i++) {
            for (int j = 0; j < quotient[i].length; j++) {
                double square = turnedGradient[i][j] * turnedGradient[i][j];
                secondMoment[i][j] = config.beta2() * secondMoment[i][j] + (1 - config.beta2()) * square;
                quotient[i][j] /= Math.sqrt(secondMoment[i][j]);
            }
        }
        return left ? Dense.times(Dense.transpose(basis), quotient) : Dense.times(quotient, basis);
    }

    /** {@code [0][0]} eigenvalues descending, {@code [1]} eigenvectors as rows. */
    private static double[][][] descending(double[][] a) {
        int n = a.length;
        try (Arena arena = Arena.ofConfined()) {
            Matrix m = REFERENCE.allocate(arena, ElementType.FLOAT64, n, n);
            Matrix w = REFERENCE.allocate(arena, ElementType.FLOAT64, 1, n);
            Dense.set(m, a);
            REFERENCE.eigh(m, w, REFERENCE.eighWorkspace(arena, ElementType.FLOAT64, n));
            double[][] values = new double[1][n];
            double[][] vectors = new double[n][];
            for (int i = 0; i < n; i++) {
                values[0][i] = w.get(0, n - 1 - i);
                vectors[i] = Dense.of(m)[n - 1 - i];
            }
            return new double[][][] {values, vectors};
        }
    }

    /** Gram and Schmidt on the rows, twice. */
    private static double[][] orthonormal(double[][] a) {
        for (int i = 0; i < a.length; i++) {
            for (int pass = 0; pass < 2; pass++) {
                for (int j = 0; j < i; j++) {
                    double dot = Dense.inner(new double[][] {a[i]}, new double[][] {a[j]});
                    for (int l = 0; l < a.length; l++) a[i][l] -= dot * a[j][l];
                }
            }
            double length = Dense.norm(new double[][] {a[i]});
            for (int l = 0; l < a.length; l++) a[i][l] /= length;
        }
        return a;
    }
}
