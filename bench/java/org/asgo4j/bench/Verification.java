// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.bench;

import java.util.SplittableRandom;
import java.util.function.UnaryOperator;

/**
 * Holds a result against the operation's definition, with vectors x of random signs (Freivalds 1979): C·x must be
 * A·(B·x), computed here in float64 by plain loops. That is O(n²) at every size, and loads no second native library
 * into a JVM that is about to time one. Ours passes the same bounds, so whatever passes agrees with ours to twice them.
 *
 * <p>An error matrix E moves x by about ‖E‖_F, with either sign. Bounds, with u the unit roundoff of float32: a sum of
 * k products is off by √k·u·‖a‖‖b‖ times a small factor with overwhelming probability (Higham and Mary 2019), and a
 * symmetric eigensolver's backward error is n·u·‖V‖ times a small factor.
 */
final class Verification {
    /** Standard deviations of a sum of rounding errors times those of x: beyond it once in 10¹⁰ sums. */
    private static final double LIKELY = 8;

    /** Factor of n·u in an eigensolver's backward error; LAPACK's own tests accept 50 with 2u for u. */
    private static final double EIGEN_FACTOR = 10;

    private static final double UNIT_ROUNDOFF = 0x1p-24;
    private static final int PROBES = 3;
    private static final long SEED = 2;

    private static final double LEARNING_RATE = 0.01;
    private static final double WEIGHT_DECAY = 0.1;
    private static final double UPDATE_RMS = 0.2;
    private static final double BETA1 = 0.9;
    private static final double BETA2 = 0.8;

    private final Operands operands;
    private final float[] result;
    private final SplittableRandom random = new SplittableRandom(SEED);

    private Verification(Operands operands, float[] result) {
        this.operands = operands;
        this.result = result;
    }

    /**
     * Runs a call that was just prepared, and checks its result; of {@link Operation#STEP} two steps.
     *
     * @throws IllegalStateException if a result is wrong; the message says by how much
     */
    static void check(Operation operation, Operands operands, Call call) {
        call.run();
        float[] first = call.result();
        check(operation, operands, first);
        if (operation != Operation.STEP) return;
        call.run();
        checkSecondStep(operands, first, call.result());
    }

    /**
     * Checks the result of a first run.
     *
     * @throws IllegalStateException if it is wrong; the message says by how much
     */
    static void check(Operation operation, Operands operands, float[] result) {
        int expected = switch (operation) {
            case GEMM, SYRK, INVERSE_ROOT -> operands.n() * operands.n();
            case SYMM, STEP -> operands.n() * operands.cols();
            case EIGH -> (operands.n() + 1) * operands.n();
        };
        if (result.length != expected) {
            throw new IllegalStateException("%s gives %d numbers, expected %d"
                    .formatted(operation, result.length, expected));
        }
        boolean step = operation == Operation.STEP;
        var verification = new Verification(operands, step ? update(operands.weight(), result) : result);
        for (int i = 0; i < PROBES; i++) verification.probe(operation);
    }

    /**
     * Checks W after a second step: in the first, which leaves the polar factor of G whatever the betas are, momentum
     * and gram matrix have no past.
     */
    static void checkSecondStep(Operands operands, float[] before, float[] after) {
        var verification = new Verification(operands, update(before, after));
        verification.length();
        for (int i = 0; i < PROBES; i++) verification.secondStep(operands.n(), operands.cols());
    }

    /** What a step subtracted from the decayed W. */
    static float[] update(float[] before, float[] after) {
        float[] update = new float[after.length];
        double kept = 1 - LEARNING_RATE * WEIGHT_DECAY;
        for (int i = 0; i < update.length; i++) update[i] = (float) (kept * before[i] - after[i]);
        return update;
    }

