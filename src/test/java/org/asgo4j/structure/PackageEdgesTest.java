// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.structure;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** Checks that packages use each other in one direction only, and that what is dangerous stays where it belongs. */
class PackageEdgesTest {
    private static final Path ROOT_PACKAGE = Sources.MAIN.resolve("org/asgo4j");
    private static final Pattern PACKAGE_OF_OURS = Pattern.compile("\\borg\\s*\\.\\s*asgo4j\\s*\\.\\s*([a-z]+)");

    /** Which packages each package may use besides itself. */
    private static final Map<String, Set<String>> ALLOWED = Map.of(
            "cli", Set.of("train", "optim", "io", "linalg"),
            "train", Set.of("optim", "io", "linalg", "kernel"),
            "djl", Set.of("optim", "linalg"),
            "optim", Set.of("io", "linalg"),
            "linalg", Set.of("kernel", "bindings"),
            "kernel", Set.of(),
            "io", Set.of());

    /** What may appear in the code of certain packages only. */
    private static final Map<String, Set<String>> CONFINED = Map.of(
            "\\bjdk\\s*\\.\\s*incubator\\b", Set.of("kernel"),
            "\\b(Linker|SymbolLookup)\\b", Set.of("linalg"),
            "\\bSystem\\s*\\.\\s*(load|loadLibrary)\\b", Set.of("linalg"),
            "\\bSystem\\s*\\.\\s*exit\\b", Set.of("cli"),
            "\\bSystem\\s*\\.\\s*(out|err)\\b|\\.\\s*printStackTrace\\s*\\(\\s*\\)", Set.of("cli"));

    @Test
    void packagesUseEachOtherInOneDirection() {
        List<String> wrong = new ArrayList<>();
        for (Path file : sources()) {
            wrong.addAll(wrongEdges(packageOf(file), Sources.code(Sources.text(file)), file.getFileName().toString()));
        }
        assertEquals("", String.join("\n", wrong), "edges that the design does not have");
    }

    @Test
    void confinedCodeStaysInItsPackage() {
        List<String> wrong = new ArrayList<>();
        for (Path file : sources()) {
            wrong.addAll(outOfPlace(packageOf(file), Sources.code(Sources.text(file)), file.getFileName().toString()));
        }
        assertEquals("", String.join("\n", wrong), "code outside the packages it is confined to");
    }

    @Test
    void everyPackageSaysWhatItIs() {
        List<String> silent = sources().stream()
                .map(Path::getParent)
                .distinct()
                .filter(folder -> !folder.resolve("package-info.java").toFile().isFile())
                .map(folder -> folder.getFileName().toString())
                .toList();
        assertEquals(List.of(), silent, "packages without a package-info.java");
    }

    @Test
    void aWrongEdgeIsFound() {
        assertEquals(List.of("A: kernel uses train"), wrongEdges("kernel", "import org.asgo4j.train.Gpt;", "A"));
        assertEquals(List.of("A: io uses linalg"), wrongEdges("io", "org.asgo4j.linalg.Matrix m;", "A"));
        assertEquals(List.of("A: new uses linalg"), wrongEdges("new", "import org.asgo4j.linalg.Matrix;", "A"));
        assertEquals(List.of(), wrongEdges("optim", "import org.asgo4j.linalg.Matrix;", "A"));
    }

    @Test
    void codeOutOfPlaceIsFound() {
        assertFalse(outOfPlace("train", "System.out.println();", "A").isEmpty());
        assertFalse(outOfPlace("linalg", "import jdk.incubator.vector.FloatVector;", "A").isEmpty());
        assertFalse(outOfPlace("kernel", "Linker.nativeLinker();", "A").isEmpty());
    }

    @Test
    void commentsAndStringsAreNoCode() {
        assertEquals("  String s = \"\";  \nchar c = \"\"; Linker l;", Sources.code(
                "/** System.out */ String s = \"System.err \\\" // \"; // Linker\nchar c = '\"'; Linker l;"));
        assertEquals("a \"\" b", Sources.code("a \"\"\"\n \"System.out\" /* \n\"\"\" b"));
    }

    private static List<Path> sources() {
        List<Path> sources = Sources.java(ROOT_PACKAGE);
        assertFalse(sources.isEmpty(), "no sources under " + ROOT_PACKAGE);
        return sources;
    }

    private static String packageOf(Path file) {
        return ROOT_PACKAGE.relativize(file).getName(0).toString();
    }

    private static List<String> wrongEdges(String from, String code, String file) {
        List<String> wrong = new ArrayList<>();
        Matcher use = PACKAGE_OF_OURS.matcher(code);
        while (use.find()) {
            String to = use.group(1);
            if (!to.equals(from) && !ALLOWED.getOrDefault(from, Set.of()).contains(to)) {
                wrong.add("%s: %s uses %s".formatted(file, from, to));
            }
        }
        return wrong;
    }

    private static List<String> outOfPlace(String from, String code, String file) {
        List<String> wrong = new ArrayList<>();
        CONFINED.forEach((pattern, packages) -> {
            Matcher match = Pattern.compile(pattern).matcher(code);
            if (!packages.contains(from) && match.find()) {
                wrong.add("%s: '%s' belongs in %s only".formatted(file, match.group(), packages));
            }
        });
        return wrong;
    }
}
