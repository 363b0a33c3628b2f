// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.kernel;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.asgo4j.testing.Seeds;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Each layer computes its formula, evaluated in float64, to the rounding errors it is allowed. */
class LayerFormulasTest {
    /** Unit roundoff of float32. */
    private static final double U = 0x1p-24;

    /** Bound on the relative error of {@link Elementary#exp}: 2 ulp. */
    private static final double EXP_ERROR = 4 * U;

    private static final int ROWS = 9;
    private static final float EPSILON = 1e-5f;

    private final long seed = Seeds.next();
    private final SplittableRandom random = new SplittableRandom(seed);

    static Stream<Named<LayerKernels>> twins() {
        return Stream.of(Named.of("scalar", LayerKernels.scalar()), Named.of("vector", LayerKernels.vector()));
    }

    /** Relative error of a sum of {@code n} terms of one sign by {@link RowSums}. */
    private static double sumError(int n) {
        return (n / 32 + 7 + 15) * U;
    }

    @ParameterizedTest
    @MethodSource("twins")
    void layerNormAndItsGradient(LayerKernels kernels) {
        for (int cols : new int[] {1, 2, 31, 64, 128, 133}) {
            try (Arena arena = Arena.ofConfined()) {
                Strip x = Strip.floats(arena, ROWS * cols, 1, random);
                Strip gain = Strip.floats(arena, cols, 2, random);
                Strip y = Strip.allocate(arena, ROWS * cols, 3, Float.BYTES);
                Strip mean = Strip.allocate(arena, ROWS, 0, Float.BYTES);
                Strip inverse = Strip.allocate(arena, ROWS, 1, Float.BYTES);
                Strip dy = Strip.floats(arena, ROWS * cols, 1, random);
                Strip base = Strip.floats(arena, ROWS * cols, 2, random);
                Strip dx = Strip.allocate(arena, ROWS * cols, 0, Float.BYTES);
                Strip dgain = Strip.floats(arena, cols, 3, random);
                float[] oldDx = base.toArray();
                float[] oldDgain = dgain.toArray();
                kernels.layerNorm(x.segment(), x.from(), gain.segment(), gain.from(), y.segment(), y.from(),
                        mean.segment(), mean.from(), inverse.segment(), inverse.from(), ROWS, cols, EPSILON);
                kernels.layerNormBackward(dy.segment(), dy.from(), x.segment(), x.from(), gain.segment(), gain.from(),
                        mean.segment(), mean.from(), inverse.segment(), inverse.from(), base.segment(), base.from(),
                        dx.segment(), dx.from(), dgain.segment(), dgain.from(), ROWS, cols);
                double[] expectedDgain = new double[cols];
                double sigma = 0;
                for (int row = 0; row < ROWS; row++) {
                    var reference = new Normalized(x, gain, dy, row, cols);
                    sigma = Math.max(sigma, reference.inverse);
                    // |x| ≤ 8, so μ is off by 8·sumError, and so is x − μ; x̂ by that times s, and the error of s.
                    double error = 8 * (sumError(cols) + 2 * U) * reference.inverse * (1 + reference.largest);
                    assertEquals(reference.mean, mean.get(row), 8 * (sumError(cols) + U), message(cols, row));
                    for (int j = 0; j < cols; j++) {
                        int i = row * cols + j;
                        double tolerance = 4 * error + 8 * U;
                        assertEquals(gain.get(j) * reference.normal[j], y.get(i), 8 * tolerance, message(cols, i));
                        // h ≤ 64 and x̂ ≤ largest enter products of two; four such terms, scaled by s.
                        double slack = 64 * 8 * tolerance * reference.inverse * (1 + reference.largest);
                        assertEquals(oldDx[i] + reference.dx[j], dx.get(i), slack + 16 * U, message(cols, i));
                        expectedDgain[j] += dy.get(i) * reference.normal[j];
                    }
                }
                for (int j = 0; j < cols; j++) {
                    double tolerance = ROWS * 64 * 8 * (sumError(cols) + ROWS * U) * (1 + sigma);
                    assertEquals(oldDgain[j] + expectedDgain[j], dgain.get(j), tolerance, message(cols, j));
                }
            }
        }
    }

