// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.train;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.asgo4j.linalg.Backend;
import org.asgo4j.optim.OptimizerConfig;

/**
 * How a {@link Recipe} is written down, version 1: the fields of {@code config.json}, of which those that decide the
 * weights ({@link #identity}) are in every checkpoint too.
 */
final class Manifest {
    /** Another set or meaning of fields gets another number. */
    private static final String FORMAT = "asgo4j-run-1";

    private static final String CHARACTERS = "characters";
    private static final String CORPUS_HASH = "corpus_sha256";

    private static final String SEPARATOR = ",";

    /** Between an option and the optimizer it is for. */
    private static final String SEPARATION = "_";

    private Manifest() {}

    /** The optimizer's own configuration; updates are measured where a row of metrics is due. */
    static OptimizerConfig optimizerConfig(int observeEvery) {
        return OptimizerConfig.published().withObserveEvery(observeEvery);
    }

    /** What decides the weights, but for the paths, which may be others for the same contents. */
    static Fields identity(String source, Recipe recipe, Corpus corpus, TokenSplit split) throws IOException {
        Fields fields = new Fields(source)
                .with("format", FORMAT)
                .with(CHARACTERS, split.training().length + split.validation().length)
                .with(CORPUS_HASH, Sha256.of(corpus.text()))
                .with("vocabulary", split.tokenizer().size());
        if (recipe.init().isPresent()) fields.with("init_sha256", Sha256.of(recipe.init().get()));
        List<OptimizerChoice> optimizers = recipe.optimizers();
        fields.with("optimizers", optimizers.stream()
                .map(choice -> choice.algorithm().label())
                .collect(Collectors.joining(SEPARATOR)));
        for (OptimizerChoice choice : optimizers) {
            String label = choice.algorithm().label();
            fields.with(field("learning-rate", label), choice.learningRate());
            choice.options().forEach((option, text) -> fields.with(field(option, label), text));
            fields.with(field("config", label), choice.describe(recipe.steps()));
        }
        return fields.with("clip_norm", optimizerConfig(0).clipNorm())
                .with("schedule", Choice.name(recipe.schedule()))
                .with("steps", recipe.steps())
                .with("batch", recipe.batch())
                .with("context", recipe.context())
                .with("layers", recipe.layers())
                .with("heads", recipe.heads())
                .with("width", recipe.width())
                .with("seed", recipe.seed())
                .with("eval_every", recipe.evalEvery());
    }

    /**
     * Checks that what a file keeps is of this training.
     *
     * @param identity from {@link #identity}
     * @throws IllegalArgumentException if not; the message has the option that differs and both sides
     */
    static void requireSame(Fields identity, Fields stored) {
        identity.requireSameIn(stored, Manifest::shown);
    }

    /**
     * Checks that the text that was read is a run's.
     *
     * @param data where it was read
     * @throws IllegalArgumentException if not; the message has both sides
     */
    static void requireSameText(Path data, Fields identity, Fields stored) {
        if (identity.text(CORPUS_HASH).equals(stored.text(CORPUS_HASH))) return;
        throw new IllegalArgumentException(
                "the text of %s is not that of %s: it has %s characters and SHA-256 %s, that one %s and %s; "
                        .formatted(
                                data,
                                stored.source(),
                                identity.text(CHARACTERS),
                                identity.text(CORPUS_HASH),
                                stored.text(CHARACTERS),
                                stored.text(CORPUS_HASH))
                        + "if that one lies elsewhere, --data names it");
    }

    /** What people who gave options call a field. */
    private static String shown(String field) {
        for (OptimizerChoice.Algorithm algorithm : OptimizerChoice.Algorithm.values()) {
            String ending = field("", algorithm.label());
            if (field.endsWith(ending)) return shown(withoutEnding(field, ending)) + " of " + algorithm.label();
        }
        return switch (field) {
            case CHARACTERS -> "--data (its characters)";
            case CORPUS_HASH -> "--data (SHA-256 of its text)";
            case "vocabulary" -> "--data (its different characters)";
            case "init_sha256" -> "--init (SHA-256)";
            case "optimizers" -> "--optimizer";
            case "config" -> "the configuration";
            case "format" -> "the format";
            case "clip_norm" -> "the largest gradient norm";
            default -> "--" + option(field);
        };
    }

    /** All of {@code config.json}. */
    static Fields of(TrainConfig config, Fields identity, Corpus corpus, long parameters, Backend backend) {
        Fields fields = new Fields("this training")
                .with("data", config.recipe().data().toAbsolutePath())
                .with("corpus", corpus.description());
        config.recipe().init().ifPresent(init -> fields.with("init", init.toAbsolutePath()));
        return fields.with(identity)
                .with("parameters", parameters)
                .with("checkpoint_every", config.checkpointEvery())
                .with("keep", config.keep())
                .with("threads", config.threads())
                .with("backend_name", Choice.name(backend.name()))
                .with("backend", backend.describe())
                .with("java", Runtime.version());
    }

    /** Whether these are the fields of a {@code config.json} of this version. */
    static boolean isOf(Fields fields) {
        return fields.optional("format").equals(Optional.of(FORMAT));
    }

    /**
     * The recipe in a {@code config.json}.
     *
     * @throws IllegalArgumentException if it is of another version, or a field is missing or malformed
     */
    static Recipe recipe(Fields fields) {
        if (!isOf(fields)) {
            String format = fields.optional("format").orElse("missing");
            throw new IllegalArgumentException(
                    "%s: 'format' is %s, must be %s".formatted(fields.source(), format, FORMAT));
        }
        List<OptimizerChoice> optimizers = new ArrayList<>();
        for (String label : fields.text("optimizers").split(SEPARATOR, -1)) optimizers.add(optimizer(fields, label));
        return new Recipe(
                Path.of(fields.text("data")),
                fields.optional("init").map(Path::of),
                optimizers,
                Choice.parse("schedule", fields.text("schedule"), List.of(ScheduleShape.values())),
                fields.size("steps", 1),
                fields.size("batch", 1),
                fields.size("context", 1),
                fields.size("layers", 1),
                fields.size("heads", 1),
                fields.size("width", 1),
                fields.integer("seed", Long.MIN_VALUE),
                fields.size("eval_every", 1));
    }

    private static OptimizerChoice optimizer(Fields fields, String label) {
        Map<String, String> options = new HashMap<>();
        String ending = field("", label);
        fields.values().forEach((name, value) -> {
            if (name.endsWith(ending)) options.put(option(withoutEnding(name, ending)), value);
        });
        try {
            return OptimizerChoice.of(
                    OptimizerChoice.Algorithm.parse(label),
                    (float) fields.number(field("learning-rate", label)),
                    options);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("%s: %s: %s".formatted(fields.source(), label, e.getMessage()), e);
        }
    }

    /** The field that keeps an optimizer's option. */
    private static String field(String option, String label) {
        return option.replace('-', '_') + SEPARATION + label;
    }

    private static String withoutEnding(String field, String ending) {
        return field.substring(0, field.length() - ending.length());
    }

    private static String option(String field) {
        return field.replace('_', '-');
    }
}
