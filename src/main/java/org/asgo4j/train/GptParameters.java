// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.train;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Random;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.Matrix;

/**
 * The weights and gradients of a GPT. Owns their memory, one shared arena freed by {@link #close}; every matrix is
 * aligned to a cache line and has no gaps between rows.
 *
 * <p>The query, key and value weights of a layer lie one after the other, so that one product with a 3C×C matrix serves
 * all three; each keeps its own name and is its own parameter for an optimizer. The head's weight is the token
 * embedding.
 */
final class GptParameters implements AutoCloseable {

    /** Standard deviation of the initial weights (GPT-2). */
    private static final double INITIAL_DEVIATION = 0.02;

    /** Additions to the residual stream in one layer: attention's and the MLP's. */
    private static final int RESIDUAL_ADDITIONS = 2;

    private final Arena arena = Arena.ofShared();
    private final GptConfig config;
    private final List<GptParameter> all = new ArrayList<>();
    private final List<LayerParameters> layers = new ArrayList<>();
    private final GptParameter tokenEmbedding;
    private final GptParameter positionEmbedding;
    private final GptParameter finalNorm;

    /**
     * The parameters of one layer.
     *
     * @param norm1 gain before attention, 1×C
     * @param queryKeyValue rows 0…C−1 query, then key, then value; 3C×C
     * @param projection output of attention, C×C
     * @param norm2 gain before the MLP, 1×C
     * @param expand 4C×C
     * @param contract C×4C
     */
    record LayerParameters(
            GptParameter norm1,
            GptParameter queryKeyValue,
            GptParameter projection,
            GptParameter norm2,
            GptParameter expand,
            GptParameter contract) {}

    /** Allocates weights and gradients, all zero. */
    GptParameters(Backend backend, GptConfig config) {
        this.config = config;
        try {
            Iterator<GptTensor> tensors = GptTensor.of(config).iterator();
            tokenEmbedding = next(backend, tensors);
            positionEmbedding = next(backend, tensors);
            for (int i = 0; i < config.layers(); i++) layers.add(layer(backend, tensors));
            finalNorm = next(backend, tensors);
        } catch (RuntimeException | Error e) {
            arena.close();
            throw e;
        }
    }

    private LayerParameters layer(Backend backend, Iterator<GptTensor> tensors) {
        GptParameter norm1 = next(backend, tensors);
        GptParameter queryKeyValue = stacked(backend, List.of(tensors.next(), tensors.next(), tensors.next()));
        GptParameter projection = next(backend, tensors);
        GptParameter norm2 = next(backend, tensors);
        GptParameter expand = next(backend, tensors);
        GptParameter contract = next(backend, tensors);
        return new LayerParameters(norm1, queryKeyValue, projection, norm2, expand, contract);
    }

    private GptParameter next(Backend backend, Iterator<GptTensor> tensors) {
        return add(allocate(backend, tensors.next()));
    }

    /** Tensors of one shape, each a parameter of its own, in one piece of memory. */
    private GptParameter stacked(Backend backend, List<GptTensor> tensors) {
        GptParameter whole = allocate(backend, tensors.getFirst().stacked(tensors.size()));
        for (int i = 0; i < tensors.size(); i++) add(whole.rowBlock(tensors.get(i), i * tensors.get(i).rows()));
        return whole;
    }

    private GptParameter allocate(Backend backend, GptTensor tensor) {
        return new GptParameter(
                tensor,
                backend.allocateHost(arena, tensor.rows(), tensor.cols()),
                backend.allocateHost(arena, tensor.rows(), tensor.cols()));
    }

    private GptParameter add(GptParameter parameter) {
        all.add(parameter);
        return parameter;
    }

    /**
     * Draws the weights: normal with deviation 0.02, those that add to the residual stream 0.02/√(2L), gains 1. The
     * same seed gives the same bits everywhere: the generator is {@link Random}, whose algorithm is specified, in list
     * order.
     */
    void initialize(long seed) {
        var random = new Random(seed);
        double residual = INITIAL_DEVIATION / Math.sqrt(RESIDUAL_ADDITIONS * config.layers());
        for (GptParameter parameter : all) {
            boolean addsToResidual = parameter.name().endsWith("c_proj.weight");
            Matrix weight = parameter.weight();
            for (int i = 0; i < weight.rows(); i++) {
                for (int j = 0; j < weight.cols(); j++) {
                    double value = parameter.vector()
                            ? 1
                            : random.nextGaussian() * (addsToResidual ? residual : INITIAL_DEVIATION);
                    weight.set(i, j, value);
                }
            }
        }
    }

    GptConfig config() {
        return config;
    }

    /** All parameters in the order in which PyTorch lists them; the tied head is not listed again. */
    List<GptParameter> all() {
        return List.copyOf(all);
    }

    /** The number of trained weights. */
    long size() {
        return all.stream().mapToLong(parameter -> parameter.weight().size()).sum();
    }

    GptParameter tokenEmbedding() {
        return tokenEmbedding;
    }

    GptParameter positionEmbedding() {
        return positionEmbedding;
    }

    LayerParameters layer(int index) {
        return layers.get(index);
    }

    GptParameter finalNorm() {
        return finalNorm;
    }

    /** Frees weights and gradients. */
    @Override
    public void close() {
        arena.close();
    }
}
