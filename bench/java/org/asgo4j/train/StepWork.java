// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.train;

/**
 * The least work of a training step under AdamW. Only what no implementation can leave out:
 *
 * <ul>
 *   <li>Weights: with N = 12LC² + VC (all matrices of the layers, and the tied head), each of R = BT tokens takes 2N
 *       flops forward, 2N for the inputs' gradient and 2N for the weights' gradient.
 *   <li>Attention: six products (QKᵀ, PV, dP, dV, dQ, dK) of 2D flops for each of T(T+1)/2 pairs of positions, in each
 *       of LBH heads.
 *   <li>Memory: the optimizer reads the gradient for its norm, then reads gradient, both moments and weight and writes
 *       the last three: 8 floats a parameter. Passes over activations, softmax, GELU and norms are not counted, nor is
 *       the reading of weights by products.
 * </ul>
 *
 * @param flops of forward and backward pass
 * @param bytes of the optimizer's step
 */
record StepWork(double flops, double bytes) {
    /** Forward, gradient of the inputs, gradient of the weights; a multiplication and an addition in each. */
    private static final int FLOPS_PER_WEIGHT = 6;

    /** QKV 3, projection 1, MLP 8, in units of C². */
    private static final int LAYER_SQUARES = 12;

    /** Six products, a multiplication and an addition in each, over half of the T² pairs. */
    private static final int FLOPS_PER_POSITIONS = 6;

    private static final int FLOATS_PER_PARAMETER = 8;

    /** The work of a step. */
    static StepWork of(GptConfig config, int batch, long parameters) {
        double width = config.width();
        double tokens = (double) batch * config.context();
        double weights = LAYER_SQUARES * config.layers() * width * width + config.vocabulary() * width;
        double positions = config.context() * (config.context() + 1.0);
        double attention = FLOPS_PER_POSITIONS * positions * width * batch * config.layers();
        return new StepWork(
                FLOPS_PER_WEIGHT * weights * tokens + attention,
                (double) FLOATS_PER_PARAMETER * Float.BYTES * parameters);
    }
}
