// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.kernel;

import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;

/**
 * Checks every operand once a call and runs the loops of {@link VectorGelu}, {@link VectorNorm},
 * {@link VectorSoftmax} and {@link VectorCrossEntropy} on their addresses, as {@link VectorKernels} does.
 */
final class VectorLayerKernels implements LayerKernels {

    static final VectorLayerKernels INSTANCE = new VectorLayerKernels();

    private VectorLayerKernels() {
    }

    @Override
    public void gelu(MemorySegment x, long xFrom, MemorySegment y, long yFrom, long count) {
        VectorGelu.gelu(OffHeap.read(x, xFrom, count), OffHeap.write(y, yFrom, count), count);
        Reference.reachabilityFence(x);
        Reference.reachabilityFence(y);
    }

    @Override
    public void geluBackward(MemorySegment x, long xFrom, MemorySegment dy, long dyFrom, MemorySegment dx, long dxFrom,
            long count) {
        VectorGelu.geluBackward(OffHeap.read(x, xFrom, count), OffHeap.read(dy, dyFrom, count),
                OffHeap.write(dx, dxFrom, count), count);
        Reference.reachabilityFence(x);
        Reference.reachabilityFence(dy);
        Reference.reachabilityFence(dx);
    }

    @Override
    public void layerNorm(MemorySegment x, long xFrom, MemorySegment gain, long gainFrom, MemorySegment y, long yFrom,
            MemorySegment mean, long meanFrom, MemorySegment inverseDeviation, long inverseDeviationFrom, int rows,
            int cols, float epsilon) {
        VectorNorm.forward(OffHeap.readRows(x, xFrom, cols, rows, cols), OffHeap.read(gain, gainFrom, cols),
                OffHeap.writeRows(y, yFrom, cols, rows, cols), OffHeap.write(mean, meanFrom, rows),
                OffHeap.write(inverseDeviation, inverseDeviationFrom, rows), rows, cols, epsilon);
        Reference.reachabilityFence(x);
        Reference.reachabilityFence(gain);
        Reference.reachabilityFence(y);
        Reference.reachabilityFence(mean);
        Reference.reachabilityFence(inverseDeviation);
    }

    @Override
    public void layerNormBackward(MemorySegment dy, long dyFrom, MemorySegment x, long xFrom, MemorySegment gain,
            long gainFrom, MemorySegment mean, long meanFrom, MemorySegment inverseDeviation,
            long inverseDeviationFrom, MemorySegment base, long baseFrom, MemorySegment dx, long dxFrom,
            MemorySegment dgain, long dgainFrom, int rows, int cols) {
        VectorNorm.backward(OffHeap.readRows(dy, dyFrom, cols, rows, cols),
                OffHeap.readRows(x, xFrom, cols, rows, cols), OffHeap.read(gain, gainFrom, cols),
                OffHeap.read(mean, meanFrom, rows), OffHeap.read(inverseDeviation, inverseDeviationFrom, rows),
                OffHeap.readRows(base, baseFrom, cols, rows, cols), OffHeap.writeRows(dx, dxFrom, cols, rows, cols),
                OffHeap.write(dgain, dgainFrom, cols), rows, cols);
        Reference.reachabilityFence(dy);
        Reference.reachabilityFence(x);
        Reference.reachabilityFence(gain);
        Reference.reachabilityFence(mean);
        Reference.reachabilityFence(inverseDeviation);
        Reference.reachabilityFence(base);
        Reference.reachabilityFence(dx);
        Reference.reachabilityFence(dgain);
    }

    @Override
    public void causalSoftmax(MemorySegment scores, long from, long rowStride, int size, float scale) {
        if (!(scale > 0)) {
            // VectorSoftmax takes dead columns as −∞
            ScalarLayerKernels.INSTANCE.causalSoftmax(scores, from, rowStride, size, scale);
            return;
        }
        VectorSoftmax.forward(OffHeap.writeRows(scores, from, rowStride, size, size), rowStride, size, scale);
        Reference.reachabilityFence(scores);
    }

    @Override
    public void causalSoftmaxBackward(MemorySegment p, long pFrom, MemorySegment dp, long dpFrom, long rowStride,
            int size, float scale) {
        VectorSoftmax.backward(OffHeap.readRows(p, pFrom, rowStride, size, size),
                OffHeap.writeRows(dp, dpFrom, rowStride, size, size), rowStride, size, scale);
        Reference.reachabilityFence(p);
        Reference.reachabilityFence(dp);
    }

    @Override
    public double crossEntropy(MemorySegment logits, long from, long rowStride, int rows, int vocabulary,
            MemorySegment targets, long targetsFrom, float scale) {
        double loss = VectorCrossEntropy.gradient(OffHeap.writeRows(logits, from, rowStride, rows, vocabulary),
                rowStride, rows, vocabulary, OffHeap.read(targets, targetsFrom, rows), scale);
        Reference.reachabilityFence(logits);
        Reference.reachabilityFence(targets);
        return loss;
    }

    @Override
    public double crossEntropyLoss(MemorySegment logits, long from, long rowStride, int rows, int vocabulary,
            MemorySegment targets, long targetsFrom) {
        double loss = VectorCrossEntropy.loss(OffHeap.readRows(logits, from, rowStride, rows, vocabulary), rowStride,
                rows, vocabulary, OffHeap.read(targets, targetsFrom, rows));
        Reference.reachabilityFence(logits);
        Reference.reachabilityFence(targets);
        return loss;
    }
}
