// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.BackendName;
import org.asgo4j.linalg.Backends;
import org.asgo4j.optim.Damping;
import org.asgo4j.testing.Seeds;
import org.asgo4j.train.OptimizerChoice.Algorithm;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What decides the weights is written down, and read as it was. */
class ManifestTest {
    private static final List<String> ROOTS = List.of("eigen", "qr", "newton", "tridiagonal", "polar-express");
    private static final List<String> REFRESHES = List.of("1", "3", "early:4", "async:2");

    @TempDir
    Path folder;

    private Path data;

    @BeforeEach
    void writeCorpus() throws IOException {
        data = Files.writeString(folder.resolve("words.txt"), "abcdefgh".repeat(50));
    }

    private Recipe recipe(List<OptimizerChoice> optimizers) {
        return new Recipe(data, Optional.empty(), optimizers, ScheduleShape.WSD, 20, 2, 6, 1, 2, 8, -42, 2);
    }

    private Fields written(Recipe recipe) throws IOException {
        return Fields.parse("config.json", json(recipe));
    }

    /** All of {@code config.json}. */
    private String json(Recipe recipe) throws IOException {
        Corpus corpus = Corpus.read(data);
        try (Backend backend = Backends.open(BackendName.REFERENCE)) {
            Fields identity = Manifest.identity("test", recipe, corpus, TokenSplit.of(corpus, recipe.context()));
            var config = new TrainConfig(recipe, folder, 1, 3, 2);
            return Manifest.of(config, identity, corpus, 1234, backend).json();
        }
    }

    @RepeatedTest(20)
    void whatIsWrittenIsReadAsItWas() throws IOException {
        long seed = Seeds.next();
        var random = new Random(seed);
        List<OptimizerChoice> optimizers = new ArrayList<>();
        for (Algorithm algorithm : Algorithm.values()) {
            optimizers.add(OptimizerChoice.of(algorithm, random.nextFloat(), options(algorithm, random)));
        }
        Recipe recipe = recipe(optimizers);
        assertEquals(recipe, Manifest.recipe(written(recipe)), "seed=" + seed);
    }

    private static Map<String, String> options(Algorithm algorithm, Random random) {
        Map<String, String> options = new HashMap<>();
        maybe(random, options, "weight-decay", random.nextFloat());
        if (!algorithm.takesEverything()) {
            maybe(random, options, "others-beta2", random.nextDouble());
            maybe(random, options, "others-learning-rate", random.nextFloat());
        }
        if (!algorithm.isAsgo()) return options;
        maybe(random, options, "beta1", random.nextDouble());
        maybe(random, options, "beta2", random.nextDouble());
        maybe(random, options, "nesterov", random.nextBoolean());
        maybe(random, options, "gram-source", random.nextBoolean() ? "gradient" : "momentum");
        maybe(random, options, "root", ROOTS.get(random.nextInt(ROOTS.size())));
        maybe(random, options, "refresh", REFRESHES.get(random.nextInt(REFRESHES.size())));
        maybe(random, options, "damping", (random.nextBoolean() ? "relative:" : "absolute:") + random.nextDouble());
        return options;
    }

    private static void maybe(Random random, Map<String, String> options, String name, Object value) {
        if (random.nextBoolean()) options.put(name, value.toString());
    }

    /** Every option is in the file under a name of its own, beside the configuration that it leads to. */
    @Test
    void everyChangeIsAField() throws IOException {
        Map<String, String> options = Map.of(
                "damping", "pseudo-inverse:1.0E-6", "precision", "float64", "eigenvalue-correction", "false",
                "gram-source", "momentum", "others-beta2", "0.5", "weight-decay", "0.25");
        Fields fields = written(recipe(List.of(OptimizerChoice.of(Algorithm.ASGO_PUBLISHED, 0.5f, options))));
        options.forEach((option, text) -> assertEquals(
                text, fields.text(option.replace('-', '_') + "_asgo-published"), option));
        String config = fields.text("config_asgo-published");
        assertTrue(config.contains("gramSource=MOMENTUM") && config.contains("FLOAT64"), config);
        assertTrue(config.contains("weight decay 0.25") && config.contains("beta2=0.5"), config);
    }

    @ParameterizedTest
    @CsvSource({"relative,RELATIVE", "absolute,ABSOLUTE", "pseudo-inverse,PSEUDO_INVERSE", "outside-root,OUTSIDE_ROOT"})
    void dampingsAreReadAsTheyAreWritten(String name, Damping.Kind kind) {
        for (double value : new double[] {0, 1e-6, 0.1, 1 - Math.ulp(0.5), Double.MIN_VALUE}) {
            var damping = new Damping(kind, value);
            assertEquals(damping, DampingText.parse(DampingText.of(damping)));
            assertEquals(damping, DampingText.parse(name + ":" + value));
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", "relative", "relative:", ":1", "relative:-1", "absolute:NaN", "absolute:Infinity", "rel:1",
                "a:b:c"})
    void otherDampingsAreRefused(String text) {
        var refusal = assertThrows(IllegalArgumentException.class, () -> DampingText.parse(text));
        assertTrue(refusal.getMessage().startsWith("--damping must be relative:X"), refusal::getMessage);
        assertTrue(refusal.getMessage().endsWith("got '" + text + "'"), refusal::getMessage);
    }

    @Test
    void aChangeThatCantBeReadNamesTheFileAndTheOption() throws IOException {
        Map<String, String> options = Map.of("beta2", "0.5");
        String json = json(recipe(List.of(OptimizerChoice.of(Algorithm.ASGO, 0.5f, options))));
        Fields wrong = Fields.parse("runs/x/config.json", json.replace("\"0.5\"", "\"1.5\""));
        var refusal = assertThrows(IllegalArgumentException.class, () -> Manifest.recipe(wrong));
        assertEquals("runs/x/config.json: asgo: --beta2 must be in [0, 1), got 1.5", refusal.getMessage());
    }
}
