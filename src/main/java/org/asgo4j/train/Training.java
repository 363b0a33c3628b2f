package org.asgo4j.train;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.asgo4j.io.JsonText;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.Workers;

/**
 * The whole job: reads the corpus, trains the same initial model on the same batches with each optimizer, and leaves
 * under the output folder {@code config.json}, {@code loss.png} and per optimizer a folder with {@code metrics.csv},
 * {@code model.safetensors} and {@code sample.txt}.
 */
public final class Training {
    private static final int SAMPLE_LENGTH = 600;
    private static final double SAMPLE_TEMPERATURE = 0.8;

    private final TrainConfig config;
    private final Backend backend;
    private final TrainListener listener;

    /**
     * @param config what to train
     * @param backend does the arithmetic; stays the caller's
     * @param listener hears how it goes
     */
    public Training(TrainConfig config, Backend backend, TrainListener listener) {
        this.config = config;
        this.backend = backend;
        this.listener = listener;
    }

    /**
     * Trains.
     *
     * @return one result per optimizer, in the order given
     * @throws CorpusException if there is no such text, or it is too short or has one character only
     * @throws IOException if a result can't be written
     * @throws ArithmeticException if the training diverges
     */
    public List<TrainResult> run() throws IOException {
        Corpus corpus = Corpus.read(config.data());
        TokenSplit split = TokenSplit.of(corpus, config.context());
        var model = new GptConfig(
                split.tokenizer().size(), config.layers(), config.heads(), config.width(), config.context());
        Files.createDirectories(config.out());
        List<TrainResult> results = new ArrayList<>();
        List<LossCurve> curves = new ArrayList<>();
        try (var workers = new Workers(config.threads());
                var parameters = new GptParameters(backend, model)) {
            describe(corpus, split, parameters);
            for (OptimizerChoice choice : config.optimizers()) {
                listener.begun(choice.algorithm().label(), choice.learningRate());
                parameters.initialize(config.seed());
                Path folder = Files.createDirectories(config.out().resolve(choice.algorithm().label()));
                var trainer = new Trainer(config, choice, split, listener);
                TrainResult result;
                try (MetricsFile metrics = MetricsFile.create(folder.resolve("metrics.csv"))) {
                    result = trainer.run(backend, workers, parameters, metrics);
                }
                curves.add(trainer.curve());
                save(folder, choice, parameters, split.tokenizer(), workers);
                plot(curves);
                results.add(result);
                listener.finished(result);
            }
        }
        return results;
    }

    private void describe(Corpus corpus, TokenSplit split, GptParameters parameters) throws IOException {
        int characters = split.training().length + split.validation().length;
        String corpusLine = "%s, %d different ones".formatted(corpus.description(), split.tokenizer().size());
        String modelLine = "GPT: %d layers, %d heads, width %d, context %d, %,d parameters; batch %d"
                .formatted(
                        config.layers(),
                        config.heads(),
                        config.width(),
                        config.context(),
                        parameters.size(),
                        config.batch());
        Files.writeString(config.out().resolve("config.json"), json(corpus, characters, split, parameters));
        listener.prepared(corpusLine, modelLine, backend.describe());
    }

    private String json(Corpus corpus, int characters, TokenSplit split, GptParameters parameters) {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("data", config.data().toString());
        fields.put("corpus", corpus.description());
        fields.put("characters", characters);
        fields.put("vocabulary", split.tokenizer().size());
        for (OptimizerChoice choice : config.optimizers()) {
            fields.put("learning_rate_" + choice.algorithm().label(), choice.learningRate());
        }
        fields.put("steps", config.steps());
        fields.put("batch", config.batch());
        fields.put("context", config.context());
        fields.put("layers", config.layers());
        fields.put("heads", config.heads());
        fields.put("width", config.width());
        fields.put("parameters", parameters.size());
        fields.put("seed", config.seed());
        fields.put("eval_every", config.evalEvery());
        fields.put("threads", config.threads());
        fields.put("backend", backend.describe());
        fields.put("java", Runtime.version().toString());
        return fields.entrySet().stream()
                .map(e -> "  " + JsonText.quote(e.getKey()) + ": " + literal(e.getValue()))
                .collect(Collectors.joining(",\n", "{\n", "\n}\n"));
    }

    private static String literal(Object value) {
        return value instanceof Number ? value.toString() : JsonText.quote(value.toString());
    }

    private void save(
            Path folder, OptimizerChoice choice, GptParameters parameters, CharTokenizer tokenizer, Workers workers)
            throws IOException {
        Map<String, String> notes = new LinkedHashMap<>();
        notes.put("optimizer", choice.algorithm().label());
        notes.put("learning_rate", String.valueOf(choice.learningRate()));
        notes.put("steps", String.valueOf(config.steps()));
        notes.put("seed", String.valueOf(config.seed()));
        GptFile.write(folder.resolve("model.safetensors"), parameters, tokenizer, notes);
        String text = TextSample.of(
                backend, workers, parameters, tokenizer, "\n", SAMPLE_LENGTH, SAMPLE_TEMPERATURE, config.seed());
        Files.writeString(folder.resolve("sample.txt"), text);
    }

    /** Drawn anew after each optimizer, so that a long run can be looked at before it ends. */
    private void plot(List<LossCurve> curves) {
        String title = "Character-level GPT on " + config.data().getFileName();
        LossPlot.write(config.out().resolve("loss.png"), title, curves);
    }
}
