// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.bench.peers;

import org.asgo4j.bench.Call;
import org.asgo4j.bench.Contender;
import org.asgo4j.bench.Operands;
import org.asgo4j.bench.Operation;

/**
 * A library whose matrices are heap arrays. A subclass has the products and the eigendecomposition; the step is put
 * together here, its elementwise passes in loops that C2 makes vectors of. All arrays are row by row.
 */
abstract class ArrayContender implements Contender {
    private static final float BETA1 = 0.9f;
    private static final float BETA2 = 0.8f;
    private static final double EPSILON = 1e-10;
    private static final double UNIT_ROUNDOFF = 0x1p-24;
    private static final float LEARNING_RATE = 0.01f;
    private static final float WEIGHT_DECAY = 0.1f;
    private static final double UPDATE_RMS = 0.2;
    private static final double ROOT_EXPONENT = -0.25; // P = SᵀS of rows scaled by λ^(−1/4)

    /** Holds the library to {@code threads}, or says why it can't be. */
    abstract void limit(int threads);

    /** C ← A·B, n×n. */
    abstract Runnable gemm(float[] a, float[] b, float[] c, int n);

    /** V ← α·GGᵀ + β·V, of which the lower triangle counts; G is n×cols. */
    abstract Runnable syrk(float alpha, float[] g, int n, int cols, float beta, float[] v);

    /** U ← S·G for symmetric S; G is n×cols. */
    abstract Runnable symm(float[] s, float[] g, float[] u, int n, int cols);

    /** The eigenvectors of V as rows, and its eigenvalues in the same order. V is only read. */
    abstract Runnable eigh(float[] v, float[] vectors, float[] values, int n);

    /** P ← SᵀS, n×n, of which the lower triangle counts unless {@link #symm} reads more. */
    abstract Runnable square(float[] s, float[] p, int n);

    @Override
    public final Call prepare(Operation operation, Operands operands, int threads) {
        limit(threads);
        int n = operands.n();
        int cols = operands.cols();
        float[] result = new float[n * n];
        return switch (operation) {
            case GEMM -> new ArrayCall(gemm(operands.a().clone(), operands.b().clone(), result, n), result);
            case SYRK -> new ArrayCall(syrk(1, operands.gradient().clone(), n, cols, 0, result), result);
            case SYMM -> {
                float[] update = new float[n * cols];
                float[] symmetric = operands.symmetric().clone();
                yield new ArrayCall(symm(symmetric, operands.gradient().clone(), update, n, cols), update);
            }
            case EIGH -> {
                float[] values = new float[n];
                yield new ArrayCall(eigh(operands.gram().clone(), result, values, n), result, values);
            }
            case INVERSE_ROOT -> new ArrayCall(inverseRoot(operands.gram().clone(), result, n, 0), result);
            case STEP -> step(operands);
        };
    }

    private Runnable inverseRoot(float[] gram, float[] root, int n, double epsilon) {
        float[] vectors = new float[n * n];
        float[] values = new float[n];
        Runnable eigh = eigh(gram, vectors, values, n);
        Runnable square = square(vectors, root, n);
        return () -> {
            eigh.run();
            double largest = 0;
            for (float value : values) largest = Math.max(largest, value);
            for (int i = 0; i < n; i++) {
                double value = Math.max(values[i], n * UNIT_ROUNDOFF * largest) + epsilon;
                float factor = (float) Math.pow(value, ROOT_EXPONENT);
                for (int j = i * n; j < (i + 1) * n; j++) vectors[j] *= factor;
            }
            square.run();
        };
    }

    private Call step(Operands operands) {
        int n = operands.n();
        int cols = operands.cols();
        float[][] gradients = {operands.gradient().clone(), operands.nextGradient().clone()};
        float[] momentum = new float[n * cols];
        float[] update = new float[n * cols];
        float[] weight = operands.weight().clone();
        float[] gram = new float[n * n];
        float[] root = new float[n * n];
        Runnable[] accumulate = new Runnable[gradients.length];
        for (int i = 0; i < gradients.length; i++) {
            accumulate[i] = syrk(1 - BETA2, gradients[i], n, cols, BETA2, gram);
        }
        Runnable refresh = inverseRoot(gram, root, n, EPSILON);
        Runnable apply = symm(root, momentum, update, n, cols);
        int[] steps = {0};
        return new ArrayCall(() -> {
            int turn = steps[0]++ % gradients.length;
            float[] gradient = gradients[turn];
            for (int i = 0; i < momentum.length; i++) momentum[i] = BETA1 * momentum[i] + (1 - BETA1) * gradient[i];
            accumulate[turn].run();
            refresh.run();
            apply.run();
            double squares = 0;
            for (float u : update) squares += (double) u * u;
            float length = (float) (LEARNING_RATE * UPDATE_RMS * Math.sqrt(update.length / squares));
            float decay = 1 - LEARNING_RATE * WEIGHT_DECAY;
            for (int i = 0; i < weight.length; i++) weight[i] = decay * weight[i] - length * update[i];
        }, weight);
    }

    /** A call as a body and the arrays that it leaves. */
    private record ArrayCall(Runnable body, float[]... results) implements Call {
        @Override
        public void run() {
            body.run();
        }

        @Override
        public float[] result() {
            int count = 0;
            for (float[] part : results) count += part.length;
            float[] result = new float[count];
            int to = 0;
            for (float[] part : results) {
                System.arraycopy(part, 0, result, to, part.length);
                to += part.length;
            }
            return result;
        }
    }
}
