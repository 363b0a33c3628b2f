// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.structure;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Checks that the device kernels are what nvcc makes of their sources, and that the fake CUDA passes its own tests. */
class NativeSourcesTest {
    private static final Path CUDA = Sources.ROOT.resolve("native/cuda");
    private static final Path FAKE = Sources.ROOT.resolve("native/fakecuda");
    private static final Path PTX_FILE = Sources.ROOT.resolve("src/main/resources/org/asgo4j/linalg/kernels.ptx");
    private static final String PTX = Sources.text(PTX_FILE).replace("\r\n", "\n");

    /** The first line of the PTX: files of {@link #CUDA}, and the checksum of all their text. */
    private static final Pattern SOURCES = Pattern.compile("// SHA-256 of (.*): ([0-9a-f]{64})");

    /** How nvcc names itself, in its output and in what it writes. */
    private static final Pattern COMPILER = Pattern.compile("Cuda compilation tools, release .*, V([0-9.]+)");

    @Test
    void kernelsAreOfTheCheckedInSources() {
        Matcher first = SOURCES.matcher(PTX.lines().findFirst().orElse(""));
        assertTrue(first.matches(), "the PTX does not begin with the checksum of its sources");
        String sources = Stream.of(first.group(1).split(" "))
                .map(name -> Sources.text(CUDA.resolve(name)))
                .collect(Collectors.joining());
        assertEquals(first.group(2), Sources.sha256(sources), "a kernel was changed: run make in native/cuda");
    }

    /** What the CPU does not do: approximate quotients and roots, zeros for subnormal numbers. */
    @Test
    void kernelsAreExactAndForDriversOfCuda12() {
        for (String instruction : new String[] {".approx", ".ftz", ".full"}) {
            assertFalse(PTX.contains(instruction), "the PTX has instructions with " + instruction);
        }
        assertTrue(PTX.contains("\n.version 8.0\n") && PTX.contains("\n.target sm_75\n"),
                "the PTX is not of version 8.0 for sm_75");
    }

    @Test
    void compilingTheKernelsGivesTheSamePtx(@TempDir Path folder) throws IOException, InterruptedException {
        assumeTrue(Commands.onPath("nvcc").isPresent(), "no nvcc on the PATH to compare the PTX");
        String installed = compiler(Commands.run(folder, Map.of(), "nvcc", "--version"));
        assumeTrue(installed.equals(compiler(PTX)), "the PTX is of nvcc " + compiler(PTX) + ", this is " + installed);
        Commands.run(folder, Map.of(), "make", "-C", CUDA.toString(), "verify", "OUT=" + folder);
    }

    @Test
    void fakeCudaPassesItsTests(@TempDir Path folder) throws IOException, InterruptedException {
        assumeTrue(System.getProperty("os.name").equals("Linux"), "the fake CUDA is for Linux");
        for (String tool : new String[] {"make", "cc", "nm"}) {
            assumeTrue(Commands.onPath(tool).isPresent(), "no " + tool + " on the PATH to build the fake CUDA");
        }
        Commands.run(folder, Map.of(), "make", "-C", FAKE.toString(), "check");
    }

    private static String compiler(String text) {
        Matcher found = COMPILER.matcher(text);
        return found.find() ? found.group(1) : "unknown";
    }
}
