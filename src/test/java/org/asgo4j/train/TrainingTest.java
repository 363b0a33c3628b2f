// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.BackendName;
import org.asgo4j.linalg.Backends;
import org.asgo4j.train.OptimizerChoice.Algorithm;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a training leaves and says when an optimizer fails, when it is over, and when its text has moved. */
class TrainingTest {
    private static final OptimizerChoice DIVERGING = new OptimizerChoice(Algorithm.SGD, 1e30f);

    @TempDir
    Path folder;

    private Path data;
    private Path out;

    @BeforeEach
    void writeCorpus() throws IOException {
        data = TinyTraining.corpus(folder.resolve("words.txt"));
        out = folder.resolve("out");
    }

    /** Hears all ends. */
    private static final class Ends extends TinyTraining.Silence {
        private final List<String> heard = new ArrayList<>();

        @Override
        public void begun(String optimizer, float learningRate) {
            heard.add(optimizer + " begun");
        }

        @Override
        public void finished(TrainResult result) {
            heard.add(result.optimizer() + " finished");
        }

        @Override
        public void failed(TrainFailure failure) {
            heard.add(failure.optimizer() + " failed");
        }

        @Override
        public void complete() {
            heard.add("complete");
        }
    }

    @Test
    void oneThatDivergesDoesNotKeepTheOthersFromTraining() throws IOException {
        OptimizerChoice adamw = TinyTraining.choice(Algorithm.ADAMW);
        Path alone = folder.resolve("alone");
        TinyTraining.train(TinyTraining.config(data, List.of(adamw), alone), new TinyTraining.Silence());
        var ends = new Ends();
        List<List<String>> drawn = new ArrayList<>();
        List<TrainOutcome> outcomes = TinyTraining.train(
                TinyTraining.config(data, List.of(DIVERGING, adamw), out), ends,
                (_, _, curves) -> drawn.add(curves.stream().map(LossCurve::name).toList()));
        assertEquals(List.of("sgd begun", "sgd failed", "adamw begun", "adamw finished"), ends.heard);
        var failure = assertInstanceOf(TrainFailure.class, outcomes.getFirst());
        assertTrue(failure.step() >= 1 && failure.step() < TinyTraining.STEPS, failure::toString);
        String expected = "training with sgd at learning rate 1.0E30 has diverged";
        assertTrue(failure.reason().contains(expected), failure::reason);
        assertInstanceOf(TrainResult.class, outcomes.getLast());
        Path model = Path.of("adamw/model.safetensors");
        assertEquals(-1, Files.mismatch(alone.resolve(model), out.resolve(model)));
        assertFalse(Files.exists(out.resolve("sgd/model.safetensors")));
        assertEquals(List.of(List.of("adamw")), drawn);
    }

    @Test
    void theLastStepIsEvaluatedWhateverTheInterval() throws IOException {
        Recipe often = TinyTraining.recipe(data, List.of(TinyTraining.choice(Algorithm.ADAMW)));
        var once = new Recipe(
                data, often.init(), often.optimizers(), often.schedule(), often.steps(), often.batch(), often.context(),
                often.layers(), often.heads(), often.width(), often.seed(), often.steps() + 1);
        TrainOutcome outcome = TinyTraining.train(new TrainConfig(once, out, 1, 0, 1), new Ends()).getFirst();
        assertTrue(Double.isFinite(assertInstanceOf(TrainResult.class, outcome).validationLoss()), outcome::toString);
    }

    /** A failure is not had once more, and a training begun anew forgets it. */
    @Test
    void aFailureIsRemembered() throws IOException {
        List<OptimizerChoice> optimizers = List.of(DIVERGING, TinyTraining.choice(Algorithm.ADAMW));
        TinyTraining.interrupt(TinyTraining.config(data, optimizers, out), Algorithm.ADAMW);
        var ends = new Ends();
        Recipe recipe = TinyTraining.recipe(data, optimizers);
        List<TrainOutcome> outcomes = TinyTraining.resume(out, recipe, ends);
        assertEquals(List.of("adamw begun", "adamw finished"), ends.heard);
        assertInstanceOf(TrainFailure.class, outcomes.getFirst());
        assertEquals(outcomes, TinyTraining.resume(out, recipe, new Ends()));

        OptimizerChoice cured = TinyTraining.choice(Algorithm.SGD);
        TrainConfig anew = TinyTraining.config(data, List.of(cured), out);
        assertInstanceOf(TrainResult.class, TinyTraining.train(anew, new Ends()).getFirst());
    }

