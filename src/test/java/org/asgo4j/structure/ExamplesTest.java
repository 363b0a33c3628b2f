// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.structure;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/**
 * Checks that every exported type has an example in its comment, that the example is a region of a test that runs, and
 * that it uses the type. A type inside another one belongs to that one's example.
 */
class ExamplesTest {
    private static final Path EXAMPLES = Sources.ROOT.resolve("src/test/java/org/asgo4j/examples");
    private static final Pattern EXPORT = Pattern.compile("(?m)^ *exports +([\\w.]+) *;");
    private static final Pattern HIDDEN = Pattern.compile("<excludePackageNames>(.*?)</excludePackageNames>");
    private static final Pattern PUBLIC_TYPE =
            Pattern.compile("(?m)^public [a-z -]*\\b(?:class|record|enum|interface|@interface) (\\w+)");
    private static final Pattern SNIPPET = Pattern.compile("\\{@snippet file=\"(\\w+\\.java)\" region=\"(\\w+)\"\\}");
    private static final Pattern REGION =
            Pattern.compile("(?s)// @start region=\"(\\w+)\"\\n(.*?)\\n *// @end\\n");

    /** A region of an example. */
    private record Region(String file, String name) {}

    @Test
    void everyExportedTypeShowsARegionThatUsesIt() {
        Map<Region, String> regions = regions();
        Set<Region> unused = new HashSet<>(regions.keySet());
        List<String> wrong = new ArrayList<>();
        for (Path file : exportedSources()) {
            String text = Sources.text(file);
            for (Region region : snippets(text)) {
                if (!regions.containsKey(region)) wrong.add(file.getFileName() + ": no " + region + " in " + EXAMPLES);
                unused.remove(region);
            }
            Matcher type = PUBLIC_TYPE.matcher(text);
            if (!type.find()) continue;
            Pattern name = Pattern.compile("\\b" + type.group(1) + "\\b");
            if (snippets(text.substring(0, type.start())).stream()
                    .noneMatch(region -> name.matcher(regions.getOrDefault(region, "")).find())) {
                wrong.add(type.group(1) + ": no {@snippet file=… region=…} in its comment that uses it");
            }
        }
        unused.forEach(region -> wrong.add(region + " is shown by no type"));
        assertEquals("", String.join("\n", wrong), "examples of exported types");
    }

    @Test
    void everyRegionStandsInATest() {
        List<String> wrong = new ArrayList<>();
        for (Path file : Sources.java(EXAMPLES)) {
            String text = Sources.text(file);
            Matcher region = REGION.matcher(text);
            while (region.find()) {
                String before = text.substring(0, region.start());
                boolean inTest = before.lastIndexOf("@Test\n") > before.lastIndexOf("\n    }");
                if (!inTest || !file.toString().endsWith("Test.java")) {
                    wrong.add(file.getFileName() + ": " + region.group(1));
                }
            }
        }
        assertEquals(List.of(), wrong, "regions that no test runs");
    }

    @Test
    void theDocumentationIsOfTheExportedPackages() {
        Matcher hidden = HIDDEN.matcher(Sources.text(Sources.ROOT.resolve("pom.xml")));
        assertTrue(hidden.find(), "no excludePackageNames in the pom");
        Set<String> left = Sources.java(Sources.MAIN).stream()
                .map(file -> Sources.MAIN.relativize(file).getParent())
                .filter(folder -> folder != null)
                .map(folder -> folder.toString().replace('/', '.').replace('\\', '.'))
                .filter(name -> !List.of(hidden.group(1).split(":")).contains(name))
                .collect(Collectors.toCollection(TreeSet::new));
        assertEquals(new TreeSet<>(exports()), left, "packages that excludePackageNames in the pom leaves");
    }

    private static List<Region> snippets(String text) {
        return SNIPPET.matcher(text).results().map(match -> new Region(match.group(1), match.group(2))).toList();
    }

    private static List<Path> exportedSources() {
        List<Path> files = exports().stream()
                .flatMap(name -> Sources.java(Sources.MAIN.resolve(name.replace('.', '/'))).stream())
                .toList();
        assertFalse(files.isEmpty(), "no exported sources");
        return files;
    }

    private static Set<String> exports() {
        return EXPORT.matcher(Sources.text(Sources.MAIN.resolve("module-info.java"))).results()
                .map(match -> match.group(1))
                .collect(Collectors.toSet());
    }

    private static Map<Region, String> regions() {
        Map<Region, String> regions = new HashMap<>();
        for (Path file : Sources.java(EXAMPLES)) {
            REGION.matcher(Sources.text(file)).results().forEach(match -> regions.put(
                    new Region(file.getFileName().toString(), match.group(1)), match.group(2)));
        }
        return regions;
    }
}
