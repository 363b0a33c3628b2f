// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.structure;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** Checks that the notices speak of what the build brings, in the versions it brings. */
class NoticesTest {
    private static final Pattern DEPENDENCY = Pattern.compile(
            "(?s)<dependency>\\s*<groupId>[^<]+</groupId>\\s*<artifactId>([^<]+)</artifactId>.*?</dependency>");
    private static final Pattern LICENCE_FILE = Pattern.compile("`([\\w.-]+\\.txt)`");
    private static final String POM = Sources.text(Sources.ROOT.resolve("pom.xml"));
    private static final String NOTICES = Sources.text(Sources.ROOT.resolve("THIRD-PARTY.md"));

    @Test
    void everyVersionIsTheOneInThePom() {
        List<String> missing = List.of("openblas", "picocli", "xchart", "corpus").stream()
                .filter(name -> !NOTICES.contains(version(name)))
                .toList();
        assertEquals(List.of(), missing, "not in THIRD-PARTY.md");
    }

    @Test
    void everyDependencyThatIsNotOfTheTestsIsNamed() {
        List<String> missing = DEPENDENCY.matcher(POM).results()
                .filter(dependency -> !dependency.group().contains("<scope>test</scope>"))
                .map(dependency -> dependency.group(1))
                .filter(name -> !NOTICES.toLowerCase().contains(name))
                .toList();
        assertEquals(List.of(), missing, "dependencies that THIRD-PARTY.md does not name");
    }

    @Test
    void everyLicenceItNamesIsThere() {
        List<String> missing = LICENCE_FILE.matcher(NOTICES).results()
                .map(match -> match.group(1))
                .filter(name -> !name.equals("NOTICE.txt")) // inside another jar
                .filter(name -> !Files.isRegularFile(Sources.ROOT.resolve("src/main/licenses").resolve(name)))
                .toList();
        assertEquals(List.of(), missing, "licences that src/main/licenses lacks");
    }

    private static String version(String name) {
        Matcher version = Pattern.compile("<" + name + "\\.version>([^<]+)<").matcher(POM);
        assertTrue(version.find(), () -> "no " + name + ".version in the pom");
        return version.group(1);
    }
}
