// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.structure;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** Makes the POM that a release publishes, and takes from it what Maven Central asks for. */
class PublishedPomTest {
    private static final String POM = Sources.text(Sources.ROOT.resolve("pom.xml"));
    private static final String URL = "https://example.org/asgo4j";
    private static final Pattern ID = Pattern.compile("<id>([^<]+)</id>");

    @Test
    void keepsWhatUsersNeed() throws Exception {
        String published = PublishedPom.of(POM.replace("${source.url}", URL));
        List<String> profiles = ID.matcher(published).results().map(match -> match.group(1)).toList();
        assertEquals(List.of("linux-arm64", "macosx-arm64", "macosx-x86_64", "windows-x86_64"), profiles);
        assertTrue(published.contains("<url>" + URL + "</url>"), published);
        assertTrue(published.contains("<classifier>${openblas.platform}</classifier>"), published);
        assertFalse(published.contains("<scope>test</scope>"), published);
        assertFalse(published.contains("<build>"), published);
        assertFalse(published.contains("junit"), published);
    }

    @Test
    void refusesAPomThatCentralWouldRefuse() {
        assertRefused(POM, "scm/url is '${source.url}'");
        String whole = POM.replace("${source.url}", URL);
        assertRefused(whole.replace("<version>0.1.0</version>", "<version>0.1.0-SNAPSHOT</version>"), "0.1.0-SNAPSHOT");
        for (String element : List.of("name", "description", "url", "licenses", "developers", "scm")) {
            assertRefused(
                    whole.replaceAll("(?s)\n    <%1$s>.*?</%1$s>".formatted(element), ""), "no " + element);
        }
    }

    private static void assertRefused(String pom, String reason) {
        var refusal = assertThrows(IllegalArgumentException.class, () -> PublishedPom.of(pom));
        assertTrue(refusal.getMessage().contains(reason), refusal.getMessage());
    }
}