    @Test
    void aTrainingThatHasEndedSaysSoAndItsResultsAgain() throws IOException {
        TrainConfig config = TinyTraining.config(data, List.of(TinyTraining.choice(Algorithm.LION)), out);
        List<TrainOutcome> outcomes = TinyTraining.train(config, new Ends());
        String metrics = Files.readString(out.resolve("lion/metrics.csv"));
        Files.delete(data); // which needs no text
        var ends = new Ends();
        assertEquals(outcomes, TinyTraining.resume(out, config.recipe(), ends));
        assertEquals(List.of("complete"), ends.heard);
        assertEquals(metrics, Files.readString(out.resolve("lion/metrics.csv")));
    }

    /** As a failing machine leaves them: a row short, empty, or none. The optimizer after it trains all the same. */
    @ParameterizedTest
    @CsvSource({"short,19,ends at step 19 of 20", "empty,0,begins with ''", "missing,0,ends at step 0 of 20"})
    void aResultWhoseMetricsAreLostIsAFailure(String damage, int step, String reason) throws IOException {
        List<OptimizerChoice> optimizers =
                List.of(TinyTraining.choice(Algorithm.SGD), TinyTraining.choice(Algorithm.ADAMW));
        TinyTraining.interrupt(TinyTraining.config(data, optimizers, out), Algorithm.ADAMW);
        Path metrics = out.resolve("sgd/metrics.csv");
        List<String> lines = Files.readAllLines(metrics);
        switch (damage) {
            case "short" -> Files.write(metrics, lines.subList(0, lines.size() - 1));
            case "empty" -> Files.write(metrics, new byte[0]);
            default -> Files.delete(metrics);
        }
        List<TrainOutcome> outcomes = TinyTraining.resume(out);
        var lost = assertInstanceOf(TrainFailure.class, outcomes.getFirst());
        assertEquals(step, lost.step());
        assertTrue(lost.reason().startsWith(metrics + " " + reason), lost::reason);
        assertInstanceOf(TrainResult.class, outcomes.getLast());
        assertEquals(outcomes, TinyTraining.resume(out)); // as it says now that all have ended
    }

    /** Also a checkpoint of a training that has ended, and by another path. */
    @Test
    void initialWeightsThatWouldBeReplacedAreRefusedAndStay() throws IOException {
        TrainConfig config = TinyTraining.config(data, List.of(TinyTraining.choice(Algorithm.ADAMW)), out);
        TinyTraining.train(config, new Ends());
        Path model = out.resolve("adamw/model.safetensors");
        Path checkpoint = out.resolve("adamw/checkpoints/step-18.safetensors");
        for (Path init : List.of(model, checkpoint, out.resolve("adamw/../adamw/model.safetensors"))) {
            byte[] before = Files.readAllBytes(init);
            Recipe again = config.recipe().from(data, Optional.of(init));
            assertOutRefused(new TrainConfig(again, out, 1, 0, 1), "--init: " + init);
            assertArrayEquals(before, Files.readAllBytes(init));
            assertTrue(Files.exists(model), init::toString);
        }

        Recipe other = TinyTraining.recipe(data, List.of(TinyTraining.choice(Algorithm.LION)));
        Recipe onward = other.from(data, Optional.of(model)); // another optimizer's folder is left alone
        assertInstanceOf(
                TrainResult.class, TinyTraining.train(new TrainConfig(onward, out, 1, 0, 1), new Ends()).getFirst());
    }

    /** Also as a folder that the results would lie in, and the results of an optimizer that is not trained again. */
    @Test
    void textAmongTheResultsIsRefusedAndStays() throws IOException {
        List<OptimizerChoice> adamw = List.of(TinyTraining.choice(Algorithm.ADAMW));
        TinyTraining.train(TinyTraining.config(data, adamw, out), new Ends());
        Path sample = out.resolve("adamw/sample.txt");
        String before = Files.readString(sample);
        for (Path text : List.of(sample, out.resolve("adamw"), out.resolve("adamw/../config.json"))) {
            TrainConfig again = TinyTraining.config(text, adamw, out);
            assertOutRefused(again, "--data: %s is of the results in %s".formatted(text, out));
        }
        assertEquals(before, Files.readString(sample));
        List<OptimizerChoice> lion = List.of(TinyTraining.choice(Algorithm.LION));
        TinyTraining.train(TinyTraining.config(sample, lion, out), new Ends());
        assertEquals(before, Files.readString(sample));
    }

