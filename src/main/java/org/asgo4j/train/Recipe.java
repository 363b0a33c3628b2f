// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.train;

import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.asgo4j.linalg.BackendName;
import org.asgo4j.optim.AsgoConfig;

/**
 * What is trained: all that decides which weights come out, and nothing that does not. Checked here as far as it can be
 * without reading the corpus.
 *
 * @param data a text file, a directory, or a jar or zip of text files
 * @param init a safetensors file with the weights to start from; drawn from the seed if there is none
 * @param optimizers trained one after the other from the same weights and batches; at least one, none twice
 * @param schedule how all their learning rates move
 * @param steps optimizer steps of each
 * @param batch B, sequences of a step
 * @param context T, tokens of a sequence
 * @param layers L, transformer blocks
 * @param heads H, attention heads; divides the width
 * @param width C, width of the model
 * @param seed of the weights, the batches and the sample
 * @param evalEvery the validation loss is taken every so many steps, and at the last
 */
public record Recipe(
        Path data,
        Optional<Path> init,
        List<OptimizerChoice> optimizers,
        ScheduleShape schedule,
        int steps,
        int batch,
        int context,
        int layers,
        int heads,
        int width,
        long seed,
        int evalEvery) {

    /** Checks the values. */
    public Recipe {
        optimizers = List.copyOf(optimizers);
        if (optimizers.isEmpty()) throw new IllegalArgumentException("there must be at least one optimizer");
        Set<OptimizerChoice.Algorithm> seen = new HashSet<>();
        for (OptimizerChoice choice : optimizers) {
            if (!seen.add(choice.algorithm())) {
                throw new IllegalArgumentException("optimizer '%s' is given twice"
                        .formatted(choice.algorithm().label()));
            }
        }
        TrainConfig.positive("steps", steps);
        TrainConfig.positive("batch", batch);
        TrainConfig.positive("context", context);
        TrainConfig.positive("layers", layers);
        TrainConfig.positive("heads", heads);
        TrainConfig.positive("width", width);
        TrainConfig.positive("eval-every", evalEvery);
        if (width % heads != 0) {
            throw new IllegalArgumentException("width %d is not divisible by heads %d".formatted(width, heads));
        }
        if ((long) batch * context > Integer.MAX_VALUE) {
            throw new IllegalArgumentException("batch %d × context %d is more than 2^31 − 1 tokens"
                    .formatted(batch, context));
        }
    }

    /** The same training, its text and initial weights read from elsewhere. */
    public Recipe from(Path newData, Optional<Path> newInit) {
        return new Recipe(
                newData, newInit, optimizers, schedule, steps, batch, context, layers, heads, width, seed, evalEvery);
    }

    /**
     * The same training as it begins on a backend: what was left to the library is chosen as suits that one ({@link
     * AsgoConfig#defaults(BackendName)}), and stays chosen where it is resumed on another.
     */
    public Recipe on(BackendName backend) {
        return new Recipe(
                data, init, optimizers.stream().map(choice -> choice.on(backend)).toList(), schedule, steps, batch,
                context, layers, heads, width, seed, evalEvery);
    }

    /** The sizes of the model with a vocabulary. */
    GptConfig model(int vocabulary) {
        return new GptConfig(vocabulary, layers, heads, width, context);
    }

    /** Tokens of a step. */
    int tokensPerStep() {
        return batch * context;
    }
}
