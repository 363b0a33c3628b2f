// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.linalg;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is asked for is loaded once and works, or one error tells all that was tried. */
class NativeLibrariesTest {
    private static final String INCLUDE_FUNCTION = "--include-function ";

    @TempDir
    Path temporary;

    @Test
    void loadsTheEmbeddedLibraryOnceAndNoOther() throws Exception {
        String output = load(true, Map.of(), "openblas", "-");
        assertContains(output, "embedded=true", temporary.toRealPath().toString(), "same true",
                "eigenvalues info 0: 1.000 3.000");
        assertContains(line(output, "refused "), "openblas", "mkl from another.so", "one BLAS per JVM");
    }

    @Test
    void loadsALibraryByPath() throws Exception {
        Platform platform = Platform.current();
        for (String file : platform.embedded()) {
            try (InputStream in = getClass().getClassLoader().getResourceAsStream(platform.resource(file))) {
                Files.copy(in, temporary.resolve(file));
            }
        }
        Path library = temporary.resolve(platform.embedded().getLast());
        // Its dependencies' own dependencies are found by the loader's search path only.
        String output = load(false, Map.of("LD_LIBRARY_PATH", temporary.toString()), "openblas", library.toString());
        assertContains(output, "embedded=false", library.toRealPath().toString(), "same true",
                "eigenvalues info 0: 1.000 3.000");
    }

    @Test
    void missingPathIsNamedWithTheLoadersMessageAndNothingElseIsTried() throws Exception {
        Path missing = temporary.resolve("no-such-blas.so");
        String output = load(true, Map.of(), "openblas", missing.toString());
        assertContains(line(output, "failed "), "backend openblas");
        assertContains(output, "  " + missing + ": ", "-Dasgo4j.library", "-Dasgo4j.backend=reference");
        assertLoadersMessage(output, missing + ": cannot open shared object file: No such file or directory");
        assertFalse(output.contains("embedded "), output);
    }

    @Test
    void unreadableLibraryIsNamedWithTheLoadersMessage() throws Exception {
        Path text = Files.writeString(temporary.resolve("text.so"), "this is no library");
        assertLoadersMessage(load(false, Map.of(), "openblas", text.toString()), text + ": file too short");
    }

    @Test
    void unknownNameIsLeftToTheLoader() throws Exception {
        String output = load(false, Map.of(), "mkl", "libnosuchblas.so.7");
        assertContains(output, "  libnosuchblas.so.7: ", "oneMKL");
        assertLoadersMessage(output, "libnosuchblas.so.7: cannot open shared object file");
    }

    @Test
    void libraryOfAnotherVendorIsRefusedForItsMissingFunctions() throws Exception {
        if (Platform.current().system() == Platform.OperatingSystem.LINUX) {
            String output = load(false, Map.of(), "openblas", "libc.so.6");
            assertContains(output, "  libc.so.6: ", "lacks cblas_sgemm", "openblas_get_config");
        }
    }

    @Test
    void embeddedLibraryThatCannotBeExtractedIsAnErrorAndNoFallback() throws Exception {
        Path file = Files.writeString(temporary.resolve("file"), "in the way");
        String output = ChildJvm.run(LoadingProcess.class, true, Map.of(), "openblas", "-", file.toString()).output();
        assertContains(output, "failed ", "  embedded " + Platform.current().classifier() + ": cannot write",
                file.toString(), "-Dasgo4j.cache");
        Platform.current().openBlas().forEach(name -> assertFalse(output.contains("  " + name + ":"), output));
    }

    @Test
    void referenceHasNothingToLoad() {
        assertThrows(IllegalArgumentException.class, () -> NativeLibraries.load(BackendName.REFERENCE, null, null));
    }

    @Test
    void everyFunctionOfTheBindingsIsRequired() throws IOException {
        Map<String, BackendName> lists = Map.of("openblas.symbols", BackendName.OPENBLAS, "mkl.symbols",
                BackendName.MKL);
        for (Map.Entry<String, BackendName> list : lists.entrySet()) {
            Set<String> required = new HashSet<>(BlasSymbols.LAPACKE);
            required.addAll(BlasSymbols.own(list.getValue()));
            for (String file : List.of("blas.symbols", list.getKey())) {
                Set<String> unchecked = new HashSet<>(boundFunctions(file));
                unchecked.removeAll(required);
                assertEquals(Set.of(), unchecked, file + " binds functions that loading does not check");
            }
        }
    }

    private static List<String> boundFunctions(String file) throws IOException {
        return Files.readAllLines(Path.of("jextract", file)).stream()
                .filter(line -> line.startsWith(INCLUDE_FUNCTION))
                .map(line -> line.substring(INCLUDE_FUNCTION.length()).strip())
                .toList();
    }

    private String load(boolean withNatives, Map<String, String> environment, String backend, String library)
            throws Exception {
        ChildJvm.Result result = ChildJvm.run(LoadingProcess.class, withNatives, environment, backend, library,
                temporary.resolve("cache").toString());
        assertEquals(0, result.status(), result.output());
        return result.output();
    }

    private static String line(String output, String start) {
        return output.lines().filter(line -> line.startsWith(start)).findFirst()
                .orElseThrow(() -> new AssertionError("no line '" + start + "' in: " + output));
    }

    private static void assertContains(String output, String... parts) {
        for (String part : parts) {
            assertTrue(output.contains(part), () -> "expected '" + part + "' in: " + output);
        }
    }

    /** The words are the GNU C library's; elsewhere only that there are some. */
    private static void assertLoadersMessage(String output, String message) {
        if (Platform.current().system() == Platform.OperatingSystem.LINUX) {
            assertContains(output, message);
        }
    }
}