    @ParameterizedTest
    @ValueSource(strings = {"config.json", "adamw/model.safetensors"})
    void filesOfOtherProgramsAreRefusedAndStay(String name) throws IOException {
        Path theirs = out.resolve(name);
        Files.createDirectories(theirs.getParent());
        Files.copy(Path.of("src/test/resources/golden/muon-16x48.safetensors"), theirs);
        byte[] before = Files.readAllBytes(theirs);
        TrainConfig config = TinyTraining.config(data, List.of(TinyTraining.choice(Algorithm.ADAMW)), out);
        assertOutRefused(config, "--out: " + theirs);
        assertArrayEquals(before, Files.readAllBytes(theirs));
    }

    /** Of this version, but not as a training writes it. */
    @Test
    void aTrainingThatCantBeReadIsNotReplaced() throws IOException {
        Files.createDirectories(out);
        Path ours = Files.writeString(out.resolve("config.json"), "{\"format\": \"asgo4j-run-1\"}");
        TrainConfig config = TinyTraining.config(data, List.of(TinyTraining.choice(Algorithm.ADAMW)), out);
        assertOutRefused(config, "--out: whether the training there has ended can't be told: " + ours + " has no");
        assertTrue(Files.exists(ours));
    }

    private static void assertOutRefused(TrainConfig config, String expected) {
        var refusal = assertThrows(
                IllegalArgumentException.class, () -> TinyTraining.train(config, new TinyTraining.Silence()));
        assertTrue(refusal.getMessage().startsWith(expected), refusal::getMessage);
    }

    @Test
    void nothingOfATrainingBeforeIsTakenForAFailuresResult() throws IOException {
        OptimizerChoice sgd = TinyTraining.choice(Algorithm.SGD);
        TinyTraining.train(TinyTraining.config(data, List.of(sgd), out), new Ends());
        for (String picture : List.of("loss.png", "dynamics.png")) Files.createFile(out.resolve(picture));
        TinyTraining.train(TinyTraining.config(data, List.of(DIVERGING), out), new Ends());
        for (String old : List.of("loss.png", "dynamics.png", "sgd/sample.txt", "sgd/model.safetensors")) {
            assertTrue(Files.notExists(out.resolve(old)), old);
        }
        int rows = Files.readAllLines(out.resolve("sgd/metrics.csv")).size() - 1;
        assertTrue(rows < TinyTraining.STEPS, () -> rows + " rows of a training that diverged");
    }

    /** Each training's listener begins the other in the same folder, by another path. */
    @Test
    void whileATrainingGoesOnItsFolderIsNobodyElses() throws IOException {
        TrainConfig config = TinyTraining.config(data, List.of(TinyTraining.choice(Algorithm.ADAMW)), out);
        Path sameFolder = folder.resolve("out/../out");
        List<String> refusals = new ArrayList<>();
        var intruder = new TinyTraining.Silence() {
            @Override
            public void begun(String optimizer, float learningRate) {
                var anew = new TrainConfig(config.recipe(), sameFolder, 1, 1, 1);
                for (Executable other : List.<Executable>of(
                        () -> TinyTraining.train(anew, new Ends()), () -> TinyTraining.resume(sameFolder))) {
                    refusals.add(assertThrows(IllegalArgumentException.class, other).getMessage());
                }
            }
        };
        Files.createDirectories(out);
        Files.createFile(out.resolve(FolderLock.NAME)); // a killed process left it
        TinyTraining.train(config, intruder);
        assertEquals(2, refusals.size());
        for (String each : refusals) assertTrue(each.startsWith("another process trains in " + sameFolder), each);
        assertFalse(Files.exists(out.resolve(FolderLock.NAME)));
        Path alone = folder.resolve("alone");
        TinyTraining.train(new TrainConfig(config.recipe(), alone, 1, 0, 1), new Ends());
        Path model = Path.of("adamw/model.safetensors");
        assertEquals(-1, Files.mismatch(alone.resolve(model), out.resolve(model)));
    }

