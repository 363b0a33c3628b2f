// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.train;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.asgo4j.io.DType;
import org.asgo4j.io.Safetensors;
import org.asgo4j.io.SafetensorsWriter;
import org.asgo4j.io.TensorInfo;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.Matrix;

/**
 * A GPT in a safetensors file: the sizes and the vocabulary in the metadata, the weights under the names and shapes
 * that the {@code state_dict} of the published GPT has in PyTorch. Nothing in it depends on when or with how many
 * threads it was trained, so equal weights give equal bytes. With V vocabulary, T context, C width, for each layer i:
 *
 * <pre>
 * transformer.token_emb.weight           V×C   also the head, which is tied
 * transformer.pos_emb.weight             T×C
 * transformer.h.i.ln_1.weight            C
 * transformer.h.i.attn.to_q.weight       C×C   to_k, to_v likewise; heads are consecutive rows
 * transformer.h.i.attn.c_proj.weight     C×C
 * transformer.h.i.ln_2.weight            C
 * transformer.h.i.mlp.c_fc.weight        4C×C
 * transformer.h.i.mlp.c_proj.weight      C×4C
 * transformer.ln_f.weight                C
 * </pre>
 *
 * <p>Matrices are out×in, as {@code torch.nn.Linear} holds them: y = Wx, and nothing is transposed on the way. (The
 * {@code Conv1D} of other GPT-2 code holds in×out: transpose those first.) All are float32, and there are no biases.
 */
final class GptFile {
    private static final String FORMAT = "asgo4j-gpt-1";
    private static final String FORMAT_KEY = "format";
    private static final String LAYERS = "layers";
    private static final String HEADS = "heads";
    private static final String WIDTH = "width";
    private static final String CONTEXT = "context";
    private static final String VOCABULARY = "vocabulary";
    private static final int LARGEST_SIZE = 1 << 20;

    private GptFile() {}

    /** A model read from a file; owns its parameters. */
    record Loaded(GptParameters parameters, CharTokenizer tokenizer) implements AutoCloseable {
        @Override
        public void close() {
            parameters.close();
        }
    }

    /** Writes weights, sizes, vocabulary and {@code notes}. */
    static void write(Path file, GptParameters parameters, CharTokenizer tokenizer, Map<String, String> notes)
            throws IOException {
        var writer = new SafetensorsWriter();
        addTo(writer, parameters, tokenizer);
        notes.forEach(writer::metadata);
        writer.write(file);
    }

    /** Adds weights, sizes and vocabulary to a file that holds more than that. */
    static void addTo(SafetensorsWriter writer, GptParameters parameters, CharTokenizer tokenizer) {
        GptConfig config = parameters.config();
        writer.metadata(FORMAT_KEY, FORMAT)
                .metadata(LAYERS, String.valueOf(config.layers()))
                .metadata(HEADS, String.valueOf(config.heads()))
                .metadata(WIDTH, String.valueOf(config.width()))
                .metadata(CONTEXT, String.valueOf(config.context()))
                .metadata(VOCABULARY, tokenizer.vocabulary());
        for (GptParameter p : parameters.all()) {
            Matrix w = p.weight();
            long bytes = w.size() * Float.BYTES;
            writer.tensor(p.name(), DType.F32, p.tensor().shape(), packed(w).asSlice(0, bytes));
        }
    }

    private static MemorySegment packed(Matrix w) {
        if (!w.isContiguous()) {
            throw new IllegalStateException("weights have no gaps between rows, but one of " + w.shape() + " has");
        }
        return w.segment();
    }

