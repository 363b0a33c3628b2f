// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.linalg;

import java.lang.foreign.MemorySegment;

/**
 * What the CPU does with small square matrices now and then, element by element in float64: a refresh of a root needs
 * it, which products dominate.
 */
final class SquareLoops {

    private SquareLoops() {}

    static void fill(double value, Matrix a) {
        for (int i = 0; i < a.rows(); i++) {
            for (int j = 0; j < a.cols(); j++) a.set(i, j, value);
        }
    }

    /** The lower triangle of Y ← X, of one type. */
    static void copyLower(Matrix x, Matrix y) {
        int bytes = x.type().byteSize();
        for (int i = 0; i < x.rows(); i++) {
            MemorySegment.copy(
                    x.segment(), (long) i * x.rowStride() * bytes, y.segment(), (long) i * y.rowStride() * bytes,
                    (i + 1L) * bytes);
        }
    }

    static void divide(double divisor, Matrix a) {
        for (int i = 0; i < a.rows(); i++) {
            for (int j = 0; j < a.cols(); j++) a.set(i, j, a.get(i, j) / divisor);
        }
    }

    static void multiplyLower(double factor, Matrix a) {
        for (int i = 0; i < a.rows(); i++) {
            for (int j = 0; j <= i; j++) a.set(i, j, a.get(i, j) * factor);
        }
    }

    static void addToDiagonal(double shift, Matrix a) {
        for (int i = 0; i < a.rows(); i++) a.set(i, i, a.get(i, i) + shift);
    }

    static void diagonal(Matrix a, Matrix d) {
        for (int i = 0; i < a.rows(); i++) d.set(d.rows() == 1 ? 0 : i, d.rows() == 1 ? i : 0, a.get(i, i));
    }

    static void averageLower(double scale, Matrix x, Matrix y) {
        for (int i = 0; i < x.rows(); i++) {
            for (int j = 0; j <= i; j++) y.set(i, j, scale * (x.get(i, j) + x.get(j, i)) / 2);
        }
    }

    static void correctRoot(Matrix product, Matrix b, Matrix x) {
        for (int i = 0; i < x.rows(); i++) {
            double rootI = Math.sqrt(b.get(i, i));
            for (int j = 0; j <= i; j++) {
                double r = (i == j ? 1 : 0) - (product.get(i, j) + product.get(j, i)) / 2;
                double corrected = (x.get(i, j) + x.get(j, i)) / 2 + r / (rootI + Math.sqrt(b.get(j, j)));
                x.set(i, j, corrected);
                x.set(j, i, corrected);
            }
        }
    }

    static void rowDots(Matrix x, Matrix y, Matrix d) {
        for (int i = 0; i < x.rows(); i++) {
            double dot = 0;
            for (int j = 0; j < x.cols(); j++) dot += x.get(i, j) * y.get(i, j);
            d.set(0, i, dot);
        }
    }

    static double trace(Matrix a) {
        double trace = 0;
        for (int i = 0; i < a.rows(); i++) trace += a.get(i, i);
        return trace;
    }

    static double sumOfSquaresOfSymmetric(Matrix a) {
        double sum = 0;
        for (int i = 0; i < a.rows(); i++) {
            for (int j = 0; j < i; j++) sum += 2 * a.get(i, j) * a.get(i, j);
            sum += a.get(i, i) * a.get(i, i);
        }
        return sum;
    }

    static double squaredDistanceFromIdentity(Matrix a) {
        double sum = 0;
        for (int i = 0; i < a.rows(); i++) {
            for (int j = 0; j < a.cols(); j++) {
                double d = (i == j ? 1 : 0) - a.get(i, j);
                sum += d * d;
            }
        }
        return sum;
    }

    /** {@link Backend#firstNonFinite} of a float64 matrix. */
    static long firstNonFinite(Matrix x) {
        for (int i = 0; i < x.rows(); i++) {
            for (int j = 0; j < x.cols(); j++) {
                if (!Double.isFinite(x.get(i, j))) return (long) i * x.cols() + j;
            }
        }
        return -1;
    }
}
