// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.BackendName;
import org.asgo4j.linalg.Backends;
import org.asgo4j.linalg.Matrix;
import org.asgo4j.testing.Seeds;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Names, shapes and initial values of the parameters, and the sizes a model may have. */
class GptParametersTest {

    @Test
    void namesAndShapesArePyTorchs() {
        List<String> expected = List.of(
                "transformer.token_emb.weight 11×8",
                "transformer.pos_emb.weight 5×8",
                "transformer.h.0.ln_1.weight 1×8",
                "transformer.h.0.attn.to_q.weight 8×8",
                "transformer.h.0.attn.to_k.weight 8×8",
                "transformer.h.0.attn.to_v.weight 8×8",
                "transformer.h.0.attn.c_proj.weight 8×8",
                "transformer.h.0.ln_2.weight 1×8",
                "transformer.h.0.mlp.c_fc.weight 32×8",
                "transformer.h.0.mlp.c_proj.weight 8×32",
                "transformer.ln_f.weight 1×8");
        try (Backend backend = reference();
                var parameters = new GptParameters(backend, new GptConfig(11, 1, 2, 8, 5))) {
            assertEquals(
                    expected,
                    parameters.all().stream()
                            .map(parameter -> parameter.name() + " " + parameter.weight().shape())
                            .toList());
            for (GptParameter parameter : parameters.all()) {
                assertEquals(parameter.weight().shape(), parameter.gradient().shape(), parameter.name());
                assertEquals(parameter.vector(), parameter.weight().rows() == 1, parameter.name());
            }
        }
    }

    /** The mean square of n normal values deviates from its expectation by less than 5·√(2/n) of it. */
    @Test
    void initialValuesHaveTheirDeviations() {
        var config = new GptConfig(65, 3, 4, 64, 32);
        long seed = Seeds.next();
        try (Backend backend = reference();
                var parameters = new GptParameters(backend, config)) {
            parameters.initialize(seed);
            for (GptParameter parameter : parameters.all()) {
                double deviation = parameter.name().endsWith("c_proj.weight") ? 0.02 / Math.sqrt(2 * 3) : 0.02;
                double expected = parameter.vector() ? 1 : deviation * deviation;
                double tolerance = parameter.vector() ? 0 : 5 * Math.sqrt(2.0 / parameter.weight().size()) * expected;
                double meanSquare = backend.sumOfSquares(parameter.weight()) / parameter.weight().size();
                assertEquals(expected, meanSquare, tolerance, () -> parameter.name() + ", seed=" + seed);
            }
        }
    }

    @Test
    void theSeedFixesTheInitialValues() {
        var config = new GptConfig(5, 1, 1, 4, 3);
        long seed = Seeds.next();
        try (Backend backend = reference();
                var first = new GptParameters(backend, config);
                var second = new GptParameters(backend, config)) {
            first.initialize(seed);
            second.initialize(seed + 1);
            second.initialize(seed);
            for (int i = 0; i < first.all().size(); i++) {
                Matrix a = first.all().get(i).weight();
                Matrix b = second.all().get(i).weight();
                assertEquals(-1, a.segment().mismatch(b.segment()), first.all().get(i).name() + ", seed=" + seed);
            }
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            1   | 4 | 4 | 128 | 64 | vocabulary must be at least 2, got 1
            65  | 0 | 4 | 128 | 64 | layers must be at least 1, got 0
            65  | 4 | 0 | 128 | 64 | heads must be at least 1, got 0
            65  | 4 | 4 | 0   | 64 | width must be at least 1, got 0
            65  | 4 | 4 | 130 | 64 | width 130 is not divisible by heads 4
            65  | 4 | 4 | 128 | -1 | context must be at least 1, got -1
            65  | 4 | 1 | 600000000 | 64 | width must be at most 536870911, got 600000000
            """)
    void badSizesAreNamed(int vocabulary, int layers, int heads, int width, int context, String message) {
        var thrown = assertThrows(
                IllegalArgumentException.class, () -> new GptConfig(vocabulary, layers, heads, width, context));
        assertEquals(message, thrown.getMessage());
    }

    private static Backend reference() {
        return Backends.open(BackendName.REFERENCE);
    }
}