    /**
     * Reads a model back.
     *
     * @throws IOException if the file can't be read or is no safetensors
     * @throws IllegalArgumentException if it is no model of this program, or not of finite weights; the message says
     *     why, and no memory has been taken for one
     */
    static Loaded read(Path file, Backend backend) throws IOException {
        try (Safetensors tensors = Safetensors.open(file)) {
            String format = note(tensors, file, FORMAT_KEY);
            if (!format.equals(FORMAT)) {
                throw new IllegalArgumentException("%s has format '%s', must be '%s'".formatted(file, format, FORMAT));
            }
            CharTokenizer tokenizer = CharTokenizer.restore(note(tensors, file, VOCABULARY));
            var config = new GptConfig(
                    tokenizer.size(),
                    size(tensors, file, LAYERS),
                    size(tensors, file, HEADS),
                    size(tensors, file, WIDTH),
                    size(tensors, file, CONTEXT));
            checkValues(tensors, file, config); // so that no memory is taken for what is not in the file
            var parameters = new GptParameters(backend, config);
            try {
                load(tensors, file, parameters);
            } catch (RuntimeException | Error e) {
                parameters.close();
                throw e;
            }
            return new Loaded(parameters, tokenizer);
        }
    }

    /**
     * Reads all weights of a model, after all have been checked.
     *
     * @throws IllegalArgumentException if one is missing or has another type or shape; nothing has been changed
     */
    static void load(Safetensors tensors, Path file, GptParameters parameters) {
        check(tensors, file, parameters.config());
        for (GptParameter p : parameters.all()) copy(tensors, p);
    }

    /** Refuses what {@link #load} does. */
    static void check(Safetensors tensors, Path file, GptConfig config) {
        GptTensor.of(config).forEach(tensor -> require(tensors, file, tensor));
    }

    /** Refuses what {@link #load} does, and weights that nothing can be computed with: NaN and infinities. */
    static void checkValues(Safetensors tensors, Path file, GptConfig config) {
        check(tensors, file, config);
        GptTensor.of(config).forEach(tensor -> requireFinite(tensors, file, tensor.name()));
    }

    private static void requireFinite(Safetensors tensors, Path file, String name) {
        MemorySegment values = tensors.tensor(name);
        for (long i = 0; i < values.byteSize() / Float.BYTES; i++) {
            float value = values.getAtIndex(ValueLayout.JAVA_FLOAT_UNALIGNED, i);
            if (!Float.isFinite(value)) {
                throw new IllegalArgumentException(
                        "%s: tensor '%s' has %s at index %d, must be finite".formatted(file, name, value, i));
            }
        }
    }

    private static void copy(Safetensors tensors, GptParameter p) {
        Matrix w = p.weight();
        MemorySegment.copy(
                tensors.tensor(p.name()), ValueLayout.JAVA_FLOAT_UNALIGNED, 0,
                packed(w), ValueLayout.JAVA_FLOAT, 0, w.size());
    }

    private static void require(Safetensors tensors, Path file, GptTensor tensor) {
        String name = tensor.name();
        List<Long> shape = tensor.shape();
        Optional<TensorInfo> info = tensors.contains(name) ? Optional.of(tensors.info(name)) : Optional.empty();
        if (info.isEmpty() || info.get().dtype() != DType.F32 || !info.get().shape().equals(shape)) {
            throw new IllegalArgumentException("%s: tensor '%s' must be F32 %s, is %s"
                    .formatted(file, name, shape, info.map(i -> i.dtype() + " " + i.shape()).orElse("missing")));
        }
    }

    private static int size(Safetensors tensors, Path file, String key) {
        String text = note(tensors, file, key);
        try {
            int value = Integer.parseInt(text);
            if (value >= 1 && value <= LARGEST_SIZE) return value;
        } catch (NumberFormatException notANumber) {
            // the same message serves
        }
        throw new IllegalArgumentException(
                "%s: %s must be an integer from 1 to %d, is '%s'".formatted(file, key, LARGEST_SIZE, text));
    }

    /** A string of the metadata that must be there. */
    static String note(Safetensors tensors, Path file, String key) {
        String value = tensors.metadata().get(key);
        if (value == null) {
            throw new IllegalArgumentException("%s is no asgo4j model: its metadata has no '%s'".formatted(file, key));
        }
        return value;
    }
}
