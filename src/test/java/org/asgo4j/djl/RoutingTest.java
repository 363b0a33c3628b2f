// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.djl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;

import ai.djl.ndarray.types.Shape;
import java.util.Arrays;
import org.asgo4j.optim.AdamW;
import org.asgo4j.optim.AdamWConfig;
import org.asgo4j.optim.Asgo;
import org.asgo4j.optim.AsgoConfig;
import org.asgo4j.optim.Rule;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which parameters are matrices, by the names of DJL's own blocks and of imported PyTorch modules. */
class RoutingTest {

    @ParameterizedTest
    @CsvSource({
        "02Linear_weight,            128 784,   true",
        "01Conv2d_weight,            8 1 3 3,   true",
        "model.layers.0.mlp.weight,  16 8,      true",
        "03LSTM_l0_i2h_weight,       64 16,     true",
        "weight#uid-1,               2 2,       true",
        "02Linear_bias,              128,       false",
        "02BatchNorm_gamma,          16,        false",
        "02LayerNorm_gamma,          16 8,      false",
        "02LayerNorm_beta,           16 8,      false",
        "attn.relative_bias,         16 8,      false",
        "01TrainableWordEmbedding_embedding, 1000 64, false",
        "model.embed_tokens.weight,  1000 64,   false",
        "02Linear_weight,            1 784,     false",
        "02Linear_weight,            784 1,     false",
        "01Conv2d_weight,            8 1 1 1,   false",
        "scale,                      '',        false"})
    void matricesAreRecognized(String name, String dimensions, boolean matrix) {
        long[] sizes = dimensions.isBlank()
                ? new long[0]
                : Arrays.stream(dimensions.split(" ")).mapToLong(Long::parseLong).toArray();
        assertEquals(matrix, Routing.isMatrix(name, new Shape(sizes)));
    }

    @Test
    void eachKindGetsItsRule() {
        Rule asgo = new Asgo(AsgoConfig.defaults());
        Rule adamW = new AdamW(AdamWConfig.published());
        Routing routing = Routing.byNameAndShape(asgo, adamW);
        assertSame(asgo, routing.rule("weight", new Shape(3, 4)));
        assertSame(adamW, routing.rule("bias", new Shape(3)));
    }
}