    /** All of it or nothing: what was given once needs not be given again. */
    @Test
    void whatATrainingGoesOnWithIsRemembered() throws IOException {
        TrainConfig config = TinyTraining.config(data, List.of(TinyTraining.choice(Algorithm.ADAMW)), out);
        TinyTraining.interrupt(config, Algorithm.ADAMW);
        var other = new TrainConfig(config.recipe(), out, 2, 5, 7);
        try (Backend backend = Backends.open(BackendName.REFERENCE)) {
            new Training(other, backend, new Ends(), (_, _, _) -> {}).resume(SavedRun.open(out));
        }
        TrainConfig now = SavedRun.open(out).config();
        assertEquals(List.of(2, 5, 7), List.of(now.threads(), now.checkpointEvery(), now.keep()));
    }

    @Test
    void withoutCheckpointsThereIsNoFolderForThem() throws IOException {
        Recipe recipe = TinyTraining.recipe(data, List.of(TinyTraining.choice(Algorithm.SGD)));
        TinyTraining.train(new TrainConfig(recipe, out, 1, TinyTraining.STEPS, 1), new Ends());
        assertFalse(Files.exists(out.resolve("sgd/checkpoints")));
    }

    @Test
    void aTextThatHasMovedIsNamedAnew() throws IOException {
        List<OptimizerChoice> optimizers = List.of(TinyTraining.choice(Algorithm.ADAMW));
        Recipe before = TinyTraining.recipe(data, optimizers);
        TinyTraining.interrupt(TinyTraining.config(data, optimizers, out), Algorithm.ADAMW);
        Path moved = Files.move(data, folder.resolve("moved.txt"));
        assertRefused(before, "words.txt, which this training began with, doesn't exist", "--data names it");

        Path other = Files.writeString(folder.resolve("other.txt"), Files.readString(moved).replace("ab", "ba"));
        assertRefused(before.from(other, Optional.empty()),
                "the text of " + other + " is not that of " + out.resolve("config.json"), "600 characters");

        TinyTraining.resume(out, before.from(moved, Optional.empty()), new Ends());
        assertEquals(moved, SavedRun.open(out).config().recipe().data()); // the next time it needs no name
        Path alone = folder.resolve("alone");
        TinyTraining.train(TinyTraining.config(moved, optimizers, alone), new Ends());
        Path model = Path.of("adamw/model.safetensors");
        assertEquals(-1, Files.mismatch(alone.resolve(model), out.resolve(model)));
    }

    /** Of the same text, a second training beside the first, and the first again after an interruption. */
    @Test
    void resultsBelowTheTextAreNoText() throws IOException {
        Path texts = Files.createDirectory(folder.resolve("texts"));
        Path text = Files.move(data, texts.resolve("words.txt"));
        List<OptimizerChoice> optimizers = List.of(TinyTraining.choice(Algorithm.ADAMW));
        Path second = texts.resolve("runs/second");
        TinyTraining.interrupt(TinyTraining.config(texts, optimizers, texts.resolve("runs/first")), Algorithm.ADAMW);
        TinyTraining.train(TinyTraining.config(texts, optimizers, second), new Ends());
        TinyTraining.resume(texts.resolve("runs/first"));
        TinyTraining.train(TinyTraining.config(text, optimizers, out), new Ends());
        Path model = Path.of("adamw/model.safetensors");
        assertEquals(-1, Files.mismatch(out.resolve(model), second.resolve(model)));
        assertEquals(-1, Files.mismatch(out.resolve(model), texts.resolve("runs/first").resolve(model)));
        TinyTraining.train(TinyTraining.config(texts, optimizers, second), new Ends()); // over the results of before
        assertEquals(-1, Files.mismatch(out.resolve(model), second.resolve(model)));
    }

    @Test
    void textIsRefusedWhereTheResultsWouldLie() throws IOException {
        Path inner = Files.createDirectory(folder.resolve("inner"));
        Path note = Files.writeString(inner.resolve("note.txt"), "text");
        for (Path results : List.of(inner, folder)) {
            TrainConfig config = TinyTraining.config(folder, List.of(TinyTraining.choice(Algorithm.SGD)), results);
            assertOutRefused(config, "--out: %s has text of --data %s".formatted(results, folder));
            assertFalse(Files.exists(results.resolve("config.json")));
        }
        assertEquals("text", Files.readString(note));
    }

    private void assertRefused(Recipe recipe, String... parts) throws IOException {
        String config = Files.readString(out.resolve("config.json"));
        var refusal = assertThrows(
                IllegalArgumentException.class, () -> TinyTraining.resume(out, recipe, new Ends()));
        for (String part : parts) assertTrue(refusal.getMessage().contains(part), refusal::getMessage);
        assertEquals(config, Files.readString(out.resolve("config.json")));
    }
}
