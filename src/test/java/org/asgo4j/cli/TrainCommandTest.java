// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.asgo4j.io.JsonText;
import org.asgo4j.io.Safetensors;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** One tiny training as a process, looked at from all sides, and again with other threads, kernels and sources. */
class TrainCommandTest {
    private static final int STEPS = 20;
    private static final String HEADER = "step,tokens,train_loss,val_loss,learning_rate,seconds,tokens_per_second,"
            + "optimizer_ms,update_ratio,gradient_norm,condition,refreshes,skipped";
    private static final Pattern RESULT = Pattern.compile("result optimizer=(asgo|adamw) steps=20 "
            + "val_loss=(\\d\\.\\d{4}) seconds=\\d+\\.\\d tokens_per_second=\\d+ optimizer_ms=\\d+\\.\\d");
    private static final byte[] PNG = {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};

    @TempDir
    private static Path folder;

    private static Path out;
    private static CliProcess.Result trained;

    @BeforeAll
    static void train() throws IOException {
        out = folder.resolve("made/for/it");
        Path data = Corpora.file(folder.resolve("words.txt"));
        // A German machine would write 1,5 for 1.5.
        trained = new CliProcess(folder)
                .withVectors()
                .with("-Duser.language=de", "-Duser.country=DE")
                .run(tiny("--data", data.toString(), "--learning-rate", "asgo=0.02", "--out", out.toString()));
        assertEquals(0, trained.status(), trained::toString);
    }

    private static String[] tiny(String... more) {
        Stream<String> model = Stream.of(
                "train", "--layers", "1", "--width", "16", "--heads", "2", "--context", "8", "--batch", "4",
                "--steps", String.valueOf(STEPS), "--eval-every", "10");
        return Stream.concat(model, Stream.of(more)).toArray(String[]::new);
    }

    @Test
    void outputEndsWithOneLinePerOptimizer() {
        List<String> end = trained.end(4);
        assertEquals("results  " + out, end.get(0), trained::toString);
        if (System.getProperty("os.name").equals("Linux")) {
            assertTrue(end.get(1).matches("memory   [1-9]\\d* MiB at the peak"), trained::toString);
        }
        Matcher asgo = RESULT.matcher(end.get(2));
        Matcher adamw = RESULT.matcher(end.get(3));
        assertTrue(asgo.matches() && asgo.group(1).equals("asgo"), end.get(2));
        assertTrue(adamw.matches() && adamw.group(1).equals("adamw"), end.get(3));
    }

    @Test
    void withoutATerminalProgressIsPlainLinesAtValidations() {
        List<String> progress = trained.out().stream().filter(line -> line.startsWith("asgo  step ")).toList();
        assertTrue(progress.getFirst().contains("loss"), trained::toString);
        assertEquals(2, progress.stream().filter(line -> line.contains("val_loss")).count(), trained::toString);
        assertTrue(trained.out().stream().noneMatch(line -> line.contains("\r")), trained::toString);
    }

