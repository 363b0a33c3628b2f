// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.asgo4j.io.DType;
import org.asgo4j.io.SafetensorsWriter;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.BackendName;
import org.asgo4j.linalg.Backends;
import org.asgo4j.linalg.Matrix;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Weights of other programs are taken if they are exactly those of the model, and refused otherwise. */
class InitialWeightsTest {
    private static final GptConfig CONFIG = new GptConfig(3, 1, 2, 4, 5);
    private static final String VOCABULARY = "abc";
    private static final String EXPAND = "transformer.h.0.mlp.c_fc.weight";

    @TempDir
    private Path folder;

    private final Backend backend = Backends.open(BackendName.REFERENCE);

    /** As PyTorch writes a state_dict: names and shapes, no metadata, and a vector has one dimension. */
    private Path foreign(UnaryOperator<Map.Entry<String, List<Long>>> change, boolean head) throws IOException {
        var writer = new SafetensorsWriter();
        Path file = folder.resolve("foreign.safetensors");
        try (var parameters = new GptParameters(backend, CONFIG)) {
            parameters.initialize(7);
            for (GptParameter p : parameters.all()) {
                Matrix w = p.weight();
                List<Long> shape = p.vector() ? List.of((long) w.cols()) : List.of((long) w.rows(), (long) w.cols());
                Map.Entry<String, List<Long>> changed = change.apply(Map.entry(p.name(), shape));
                MemorySegment values = w.segment().asSlice(0, w.size() * Float.BYTES);
                writer.tensor(changed.getKey(), DType.F32, changed.getValue(), values);
                if (head && p == parameters.tokenEmbedding()) {
                    writer.tensor("lm_head.weight", DType.F32, shape, values);
                }
            }
            writer.write(file);
        }
        return file;
    }

    private void load(Path file, GptParameters into) throws IOException {
        InitialWeights.load(file, into, VOCABULARY);
    }

    @Test
    void anotherProgramsWeightsAreTakenWithTheTiedHeadOrWithout() throws IOException {
        for (boolean head : new boolean[] {false, true}) {
            try (var expected = new GptParameters(backend, CONFIG);
                    var actual = new GptParameters(backend, CONFIG)) {
                expected.initialize(7);
                load(foreign(UnaryOperator.identity(), head), actual);
                for (int i = 0; i < expected.all().size(); i++) {
                    Matrix a = expected.all().get(i).weight();
                    Matrix b = actual.all().get(i).weight();
                    assertEquals(-1, a.segment().mismatch(b.segment()), expected.all().get(i).name());
                }
            }
        }
    }

    @Test
    void ownModelsAreTakenIfTheVocabularyIsTheSame() throws IOException {
        Path file = folder.resolve("model.safetensors");
        try (var parameters = new GptParameters(backend, CONFIG)) {
            parameters.initialize(7);
            GptFile.write(file, parameters, CharTokenizer.restore(VOCABULARY), Map.of());
            load(file, parameters);
            assertRefused(
                    () -> InitialWeights.load(file, parameters, "abd"), "has vocabulary 'abc', but the model 'abd'");
        }
    }

    @Test
    void otherModelsAreRefusedAndNothingChanges() throws IOException {
        refuses(rename(EXPAND, "transformer.h.0.mlp.c_fc.bias"), "the tensor 'transformer.h.0.mlp.c_fc.bias'");
        refuses(rename(EXPAND, "transformer.h.1.mlp.c_fc.weight"), "which the model has not");
        refuses(reshape(EXPAND, 4, 16), EXPAND + "' is [4, 16], must be [16, 4]: out×in");
        refuses(reshape(EXPAND, 32, 2), EXPAND + "' must be F32 [16, 4], is F32 [32, 2]");
        refuses(reshape("transformer.ln_f.weight", 2, 2), "must be F32 [4], is F32 [2, 2]");
        refuses(rename("transformer.pos_emb.weight", "lm_head.weight"), "this is another");
    }

    /** As a model to start from and as one to write with; an exception later would blame the learning rate. */
    @ParameterizedTest
    @ValueSource(floats = {Float.NaN, Float.NEGATIVE_INFINITY})
    void weightsThatAreNotFiniteAreRefusedByFileAndTensor(float value) throws IOException {
        Path file = folder.resolve("model.safetensors");
        String expected = "%s: tensor '%s' has %s at index 5, must be finite".formatted(file, EXPAND, value);
        try (var parameters = new GptParameters(backend, CONFIG)) {
            parameters.initialize(7);
            parameters.all().stream().filter(p -> p.name().equals(EXPAND))
                    .forEach(p -> p.weight().set(1, 1, value)); // of four columns
            GptFile.write(file, parameters, CharTokenizer.restore(VOCABULARY), Map.of());
            assertRefused(() -> load(file, parameters), expected);
        }
        assertRefused(() -> GptFile.read(file, backend), expected);
    }

    private static UnaryOperator<Map.Entry<String, List<Long>>> rename(String from, String to) {
        return tensor -> tensor.getKey().equals(from) ? Map.entry(to, tensor.getValue()) : tensor;
    }

    private static UnaryOperator<Map.Entry<String, List<Long>>> reshape(String name, long rows, long cols) {
        return tensor -> tensor.getKey().equals(name) ? Map.entry(name, List.of(rows, cols)) : tensor;
    }

    private void refuses(UnaryOperator<Map.Entry<String, List<Long>>> change, String expected) throws IOException {
        Path file = foreign(change, false);
        try (var before = new GptParameters(backend, CONFIG);
                var parameters = new GptParameters(backend, CONFIG)) {
            before.initialize(8);
            parameters.initialize(8);
            assertRefused(() -> load(file, parameters), expected);
            for (int i = 0; i < before.all().size(); i++) {
                Matrix a = before.all().get(i).weight();
                assertEquals(-1, a.segment().mismatch(parameters.all().get(i).weight().segment()), expected);
            }
        }
    }

    private static void assertRefused(Executable load, String expected) {
        var refusal = assertThrows(IllegalArgumentException.class, load);
        assertTrue(refusal.getMessage().contains(expected), refusal::getMessage);
    }
}
