package org.asgo4j.cli;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.asgo4j.linalg.Backend;
import org.asgo4j.train.OptimizerChoice;
import org.asgo4j.train.TrainConfig;
import org.asgo4j.train.TrainResult;
import org.asgo4j.train.Training;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Trains a GPT on a text with one or more optimizers. */
@Command(
        name = "train",
        description = "Trains a character-level GPT on a text with one optimizer after the other, from the same "
                + "weights and batches.",
        sortOptions = false)
final class TrainCommand implements Callable<Integer> {
    /** Path of the corpus to train on if no other is named. */
    private static final String DEFAULT_CORPUS = "asgo4j.corpus";

    private static final String RESULT =
            "result optimizer=%s steps=%d val_loss=%.4f seconds=%.1f tokens_per_second=%.0f optimizer_ms=%.1f";

    private static final String SHOW_DEFAULT = " (default ${DEFAULT-VALUE})";

    @Option(
            names = "--data", paramLabel = "PATH",
            description = "text file, directory, jar or zip (default: the corpus that came along)")
    private Path data;

    @Option(
            names = "--optimizer", paramLabel = "NAMES", defaultValue = "asgo,adamw",
            description = "asgo, adamw or several" + SHOW_DEFAULT)
    private String optimizers;

    @Option(
            names = "--steps", paramLabel = "N", defaultValue = "2000",
            description = "steps of each optimizer" + SHOW_DEFAULT)
    private int steps;

    @Option(
            names = "--batch", paramLabel = "B", defaultValue = "12",
            description = "sequences of a step" + SHOW_DEFAULT)
    private int batch;

    @Option(
            names = "--context", paramLabel = "T", defaultValue = "64",
            description = "characters of a sequence" + SHOW_DEFAULT)
    private int context;

    @Option(names = "--layers", paramLabel = "L", defaultValue = "4", description = "transformer blocks" + SHOW_DEFAULT)
    private int layers;

    @Option(names = "--heads", paramLabel = "H", defaultValue = "4", description = "attention heads" + SHOW_DEFAULT)
    private int heads;

    @Option(
            names = "--width", paramLabel = "D", defaultValue = "128",
            description = "width, a multiple of the heads" + SHOW_DEFAULT)
    private int width;

    @Option(
            names = "--learning-rate",
            paramLabel = "X",
            description = "one number, or asgo=0.01,adamw=0.006 (default: asgo=0.01 as published, adamw=0.006 as the "
                    + "best of five measured)")
    private String learningRates;

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

    @Option(names = "--threads", paramLabel = "N", description = "workers (default: as many as there are processors)")
    private Integer threads;

    @Mixin
    private BackendOption backendOption;

    private final Screen screen;

    TrainCommand(Screen screen) {
        this.screen = screen;
    }

    @Override
    public Integer call() throws IOException {
        List<OptimizerChoice> choices = Optimizers.parse(optimizers, learningRates);
        try (OutputFolder folder = OutputFolder.make(out)) {
            TrainConfig config = config(choices, folder.path());
            try (Backend backend = backendOption.open();
                    ProgressLine progress = new ProgressLine(screen)) {
                print(config, new Training(config, backend, progress).run());
            }
        }
        return ExitCode.OK;
    }

    private TrainConfig config(List<OptimizerChoice> choices, Path folder) {
        return new TrainConfig(
                corpus(),
                choices,
                steps,
                batch,
                context,
                layers,
                heads,
                width,
                seed,
                evalEvery,
                folder,
                threads == null ? Runtime.getRuntime().availableProcessors() : threads);
    }

    private Path corpus() {
        if (data != null) return data;
        String path = System.getProperty(DEFAULT_CORPUS);
        if (path == null) {
            throw new IllegalArgumentException(
                    "--data is missing, and -D%s names no default corpus: name a text file, directory, jar or zip"
                            .formatted(DEFAULT_CORPUS));
        }
        return Path.of(path);
    }

    /** The results come last: programs read them. */
    private void print(TrainConfig config, List<TrainResult> results) {
        PrintStream stdout = screen.out();
        stdout.println("results  " + config.out());
        PeakMemory.mebibytes().ifPresent(mebibytes -> stdout.println("memory   " + mebibytes + " MiB at the peak"));
        for (TrainResult r : results) {
            stdout.println(RESULT
                    .formatted(
                            r.optimizer(),
                            r.steps(),
                            r.validationLoss(),
                            r.seconds(),
                            r.tokensPerSecond(),
                            r.optimizerMillis()));
        }
    }
}
