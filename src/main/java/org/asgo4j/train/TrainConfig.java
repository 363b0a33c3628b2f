package org.asgo4j.train;

import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * What to train: corpus, model, optimizers, length. Checked here as far as it can be without reading the corpus.
 *
 * @param data a text file, a directory, or a jar or zip of text files
 * @param optimizers trained one after the other from the same weights and batches; at least one, none twice
 * @param steps optimizer steps of each
 * @param batch B, sequences of a step
 * @param context T, tokens of a sequence
 * @param layers L, transformer blocks
 * @param heads H, attention heads; divides the width
 * @param width C, width of the model
 * @param seed of the weights, the batches and the sample
 * @param evalEvery the validation loss is taken every so many steps, and at the last
 * @param out the folder for results; made if it is not there
 * @param threads workers, each with one BLAS thread
 */
public record TrainConfig(
        Path data,
        List<OptimizerChoice> optimizers,
        int steps,
        int batch,
        int context,
        int layers,
        int heads,
        int width,
        long seed,
        int evalEvery,
        Path out,
        int threads) {

    /** Checks the values. */
    public TrainConfig {
        optimizers = List.copyOf(optimizers);
        if (optimizers.isEmpty()) throw new IllegalArgumentException("there must be at least one optimizer");
        Set<OptimizerChoice.Algorithm> seen = new HashSet<>();
        for (OptimizerChoice choice : optimizers) {
            if (!seen.add(choice.algorithm())) {
                throw new IllegalArgumentException("optimizer '%s' is given twice"
                        .formatted(choice.algorithm().label()));
            }
        }
        positive("steps", steps);
        positive("batch", batch);
        positive("context", context);
        positive("layers", layers);
        positive("heads", heads);
        positive("width", width);
        positive("eval-every", evalEvery);
        positive("threads", threads);
        if (width % heads != 0) {
            throw new IllegalArgumentException("width %d is not divisible by heads %d".formatted(width, heads));
        }
        if ((long) batch * context > Integer.MAX_VALUE) {
            throw new IllegalArgumentException("batch %d × context %d is more than 2^31 − 1 tokens"
                    .formatted(batch, context));
        }
    }

    private static void positive(String name, int value) {
        if (value < 1) throw new IllegalArgumentException(name + " must be at least 1, got " + value);
    }
}
