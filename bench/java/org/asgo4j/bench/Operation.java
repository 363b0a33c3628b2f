// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.bench;

/** What is compared between libraries, on the {@link Operands} of one size n; N is {@link Operands#cols}. */
public enum Operation {
    /** C ← A·B. Result: C, n×n. */
    GEMM("gemm"),
    /** V ← G·Gᵀ. Result: V, n×n, of which the lower triangle counts. */
    SYRK("syrk"),
    /** U ← S·G for symmetric S. Result: U, n×N. */
    SYMM("symm"),
    /**
     * V = Qᵀ·diag(w)·Q, the copy of V included. Result: (n+1)×n, the eigenvectors as rows, and a last row of
     * eigenvalues in the same order.
     */
    EIGH("eigh"),
    /**
     * P ← V^(−1/2) by an eigendecomposition and the product of what it gives. Result: P, n×n, of which the lower
     * triangle counts.
     */
    INVERSE_ROOT("inverseRoot"),
    /**
     * One ASGO step with the published configuration, a root in it: M ← 0.9M + 0.1G, V ← 0.8V + 0.2GGᵀ, P ← V^(−1/2),
     * U ← PM, W ← (1−ηλ)W − η·U·0.2√(nN)/‖U‖_F. Every second step takes H for G. Result: W, n×N.
     */
    STEP("step");

    private final String method;

    Operation(String method) {
        this.method = method;
    }

    /** The operation that a benchmark's method measures, by the method's name. */
    static Operation ofMethod(String name) {
        for (Operation operation : values()) {
            if (operation.method.equals(name)) return operation;
        }
        throw new IllegalArgumentException("no operation is measured by a method '%s'".formatted(name));
    }
}
