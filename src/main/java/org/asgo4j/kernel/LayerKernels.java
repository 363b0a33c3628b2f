// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.kernel;

import java.lang.foreign.MemorySegment;

/**
 * The layers of a GPT that are not matrix products, forward and backward, on float32 in native memory.
 *
 * <p>Every argument pair {@code (segment, from)} is a segment and its first element; all offsets, strides and counts
 * are in elements. Rows are contiguous; where a {@code rowStride} is given, row i begins at {@code from + i·rowStride},
 * and the padding between rows is neither read nor written. Ranges are disjoint unless stated. Twins agree bit for bit,
 * except for the sign and payload of a NaN; sums over a row have one order for every lane width. A range outside its
 * segment throws {@link IndexOutOfBoundsException}; memory is refused as by {@link Kernels}.
 */
public sealed interface LayerKernels permits ScalarLayerKernels, VectorLayerKernels {

    /**
     * The fastest twin of this JVM, chosen as by {@link Kernels#best}.
     *
     * @throws IllegalArgumentException if the system property {@code asgo4j.lanes} asks for a width the CPU lacks
     */
    static LayerKernels best() {
        return Selection.vector() ? VectorLayerKernels.INSTANCE : ScalarLayerKernels.INSTANCE;
    }

    /** The scalar twin: the definition of every kernel. */
    static LayerKernels scalar() {
        return ScalarLayerKernels.INSTANCE;
    }

    /**
     * The vector twin.
     *
     * @throws UnsupportedOperationException if module {@code jdk.incubator.vector} is not present, vectors have less
     *     than 128 bits, or native access is denied
     * @throws IllegalArgumentException if the system property {@code asgo4j.lanes} asks for a width the CPU lacks
     */
    static LayerKernels vector() {
        Selection.requireVector();
        return VectorLayerKernels.INSTANCE;
    }

    /**
     * y[i] ← gelu(x[i]) = ½·x·(1 + erf(x/√2)) for 0 ≤ i &lt; count, within 3e-7·|x|. gelu(−∞) is NaN.
     *
     * @param x read
     * @param xFrom first element of x
     * @param y written; may be the same range as x
     * @param yFrom first element of y
     * @param count elements
     */
    void gelu(MemorySegment x, long xFrom, MemorySegment y, long yFrom, long count);

    /**
     * dx[i] ← dy[i]·gelu′(x[i]) for 0 ≤ i &lt; count, gelu′(x) = Φ(x) + x·φ(x) with the normal distribution Φ and
     * density φ.
     *
     * @param x input of the forward pass, read
     * @param xFrom first element of x
     * @param dy gradient of the output, read
     * @param dyFrom first element of dy
     * @param dx gradient of the input, written; may be the same range as dy or x
     * @param dxFrom first element of dx
     * @param count elements
     */
    void geluBackward(MemorySegment x, long xFrom, MemorySegment dy, long dyFrom, MemorySegment dx, long dxFrom,
            long count);

    /**
     * Layer normalization without a bias, row by row: y ← gain·(x − μ)·s with μ = mean(x), s = 1/√(mean((x − μ)²) + ε).
     *
     * @param x rows×cols, read
     * @param xFrom first element of x
     * @param gain cols, read
     * @param gainFrom first element of gain
     * @param y rows×cols, written; may be the same range as x
     * @param yFrom first element of y
     * @param mean μ of each row, written
     * @param meanFrom first element of mean
     * @param inverseDeviation s of each row, written
     * @param inverseDeviationFrom first element of inverseDeviation
     * @param rows rows
     * @param cols columns, at least 1
     * @param epsilon ε
     */
    void layerNorm(MemorySegment x, long xFrom, MemorySegment gain, long gainFrom, MemorySegment y, long yFrom,
            MemorySegment mean, long meanFrom, MemorySegment inverseDeviation, long inverseDeviationFrom, int rows,
            int cols, float epsilon);

