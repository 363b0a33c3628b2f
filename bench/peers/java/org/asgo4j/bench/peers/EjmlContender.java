// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.bench.peers;

import org.ejml.concurrency.EjmlConcurrency;
import org.ejml.data.FMatrixRMaj;
import org.ejml.dense.row.CommonOps_FDRM;
import org.ejml.dense.row.factory.DecompositionFactory_FDRM;
import org.ejml.interfaces.decomposition.EigenDecomposition_F32;

/** EJML in float32. It has products of a matrix with its own transpose, and none for a symmetric factor. */
public final class EjmlContender extends ArrayContender {
    @Override
    public String name() {
        return "ejml";
    }

    @Override
    void limit(int threads) {
        EjmlConcurrency.USE_CONCURRENT = threads > 1;
        EjmlConcurrency.setMaxThreads(threads);
    }

    @Override
    Runnable gemm(float[] a, float[] b, float[] c, int n) {
        return product(wrap(a, n, n), wrap(b, n, n), wrap(c, n, n));
    }

    @Override
    Runnable symm(float[] s, float[] g, float[] u, int n, int cols) {
        return product(wrap(s, n, n), wrap(g, n, cols), wrap(u, n, cols));
    }

    private static Runnable product(FMatrixRMaj a, FMatrixRMaj b, FMatrixRMaj c) {
        return () -> CommonOps_FDRM.mult(a, b, c);
    }

    @Override
    Runnable syrk(float alpha, float[] g, int n, int cols, float beta, float[] v) {
        FMatrixRMaj gradient = wrap(g, n, cols);
        FMatrixRMaj gram = wrap(v, n, n);
        if (beta == 0 && alpha == 1) return () -> CommonOps_FDRM.multOuter(gradient, gram);
        var product = new FMatrixRMaj(n, n);
        return () -> {
            CommonOps_FDRM.multOuter(gradient, product);
            CommonOps_FDRM.add(beta, gram, alpha, product, gram);
        };
    }

    @Override
    Runnable eigh(float[] v, float[] vectors, float[] values, int n) {
        var copy = new FMatrixRMaj(n, n);
        EigenDecomposition_F32<FMatrixRMaj> decomposition = DecompositionFactory_FDRM.eig(n, true, true);
        return () -> {
            System.arraycopy(v, 0, copy.data, 0, v.length); // decompose overwrites it
            if (!decomposition.decompose(copy)) throw new IllegalStateException("no eigendecomposition of order " + n);
            for (int i = 0; i < n; i++) {
                values[i] = decomposition.getEigenvalue(i).real;
                System.arraycopy(decomposition.getEigenVector(i).data, 0, vectors, i * n, n);
            }
        };
    }

    @Override
    Runnable square(float[] s, float[] p, int n) {
        FMatrixRMaj scaled = wrap(s, n, n);
        FMatrixRMaj root = wrap(p, n, n);
        return () -> CommonOps_FDRM.multInner(scaled, root);
    }

    private static FMatrixRMaj wrap(float[] values, int rows, int cols) {
        return FMatrixRMaj.wrap(rows, cols, values);
    }
}
