// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.train;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.Workers;

/**
 * The whole job: reads the corpus, trains the same initial model on the same batches with each optimizer, and leaves
 * under the output folder {@code config.json}, {@code loss.png}, {@code dynamics.png} and per optimizer a folder with
 * {@code metrics.csv}, {@code sample.txt}, {@code model.safetensors} and the newest checkpoints. Interrupted anywhere,
 * it can be resumed, and ends with the same weights as if it had not been.
 */
public final class Training {
    private static final int SAMPLE_LENGTH = 600;
    private static final double SAMPLE_TEMPERATURE = 0.8;

    private final TrainConfig config;
    private final Recipe recipe;
    private final Backend backend;
    private final TrainListener listener;
    private final Pictures pictures;

    /**
     * @param config what to train
     * @param backend does the arithmetic; stays the caller's
     * @param listener hears how it goes
     */
    public Training(TrainConfig config, Backend backend, TrainListener listener) {
        this(config, backend, listener, Plots::all);
    }

    /** The same with other pictures, which take longer than a small training. */
    Training(TrainConfig config, Backend backend, TrainListener listener, Pictures pictures) {
        this.config = config;
        this.recipe = config.recipe();
        this.backend = backend;
        this.listener = listener;
        this.pictures = pictures;
    }

    /** Draws the curves of the optimizers so far. */
    @FunctionalInterface
    interface Pictures {
        void draw(Path folder, String title, List<LossCurve> curves);
    }

    /** What all optimizers share. */
    private record Job(Corpus corpus, TokenSplit split, Fields identity, GptParameters parameters, Workers workers) {}

    /** What is done once a job is set up. */
    @FunctionalInterface
    private interface Work {
        List<TrainOutcome> on(Job job) throws IOException;
    }

    /**
     * Trains from the start.
     *
     * @return one outcome per optimizer, in the order given; one that fails does not keep the others from training
     * @throws CorpusException if there is no such text, or it is too short or has one character only
     * @throws IllegalArgumentException if the output folder holds a training that goes on or did not end, files of
     *     another program that would be replaced, or some of the corpus, or the initial weights are of another model or
     *     among the results there
     * @throws IOException if a result can't be written
     */
    public List<TrainOutcome> run() throws IOException {
        var results = new ResultsFolder(config);
        results.refuseText();
        return set(job -> {
            initialize(job); // so that a file of other weights is refused before anything is written
            Files.createDirectories(config.out());
            try (var _ = FolderLock.take(config.out())) {
                results.refuseLoss();
                results.clear();
                describe(job);
                return trainAll(job);
            }
        });
    }

    /**
     * Goes on where a training was interrupted: optimizers that have ended are left alone, the one that was interrupted
     * goes on from its newest checkpoint, the others follow. If all have ended, their outcomes are read again. Paths,
     * threads, checkpoints and backend are from here on those that this was made with.
     *
     * @param saved the run in the output folder
     * @return one outcome per optimizer, in the order given; one that fails does not keep the others from training
     * @throws IllegalArgumentException if there is no checkpoint, or corpus, checkpoint or program are not those of the
     *     run, or the corpus is gone, or another process trains there; no result has been changed
     * @throws IOException if a file can't be read or written
     */
    public List<TrainOutcome> resume(SavedRun saved) throws IOException {
        if (saved.hasEnded()) return repeat(config, listener, pictures);
        requireThere("--data", recipe.data());
        if (recipe.init().isPresent()) requireThere("--init", recipe.init().get());
        return set(job -> {
            Manifest.requireSameText(recipe.data(), job.identity(), saved.fields());
            Manifest.requireSame(job.identity(), saved.fields());
            try (var _ = FolderLock.take(config.out())) {
                saved.requireBegun();
                if (!saved.isAs(config, backend)) describe(job); // so that a next time needs no more than the folder
                return trainAll(job);
            }
        });
    }

    private static void requireThere(String option, Path file) {
        if (Files.exists(file)) return;
        throw new IllegalArgumentException(
                "%s, which this training began with, doesn't exist; if it lies elsewhere now, %s names it"
                        .formatted(file, option));
    }

    private void describe(Job job) throws IOException {
        Fields fields = Manifest.of(config, job.identity(), job.corpus(), job.parameters().size(), backend);
        WholeFile.write(config.out().resolve(SavedRun.CONFIG), fields.json());
    }

