package org.asgo4j.structure;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Checks what the formatter leaves alone in hand-written Java. */
class SourceTextTest {
    private static final int LONGEST_LINE = 120;

    @Test
    void linesAreShortEnough() {
        List<String> wrong = new ArrayList<>();
        Stream.of("src/main/java", "src/test/java", "bench/java")
                .flatMap(folder -> Sources.java(Sources.ROOT.resolve(folder)).stream())
                .forEach(file -> wrong.addAll(longLines(file)));
        assertEquals("", String.join("\n", wrong), "lines of more than " + LONGEST_LINE + " characters");
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
