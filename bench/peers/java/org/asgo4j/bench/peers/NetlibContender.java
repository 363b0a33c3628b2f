// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.bench.peers;

import dev.ludovic.netlib.blas.BLAS;
import dev.ludovic.netlib.blas.JavaBLAS;
import dev.ludovic.netlib.blas.NativeBLAS;
import dev.ludovic.netlib.lapack.JavaLAPACK;
import dev.ludovic.netlib.lapack.LAPACK;
import dev.ludovic.netlib.lapack.NativeLAPACK;
import java.lang.reflect.Method;
import org.netlib.util.intW;

/**
 * dev.ludovic.netlib: BLAS in plain Java, with the Vector API, or through JNI on the system's {@code libblas.so.3} and
 * {@code liblapack.so.3}, whatever these are there. LAPACK in Java is Fortran translated by f2j, on a BLAS of its own.
 * Fortran's matrices lie column by column: one of ours is its transpose, and our lower triangle its upper one.
 */
abstract class NetlibContender extends ArrayContender {
    BLAS blas;
    private LAPACK lapack;

    /** Loads the BLAS. */
    abstract BLAS blas();

    /** Loads the LAPACK. */
    LAPACK lapack() {
        return JavaLAPACK.getInstance();
    }

    @Override
    void limit(int threads) {
        if (threads != 1) throw new IllegalArgumentException(name() + " has one thread, asked for " + threads);
        load();
    }

    final void load() {
        blas = blas();
        lapack = lapack();
    }

    @Override
    final Runnable gemm(float[] a, float[] b, float[] c, int n) {
        return () -> blas.sgemm("N", "N", n, n, n, 1, b, n, a, n, 0, c, n); // Cᵀ = BᵀAᵀ
    }

    /** By the general product: in Java it takes a tenth of the symmetric ones' time with vectors, half without. */
    @Override
    Runnable syrk(float alpha, float[] g, int n, int cols, float beta, float[] v) {
        return () -> blas.sgemm("T", "N", n, n, cols, alpha, g, cols, g, cols, beta, v, n);
    }

    @Override
    Runnable symm(float[] s, float[] g, float[] u, int n, int cols) {
        return () -> blas.sgemm("N", "N", cols, n, n, 1, g, cols, s, n, 0, u, cols); // Uᵀ = GᵀS
    }

    @Override
    final Runnable eigh(float[] v, float[] vectors, float[] values, int n) {
        float[] query = new float[1];
        int[] integerQuery = new int[1];
        var info = new intW(0);
        lapack.ssyevd("V", "U", n, vectors, n, values, query, -1, integerQuery, -1, info);
        float[] work = new float[(int) query[0] + 1]; // a float may round the length down
        int[] integerWork = new int[integerQuery[0]];
        return () -> {
            System.arraycopy(v, 0, vectors, 0, v.length);
            lapack.ssyevd("V", "U", n, vectors, n, values, work, work.length, integerWork, integerWork.length, info);
            if (info.val != 0) throw new IllegalStateException("ssyevd of order " + n + " returns " + info.val);
        };
    }

    @Override
    Runnable square(float[] s, float[] p, int n) {
        return () -> blas.sgemm("N", "T", n, n, n, 1, s, n, s, n, 0, p, n);
    }

    /** Plain Java. */
    public static final class Java extends NetlibContender {
        @Override
        public String name() {
            return "netlib-java";
        }

        /** By reflection: the library itself offers this one only where there is no Vector API. */
        @Override
        BLAS blas() {
            try {
                Method instance = Class.forName("dev.ludovic.netlib.blas.Java11BLAS").getDeclaredMethod("getInstance");
                instance.setAccessible(true);
                return (BLAS) instance.invoke(null);
            } catch (ReflectiveOperationException e) {
                throw new IllegalStateException("this version of netlib has no Java11BLAS", e);
            }
        }
    }

    /** With the Vector API. */
    public static final class Vector extends NetlibContender {
        @Override
        public String name() {
            return "netlib-vector";
        }

        @Override
        BLAS blas() {
            BLAS blas = JavaBLAS.getInstance();
            if (!blas.getClass().getSimpleName().equals("VectorBLAS")) {
                throw new IllegalStateException("netlib gives " + blas.getClass() + ", expected VectorBLAS");
            }
            return blas;
        }
    }

    /** Through JNI. */
    public static final class Jni extends NetlibContender {
        @Override
        public String name() {
            return "netlib-jni";
        }

        @Override
        public boolean available() {
            try {
                return NativeBLAS.getInstance() != null && NativeLAPACK.getInstance() != null;
            } catch (RuntimeException | LinkageError _) {
                return false;
            }
        }

        @Override
        void limit(int threads) {
            NativeThreads.check(name(), threads);
            load();
        }

        @Override
        BLAS blas() {
            return NativeBLAS.getInstance();
        }

        @Override
        Runnable syrk(float alpha, float[] g, int n, int cols, float beta, float[] v) {
            return () -> blas.ssyrk("U", "T", n, cols, alpha, g, cols, beta, v, n);
        }

        @Override
        Runnable symm(float[] s, float[] g, float[] u, int n, int cols) {
            return () -> blas.ssymm("R", "U", cols, n, 1, s, n, g, cols, 0, u, cols);
        }

        @Override
        Runnable square(float[] s, float[] p, int n) {
            return () -> blas.ssyrk("U", "N", n, n, 1, s, n, 0, p, n);
        }

        @Override
        LAPACK lapack() {
            return NativeLAPACK.getInstance();
        }
    }
}
