// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.asgo4j.linalg.FakeCuda;
import org.asgo4j.optim.AsgoConfig;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The program on a GPU's backend: on a machine without one, and on the fake library. */
class CudaCommandTest {
    private static final Pattern LOSS = Pattern.compile("val_loss=(\\d\\.\\d+)");

    /** The loss is printed to four places; other orders of the same sums change it by less than that in 20 steps. */
    private static final double LOSS_TOLERANCE = 1e-3;

    /** Where the profile cuda unpacks NVIDIA's libraries. */
    private static final Path CUDA_ARTIFACT = Path.of("target", "cuda", "org", "bytedeco", "cuda", "linux-x86_64");

    @TempDir
    private Path folder;

    @Test
    void withoutLibrariesOneErrorListsAllThatWasTried() {
        var result = new CliProcess(folder).with("-Dasgo4j.cuda=" + folder).run("doctor", "--backend", "cuda");
        assertEquals(1, result.status(), result::toString);
        String complaint = String.join("\n", result.err());
        assertTrue(complaint.startsWith("asgo4j: no library for backend cuda could be loaded; tried:"), complaint);
        for (String part : List.of("libcudart.so.13 (for CUDA 13): ", "libcublas.so.13 (for CUDA 13): ",
                "libcusolver.so.12 (for CUDA 13): ", "libcudart.so.12 (for CUDA 12): ",
                "ASGO4J_OPTS=-Dasgo4j.cuda=FOLDER", "--backend openblas")) {
            assertTrue(complaint.contains(part), () -> "no '" + part + "' in\n" + complaint);
        }
    }

    @Test
    void theListHasWhatWasFoundToo() throws IOException {
        assumeTrue(FakeCuda.isThere(), FakeCuda.whyNot());
        Path found = Files.copy(FakeCuda.folder().resolve("libcudart.so.13"), folder.resolve("libcudart.so.13"))
                .toRealPath();
        var result = new CliProcess(folder).with("-Dasgo4j.cuda=" + folder).run("doctor", "--backend", "cuda");
        assertEquals(1, result.status(), result::toString);
        String complaint = String.join("\n", result.err());
        assertTrue(complaint.contains("libcudart.so.13 (for CUDA 13): found, " + found), complaint);
        assertTrue(complaint.contains("libcublas.so.13 (for CUDA 13): " + folder), complaint);
    }

    /** A machine with CUDA installed, or with NVIDIA's libraries from a repository, and no GPU. */
    @Test
    void withoutADriverTheErrorSaysThatItIsTheOneThingMissing() throws IOException {
        assumeTrue(FakeCuda.isThere(), FakeCuda.whyNot());
        assumeFalse(Files.exists(Path.of("/dev/nvidiactl")), "this machine has NVIDIA's driver");
        for (String name : List.of("libcudart.so.13", "libcublas.so.13", "libcusolver.so.12")) {
            Files.copy(FakeCuda.folder().resolve(name), folder.resolve(name));
        }
        assertDriverMissing("CUDA 13", folder);
        Path real = CUDA_ARTIFACT.toAbsolutePath();
        if (Files.isDirectory(real)) assertDriverMissing("CUDA 12", real);
    }

    private void assertDriverMissing(String version, Path libraries) throws IOException {
        var result = new CliProcess(folder).with("-Dasgo4j.cuda=" + libraries).with("-Dasgo4j.backend=cuda")
                .run("doctor");
        assertEquals(1, result.status(), result::toString);
        assertTrue(String.join("\n", result.err()).contains("The libraries of " + version
                + " are there, but NVIDIA's driver (libcuda.so.1) is not"), result::toString);
    }

    /** CUDA 13 is installed beside CUDA 12, and the driver is of the latter. */
    @Test
    void aDriverThatIsTooOldForTheLibrariesIsNotUsedWithThem() throws IOException {
        assumeTrue(FakeCuda.isThere(), FakeCuda.whyNot());
        for (String name : List.of("libcuda.so.1", "libcudart.so.13", "libcublas.so.13", "libcusolver.so.12")) {
            Files.copy(FakeCuda.folder().resolve(name), folder.resolve(name));
        }
        var program = new CliProcess(folder).with("-Dasgo4j.cuda=" + folder)
                .withVariable("FAKECUDA_DRIVER", "12040");
        var result = program.run("doctor", "--backend", "cuda");
        assertEquals(1, result.status(), result::toString);
        String complaint = String.join("\n", result.err());
        for (String part : List.of("libcuda.so.1 (for CUDA 13): is for CUDA 12.4, too old",
                "The libraries of CUDA 13 are there, but NVIDIA's driver (libcuda.so.1) is too old for them",
                "libcudart.so.12 (for CUDA 12): ")) {
            assertTrue(complaint.contains(part), () -> "no '" + part + "' in\n" + complaint);
        }
    }

