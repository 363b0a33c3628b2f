// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.BackendName;
import org.asgo4j.linalg.Backends;
import org.asgo4j.linalg.Workers;
import org.asgo4j.optim.Optimizer;
import org.asgo4j.train.OptimizerChoice.Algorithm;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A training that goes on from a checkpoint ends as if it had not been interrupted; anything else is refused. */
class CheckpointTest {
    /** Columns of {@code metrics.csv} that are times. */
    private static final List<Integer> TIMES = List.of(5, 6, 7);

    @TempDir
    Path folder;

    private Path data;

    @BeforeEach
    void writeCorpus() throws IOException {
        data = TinyTraining.corpus(folder.resolve("words.txt"));
    }

    @ParameterizedTest
    @EnumSource(Algorithm.class)
    void everyOptimizerGoesOnBitForBit(Algorithm algorithm) throws IOException {
        assertGoesOn(List.of(TinyTraining.choice(algorithm)));
    }

    /** The policies under which a checkpoint falls between two roots. */
    @ParameterizedTest
    @CsvSource({"eigen,5", "eigen,early:6", "eigen,adaptive", "qr,4", "newton,3", "polar-express,7"})
    void everyRootGoesOnBitForBit(String root, String refresh) throws IOException {
        Map<String, String> options = Map.of("root", root, "refresh", refresh);
        assertGoesOn(List.of(OptimizerChoice.of(Algorithm.ASGO_PUBLISHED, 0.01f, options)));
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "beta1=0.5 beta2=0.95 nesterov=true gram-source=momentum",
        "precision=float64 damping=outside-root:1e-3 refresh=4",
        "eigenvalue-correction=true beta2=0.8 refresh=4",
        "damping=pseudo-inverse:1e-5 weight-decay=0.3 others-beta2=0.9 others-learning-rate=0.002",
    })
    void everyVariantGoesOnBitForBit(String options) throws IOException {
        Map<String, String> given = Stream.of(options.split(" "))
                .map(option -> option.split("="))
                .collect(Collectors.toMap(option -> option[0], option -> option[1]));
        assertGoesOn(List.of(
                OptimizerChoice.of(Algorithm.ASGO, 0.01f, given),
                OptimizerChoice.of(Algorithm.ASGO_PUBLISHED, 0.01f, given)));
    }

    @Test
    void optimizersThatAreDoneAreLeftAloneAndTheOthersFollow() throws IOException {
        assertGoesOn(Stream.of(Algorithm.ADAMW, Algorithm.SGD, Algorithm.LION)
                .map(TinyTraining::choice)
                .toList());
    }

    /** Interrupted in the middle optimizer of several. */
    private void assertGoesOn(List<OptimizerChoice> optimizers) throws IOException {
        Path whole = folder.resolve("whole");
        Path parts = folder.resolve("parts");
        train(config(optimizers, whole));
        interrupt(optimizers, parts);
        List<TrainOutcome> results = TinyTraining.resume(parts);
        assertEquals(optimizers.size(), results.size());
        for (OptimizerChoice choice : optimizers) {
            String label = choice.algorithm().label();
            assertEquals(-1, mismatch(whole, parts, label + "/model.safetensors"), label);
            assertEquals(-1, mismatch(whole, parts, label + "/sample.txt"), label);
            assertEquals(
                    withoutTimes(whole.resolve(label).resolve("metrics.csv")),
                    withoutTimes(parts.resolve(label).resolve("metrics.csv")));
            assertEquals(names(whole.resolve(label)), names(parts.resolve(label)));
        }
    }

    private void interrupt(List<OptimizerChoice> optimizers, Path out) {
        TinyTraining.interrupt(config(optimizers, out), optimizers.get(optimizers.size() / 2).algorithm());
    }

    @Test
    void aTrainingGoesOnInAnotherLanguage() throws IOException {
        List<OptimizerChoice> adamw = adamw();
        train(config(adamw, folder.resolve("whole")));
        Locale before = Locale.getDefault();
        Locale.setDefault(Locale.forLanguageTag("ar-EG-u-nu-arab"));
        try (Backend backend = Backends.open(BackendName.REFERENCE)) {
            GptFile.read(folder.resolve("whole/adamw/model.safetensors"), backend).parameters().close();
            interrupt(adamw, folder.resolve("parts"));
        } finally {
            Locale.setDefault(before);
        }
        TinyTraining.resume(folder.resolve("parts"));
        assertEquals(names(folder.resolve("whole/adamw")), names(folder.resolve("parts/adamw")));
        assertEquals(-1, mismatch(folder.resolve("whole"), folder.resolve("parts"), "adamw/model.safetensors"));
    }

    @Test
    void whatAKilledWriteLeftIsRemoved() throws IOException {
        List<OptimizerChoice> adamw = adamw();
        Path parts = folder.resolve("parts");
        interrupt(adamw, parts);
        String name = ".asgo4j-" + UUID.randomUUID() + ".tmp"; // as SafetensorsWriter has it
        List<Path> folders = List.of(parts, parts.resolve("adamw"), parts.resolve("adamw/checkpoints"));
        for (Path each : folders) {
            Files.writeString(each.resolve(name), "half a checkp");
            Files.writeString(each.resolve(".mine.tmp"), "not ours");
        }
        TinyTraining.resume(parts);
        for (Path each : folders) {
            assertTrue(Files.notExists(each.resolve(name)), each::toString);
            assertTrue(Files.exists(each.resolve(".mine.tmp")), each::toString);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"truncated", "garbage", "empty", "state"})
    void damagedCheckpointsAreRefusedAndNothingChanges(String damage) throws IOException {
        Path parts = folder.resolve("parts");
        interrupt(adamw(), parts);
        Path newest = parts.resolve("adamw/checkpoints/step-12.safetensors");
        damage(newest, damage);
        String metrics = Files.readString(parts.resolve("adamw/metrics.csv"));
        var refusal = assertThrows(IllegalArgumentException.class, () -> TinyTraining.resume(parts));
        assertTrue(refusal.getMessage().contains("step-12.safetensors"), refusal::getMessage);
        assertTrue(refusal.getMessage().contains("if this file is removed"), refusal::getMessage);
        assertEquals(metrics, Files.readString(parts.resolve("adamw/metrics.csv")));
        Files.delete(newest);
        assertInstanceOf(TrainResult.class, TinyTraining.resume(parts).getFirst()); // from the one before
    }

    private static void damage(Path file, String kind) throws IOException {
        long size = Files.size(file);
        switch (kind) {
            case "truncated" -> {
                try (var access = new RandomAccessFile(file.toFile(), "rw")) {
                    access.setLength(size / 2);
                }
            }
            case "garbage" -> {
                byte[] bytes = new byte[(int) size];
                new Random(7).nextBytes(bytes);
                Files.write(file, bytes);
            }
            case "empty" -> Files.write(file, new byte[0]);
            default -> { // the last bytes are of a tensor; all ones are a NaN, or a negative count
                try (var access = new RandomAccessFile(file.toFile(), "rw")) {
                    access.seek(size - Float.BYTES);
                    access.writeInt(-1);
                }
            }
        }
    }

    @Test
    void checkpointsOfOtherRunsAreRefused() throws IOException {
        Path parts = folder.resolve("parts");
        Path others = folder.resolve("others");
        interrupt(adamw(), parts);
        interrupt(List.of(new OptimizerChoice(Algorithm.ADAMW, 0.5f)), others);
        Path file = Path.of("adamw/checkpoints/step-12.safetensors");
        Files.copy(others.resolve(file), parts.resolve("adamw/checkpoints/step-14.safetensors"));
        assertRefused(parts, "--learning-rate of adamw is 0.5 in ", "0.006 in this training");
        Files.delete(parts.resolve("adamw/checkpoints/step-14.safetensors"));
        interrupt(List.of(new OptimizerChoice(Algorithm.SGD, 0.1f)), folder.resolve("sgd"));
        Files.copy(
                folder.resolve("sgd/sgd/checkpoints/step-12.safetensors"),
                parts.resolve("adamw/checkpoints/step-14.safetensors"));
        assertRefused(parts, "'optimizer' is 'sgd'", "must be 'adamw'");
    }

    /** Also in what one of them has as configured, and the other as an option says. */
    @ParameterizedTest
    @CsvSource({"beta2,0.5", "others-learning-rate,0.5", "others-beta2,0.5", "weight-decay,0.5", "nesterov,false"})
    void checkpointsOfOtherVariantsAreRefused(String option, String text) throws IOException {
        List<OptimizerChoice> variant = List.of(OptimizerChoice.of(Algorithm.ASGO, 0.01f, Map.of(option, text)));
        Path parts = folder.resolve("parts");
        Path others = folder.resolve("others");
        interrupt(variant, parts);
        interrupt(List.of(TinyTraining.choice(Algorithm.ASGO)), others);
        Path mine = parts.resolve("asgo/checkpoints/step-12.safetensors");
        Path theirs = others.resolve("asgo/checkpoints/step-12.safetensors");
        Path kept = Files.copy(mine, folder.resolve("kept"));
        Files.copy(theirs, mine, StandardCopyOption.REPLACE_EXISTING);
        assertRefused(parts, "--" + option + " of asgo is not given in ", "but " + text + " in this training");
        Files.copy(kept, theirs, StandardCopyOption.REPLACE_EXISTING);
        assertRefused(others, "the configuration of asgo is ");
    }

    /** The state is looked at before the weights are, and so are the characters and whether both are of one step. */
    @Test
    void aCheckpointThatDoesNotFitLeavesTheWeightsAlone() throws IOException {
        Path parts = folder.resolve("parts");
        interrupt(adamw(), parts);
        Path checkpoint = parts.resolve("adamw/checkpoints/step-12.safetensors");
        damage(checkpoint, "state");
        Recipe recipe = TinyTraining.recipe(data, adamw());
        Corpus corpus = Corpus.read(data);
        TokenSplit split = TokenSplit.of(corpus, recipe.context());
        Fields identity = Manifest.identity("this training", recipe, corpus, split);
        try (Backend backend = Backends.open(BackendName.REFERENCE);
                var workers = new Workers(1);
                var parameters = new GptParameters(backend, recipe.model(split.tokenizer().size()));
                var optimizer = new Optimizer(
                        backend, workers, Manifest.optimizerConfig(1),
                        adamw().getFirst().groups(parameters, recipe.schedule(), recipe.steps()))) {
            var subject = new Checkpoint.Subject(identity, "adamw", parameters, split.tokenizer());
            Path early = folder.resolve("early.safetensors");
            Checkpoint.write(early, subject, optimizer, new Progress(13, 0, 0, 0, 0, 0));
            IllegalArgumentException refusal = assertThrows(
                    IllegalArgumentException.class, () -> Checkpoint.load(early, subject, optimizer));
            assertTrue(refusal.getMessage().contains("of step 13, its optimizer of step 0"), refusal::getMessage);
            String others = split.tokenizer().vocabulary().substring(1) + "\uFFFD"; // as many, the last one new
            var translated =
                    new Checkpoint.Subject(identity, "adamw", parameters, CharTokenizer.restore(others));
            refusal = assertThrows(IllegalArgumentException.class,
                    () -> Checkpoint.load(early, translated, optimizer));
            assertTrue(refusal.getMessage().contains("'vocabulary' is"), refusal::getMessage);
            assertThrows(IllegalArgumentException.class, () -> Checkpoint.load(checkpoint, subject, optimizer));
            for (GptParameter p : parameters.all()) assertEquals(0, backend.sumOfSquares(p.weight()), p.name());
        }
    }

    @Test
    void anotherCorpusIsRefused() throws IOException {
        Path parts = folder.resolve("parts");
        interrupt(adamw(), parts);
        Files.writeString(data, Files.readString(data).replace("ab", "ba"));
        assertRefused(parts, "the text of " + data + " is not that of " + parts.resolve("config.json"), "--data names");
    }

    @Test
    void aRunOfAnotherVersionIsRefused() throws IOException {
        Path parts = folder.resolve("parts");
        interrupt(adamw(), parts);
        Path config = parts.resolve("config.json");
        String text = Files.readString(config);
        Files.writeString(config, text.replace("beta1=0.9", "beta1=0.8"));
        assertRefused(parts, "the configuration of adamw is ", "beta1=0.8");
        Files.writeString(config, text.replace("asgo4j-run-1", "asgo4j-run-2"));
        assertRefused(parts, "'format' is asgo4j-run-2", "must be asgo4j-run-1");
        Files.writeString(config, text.replace("\"batch\"", "\"bunch\""));
        assertRefused(parts, "has no 'batch'");
        Files.writeString(config, text.replace("\"steps\": 20", "\"steps\": \"many\""));
        assertRefused(parts, "'steps' must be an integer", "'many'");
        Files.writeString(config, "{");
        assertRefused(parts, "config.json is not a flat JSON object");
    }

    @Test
    void withoutACheckpointTheWayOutIsSaid() throws IOException {
        Path parts = folder.resolve("parts");
        interrupt(adamw(), parts);
        new OptimizerFolder(parts, adamw().getFirst()).keepNewest(0);
        assertRefused(parts, "no checkpoint of adamw", "begin anew with the same options and --out");
    }

    @Test
    void aTrainingThatDidNotEndIsNotOverwritten() throws IOException {
        Path parts = folder.resolve("parts");
        interrupt(adamw(), parts);
        var refusal = assertThrows(
                IllegalArgumentException.class, () -> train(config(adamw(), parts)));
        assertTrue(refusal.getMessage().contains("--resume " + parts), refusal::getMessage);
        TinyTraining.resume(parts);
        train(config(adamw(), parts)); // what did end is
    }

    /** The last one's checkpoint, and none where the first has ended and the next has none yet. */
    @Test
    void aTrainingThatDidNotEndIsNotOverwrittenWithOtherOptimizers() throws IOException {
        Path parts = folder.resolve("parts");
        List<OptimizerChoice> two = List.of(TinyTraining.choice(Algorithm.SGD), adamw().getFirst());
        TinyTraining.interrupt(config(two, parts), Algorithm.ADAMW);
        List<String> before = names(parts);
        List<OptimizerChoice> other = List.of(TinyTraining.choice(Algorithm.LION));
        assertOutRefused(other, parts, "--resume " + parts + " goes on with it");
        assertEquals(before, names(parts));

        new OptimizerFolder(parts, adamw().getFirst()).keepNewest(0);
        for (List<OptimizerChoice> next : List.of(other, two, adamw())) {
            assertOutRefused(next, parts, "--resume " + parts + " goes on with it");
        }
        TinyTraining.resume(parts);
        train(config(other, parts));
    }

    /** There is nothing to go on from, and nothing to lose. */
    @Test
    void aTrainingThatWasOnlyDescribedMayBeginAnew() throws IOException {
        Path parts = folder.resolve("parts");
        interrupt(adamw(), parts);
        new OptimizerFolder(parts, adamw().getFirst()).keepNewest(0);
        assertThrows(IllegalArgumentException.class, () -> TinyTraining.resume(parts));
        train(config(adamw(), parts));
        assertTrue(Files.exists(parts.resolve("adamw/model.safetensors")));
    }

    @Test
    void resultsThatAreTheTextAreNotWrittenInto() throws IOException {
        Path whole = folder.resolve("whole");
        train(config(adamw(), whole));
        List<OptimizerChoice> sgd = List.of(TinyTraining.choice(Algorithm.SGD));
        Path description = whole.resolve("config.json");
        String before = Files.readString(description);
        var refusal = assertThrows(
                IllegalArgumentException.class, () -> train(TinyTraining.config(whole, sgd, whole)));
        assertTrue(refusal.getMessage().contains("has text of --data " + whole), refusal::getMessage);
        assertEquals(before, Files.readString(description));
    }

    @Test
    void checkpointsWithoutADescriptionAreNotOverwritten() throws IOException {
        Path parts = folder.resolve("parts");
        interrupt(adamw(), parts);
        Files.delete(parts.resolve("config.json"));
        assertOutRefused(adamw(), parts, "step-12.safetensors is of a training that did not end");
    }

    private void assertOutRefused(List<OptimizerChoice> optimizers, Path out, String expected) {
        var refusal = assertThrows(IllegalArgumentException.class, () -> train(config(optimizers, out)));
        assertTrue(refusal.getMessage().contains(expected), refusal::getMessage);
    }

    /** Refused for what it is: nothing is damaged, and no checkpoint before it would be another's. */
    private void assertRefused(Path run, String... parts) {
        var refusal = assertThrows(IllegalArgumentException.class, () -> TinyTraining.resume(run));
        for (String part : parts) assertTrue(refusal.getMessage().contains(part), refusal::getMessage);
        assertFalse(refusal.getMessage().contains("if this file is removed"), refusal::getMessage);
    }

    private static List<OptimizerChoice> adamw() {
        return List.of(TinyTraining.choice(Algorithm.ADAMW));
    }

    private TrainConfig config(List<OptimizerChoice> optimizers, Path out) {
        return TinyTraining.config(data, optimizers, out);
    }

    private static void train(TrainConfig config) throws IOException {
        TinyTraining.train(config, new TinyTraining.Silence());
    }

    private static long mismatch(Path a, Path b, String file) throws IOException {
        return Files.mismatch(a.resolve(file), b.resolve(file));
    }

    private static List<String> names(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            return files.map(file -> folder.relativize(file).toString()).sorted().toList();
        }
    }

    private static List<List<String>> withoutTimes(Path metrics) throws IOException {
        return Files.readAllLines(metrics).stream()
                .map(line -> {
                    String[] cells = line.split(",", -1);
                    for (int time : TIMES) cells[time] = "";
                    return List.of(cells);
                })
                .toList();
    }
}
