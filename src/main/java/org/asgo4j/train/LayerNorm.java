// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.train;

import org.asgo4j.kernel.LayerKernels;
import org.asgo4j.linalg.Matrix;

/** Layer norm of one chunk: y = gain · (x − mean(x)) / √(var(x) + ε), row by row. */
final class LayerNorm {
    /** ε, the default of torch.nn.LayerNorm. */
    private static final float EPSILON = 1e-5f;

    private final LayerKernels kernels;
    private final Matrix gain;
    private final Matrix input;
    private final NormActivations activations;

    /** Fixes gain (1×C), input (r×C) and where results go. */
    LayerNorm(LayerKernels kernels, Matrix gain, Matrix input, NormActivations activations) {
        this.kernels = kernels;
        this.gain = gain;
        this.input = input;
        this.activations = activations;
    }

    /** Writes the output. */
    void forward() {
        kernels.layerNorm(
                input.segment(), 0, gain.segment(), 0, activations.output().segment(), 0,
                activations.mean().segment(), 0, activations.inverseDeviation().segment(), 0,
                input.rows(), input.cols(), EPSILON);
    }

    /**
     * dX ← base + the gradient through the norm of dY, all r×C; overwrites the chunk's share of the gain's gradient.
     * base and dX may be the same.
     */
    void backward(Matrix outputGradient, Matrix base, Matrix inputGradient) {
        Matrix gainGradient = activations.gainGradient();
        gainGradient.segment().asSlice(0, gainGradient.size() * Float.BYTES).fill((byte) 0);
        kernels.layerNormBackward(
                outputGradient.segment(), 0, input.segment(), 0, gain.segment(), 0,
                activations.mean().segment(), 0, activations.inverseDeviation().segment(), 0,
                base.segment(), 0, inputGradient.segment(), 0, gainGradient.segment(), 0,
                input.rows(), input.cols());
    }
}
