// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.cli;

import java.lang.foreign.Arena;
import java.util.Random;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.BackendName;
import org.asgo4j.linalg.Backends;
import org.asgo4j.linalg.ElementType;
import org.asgo4j.linalg.Matrix;
import org.asgo4j.linalg.Transpose;

/** Computes a little with a backend and with the reference, before anyone trusts its speed. */
final class AgreementCheck {
    private static final int ORDER = 64;
    private static final long SEED = 1;

    /** Entries are within ±1, so that no sum of products and no eigenvalue is off by more than k²u on either side. */
    private static final double TOLERANCE = 2 * ORDER * ORDER * ElementType.FLOAT32.unitRoundoff();

    private AgreementCheck() {}

    /**
     * Compares the operations that an optimizer step lives on.
     *
     * @return one line that says how well they agree
     * @throws ArithmeticException if one does not
     */
    static String run(Backend backend) {
        try (Arena arena = Arena.ofConfined();
                Backend reference = Backends.open(BackendName.REFERENCE)) {
            double gemm = compare("sgemm", gemm(backend, arena), gemm(reference, arena));
            double syrk = compare("ssyrk", syrk(backend, arena), syrk(reference, arena));
            double eigh = compare("ssyevd", eigenvalues(backend, arena), eigenvalues(reference, arena));
            return "sgemm, ssyrk and ssyevd of order %d are within %.1e of the reference"
                    .formatted(ORDER, Math.max(gemm, Math.max(syrk, eigh)));
        }
    }

    private static Matrix gemm(Backend backend, Arena arena) {
        Matrix a = random(backend, arena, ORDER);
        Matrix product = backend.allocateHost(arena, ORDER, ORDER);
        backend.gemm(Transpose.NONE, Transpose.TRANSPOSED, 1, a, a, 0, product);
        return product;
    }

    private static Matrix syrk(Backend backend, Arena arena) {
        Matrix a = random(backend, arena, ORDER);
        Matrix gram = backend.allocateHost(arena, ORDER, ORDER);
        backend.syrk(Transpose.NONE, 1, a, 0, gram);
        for (int i = 0; i < ORDER; i++) {
            for (int j = i + 1; j < ORDER; j++) gram.set(i, j, 0); // undefined above the diagonal
        }
        return gram;
    }

    private static Matrix eigenvalues(Backend backend, Arena arena) {
        Matrix a = random(backend, arena, ORDER);
        Matrix eigenvalues = backend.allocateHost(arena, 1, ORDER);
        backend.eigh(a, eigenvalues, backend.eighWorkspace(arena, ElementType.FLOAT32, ORDER));
        return eigenvalues;
    }

    /** A matrix of numbers in (−1, 1), the same in every call. */
    static Matrix random(Backend backend, Arena arena, int order) {
        Matrix a = backend.allocateHost(arena, order, order);
        Random random = new Random(SEED);
        for (int i = 0; i < order; i++) {
            for (int j = 0; j < order; j++) a.set(i, j, 2 * random.nextDouble() - 1);
        }
        return a;
    }

    private static double compare(String routine, Matrix actual, Matrix expected) {
        double largest = 0;
        for (int i = 0; i < actual.rows(); i++) {
            for (int j = 0; j < actual.cols(); j++) {
                double difference = Math.abs(actual.get(i, j) - expected.get(i, j));
                if (!(difference <= TOLERANCE)) {
                    throw new ArithmeticException("%s gives %s at (%d, %d), the reference %s: this library is of no use"
                            .formatted(routine, actual.get(i, j), i, j, expected.get(i, j)));
                }
                largest = Math.max(largest, difference);
            }
        }
        return largest;
    }
}
