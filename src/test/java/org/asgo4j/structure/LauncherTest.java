// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.structure;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The start script, with commands in the place of Java's and the system's that print what they are given. */
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "a script of the POSIX shell")
class LauncherTest {
    private static final Path SCRIPT = Sources.ROOT.resolve("src/main/launcher/asgo4j");

    /** Knows two locales of UTF-8 and one of Latin-1. */
    private static final String LOCALE = """
            case ${LC_ALL:-} in
                C.UTF-8 | fr_FR.UTF-8) echo UTF-8 ;;
                fr_FR) echo ISO-8859-1 ;;
                *) echo ANSI_X3.4-1968 ;;
            esac""";

    @TempDir
    private Path home;

    @BeforeEach
    void install() throws IOException {
        for (String folder : new String[] {"bin", "commands", "corpus", "runtime/bin", "scratch"}) {
            Files.createDirectories(home.resolve(folder));
        }
        Files.copy(SCRIPT, home.resolve("bin/asgo4j"));
        command("runtime/bin/java", """
                [ "$1" != -version ] || { echo 'openjdk version "25"'; exit; }
                echo "LC_ALL=${LC_ALL:-}" "$@"
                """);
    }

    private void command(String name, String body) throws IOException {
        Path file = Files.writeString(home.resolve(name), "#!/bin/sh\n" + body + "\n");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    private String run(Map<String, String> variables, String... command) throws IOException, InterruptedException {
        Map<String, String> environment = new HashMap<>(variables);
        environment.put("PATH", home.resolve("commands") + File.pathSeparator + System.getenv("PATH"));
        return Commands.run(home.resolve("scratch"), environment, command);
    }

    /** In a locale of ASCII, Java can't open a file named é; in any other it has to stay as what is typed there. */
    @ParameterizedTest
    @CsvSource({"C, C.UTF-8", "POSIX, C.UTF-8", "missing, C.UTF-8", "C.UTF-8, C.UTF-8", "fr_FR.UTF-8, fr_FR.UTF-8",
        "fr_FR, fr_FR"})
    void anAsciiLocaleBecomesUtf8(String locale, String expected) throws Exception {
        command("commands/locale", LOCALE);
        String printed = run(Map.of("LC_ALL", locale), home + "/bin/asgo4j", "sample", "--prompt", "a  b");
        assertTrue(printed.startsWith("LC_ALL=" + expected + " "), printed);
        assertTrue(printed.endsWith(" sample --prompt a  b\n"), printed);
    }

    @ParameterizedTest
    @CsvSource({"exit 127", "echo ANSI_X3.4-1968"})
    void theLocaleStaysWhereThereIsNoOtherOrNoCommandForThem(String body) throws Exception {
        command("commands/locale", body);
        String printed = run(Map.of("LC_ALL", "C"), home + "/bin/asgo4j", "doctor");
        assertTrue(printed.startsWith("LC_ALL=C "), printed);
    }

    /** With this variable {@code cd} prints a folder that it finds by it. */
    @Test
    void theFolderIsFoundWhateverCdLooksThrough() throws Exception {
        String go = "cd '%s' && exec sh bin/asgo4j doctor".formatted(home);
        String printed = run(Map.of("CDPATH", home.toString()), "sh", "-c", go);
        assertEquals(1, printed.lines().count(), printed);
        assertTrue(printed.contains(" --class-path " + home.toRealPath() + "/lib/* "), printed);
    }
}