    private void probe(Operation operation) {
        int n = operands.n();
        int cols = operands.cols();
        switch (operation) {
            case GEMM -> product(operands.a(), n, factor(operands.b(), n, n), n);
            case SYMM -> product(operands.symmetric(), n, factor(operands.gradient(), n, cols), cols);
            case SYRK -> {
                mirror(n);
                product(operands.gradient(), cols, transposed(operands.gradient(), n, cols), n);
            }
            case EIGH -> eigh(n);
            case INVERSE_ROOT -> {
                mirror(n);
                inverseRoot(n);
            }
            case STEP -> step(n, cols);
        }
    }

    /** A linear map, and the Frobenius norm of its matrix. */
    private record Factor(UnaryOperator<double[]> times, double norm) {}

    private static Factor factor(float[] matrix, int rows, int cols) {
        return new Factor(x -> times(matrix, rows, cols, x), norm(matrix, 0, matrix.length));
    }

    private static Factor transposed(float[] matrix, int rows, int cols) {
        return new Factor(x -> transposedTimes(matrix, rows, cols, x), norm(matrix, 0, matrix.length));
    }

    /** Row by row: the result's row times x against a·(B·x), off by at most √k·u·‖a‖‖B‖_F. */
    private void product(float[] left, int inner, Factor right, int resultCols) {
        double[] x = signs(resultCols);
        double[] actual = times(result, operands.n(), resultCols, x);
        double[] expected = times(left, operands.n(), inner, right.times().apply(x));
        for (int i = 0; i < actual.length; i++) {
            double bound = LIKELY * Math.sqrt(inner) * UNIT_ROUNDOFF * norm(left, i * inner, inner) * right.norm();
            within(Math.abs(actual[i] - expected[i]), bound, "row " + i);
        }
    }

    private void eigh(int n) {
        double[] x = signs(n);
        double[] turned = times(result, n, n, x);
        double[] back = transposedTimes(result, n, n, turned);
        double bound = EIGEN_FACTOR * n * UNIT_ROUNDOFF;
        within(distance(back, x), bound * Math.sqrt(n), "QᵀQ − I");
        for (int i = 0; i < n; i++) turned[i] *= result[n * n + i];
        double[] expected = times(operands.gram(), n, n, x);
        within(distance(transposedTimes(result, n, n, turned), expected),
                bound * norm(operands.gram(), 0, n * n), "Qᵀ·diag(w)·Q − V");
    }

    private void inverseRoot(int n) {
        double[] x = signs(n);
        double[] back = times(result, n, n, times(operands.gram(), n, n, times(result, n, n, x)));
        within(distance(back, x), rootBound(n) * Math.sqrt(n), "PVP − I");
    }

    /** What rounding of V and of its eigenvectors does to P, relative to ‖P‖, at most. */
    private static double rootBound(int n) {
        return EIGEN_FACTOR * n * UNIT_ROUNDOFF * Operands.CONDITION;
    }

    /** The first update U is c times the polar factor of G: UUᵀ = c²I, and U·Gᵀ is symmetric and positive. */
    private void step(int n, int cols) {
        double c = LEARNING_RATE * UPDATE_RMS * Math.sqrt(cols);
        double[] x = signs(n);
        double[] y = signs(n);
        double[] ux = transposedTimes(result, n, cols, x);
        double[] uy = transposedTimes(result, n, cols, y);
        double[] squared = times(result, n, cols, ux);
        for (int i = 0; i < n; i++) squared[i] /= c * c;
        within(distance(squared, x), rootBound(n) * Math.sqrt(n), "UUᵀ/c² − I");
        double[] gx = transposedTimes(operands.gradient(), n, cols, x);
        double[] gy = transposedTimes(operands.gradient(), n, cols, y);
        double scale = c * norm(operands.gradient(), 0, n * cols);
        within(Math.abs(dot(ux, gy) - dot(uy, gx)), LIKELY * rootBound(n) * scale, "U·Gᵀ − G·Uᵀ");
        if (!(dot(ux, gx) > 0)) throw new IllegalStateException("the step goes up the gradient: " + dot(ux, gx));
    }