    /**
     * Tells what came of a training that has ended, which takes no backend, and draws its pictures again.
     *
     * @return one outcome per optimizer, in the order given
     * @throws IOException if a file can't be read
     */
    public static List<TrainOutcome> repeat(SavedRun ended, TrainListener listener) throws IOException {
        return repeat(ended.config(), listener, Plots::all);
    }

    private static List<TrainOutcome> repeat(TrainConfig config, TrainListener listener, Pictures pictures)
            throws IOException {
        listener.complete();
        var results = new Results(config, pictures);
        for (OptimizerChoice choice : config.recipe().optimizers()) results.read(choice);
        results.plot();
        return results.outcomes();
    }

    private List<TrainOutcome> set(Work work) throws IOException {
        Corpus corpus = Corpus.read(recipe.data());
        TokenSplit split = TokenSplit.of(corpus, recipe.context());
        Fields identity = Manifest.identity("this training", recipe, corpus, split);
        try (var workers = new Workers(config.threads());
                var parameters = new GptParameters(backend, recipe.model(split.tokenizer().size()))) {
            return work.on(new Job(corpus, split, identity, parameters, workers));
        }
    }

    private OptimizerFolder folder(OptimizerChoice choice) {
        return new OptimizerFolder(config.out(), choice);
    }

    private void initialize(Job job) throws IOException {
        job.parameters().initialize(recipe.seed());
        if (recipe.init().isEmpty()) return;
        InitialWeights.load(recipe.init().get(), job.parameters(), job.split().tokenizer().vocabulary());
    }

    private List<TrainOutcome> trainAll(Job job) throws IOException {
        announce(job);
        var results = new Results(config, pictures);
        for (OptimizerChoice choice : recipe.optimizers()) {
            boolean begins = !folder(choice).hasEnded();
            if (begins) train(job, choice, folder(choice));
            TrainOutcome outcome = results.read(choice);
            if (begins) tell(outcome);
            results.plot(); // anew after each, so that a long run can be looked at before it ends
        }
        return results.outcomes();
    }

    private void train(Job job, OptimizerChoice choice, OptimizerFolder folder) throws IOException {
        String label = choice.algorithm().label();
        listener.begun(label, choice.learningRate());
        initialize(job);
        folder.make();
        var subject = new Checkpoint.Subject(job.identity(), label, job.parameters(), job.split().tokenizer());
        var trainer = new Trainer(config, choice, folder, subject, job.split(), listener);
        Optional<TrainFailure> failure = trainer.run(backend, job.workers(), folder.newestCheckpoint());
        if (failure.isPresent()) failure.get().write(folder.failure());
        else save(job, choice, folder);
    }

    private void tell(TrainOutcome outcome) {
        switch (outcome) {
            case TrainResult result -> listener.finished(result);
            case TrainFailure failure -> listener.failed(failure);
        }
    }

    private void announce(Job job) {
        String corpusLine =
                "%s, %d different ones".formatted(job.corpus().description(), job.split().tokenizer().size());
        String modelLine = "GPT: %d layers, %d heads, width %d, context %d, %,d parameters; batch %d"
                .formatted(
                        recipe.layers(),
                        recipe.heads(),
                        recipe.width(),
                        recipe.context(),
                        job.parameters().size(),
                        recipe.batch());
        listener.prepared(corpusLine, modelLine, backend.describe());
    }

    /** The model comes last: it says that the training is done. */
    private void save(Job job, OptimizerChoice choice, OptimizerFolder folder) throws IOException {
        CharTokenizer tokenizer = job.split().tokenizer();
        String text = TextSample.of(
                backend, job.workers(), job.parameters(), tokenizer, "\n", SAMPLE_LENGTH, SAMPLE_TEMPERATURE,
                recipe.seed());
        WholeFile.write(folder.sample(), text);
        Map<String, String> notes = new LinkedHashMap<>();
        notes.put("optimizer", choice.algorithm().label());
        notes.put("learning_rate", String.valueOf(choice.learningRate()));
        notes.put("steps", String.valueOf(recipe.steps()));
        notes.put("seed", String.valueOf(recipe.seed()));
        GptFile.write(folder.model(), job.parameters(), tokenizer, notes);
    }
}
