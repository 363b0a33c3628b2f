// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.cli;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import org.asgo4j.linalg.Backend;
import org.asgo4j.train.OptimizerChoice;
import org.asgo4j.train.Recipe;
import org.asgo4j.train.SavedRun;
import org.asgo4j.train.TrainConfig;
import org.asgo4j.train.TrainFailure;
import org.asgo4j.train.TrainOutcome;
import org.asgo4j.train.TrainResult;
import org.asgo4j.train.Training;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Trains a GPT on a text with one or more optimizers. */
@Command(
        name = "train",
        description = "Trains a character-level GPT on a text with one optimizer after the other, from the same "
                + "weights and batches.",
        sortOptions = false)
final class TrainCommand implements Callable<Integer> {
    /** Ends the description of an option that has a default value. */
    static final String SHOW_DEFAULT = " (default ${DEFAULT-VALUE})";

    /** Path of the corpus to train on if no other is named. */
    private static final String DEFAULT_CORPUS = "asgo4j.corpus";

    private static final String RESULT =
            "result optimizer=%s steps=%d val_loss=%.4f seconds=%.1f tokens_per_second=%.0f optimizer_ms=%.1f";

    private static final String FAILURE = "result optimizer=%s failed step=%d %s";

    /** What does not change the weights that come out, as far as it is ours to say. */
    private static final Set<String> RESUME_OPTIONS =
            Set.of("--resume", "--data", "--init", "--threads", "--backend", "--checkpoint-every", "--keep",
                    "--stacktrace");

    @Option(
            names = "--data", paramLabel = "PATH",
            description = "text file, directory, jar or zip (default: the corpus that came along)")
    private Path data;

    @Option(
            names = "--init", paramLabel = "FILE",
            description = "safetensors file with the weights to start from, named and shaped as in model.safetensors "
                    + "(default: drawn from the seed)")
    private Path init;

    @Mixin
    private OptimizerOptions optimizers;

    @Option(
            names = "--steps", paramLabel = "N", defaultValue = "2000",
            description = "steps of each optimizer" + SHOW_DEFAULT)
    private int steps;

    @Option(
            names = "--batch", paramLabel = "B", defaultValue = "12",
            description = "sequences of a step" + SHOW_DEFAULT)
    private int batch;

    @Mixin
    private ModelOptions model;

    @Option(
            names = "--seed", paramLabel = "S", defaultValue = "1337",
            description = "of weights, batches and sample" + SHOW_DEFAULT)
    private long seed;

    @Option(
            names = "--eval-every", paramLabel = "N", defaultValue = "500",
            description = "steps between validations" + SHOW_DEFAULT)
    private int evalEvery;

    @Option(names = "--out", paramLabel = "DIR", description = "folder for the results (default: runs/<date-time>)")
    private Path out;

    @Mixin
    private CheckpointOptions checkpoints;

    @Option(names = "--threads", paramLabel = "N", description = "workers (default: as many as there are processors)")
    private Integer threads;

    @Mixin
    private BackendOption backendOption;

    @Spec
    private CommandSpec spec;

    private final Screen screen;

    TrainCommand(Screen screen) {
        this.screen = screen;
    }

    @Override
    public Integer call() throws IOException {
        return checkpoints.resume() == null ? train() : resume(checkpoints.resume());
    }

    private int train() throws IOException {
        FileOption.checkNamed("--out", out, "a folder for the results");
        List<OptimizerChoice> choices = optimizers.choices();
        try (OutputFolder folder = OutputFolder.make(out)) {
            int workers = threads == null ? Runtime.getRuntime().availableProcessors() : threads;
            Recipe recipe = recipe(choices);
            try (Backend backend = backendOption.open();
                    ProgressLine progress = new ProgressLine(screen)) {
                var config = new TrainConfig(
                        recipe.on(backend.name()), folder.path(), workers, checkpoints.every(), checkpoints.keep());
                return print(config, new Training(config, backend, progress).run());
            }
        }
    }

    private Recipe recipe(List<OptimizerChoice> choices) {
        if (init != null) FileOption.checkReadable("--init", init);
        return new Recipe(
                corpus(),
                Optional.ofNullable(init),
                choices,
                optimizers.schedule(),
                steps,
                batch,
                model.context,
                model.layers,
                model.heads,
                model.width,
                seed,
                evalEvery);
    }

    private int resume(Path folder) throws IOException {
        FileOption.checkNamed("--resume", folder, "the folder of an interrupted training's results");
        for (OptionSpec option : spec.commandLine().getParseResult().matchedOptions()) {
            if (!RESUME_OPTIONS.contains(option.longestName())) {
                throw new IllegalArgumentException("%s can't be given with --resume: it is as it was; %s"
                        .formatted(option.longestName(), CheckpointOptions.RESUMABLE));
            }
        }
        SavedRun saved = SavedRun.open(folder);
        TrainConfig before = saved.config();
        var config = new TrainConfig(
                elsewhere(before.recipe()),
                folder,
                threads == null ? before.threads() : threads,
                checkpoints.every(before.checkpointEvery()),
                checkpoints.keep(before.keep()));
        if (saved.hasEnded()) return print(config, Training.repeat(saved, new ProgressLine(screen)));
        try (Backend backend = backendOption.open(saved.backend());
                ProgressLine progress = new ProgressLine(screen)) {
            return print(config, new Training(config, backend, progress).resume(saved));
        }
    }

    /** The text and weights of a training to go on with, where they lie now. */
    private Recipe elsewhere(Recipe before) {
        if (init != null && before.init().isEmpty()) {
            throw new IllegalArgumentException("--init: the training in %s began with weights drawn from its seed"
                    .formatted(checkpoints.resume()));
        }
        if (init != null) FileOption.checkReadable("--init", init);
        return before.from(data == null ? before.data() : corpus(), init == null ? before.init() : Optional.of(init));
    }

    private Path corpus() {
        FileOption.checkNamed("--data", data, "a text file, directory, jar or zip");
        if (data != null) return data;
        String path = System.getProperty(DEFAULT_CORPUS);
        if (path == null) {
            throw new IllegalArgumentException(
                    "--data is missing, and -D%s names no default corpus: name a text file, directory, jar or zip"
                            .formatted(DEFAULT_CORPUS));
        }
        return Path.of(path);
    }

    /**
     * The results come last: programs read them.
     *
     * @return the exit status: 1 if an optimizer failed
     */
    private int print(TrainConfig config, List<TrainOutcome> outcomes) {
        PrintStream stdout = screen.out();
        stdout.println("results  " + config.out());
        PeakMemory.mebibytes().ifPresent(mebibytes -> stdout.println("memory   " + mebibytes + " MiB at the peak"));
        outcomes.forEach(outcome -> stdout.println(line(outcome)));
        boolean failed = outcomes.stream().anyMatch(TrainFailure.class::isInstance);
        return failed ? ExitCode.SOFTWARE : ExitCode.OK;
    }

    private static String line(TrainOutcome outcome) {
        return switch (outcome) {
            case TrainResult r -> RESULT.formatted(
                    r.optimizer(),
                    r.steps(),
                    r.validationLoss(),
                    r.seconds(),
                    r.tokensPerSecond(),
                    r.optimizerMillis());
            case TrainFailure f -> FAILURE.formatted(f.optimizer(), f.step(), f.reason());
        };
    }
}