    /** ‖U‖_F is η·0.2·√(nN), but for a float32 sum of nN squares, and the rounding of W, which is far larger than U. */
    private void length() {
        double expected = LEARNING_RATE * UPDATE_RMS * Math.sqrt(result.length);
        double bound = UNIT_ROUNDOFF
                * (result.length / 2.0 * expected + LIKELY * norm(operands.weight(), 0, result.length));
        within(Math.abs(norm(result, 0, result.length) - expected), bound, "‖U‖ − η·0.2·√(nN)");
    }

    /** U = s·V^(−1/2)·M: UᵀVU is s² times MᵀM, of V and M with what the first step left of them. */
    private void secondStep(int n, int cols) {
        double[] x = signs(cols);
        double[] ux = times(result, n, cols, x);
        double[] vux = new double[n];
        add((1 - BETA2) * BETA2, gramTimes(operands.gradient(), n, cols, ux), vux);
        add(1 - BETA2, gramTimes(operands.nextGradient(), n, cols, ux), vux);
        double[] actual = transposedTimes(result, n, cols, vux);
        double[] mx = momentumTimes(n, cols, x);
        double[] expected = new double[cols];
        add((1 - BETA1) * BETA1, transposedTimes(operands.gradient(), n, cols, mx), expected);
        add(1 - BETA1, transposedTimes(operands.nextGradient(), n, cols, mx), expected);
        double scale = dot(actual, expected) / dot(expected, expected);
        for (int i = 0; i < cols; i++) expected[i] *= scale;
        within(distance(actual, expected), LIKELY * rootBound(n) * Math.sqrt(dot(actual, actual)), "UᵀVU − s²MᵀM");
        if (!(dot(ux, mx) > 0)) throw new IllegalStateException("the step goes up the momentum: " + dot(ux, mx));
    }

    private static double[] gramTimes(float[] g, int n, int cols, double[] x) {
        return times(g, n, cols, transposedTimes(g, n, cols, x));
    }

    private double[] momentumTimes(int n, int cols, double[] x) {
        double[] mx = new double[n];
        add((1 - BETA1) * BETA1, times(operands.gradient(), n, cols, x), mx);
        add(1 - BETA1, times(operands.nextGradient(), n, cols, x), mx);
        return mx;
    }

    private static void add(double factor, double[] x, double[] sum) {
        for (int i = 0; i < sum.length; i++) sum[i] += factor * x[i];
    }

    /** Only the lower triangle counts. */
    private void mirror(int n) {
        for (int i = 0; i < n; i++) {
            for (int j = i + 1; j < n; j++) result[i * n + j] = result[j * n + i];
        }
    }

    private static void within(double error, double bound, String what) {
        if (!(error <= bound)) {
            throw new IllegalStateException("%s is off by %.2e, at most %.2e expected".formatted(what, error, bound));
        }
    }

    private double[] signs(int count) {
        double[] x = new double[count];
        for (int i = 0; i < count; i++) x[i] = random.nextBoolean() ? 1 : -1;
        return x;
    }

    private static double[] times(float[] matrix, int rows, int cols, double[] x) {
        double[] y = new double[rows];
        for (int i = 0; i < rows; i++) {
            for (int j = 0; j < cols; j++) y[i] += matrix[i * cols + j] * x[j];
        }
        return y;
    }

    private static double[] transposedTimes(float[] matrix, int rows, int cols, double[] x) {
        double[] y = new double[cols];
        for (int i = 0; i < rows; i++) {
            for (int j = 0; j < cols; j++) y[j] += matrix[i * cols + j] * x[i];
        }
        return y;
    }

    private static double norm(float[] values, int from, int count) {
        double sum = 0;
        for (int i = from; i < from + count; i++) sum += (double) values[i] * values[i];
        return Math.sqrt(sum);
    }

    private static double dot(double[] x, double[] y) {
        double sum = 0;
        for (int i = 0; i < x.length; i++) sum += x[i] * y[i];
        return sum;
    }

    private static double distance(double[] x, double[] y) {
        double sum = 0;
        for (int i = 0; i < x.length; i++) sum += (x[i] - y[i]) * (x[i] - y[i]);
        return Math.sqrt(sum);
    }
}