    /**
     * Gradients of {@link #layerNorm}, added to others. With x̂ = (x − μ)·s and h = dy·gain, for each row:
     * dx ← base + s·(h − mean(h) − x̂·mean(h·x̂)) and dgain ← dgain + dy·x̂.
     *
     * @param dy rows×cols, gradient of the output, read
     * @param dyFrom first element of dy
     * @param x rows×cols, input of the forward pass, read
     * @param xFrom first element of x
     * @param gain cols, read
     * @param gainFrom first element of gain
     * @param mean μ of each row, as saved by the forward pass, read
     * @param meanFrom first element of mean
     * @param inverseDeviation s of each row, as saved by the forward pass, read
     * @param inverseDeviationFrom first element of inverseDeviation
     * @param base rows×cols, read
     * @param baseFrom first element of base
     * @param dx rows×cols, written; may be the same range as base
     * @param dxFrom first element of dx
     * @param dgain cols, read and written
     * @param dgainFrom first element of dgain
     * @param rows rows
     * @param cols columns, at least 1
     */
    void layerNormBackward(MemorySegment dy, long dyFrom, MemorySegment x, long xFrom, MemorySegment gain,
            long gainFrom, MemorySegment mean, long meanFrom, MemorySegment inverseDeviation, long inverseDeviationFrom,
            MemorySegment base, long baseFrom, MemorySegment dx, long dxFrom, MemorySegment dgain, long dgainFrom,
            int rows, int cols);

    /**
     * Softmax of each row up to the diagonal, in place: p_ij ← exp(α·(s_ij − max_k s_ik)) / Σ_k exp(α·(s_ik − max))
     * over 0 ≤ k ≤ i, for j ≤ i; p_ij ← 0 for j &gt; i, whatever was there.
     *
     * @param scores T×T, s on entry, p on return
     * @param from first element of scores
     * @param rowStride from one row to the next, at least T
     * @param size T
     * @param scale α, at least 0
     */
    void causalSoftmax(MemorySegment scores, long from, long rowStride, int size, float scale);

    /**
     * Gradient of {@link #causalSoftmax}, in place: ds_ij ← α·p_ij·(dp_ij − Σ_k p_ik·dp_ik) over 0 ≤ k ≤ i, for j ≤ i;
     * ds_ij ← 0 for j &gt; i, whatever was there.
     *
     * @param p T×T with zeros above the diagonal, output of the forward pass, read
     * @param pFrom first element of p
     * @param dp T×T, gradient of p on entry, of the scores on return
     * @param dpFrom first element of dp
     * @param rowStride from one row to the next in p and in dp, at least T
     * @param size T
     * @param scale α
     */
    void causalSoftmaxBackward(MemorySegment p, long pFrom, MemorySegment dp, long dpFrom, long rowStride, int size,
            float scale);

    /**
     * Cross entropy and its gradient in place: Σ_i −log softmax(l_i)[t_i] over the rows, and
     * l_ij ← c·(softmax(l_i)_j − [j = t_i]).
     *
     * @param logits rows×vocabulary, l on entry, gradient on return
     * @param from first element of logits
     * @param rowStride from one row to the next, at least vocabulary
     * @param rows rows
     * @param vocabulary columns, at least 1
     * @param targets t, one int32 per row, read
     * @param targetsFrom first element of targets
     * @param scale c, the weight of one row: 1/rows for the gradient of the mean
     * @return the sum of the losses of the rows, not scaled
     * @throws IllegalArgumentException if a target is not in [0, vocabulary); rows before it are done
     */
    double crossEntropy(MemorySegment logits, long from, long rowStride, int rows, int vocabulary,
            MemorySegment targets, long targetsFrom, float scale);

    /**
     * The loss of {@link #crossEntropy}, the same bits, with nothing written.
     *
     * @param logits rows×vocabulary, read
     * @param from first element of logits
     * @param rowStride from one row to the next, at least vocabulary
     * @param rows rows
     * @param vocabulary columns, at least 1
     * @param targets t, one int32 per row, read
     * @param targetsFrom first element of targets
     * @return the sum of the losses of the rows
     * @throws IllegalArgumentException if a target is not in [0, vocabulary)
     */
    double crossEntropyLoss(MemorySegment logits, long from, long rowStride, int rows, int vocabulary,
            MemorySegment targets, long targetsFrom);
}
