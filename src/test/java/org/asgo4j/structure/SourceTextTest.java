// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.structure;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Checks what the formatter leaves alone in hand-written Java. */
class SourceTextTest {
    private static final int LONGEST_LINE = 120;
    private static final String LICENCE = "SPDX-License-Identifier: Apache-2.0";
    private static final Pattern SOURCE_NAME = Pattern.compile("\\.(java|c|h|cu|cuh|sh)$");

    @Test
    void linesAreShortEnough() {
        List<String> wrong = new ArrayList<>();
        Stream.of("src/main/java", "src/test/java", "src/embedding/java", "bench/java", "bench/peers/java")
                .flatMap(folder -> Sources.java(Sources.ROOT.resolve(folder)).stream())
                .forEach(file -> wrong.addAll(longLines(file)));
        assertEquals("", String.join("\n", wrong), "lines of more than " + LONGEST_LINE + " characters");
    }

    /** On the first line, or the second of a script; generated bindings are never edited. */
    @Test
    void everyHandWrittenSourceNamesItsLicence() {
        List<String> silent = Stream.of("src", "bench", "native", "jextract", ".ci")
                .flatMap(folder -> Sources.files(Sources.ROOT.resolve(folder)).stream())
                .filter(file -> !file.startsWith(Sources.GENERATED) && isSource(file))
                .filter(file -> Sources.text(file).lines().limit(2).noneMatch(line -> line.endsWith(LICENCE)))
                .map(file -> Sources.ROOT.relativize(file).toString())
                .toList();
        assertEquals("", String.join("\n", silent), "without the line '" + LICENCE + "'");
    }

    private static boolean isSource(Path file) {
        String folder = file.getParent().getFileName().toString();
        return SOURCE_NAME.matcher(file.getFileName().toString()).find()
                || folder.equals(".ci") || folder.equals("launcher");
    }

    private static List<String> longLines(Path file) {
        List<String> lines = Sources.text(file).lines().toList();
        List<String> wrong = new ArrayList<>();
        for (int i = 0; i < lines.size(); i++) {
            int length = lines.get(i).codePointCount(0, lines.get(i).length());
            if (length > LONGEST_LINE) {
                wrong.add("%s:%d has %d".formatted(Sources.ROOT.relativize(file), i + 1, length));
            }
        }
        return wrong;
    }
}
