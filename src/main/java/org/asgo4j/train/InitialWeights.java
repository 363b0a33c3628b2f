// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.train;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.asgo4j.io.Safetensors;
import org.asgo4j.io.TensorInfo;

/**
 * Weights to start from, in a safetensors file with the names and shapes of {@link GptFile}, which another program may
 * have written. Everything in the file must have a place in the model: a bias or a further layer that was left out in
 * silence would make another model of it.
 */
final class InitialWeights {
    private static final String HEAD = "lm_head.weight";
    private static final String EMBEDDING = "transformer.token_emb.weight";

    private InitialWeights() {}

    /**
     * Replaces a model's weights by those of a file.
     *
     * @param vocabulary the corpus's; a file of ours that has another is refused, in a file of others it can't be known
     * @throws IllegalArgumentException if the weights are not of this model or not finite; the message names the file,
     *     the tensor and both sides; nothing has been changed
     * @throws IOException if the file can't be read or is no safetensors
     */
    static void load(Path file, GptParameters parameters, String vocabulary) throws IOException {
        try (Safetensors source = Safetensors.open(file)) {
            checkNote(source, file, "vocabulary", vocabulary);
            checkNote(source, file, "heads", String.valueOf(parameters.config().heads()));
            checkNothingElse(source, file, parameters);
            checkNotTransposed(source, file, parameters);
            GptFile.checkValues(source, file, parameters.config());
            GptFile.load(source, file, parameters);
        }
    }

    private static void checkNote(Safetensors source, Path file, String key, String expected) {
        String value = source.metadata().getOrDefault(key, expected);
        if (!value.equals(expected)) {
            throw new IllegalArgumentException(
                    "%s has %s '%s', but the model '%s'".formatted(file, key, value, expected));
        }
    }

    private static void checkNothingElse(Safetensors source, Path file, GptParameters parameters) {
        Set<String> known = parameters.all().stream().map(GptParameter::name).collect(Collectors.toSet());
        for (String name : source.names()) {
            boolean tiedHead = name.equals(HEAD) && isCopy(source, name);
            if (!known.contains(name) && !tiedHead && !name.startsWith(Checkpoint.STATE_PREFIX)) {
                String reason = name.equals(HEAD) ? " (its head is the token embedding, and this is another)" : "";
                throw new IllegalArgumentException(
                        "%s has the tensor '%s', which the model has not%s".formatted(file, name, reason));
            }
        }
    }

    private static boolean isCopy(Safetensors source, String name) {
        if (!source.contains(EMBEDDING)) return false;
        MemorySegment embedding = source.tensor(EMBEDDING);
        return source.info(name).dtype() == source.info(EMBEDDING).dtype()
                && source.tensor(name).mismatch(embedding) < 0;
    }

    /** The likeliest mistake deserves a message of its own; a square matrix does not show it. */
    private static void checkNotTransposed(Safetensors source, Path file, GptParameters parameters) {
        for (GptParameter p : parameters.all()) {
            if (!source.contains(p.name())) continue;
            TensorInfo info = source.info(p.name());
            long rows = p.weight().rows();
            long cols = p.weight().cols();
            if (rows != cols && info.shape().equals(List.of(cols, rows))) {
                throw new IllegalArgumentException("%s: tensor '%s' is %s, must be %s: out×in as torch.nn.Linear has it"
                        .formatted(file, p.name(), info.shape(), List.of(rows, cols)));
            }
        }
    }
}
