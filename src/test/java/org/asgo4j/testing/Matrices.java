// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.testing;

import java.lang.foreign.Arena;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import org.asgo4j.linalg.ElementType;
import org.asgo4j.linalg.Matrix;

/** Makes matrices for tests, reads them into arrays, and compares them. Everything here computes in float64. */
public final class Matrices {
    private Matrices() {}

    /** A new float32 matrix of entries uniform in [−1, 1). */
    public static Matrix random(Arena arena, int rows, int cols, long seed) {
        return random(arena, ElementType.FLOAT32, rows, cols, seed);
    }

    /** A new matrix of entries uniform in [−1, 1). */
    public static Matrix random(Arena arena, ElementType type, int rows, int cols, long seed) {
        return of(arena, type, randomArray(rows, cols, seed));
    }

    /** Entries uniform in [−1, 1), each exact in float32. */
    public static double[][] randomArray(int rows, int cols, long seed) {
        RandomGenerator random = new SplittableRandom(seed);
        double[][] values = new double[rows][cols];
        for (double[] row : values) {
            for (int j = 0; j < cols; j++) row[j] = random.nextFloat(-1, 1);
        }
        return values;
    }

    /** A new zero-filled matrix without gaps. */
    public static Matrix zeros(Arena arena, ElementType type, int rows, int cols) {
        long bytes = (long) rows * cols * type.byteSize();
        return new Matrix(arena.allocate(bytes, type.byteSize()), type, rows, cols, cols);
    }

    /** A new matrix of these entries, rounded to {@code type}. */
    public static Matrix of(Arena arena, ElementType type, double[][] values) {
        return fill(zeros(arena, type, values.length, values[0].length), values);
    }

    /** Sets all entries and returns the matrix. */
    public static Matrix fill(Matrix m, double[][] values) {
        for (int i = 0; i < m.rows(); i++) {
            for (int j = 0; j < m.cols(); j++) m.set(i, j, values[i][j]);
        }
        return m;
    }

    /** The entries, widened to double. */
    public static double[][] toArray(Matrix m) {
        double[][] values = new double[m.rows()][m.cols()];
        for (int i = 0; i < m.rows(); i++) {
            for (int j = 0; j < m.cols(); j++) values[i][j] = m.get(i, j);
        }
        return values;
    }

    /** Aᵀ. */
    public static double[][] transpose(double[][] a) {
        double[][] result = new double[a[0].length][a.length];
        for (int i = 0; i < a.length; i++) {
            for (int j = 0; j < a[0].length; j++) result[j][i] = a[i][j];
        }
        return result;
    }

    /** A·B. */
    public static double[][] product(double[][] a, double[][] b) {
        double[][] result = new double[a.length][b[0].length];
        for (int i = 0; i < a.length; i++) {
            for (int l = 0; l < b.length; l++) {
                for (int j = 0; j < b[0].length; j++) result[i][j] += a[i][l] * b[l][j];
            }
        }
        return result;
    }

    /** max |a_ij − b_ij|; NaN if an entry of either is NaN. */
    public static double maxAbsDifference(double[][] a, double[][] b) {
        double largest = 0;
        for (int i = 0; i < a.length; i++) {
            for (int j = 0; j < a[i].length; j++) largest = Math.max(largest, Math.abs(a[i][j] - b[i][j]));
        }
        return largest;
    }

    /** max |a_ij − b_ij|; NaN if an entry of either is NaN. */
    public static double maxAbsDifference(Matrix a, Matrix b) {
        if (a.rows() != b.rows() || a.cols() != b.cols()) {
            throw new IllegalArgumentException("can't compare " + a.shape() + " with " + b.shape());
        }
        return maxAbsDifference(toArray(a), toArray(b));
    }
}