    /** What CUDA 12 does not need does not keep it from being used; what it needs is named. */
    @Test
    void aBrokenDependencyIsNamedAndKeepsOnlyItsOwnVersionOut() throws IOException {
        assumeTrue(FakeCuda.isThere(), FakeCuda.whyNot());
        Path library = FakeCuda.folder().resolve("libcudart.so.13");
        for (String name : List.of("libcuda.so.1", "libcudart.so.12", "libcublas.so.12", "libcusolver.so.11")) {
            Files.copy(library, folder.resolve(name));
        }
        Files.createFile(folder.resolve("libcublasLt.so.13"));
        assertEquals(0, new CliProcess(folder).withoutPlots().with("-Dasgo4j.cuda=" + folder).run(
                "train", "--layers", "1", "--width", "16", "--heads", "2", "--context", "8", "--batch", "4",
                "--steps", "1", "--optimizer", "asgo", "--data", Corpora.file(folder.resolve("words.txt")).toString(),
                "--backend", "cuda").status());
        Files.createFile(folder.resolve("libcublasLt.so.12"));
        var result = new CliProcess(folder).with("-Dasgo4j.cuda=" + folder).run("doctor", "--backend", "cuda");
        assertEquals(1, result.status(), result::toString);
        String complaint = String.join("\n", result.err());
        for (String part : List.of("libcublasLt.so.13 (for CUDA 13): ", "libcublasLt.so.12 (for CUDA 12): ",
                "file too short", "libcusolver.so.11 (for CUDA 12): found, ")) {
            assertTrue(complaint.contains(part), () -> "no '" + part + "' in\n" + complaint);
        }
    }

    @Test
    void trainingOnAGpuFollowsTheCpu() throws IOException {
        assumeTrue(FakeCuda.isThere(), FakeCuda.whyNot());
        for (String root : List.of("polar-express", "zolotarev")) {
            assertEquals(loss("openblas", "--root", root), loss("cuda", "--root", root), LOSS_TOLERANCE, root);
        }
    }

    /** A root of products only, unless another is asked for; as {@code config.json} remembers. */
    @Test
    void trainingOnAGpuTakesTheRootThatSuitsIt() throws IOException {
        assumeTrue(FakeCuda.isThere(), FakeCuda.whyNot());
        loss("cuda");
        assertRoot("POLAR_EXPRESS", "cuda");
        loss("cuda", "--root", "zolotarev");
        assertRoot("ZOLOTAREV", "cuda");
        loss("openblas");
        assertRoot(AsgoConfig.defaults().root().method().name(), "openblas");
    }

    private void assertRoot(String method, String backend) throws IOException {
        String config = Files.readString(folder.resolve(backend).resolve("config.json"));
        assertTrue(config.contains("method=" + method), config);
    }

    private double loss(String backend, String... options) throws IOException {
        Path data = Corpora.file(folder.resolve(backend + ".txt"));
        List<String> arguments = new ArrayList<>(List.of(
                "train", "--layers", "1", "--width", "16", "--heads", "2", "--context", "8", "--batch", "4",
                "--steps", "20", "--eval-every", "10", "--optimizer", "asgo", "--data", data.toString(),
                "--out", folder.resolve(backend).toString(), "--backend", backend));
        arguments.addAll(List.of(options));
        var result = new CliProcess(folder).withoutPlots().with("-Dasgo4j.cuda=" + FakeCuda.folder())
                .run(arguments.toArray(String[]::new));
        assertEquals(0, result.status(), result::toString);
        Matcher loss = LOSS.matcher(String.join("\n", result.out()));
        assertTrue(loss.find(), result::toString);
        return Double.parseDouble(loss.group(1));
    }
}
