// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.structure;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Follows the links between the pages for people: README and what it leads to. */
class LinksTest {
    private static final Pattern LINK = Pattern.compile("]\\((?!https?:)([^)#\\s]*)(?:#([^)\\s]+))?\\)");
    private static final Pattern CODE_BLOCK = Pattern.compile("(?ms)^```.*?^```$");
    private static final Pattern HEADING = Pattern.compile("(?m)^#+ (.*)$");

    @Test
    void everyLinkLeadsToAFileAndAHeading() {
        List<String> broken = new ArrayList<>();
        for (Path page : pages()) {
            LINK.matcher(Sources.text(page)).results().forEach(link -> {
                Path target = link.group(1).isEmpty() ? page : page.resolveSibling(link.group(1)).normalize();
                boolean whole = Files.exists(target)
                        && (link.group(2) == null || anchors(target).contains(link.group(2)));
                if (!whole) broken.add(Sources.ROOT.relativize(page) + ": " + link.group());
            });
        }
        assertEquals(List.of(), broken, "links that lead nowhere");
    }

    private static List<Path> pages() {
        Stream<Path> others = Stream.of("docs", "native", "jextract", "bench", "src")
                .flatMap(folder -> Sources.files(Sources.ROOT.resolve(folder)).stream())
                .filter(file -> file.toString().endsWith(".md"));
        Stream<Path> front = Stream.of("README.md", "CONTRIBUTING.md", "CHANGELOG.md").map(Sources.ROOT::resolve);
        return Stream.concat(front, others).toList();
    }

    /** Of headings: lower case, hyphens for blanks, no other punctuation. */
    private static Set<String> anchors(Path page) {
        String text = CODE_BLOCK.matcher(Sources.text(page)).replaceAll("");
        return HEADING.matcher(text).results()
                .map(heading -> heading.group(1).toLowerCase(Locale.ROOT).replaceAll("[^\\p{L}\\p{N} _-]", "")
                        .replace(' ', '-'))
                .collect(Collectors.toSet());
    }
}
