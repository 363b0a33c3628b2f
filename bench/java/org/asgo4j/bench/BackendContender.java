// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.bench;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Locale;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.BackendName;
import org.asgo4j.linalg.Backends;
import org.asgo4j.linalg.EighWorkspace;
import org.asgo4j.linalg.ElementType;
import org.asgo4j.linalg.Matrix;
import org.asgo4j.linalg.Side;
import org.asgo4j.linalg.Transpose;
import org.asgo4j.optim.Asgo;
import org.asgo4j.optim.AsgoConfig;
import org.asgo4j.optim.RuleState;

/**
 * One of our backends. MKL's library is what the property {@code bench.mkl} names, or else the loader finds; a JVM has
 * one BLAS, so it excludes OpenBLAS.
 */
final class BackendContender implements Contender {
    private static final double ROOT_EXPONENT = -0.25; // P = SᵀS of rows scaled by λ^(−1/4)

    private final BackendName backendName;

    BackendContender(BackendName backendName) {
        this.backendName = backendName;
    }

    @Override
    public String name() {
        return backendName.name().toLowerCase(Locale.ROOT);
    }

    @Override
    public boolean available() {
        try {
            open(1).close();
            return true;
        } catch (UnsatisfiedLinkError | IllegalStateException _) {
            return false;
        }
    }

    private Backend open(int threads) {
        String mkl = System.getProperty("bench.mkl");
        if (backendName == BackendName.MKL && mkl != null) System.setProperty("asgo4j.library", mkl);
        return Backends.open(backendName, threads);
    }

    @Override
    public Call prepare(Operation operation, Operands operands, int threads) {
        if (backendName == BackendName.REFERENCE && threads != 1) {
            throw new IllegalArgumentException("the reference backend has one thread, asked for " + threads);
        }
        var memory = new Memory(open(threads), Arena.ofAuto());
        return switch (operation) {
            case GEMM -> memory.gemm(operands);
            case SYRK -> memory.syrk(operands);
            case SYMM -> memory.symm(operands);
            case EIGH -> memory.eigh(operands);
            case INVERSE_ROOT -> memory.inverseRoot(operands);
            case STEP -> memory.step(operands);
        };
    }

    /** A call as a body and the matrices that it leaves. */
    private record MatrixCall(Runnable body, Matrix... results) implements Call {
        @Override
        public void run() {
            body.run();
        }

        @Override
        public float[] result() {
            int count = 0;
            for (Matrix matrix : results) count += (int) matrix.size();
            float[] result = new float[count];
            int to = 0;
            for (Matrix matrix : results) {
                MemorySegment.copy(matrix.segment(), JAVA_FLOAT, 0, result, to, (int) matrix.size());
                to += (int) matrix.size();
            }
            return result;
        }
    }

    /** Makes the calls. Automatic memory: freed with the call that refers to it. */
    private record Memory(Backend backend, Arena arena) {
        Call gemm(Operands operands) {
            int n = operands.n();
            Matrix a = matrix(n, n, operands.a());
            Matrix b = matrix(n, n, operands.b());
            Matrix c = backend.allocate(arena, n, n);
            return new MatrixCall(() -> backend.gemm(Transpose.NONE, Transpose.NONE, 1, a, b, 0, c), c);
        }

        Call syrk(Operands operands) {
            Matrix gradient = matrix(operands.n(), operands.cols(), operands.gradient());
            Matrix gram = backend.allocate(arena, operands.n(), operands.n());
            return new MatrixCall(() -> backend.syrk(Transpose.NONE, 1, gradient, 0, gram), gram);
        }

        Call symm(Operands operands) {
            Matrix symmetric = matrix(operands.n(), operands.n(), operands.symmetric());
            Matrix gradient = matrix(operands.n(), operands.cols(), operands.gradient());
            Matrix update = backend.allocate(arena, operands.n(), operands.cols());
            return new MatrixCall(() -> backend.symm(Side.LEFT, symmetric, gradient, update), update);
        }

        Call eigh(Operands operands) {
            int n = operands.n();
            Matrix gram = matrix(n, n, operands.gram());
            Matrix vectors = backend.allocate(arena, n, n);
            Matrix values = backend.allocate(arena, 1, n);
            EighWorkspace workspace = backend.eighWorkspace(arena, ElementType.FLOAT32, n);
            return new MatrixCall(() -> {
                backend.copy(gram, vectors);
                backend.eigh(vectors, values, workspace);
            }, vectors, values);
        }

        Call inverseRoot(Operands operands) {
            int n = operands.n();
            Matrix gram = matrix(n, n, operands.gram());
            Matrix vectors = backend.allocate(arena, n, n);
            Matrix values = backend.allocate(arena, 1, n);
            Matrix root = backend.allocate(arena, n, n);
            EighWorkspace workspace = backend.eighWorkspace(arena, ElementType.FLOAT32, n);
            return new MatrixCall(() -> {
                backend.copy(gram, vectors);
                backend.eigh(vectors, values, workspace);
                for (int i = 0; i < n; i++) values.set(0, i, Math.pow(values.get(0, i), ROOT_EXPONENT));
                backend.scaleRows(values, vectors);
                backend.syrk(Transpose.TRANSPOSED, 1, vectors, 0, root);
            }, root);
        }

        Call step(Operands operands) {
            Matrix weight = matrix(operands.n(), operands.cols(), operands.weight());
            Matrix gradient = matrix(operands.n(), operands.cols(), operands.gradient());
            Matrix nextGradient = matrix(operands.n(), operands.cols(), operands.nextGradient());
            RuleState state = new Asgo(AsgoConfig.published())
                    .newState(backend, arena, operands.n(), operands.cols());
            float rate = AsgoConfig.PUBLISHED_LEARNING_RATE;
            float decay = AsgoConfig.PUBLISHED_WEIGHT_DECAY;
            return new MatrixCall(
                    () -> state.step(weight, state.steps() % 2 == 0 ? gradient : nextGradient, rate, decay), weight);
        }

        private Matrix matrix(int rows, int cols, float[] values) {
            Matrix matrix = backend.allocate(arena, rows, cols);
            MemorySegment.copy(values, 0, matrix.segment(), JAVA_FLOAT, 0, values.length);
            return matrix;
        }
    }
}
