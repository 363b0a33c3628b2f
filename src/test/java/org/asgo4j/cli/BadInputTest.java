// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Whatever is wrong with the input ends with status 2 and one line that names it, and leaves nothing behind. */
class BadInputTest {
    @TempDir
    private static Path folder;

    @BeforeAll
    static void write() throws IOException {
        Corpora.file(folder.resolve("words.txt"));
        Files.writeString(folder.resolve("empty.txt"), "");
        Files.writeString(folder.resolve("short.txt"), "too short");
        Files.writeString(folder.resolve("same.txt"), "a".repeat(5000));
        Files.write(folder.resolve("binary"), new byte[] {0, 1, 2, (byte) 0xff});
        Files.createDirectory(folder.resolve("nothing"));
        Files.copy(Path.of("src/test/resources/golden/muon-16x48.safetensors"), folder.resolve("muon.safetensors"));
    }

    /** In this JVM, for there are many; {@code ./} is the folder. */
    private static CliProcess.Result run(String arguments) {
        var out = new ByteArrayOutputStream();
        var err = new ByteArrayOutputStream();
        var screen = new Screen(new PrintStream(out, true, UTF_8), new PrintStream(err, true, UTF_8), false);
        int status = Main.run(screen, arguments.replace("./", folder + "/").split(" "));
        return new CliProcess.Result(status, lines(out), lines(err));
    }

    private static List<String> lines(ByteArrayOutputStream printed) {
        return printed.toString(UTF_8).lines().toList();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "--data ./missing.txt|missing.txt doesn't exist",
                "--data ./empty.txt|has no text",
                "--data ./nothing|has no text",
                "--data ./binary|is not UTF-8 text",
                "--data ./short.txt|too short",
                "--data ./same.txt|at least 2",
                "--data ./words.txt --heads 3|width 128 is not divisible by heads 3",
                "--data ./words.txt --steps 0|steps must be at least 1, got 0",
                "--data ./words.txt --steps many|'many' is not an int",
                "--data ./words.txt --optimizer asgo,sgdx|unknown optimizer 'sgdx'; there are asgo, asgo-published",
                "--data ./words.txt --root cubic|--root must be eigen, tridiagonal, zolotarev, polar-express, newton",
                "--data ./words.txt --optimizer adamw --root qr|--root is for asgo and asgo-published",
                "--data  --steps 5|--data is empty",
                "--data ./words.txt --out  --steps 5|--out is empty: name a folder for the results",
                "--resume  --threads 1|--resume is empty: name the folder of an interrupted training",
                "--data ./words.txt --refresh early|refresh must be N, early:N, adaptive or async:N",
                "--data ./words.txt --root newton --refresh adaptive|adaptive refresh needs a root with an eigenbasis",
                "--data ./words.txt --damping 1e-6|--damping must be relative:X or pseudo-inverse:X with X in [0, 1)",
                "--data ./words.txt --eigenvalue-correction --root newton|--root newton --eigenvalue-correction true: ",
                "--data ./words.txt --weight-decay adamw=x|--weight-decay: can't read 'x' in 'adamw=x'",
                "--data ./words.txt --schedule linear|--schedule must be cosine, constant, wsd, one-cycle or",
                "--data ./words.txt --keep 0|keep must be at least 1, got 0",
                "--data ./words.txt --init ./words.txt|words.txt",
                "--data ./words.txt --init ./missing|missing doesn't exist",
                "--steps 5 --resume ./missing|--steps can't be given with --resume",
                "--resume ./missing|missing has no config.json",
                "--resume ./nothing|nothing has no config.json",
                "--data ./words.txt --learning-rate fast|can't read 'fast'",
                "--data ./words.txt --learning-rate asgo=0.1,0.2|can't read '0.2' in",
                "--data ./words.txt --backend abacus|unknown backend 'abacus'",
                "--data ./words.txt --out ./words.txt|words.txt is a file",
                "--data ./words.txt --out ./words.txt/below|words.txt is a file",
                "--data ./words.txt --fast|unknown option: '--fast'",
                "--steps 10|--data",
            })
    void trainRefuses(String arguments, String expected) throws IOException {
        String out = arguments.contains("--out") || arguments.contains("--resume") ? "" : " --out ./made/here";
        assertRefused(run("train " + arguments + out), expected);
        assertFalse(Files.exists(folder.resolve("made")), "an empty folder for results is left");
        assertEquals(Corpora.words(), Files.readString(folder.resolve("words.txt")));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "sample|--model",
                "sample --model ./missing|missing doesn't exist",
                "sample --model ./words.txt|words.txt",
                "sample --model ./muon.safetensors|is no asgo4j model",
                "sample --model ./muon.safetensors --length -1|--length must be from 0 to 536870912, got -1",
                "sample --model ./muon.safetensors --length 2147483647|--length must be from 0 to 536870912, got 2147",
                "sample --model ./missing --prompt @./words.txt|missing doesn't exist",
                "replay ./words.txt --out ./o|words.txt",
                "replay ./muon.safetensors --out ./nowhere/o|nowhere/o is in no folder",
                "replay ./muon.safetensors --out ./muon.safetensors|is the trajectory itself",
                "replay ./muon.safetensors --out ./o --root cubic|--root must be eigen, tridiagonal, zolotarev",
                "replay ./muon.safetensors --out ./o --precision half|--precision must be float32 or float64, got",
                "replay ./muon.safetensors --out ./o --root qr|muon.safetensors is of muon",
                "replay ./muon.safetensors --out ./o --precision float32|--precision is for trajectories of asgo",
                "replay ./muon.safetensors --out ./o --weight-decay NaN|--weight-decay must be finite",
                "doctor --backend abacus|unknown backend 'abacus'",
                "trian|did you mean train",
            })
    void theOtherCommandsRefuse(String arguments, String expected) {
        assertRefused(run(arguments), expected);
        assertFalse(Files.exists(folder.resolve("o")), "a refused replay has written");
    }

    /** The lock of a process that trains there: a JVM tells its own apart. */
    @Test
    void aFolderInUseIsRefused() throws IOException {
        Path lock = Files.createDirectory(folder.resolve("taken")).resolve(".asgo4j.lock");
        try (FileChannel channel = FileChannel.open(lock, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            assertNotNull(channel.tryLock());
            String tiny = "train --data words.txt --layers 1 --width 16 --heads 2 --context 8 --out taken";
            CliProcess other = new CliProcess(folder).with("--add-modules=jdk.incubator.vector");
            assertRefused(other.run(tiny.split(" ")), "another process trains in taken");
        }
    }

    @Test
    void noCommandIsRefused() {
        assertRefused(new CliProcess(folder).run(), "subcommand");
    }

    private static void assertRefused(CliProcess.Result result, String expected) {
        assertEquals(2, result.status(), result::toString);
        List<String> err = result.err();
        assertEquals(1, err.size(), result::toString);
        assertTrue(err.getFirst().startsWith("asgo4j: ") && err.getFirst().contains(expected), result::toString);
    }
}
