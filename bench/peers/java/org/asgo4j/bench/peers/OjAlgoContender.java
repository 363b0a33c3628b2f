// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.bench.peers;

import org.ojalgo.OjAlgoUtils;
import org.ojalgo.matrix.decomposition.Eigenvalue;
import org.ojalgo.matrix.store.MatrixStore;
import org.ojalgo.matrix.store.R032Store;

/**
 * ojAlgo in float32, whose stores lie column by column: a matrix of ours is its store's transpose. Its
 * eigendecompositions are in float64 only.
 */
public final class OjAlgoContender extends ArrayContender {
    @Override
    public String name() {
        return "ojalgo";
    }

    @Override
    void limit(int threads) {
        OjAlgoUtils.limitThreadsTo(threads);
    }

    @Override
    Runnable gemm(float[] a, float[] b, float[] c, int n) {
        return product(wrap(b, n), wrap(a, n), wrap(c, n)); // Cᵀ = BᵀAᵀ
    }

    @Override
    Runnable symm(float[] s, float[] g, float[] u, int n, int cols) {
        return product(wrap(g, cols), wrap(s, n), wrap(u, cols)); // Uᵀ = GᵀS
    }

    private static Runnable product(MatrixStore<Double> a, MatrixStore<Double> b, R032Store c) {
        return () -> c.fillByMultiplying(a, b);
    }

    @Override
    Runnable syrk(float alpha, float[] g, int n, int cols, float beta, float[] v) {
        R032Store gradient = wrap(g, cols);
        MatrixStore<Double> transposed = gradient.transpose();
        if (beta == 0 && alpha == 1) return product(transposed, gradient, wrap(v, n));
        float[] product = new float[n * n];
        Runnable multiply = product(transposed, gradient, wrap(product, n));
        return () -> {
            multiply.run();
            for (int i = 0; i < v.length; i++) v[i] = beta * v[i] + alpha * product[i];
        };
    }

    @Override
    Runnable eigh(float[] v, float[] vectors, float[] values, int n) {
        R032Store gram = wrap(v, n);
        Eigenvalue<Double> decomposition = Eigenvalue.R064.make(n, true);
        return () -> {
            if (!decomposition.decompose(gram)) throw new IllegalStateException("no eigendecomposition of order " + n);
            MatrixStore<Double> columns = decomposition.getV();
            MatrixStore<Double> diagonal = decomposition.getD();
            for (int i = 0; i < n; i++) {
                values[i] = diagonal.floatValue(i, i);
                for (int j = 0; j < n; j++) vectors[i * n + j] = columns.floatValue(j, i);
            }
        };
    }

    @Override
    Runnable square(float[] s, float[] p, int n) {
        R032Store scaled = wrap(s, n); // Sᵀ
        return product(scaled, scaled.transpose(), wrap(p, n));
    }

    private static R032Store wrap(float[] values, int rows) {
        return R032Store.wrap(values, rows);
    }
}