    @Test
    void configIsJsonWithTheOptionsInIt() throws IOException {
        Map<String, String> config = JsonText.fields(Files.readString(out.resolve("config.json")));
        assertEquals("16", config.get("width"));
        assertEquals("13", config.get("vocabulary"));
        assertEquals("1337", config.get("seed"));
        assertEquals("0.02", config.get("learning_rate_asgo"));
        assertEquals("0.006", config.get("learning_rate_adamw"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"asgo", "adamw"})
    void metricsHaveARowPerReportAndTheResultsLoss(String optimizer) throws IOException {
        List<String> lines = Files.readAllLines(out.resolve(optimizer).resolve("metrics.csv"));
        assertEquals(HEADER, lines.getFirst());
        assertEquals(1 + STEPS, lines.size());
        for (int step = 1; step <= STEPS; step++) {
            String[] row = lines.get(step).split(",", -1);
            assertEquals(HEADER.split(",").length, row.length, lines.get(step));
            assertEquals(String.valueOf(step), row[0]);
            assertEquals(step % 10 != 0, row[3].isEmpty(), lines.get(step));
        }
        double last = Double.parseDouble(lines.getLast().split(",")[3]);
        assertTrue(last < Math.log(13), () -> optimizer + " learned nothing: " + last);
        String result = trained.end(2).stream().filter(line -> line.contains(optimizer)).findFirst().orElseThrow();
        Matcher match = RESULT.matcher(result);
        assertTrue(match.matches(), result);
        double halfADigit = 0.5e-4 + 0.5e-6;
        assertEquals(last, Double.parseDouble(match.group(2)), halfADigit);
    }

    @Test
    void theCurvesAreDrawn() throws IOException {
        Path picture = out.resolve("loss.png");
        if (!Files.exists(picture)) { // a bare container has no fonts; that is said then
            assertTrue(trained.err().stream().anyMatch(line -> line.contains("no plot at")), trained::toString);
            return;
        }
        assertArrayEquals(PNG, Arrays.copyOf(Files.readAllBytes(picture), PNG.length));
    }

    @ParameterizedTest
    @ValueSource(strings = {"asgo", "adamw"})
    void modelAndSampleAreThere(String optimizer) throws IOException {
        try (Safetensors model = Safetensors.open(out.resolve(optimizer).resolve("model.safetensors"))) {
            assertEquals(optimizer, model.metadata().get("optimizer"));
            assertTrue(model.contains("transformer.pos_emb.weight"), () -> model.names().toString());
        }
        String sample = Files.readString(out.resolve(optimizer).resolve("sample.txt"));
        assertTrue(sample.codePoints().allMatch(c -> Corpora.words().indexOf(c) >= 0), sample);
    }

    /** And from a directory, with the scalar kernels, into the default folder. */
    @Test
    void oneThreadGivesTheSameModelsByteForByte() throws IOException {
        Path data = Corpora.directory(folder.resolve("texts"));
        var result = new CliProcess(folder)
                .run(tiny("--data", data.toString(), "--learning-rate", "asgo=0.02", "--threads", "1"));
        assertEquals(0, result.status(), result::toString);
        String line = result.out().stream().filter(l -> l.startsWith("results ")).findFirst().orElseThrow();
        Path runs = folder.resolve(line.substring("results".length()).strip());
        assertTrue(runs.getFileName().toString().matches("\\d{4}-\\d\\d-\\d\\d-\\d{6}(-\\d+)?"), line);
        assertEquals("runs", runs.getParent().getFileName().toString());
        assertSameModels(runs, "asgo");
        assertSameModels(runs, "adamw");
    }

    /** And from a zip, with one optimizer only. */
    @Test
    void threeThreadsGiveTheSameModelByteForByte() throws IOException {
        Path data = Corpora.zip(folder.resolve("words.zip"));
        Path other = folder.resolve("three");
        var result = new CliProcess(folder)
                .with("-Dasgo4j.corpus=" + data)
                .run(tiny(
                        "--optimizer", "asgo", "--learning-rate", "0.02", "--threads", "3", "--out", other.toString()));
        assertEquals(0, result.status(), result::toString);
        assertSameModels(other, "asgo");
        assertFalse(Files.exists(other.resolve("adamw")));
    }

    private static void assertSameModels(Path other, String optimizer) throws IOException {
        Path file = Path.of(optimizer, "model.safetensors");
        long mismatch = Files.mismatch(out.resolve(file), other.resolve(file));
        assertEquals(-1, mismatch, () -> "first byte that differs: " + file);
    }

    @Test
    void sampleContinuesThePromptTheSameWayEveryTime() {
        String model = out.resolve("asgo/model.safetensors").toString();
        String[] arguments = {"sample", "--model", model, "--prompt", "alpha", "--length", "30", "--seed", "7"};
        var first = new CliProcess(folder).run(arguments);
        assertEquals(0, first.status(), first::toString);
        String text = String.join("\n", first.out());
        assertTrue(text.startsWith("alpha"), text);
        assertEquals("alpha".length() + 30, text.length(), text);
        assertEquals(first.out(), new CliProcess(folder).run(arguments).out());
    }

    @Test
    void divergenceIsAFailureThatTheOthersOutlive() throws IOException {
        Path diverged = folder.resolve("diverged");
        var result = new CliProcess(folder).run(tiny(
                "--data", folder.resolve("words.txt").toString(), "--out", diverged.toString(), "--optimizer",
                "adamw,asgo", "--learning-rate", "adamw=1e30,asgo=0.02"));
        assertEquals(1, result.status(), result::toString);
        String reason = "training with adamw at learning rate .* diverged.* is not finite at step \\d+.*";
        assertTrue(result.err().getLast().matches("asgo4j: step \\d+: " + reason), result::toString);
        List<String> end = result.end(2);
        assertTrue(end.getFirst().matches("result optimizer=adamw failed step=\\d+ " + reason), result::toString);
        assertTrue(RESULT.matcher(end.getLast()).matches(), result::toString);
        assertSameModels(diverged, "asgo");
        Path config = diverged.resolve("config.json"); // printing takes no backend, least of all one that is not there
        Files.writeString(config, Files.readString(config).replaceFirst("(\"backend_name\": )\"\\w+\"", "$1\"cuda\""));
        assertTrue(Files.readString(config).contains("\"cuda\""));
        var again = new CliProcess(folder).run("train", "--resume", diverged.toString());
        assertEquals(1, again.status(), again::toString);
        assertTrue(again.out().getFirst().startsWith("complete: "), again::toString);
        assertEquals(end, again.end(2));
    }
}
