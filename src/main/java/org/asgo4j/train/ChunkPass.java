// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.train;

import java.lang.foreign.MemorySegment;
import java.util.List;
import org.asgo4j.kernel.Kernels;
import org.asgo4j.kernel.LayerKernels;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.Matrix;

/**
 * The whole model on one chunk of whole sequences, forward and backward but for the weight gradients. Sequences don't
 * depend on each other, so chunks run side by side without waiting for one another. r is the chunk's number of tokens.
 */
final class ChunkPass {
    private final Kernels kernels;
    private final LayerKernels layerKernels;
    private final Matrix tokenEmbedding;
    private final Matrix positionEmbedding;
    private final Tokens tokens;
    private final int firstToken;
    private final List<LayerPass> layers;
    private final List<LayerPass> predictingLayers;
    private final Matrix embedded;
    private final LayerPass.Stream top;
    private final Matrix normGradient;
    private final LayerNorm finalNorm;
    private final Matrix logits;
    private final Product head;
    private final Product headBackward;

    /**
     * Fixes every view.
     *
     * @param parameters the embeddings and the gain of the final norm
     * @param headWeights the token embedding as the head uses it
     * @param tokens the batch at hand
     * @param index number of this chunk
     * @param layers its passes, from the first
     * @param predictingLayers its passes when there is no backward pass to keep anything for
     * @param embedded the residual stream before the first layer, r×C
     * @param top the residual stream after the last layer
     * @param finalNorm what the final norm saves
     * @param normGradient scratch, r×C
     * @param logits r×V; gradients after a backward pass
     */
    ChunkPass(
            Backend backend,
            Kernels kernels,
            LayerKernels layerKernels,
            GptParameters parameters,
            Linear headWeights,
            Tokens tokens,
            int index,
            List<LayerPass> layers,
            List<LayerPass> predictingLayers,
            Matrix embedded,
            LayerPass.Stream top,
            NormActivations finalNorm,
            Matrix normGradient,
            Matrix logits) {
        this.kernels = kernels;
        this.layerKernels = layerKernels;
        this.tokenEmbedding = parameters.tokenEmbedding().weight();
        this.positionEmbedding = parameters.positionEmbedding().weight();
        this.tokens = tokens;
        this.layers = layers;
        this.predictingLayers = predictingLayers;
        this.embedded = embedded;
        this.top = top;
        this.normGradient = normGradient;
        this.logits = logits;
        firstToken = index * logits.rows();
        this.finalNorm = new LayerNorm(layerKernels, parameters.finalNorm().weight(), top.value(), finalNorm);
        head = headWeights.forward(finalNorm.output(), 0, logits);
        headBackward = headWeights.backward(logits, normGradient);
    }

    /** Writes the logits of this chunk's tokens, and what the backward pass needs. */
    void forward() {
        forward(layers);
    }

    /** Writes the logits of this chunk's tokens, the same bits, with nothing kept for a backward pass. */
    void predict() {
        forward(predictingLayers);
    }

    private void forward(List<LayerPass> layers) {
        embed();
        for (int i = 0; i < layers.size(); i++) layers.get(i).forward();
        finalNorm.forward();
        head.run();                                                                             // r×V
    }

    /** x[i] ← position embedding + token embedding. */
    private void embed() {
        int width = embedded.cols();
        MemorySegment x = embedded.segment();
        for (int from = 0; from < embedded.rows(); from += positionEmbedding.rows()) {
            MemorySegment.copy(
                    positionEmbedding.segment(), 0, x, (long) from * width * Float.BYTES,
                    positionEmbedding.size() * Float.BYTES);
        }
        for (int i = 0; i < embedded.rows(); i++) {
            long token = (long) tokens.input(firstToken + i) * width;
            kernels.axpby(1, tokenEmbedding.segment(), token, 1, x, (long) i * width, width);
        }
    }

    /** The sum of the losses of the first {@code count} tokens of this chunk, after {@link #predict}. */
    double loss(int count) {
        return layerKernels.crossEntropyLoss(
                logits.segment(), 0, logits.rowStride(), count, logits.cols(), tokens.targets(), firstToken);
    }

    /**
     * Down to the gradient of the embedded tokens, after {@link #forward}; each token weighs {@code scale} in the loss.
     *
     * @return the sum of the losses, not scaled
     */
    double backward(float scale) {
        double loss = layerKernels.crossEntropy(
                logits.segment(), 0, logits.rowStride(), logits.rows(), logits.cols(),
                tokens.targets(), firstToken, scale);
        headBackward.run();                                                                     // r×C
        Matrix gradient = top.gradient();
        gradient.segment().asSlice(0, gradient.size() * Float.BYTES).fill((byte) 0);
        finalNorm.backward(normGradient, gradient, gradient);
        for (int i = layers.size() - 1; i >= 0; i--) layers.get(i).backward();
        return loss;
    }
}
