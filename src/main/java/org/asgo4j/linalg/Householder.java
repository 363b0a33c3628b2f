// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.linalg;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * QR and tridiagonal reduction by Householder reflections in float64 (Golub and Van Loan, Matrix Computations, 4th
 * edition, sections 5.2 and 8.3): what the reference backend has in place of LAPACK's geqrf, orgqr, sytrd and orgtr.
 *
 * <p>Works on two n×n float64 matrices without gaps, one after the other in {@code work}: A, then Q.
 */
final class Householder {
    /** No reflection is needed; a length is never negative. */
    private static final double UNCHANGED = -1;

    private Householder() {}

    /**
     * Replaces Q's rows by orthonormal ones with A = R·Q, where R is lower triangular with diagonal ≥ 0: row i of Q
     * lies in the span of the first i+1 rows of A. Defined for every A, also a rank-deficient one. A is undefined then.
     */
    static void orthonormalize(int n, MemorySegment work) {
        setIdentity(n, work);
        for (int p = 0; p < n; p++) {
            if (reflector(n, work, p, p) == UNCHANGED) continue;
            for (int i = p + 1; i < n; i++) reflectRow(n, work, p, p, i); //     A ← A·H
            for (int i = 0; i < n; i++) reflectRow(n, work, p, p, n + i); //     Q ← Q·H
        }
        transposeVectors(n, work);
    }

    /**
     * Replaces A by tridiagonal T (its diagonal and the one below, which is ≥ 0 but for its last entry; the rest is
     * undefined) and Q by an orthonormal one with A = Qᵀ·T·Q. Both triangles of A must be filled.
     */
    static void tridiagonalize(int n, MemorySegment work) {
        setIdentity(n, work);
        for (int p = 0; p < n - 2; p++) {
            double length = reflector(n, work, p, p + 1);
            if (length == UNCHANGED) continue;
            for (int i = p + 1; i < n; i++) reflectRow(n, work, p, p + 1, i); //    A ← A·H
            for (int j = p + 1; j < n; j++) reflectColumn(n, work, p, p + 1, j); // A ← H·A
            for (int i = 0; i < n; i++) reflectRow(n, work, p, p + 1, n + i); //    Q ← Q·H
            set(work, n, p + 1, p, length);
        }
        transposeVectors(n, work);
    }

    /**
     * Turns row p, from column {@code from} on, into the unit vector v of the reflection H = I − 2vvᵀ that maps that
     * row onto its length times the first unit vector, and returns the length; {@link #UNCHANGED} if it is that
     * already.
     */
    private static double reflector(int n, MemorySegment work, int p, int from) {
        double tail = 0;
        for (int j = from + 1; j < n; j++) tail = Math.hypot(tail, get(work, n, p, j));
        double first = get(work, n, p, from);
        double norm = Math.hypot(first, tail);
        if (tail == 0 && first >= 0) return UNCHANGED;
        // v ∝ a − ‖a‖e₁, its first entry without cancellation (Golub and Van Loan, algorithm 5.1.1).
        double head = first <= 0 ? first - norm : -(tail / (first + norm)) * tail;
        double length = Math.hypot(head, tail);
        set(work, n, p, from, head / length);
        for (int j = from + 1; j < n; j++) set(work, n, p, j, get(work, n, p, j) / length);
        return norm;
    }

    /** Row i, of A below n, of Q from n on, times H, whose v is row p of A from column {@code from} on. */
    private static void reflectRow(int n, MemorySegment work, int p, int from, int i) {
        double dot = 0;
        for (int j = from; j < n; j++) dot += get(work, n, p, j) * get(work, n, i, j);
        for (int j = from; j < n; j++) set(work, n, i, j, get(work, n, i, j) - 2 * dot * get(work, n, p, j));
    }

    /** H times column j of A, from row {@code from} on. */
    private static void reflectColumn(int n, MemorySegment work, int p, int from, int j) {
        double dot = 0;
        for (int i = from; i < n; i++) dot += get(work, n, p, i) * get(work, n, i, j);
        for (int i = from; i < n; i++) set(work, n, i, j, get(work, n, i, j) - 2 * dot * get(work, n, p, i));
    }

    private static void setIdentity(int n, MemorySegment work) {
        for (int i = 0; i < n; i++) {
            for (int j = 0; j < n; j++) set(work, n, n + i, j, i == j ? 1 : 0);
        }
    }

    private static void transposeVectors(int n, MemorySegment work) {
        for (int i = 0; i < n; i++) {
            for (int j = 0; j < i; j++) {
                double below = get(work, n, n + i, j);
                set(work, n, n + i, j, get(work, n, n + j, i));
                set(work, n, n + j, i, below);
            }
        }
    }

    private static double get(MemorySegment work, int n, int i, int j) {
        return work.getAtIndex(ValueLayout.JAVA_DOUBLE, (long) i * n + j);
    }

    private static void set(MemorySegment work, int n, int i, int j, double value) {
        work.setAtIndex(ValueLayout.JAVA_DOUBLE, (long) i * n + j, value);
    }
}