    /** One row of the layer norm and its gradient, in float64. */
    private static final class Normalized {
        final double mean;
        final double inverse;
        final double[] normal;
        final double[] dx;
        double largest;

        Normalized(Strip x, Strip gain, Strip dy, int row, int cols) {
            double sum = 0;
            for (int j = 0; j < cols; j++) {
                sum += x.get((long) row * cols + j);
            }
            mean = sum / cols;
            double squares = 0;
            for (int j = 0; j < cols; j++) {
                squares += Math.pow(x.get((long) row * cols + j) - mean, 2);
            }
            inverse = 1 / Math.sqrt(squares / cols + EPSILON);
            normal = new double[cols];
            dx = new double[cols];
            double meanH = 0;
            double meanHNormal = 0;
            for (int j = 0; j < cols; j++) {
                normal[j] = (x.get((long) row * cols + j) - mean) * inverse;
                largest = Math.max(largest, Math.abs(normal[j]));
                double h = (double) dy.get((long) row * cols + j) * gain.get(j);
                meanH += h / cols;
                meanHNormal += h * normal[j] / cols;
            }
            for (int j = 0; j < cols; j++) {
                double h = (double) dy.get((long) row * cols + j) * gain.get(j);
                dx[j] = inverse * (h - meanH - normal[j] * meanHNormal);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("twins")
    void causalSoftmaxAndItsGradient(LayerKernels kernels) {
        float scale = 0.3f;
        for (int size : new int[] {1, 2, 16, 31, 64, 97}) {
            try (Arena arena = Arena.ofConfined()) {
                int stride = size + 3;
                Strip p = Strip.floats(arena, size * stride, 1, random);
                Strip dp = Strip.floats(arena, size * stride, 2, random);
                for (int row = 0; row < size - 1; row++) {
                    // Above the diagonal anything may stand.
                    p.set((long) row * stride + row + 1, Float.NaN);
                    dp.set((long) row * stride + size - 1, Float.POSITIVE_INFINITY);
                }
                float[] scores = p.toArray();
                float[] outer = dp.toArray();
                kernels.causalSoftmax(p.segment(), p.from(), stride, size, scale);
                kernels.causalSoftmaxBackward(p.segment(), p.from(), dp.segment(), dp.from(), stride, size, scale);
                for (int row = 0; row < size; row++) {
                    double[] expected = softmax(scores, row * stride, row + 1, scale);
                    double mean = 0;
                    for (int j = 0; j <= row; j++) {
                        mean += expected[j] * outer[row * stride + j];
                    }
                    // An exponent is at most 16·scale, with two roundings; the sum has its own error; 1/sum and p
                    // are rounded once each.
                    double relative = 2 * U * 16 * scale + 2 * EXP_ERROR + sumError(size) + 2 * U;
                    double total = 0;
                    for (int j = 0; j < stride; j++) {
                        int i = row * stride + j;
                        if (j <= row) {
                            assertEquals(expected[j], p.get(i), relative * expected[j], message(size, i));
                            double ds = scale * expected[j] * (outer[i] - mean);
                            double slack = scale * expected[j] * 16 * (2 * relative + sumError(size) + 4 * U);
                            assertEquals(ds, dp.get(i), slack, message(size, i));
                            total += p.get(i);
                        } else if (j < size) {
                            assertEquals(0f, p.get(i), message(size, i));
                            assertEquals(0f, dp.get(i), message(size, i));
                        } else {
                            assertEquals(scores[i], p.get(i), message(size, i));
                            assertEquals(outer[i], dp.get(i), message(size, i));
                        }
                    }
                    assertEquals(1, total, relative, message(size, row));
                }
            }
        }
    }

    private static double[] softmax(float[] x, int from, int count, double scale) {
        double max = Double.NEGATIVE_INFINITY;
        for (int j = 0; j < count; j++) {
            max = Math.max(max, x[from + j]);
        }
        double sum = 0;
        double[] p = new double[count];
        for (int j = 0; j < count; j++) {
            p[j] = Math.exp(scale * (x[from + j] - max));
            sum += p[j];
        }
        for (int j = 0; j < count; j++) {
            p[j] /= sum;
        }
        return p;
    }

    @ParameterizedTest
    @MethodSource("twins")
    void crossEntropyAndItsGradient(LayerKernels kernels) {
        float scale = 0.125f;
        for (int vocabulary : new int[] {1, 2, 31, 65, 96, 257}) {
            try (Arena arena = Arena.ofConfined()) {
                int stride = vocabulary + 7;
                Strip logits = Strip.floats(arena, ROWS * stride, 3, random);
                float[] old = logits.toArray();
                MemorySegment targets = arena.allocate(JAVA_INT, ROWS);
                for (int row = 0; row < ROWS; row++) {
                    targets.setAtIndex(JAVA_INT, row, random.nextInt(vocabulary));
                }
                double lossOnly = kernels.crossEntropyLoss(logits.segment(), logits.from(), stride, ROWS, vocabulary,
                        targets, 0);
                assertEquals(0, firstChange(old, logits), "the loss alone writes nothing, " + message(vocabulary, 0));
                double loss = kernels.crossEntropy(logits.segment(), logits.from(), stride, ROWS, vocabulary, targets,
                        0, scale);
                assertEquals(lossOnly, loss, message(vocabulary, 0));
                // As for the softmax, with |logit − max| ≤ 16.
                double relative = U * 16 + 2 * EXP_ERROR + sumError(vocabulary) + 3 * U;
                double expectedLoss = 0;
                for (int row = 0; row < ROWS; row++) {
                    double[] p = softmax(old, row * stride, vocabulary, 1);
                    int target = targets.getAtIndex(JAVA_INT, row);
                    expectedLoss -= Math.log(p[target]);
                    for (int j = 0; j < stride; j++) {
                        int i = row * stride + j;
                        double expected = j >= vocabulary ? old[i] : scale * (p[j] - (j == target ? 1 : 0));
                        double tolerance = j >= vocabulary ? 0 : scale * (relative * p[j] + U);
                        assertEquals(expected, logits.get(i), tolerance, message(vocabulary, i));
                    }
                }
                assertEquals(expectedLoss, loss, ROWS * relative, message(vocabulary, 0));
            }
        }
    }

    private static int firstChange(float[] old, Strip strip) {
        for (int i = 0; i < old.length; i++) {
            if (old[i] != strip.get(i)) {
                return i + 1;
            }
        }
        return 0;
    }

    @ParameterizedTest
    @MethodSource("twins")
    void hugeScoresDoNotOverflow(LayerKernels kernels) {
        try (Arena arena = Arena.ofConfined()) {
            Strip logits = Strip.allocate(arena, 40, 0, Float.BYTES);
            for (int j = 0; j < 40; j++) {
                logits.set(j, j == 7 ? 1e30f : -1e30f);
            }
            MemorySegment target = arena.allocate(JAVA_INT, 1);
            target.setAtIndex(JAVA_INT, 0, 7);
            assertEquals(0, kernels.crossEntropy(logits.segment(), logits.from(), 40, 1, 40, target, 0, 1));
            for (int j = 0; j < 40; j++) {
                assertEquals(0f, logits.get(j));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("twins")
    void targetsOutsideTheVocabularyAreNamed(LayerKernels kernels) {
        try (Arena arena = Arena.ofConfined()) {
            Strip logits = Strip.floats(arena, 20, 0, random);
            MemorySegment targets = arena.allocate(JAVA_INT, 2);
            for (int bad : new int[] {-1, 10, Integer.MAX_VALUE}) {
                targets.setAtIndex(JAVA_INT, 1, bad);
                var error = assertThrows(IllegalArgumentException.class,
                        () -> kernels.crossEntropyLoss(logits.segment(), logits.from(), 10, 2, 10, targets, 0));
                assertTrue(error.getMessage().contains("target " + bad + " of row 1 is not in [0, 10)"),
                        error.getMessage());
            }
        }
    }

    private String message(int cols, int i) {
        return "cols=%d i=%d seed=%d".formatted(cols, i, seed);
    }
}
