// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.bench.peers;

import org.asgo4j.bench.Call;
import org.asgo4j.bench.Contender;
import org.asgo4j.bench.Operands;
import org.asgo4j.bench.Operation;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.eigen.Eigen;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.ops.transforms.Transforms;

/**
 * ND4J on its OpenBLAS (the version on the class path, the same as ours), by the methods of its arrays: these know no
 * symmetric products, and {@link Eigen} calls {@code ssyev}. Results in Fortran order, which its products write without
 * a copy.
 */
public final class Nd4jContender implements Contender {
    private static final double BETA1 = 0.9;
    private static final double BETA2 = 0.8;
    private static final double EPSILON = 1e-10;
    private static final double LEARNING_RATE = 0.01;
    private static final double WEIGHT_DECAY = 0.1;
    private static final double UPDATE_RMS = 0.2;
    private static final double ROOT_EXPONENT = -0.25; // P = SSᵀ of columns scaled by λ^(−1/4)

    @Override
    public String name() {
        return "nd4j";
    }

    @Override
    public Call prepare(Operation operation, Operands operands, int threads) {
        NativeThreads.check(name(), threads);
        int n = operands.n();
        INDArray gradient = array(operands.gradient(), n, operands.cols());
        INDArray gram = array(operands.gram(), n, n);
        return switch (operation) {
            case GEMM -> product(array(operands.a(), n, n), array(operands.b(), n, n));
            case SYRK -> product(gradient, gradient.transpose());
            case SYMM -> product(array(operands.symmetric(), n, n), gradient);
            case EIGH -> eigh(gram);
            case INVERSE_ROOT -> inverseRoot(gram);
            case STEP -> new Step(gradient, array(operands.nextGradient(), n, operands.cols()),
                    array(operands.weight(), n, operands.cols()));
        };
    }

    private static Call product(INDArray a, INDArray b) {
        INDArray c = zeros(a.rows(), b.columns());
        return call(() -> a.mmuli(b, c), c);
    }

    private static Call eigh(INDArray gram) {
        INDArray vectors = zeros(gram.rows(), gram.rows());
        INDArray[] values = new INDArray[1];
        return new Call() {
            @Override
            public void run() {
                vectors.assign(gram);
                values[0] = Eigen.symmetricGeneralizedEigenvalues(vectors, true);
            }

            @Override
            public float[] result() {
                return Nd4j.vstack(vectors.transpose(), values[0].reshape(1, gram.rows())).dup('c').data().asFloat();
            }
        };
    }

    private static Call inverseRoot(INDArray gram) {
        INDArray root = zeros(gram.rows(), gram.rows());
        INDArray vectors = zeros(gram.rows(), gram.rows());
        return call(() -> root(gram, vectors, 0, root), root);
    }

    private static void root(INDArray gram, INDArray vectors, double epsilon, INDArray root) {
        vectors.assign(gram);
        INDArray values = Eigen.symmetricGeneralizedEigenvalues(vectors, true);
        vectors.muliRowVector(Transforms.pow(values.addi(epsilon), ROOT_EXPONENT, false));
        vectors.mmuli(vectors.transpose(), root);
    }

    /** The state of one weight. */
    private static final class Step implements Call {
        private final INDArray[] gradients;
        private final INDArray momentum;
        private final INDArray update;
        private final INDArray weight;
        private final INDArray gram;
        private final INDArray product;
        private final INDArray vectors;
        private final INDArray root;
        private int steps;

        Step(INDArray gradient, INDArray nextGradient, INDArray weight) {
            this.gradients = new INDArray[] {gradient, nextGradient};
            this.weight = weight;
            int n = gradient.rows();
            this.momentum = zeros(n, gradient.columns());
            this.update = zeros(n, gradient.columns());
            this.gram = zeros(n, n);
            this.product = zeros(n, n);
            this.vectors = zeros(n, n);
            this.root = zeros(n, n);
        }

        @Override
        public void run() {
            INDArray gradient = gradients[steps++ % gradients.length];
            momentum.muli(BETA1).addi(gradient.mul(1 - BETA1));
            gradient.mmuli(gradient.transpose(), product);
            gram.muli(BETA2).addi(product.muli(1 - BETA2));
            root(gram, vectors, EPSILON, root);
            root.mmuli(momentum, update);
            double rms = update.norm2Number().doubleValue() / Math.sqrt(update.length());
            weight.muli(1 - LEARNING_RATE * WEIGHT_DECAY).subi(update.muli(LEARNING_RATE * UPDATE_RMS / rms));
        }

        @Override
        public float[] result() {
            return weight.dup('c').data().asFloat();
        }
    }

    private static Call call(Runnable body, INDArray result) {
        return new Call() {
            @Override
            public void run() {
                body.run();
            }

            @Override
            public float[] result() {
                return result.dup('c').data().asFloat();
            }
        };
    }

    private static INDArray array(float[] values, int rows, int cols) {
        return Nd4j.create(values, new int[] {rows, cols}, 'c').dup('f');
    }

    private static INDArray zeros(int rows, int cols) {
        return Nd4j.create(new float[rows * cols], new int[] {rows, cols}, 'f');
    }
}
