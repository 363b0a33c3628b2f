// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.structure;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.lang.module.ModuleDescriptor;
import java.lang.module.ModuleDescriptor.Exports;
import java.lang.module.ModuleDescriptor.Requires;
import java.lang.module.ModuleFinder;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.asgo4j.linalg.Backend;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Runs org.asgo4j as a named module: every other test has it on the class path. */
class ModuleTest {
    private static final String NAME = "org.asgo4j";

    @Test
    void descriptorExportsTheLibraryAndRequiresNothingOutsideTheJdk() {
        ModuleDescriptor module = ModuleFinder.of(location(Backend.class)).find(NAME).orElseThrow().descriptor();
        assertEquals(Set.of("org.asgo4j.linalg", "org.asgo4j.io", "org.asgo4j.optim"),
                module.exports().stream().map(Exports::source).collect(Collectors.toSet()));
        assertEquals(Set.of("java.base", "jdk.jfr"), module.requires().stream()
                .filter(required -> !required.modifiers().contains(Requires.Modifier.STATIC))
                .map(Requires::name)
                .collect(Collectors.toSet()));
    }

    /** With the vector module and without, which selects the scalar kernels. Native access is granted to one module. */
    @ParameterizedTest
    @ValueSource(strings = {"org.asgo4j,jdk.incubator.vector", "org.asgo4j"})
    void backendOpensInTheNamedModule(String modules, @TempDir Path folder) throws IOException, InterruptedException {
        Path output = folder.resolve("output");
        // The jar of the natives stays on the class path: its descriptor requires javacpp, which nothing here needs.
        String classPath = Stream.concat(Stream.of(location(ModuleProbe.class).toString()), natives())
                .collect(Collectors.joining(File.pathSeparator));
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--module-path", location(Backend.class).toString(), "--add-modules", modules,
                "--enable-native-access=" + NAME, "--illegal-native-access=deny", "--class-path", classPath,
                ModuleProbe.class.getName()));
        int exitCode = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(output.toFile()).start()
                .waitFor();
        String text = Sources.text(output);
        assertEquals(0, exitCode, () -> String.join(" ", command) + " printed:\n" + text);
        assertTrue(text.contains("module " + NAME + ":"), text);
    }

    private static Stream<String> natives() {
        return Stream.of(System.getProperty("java.class.path").split(File.pathSeparator))
                .filter(entry -> Path.of(entry).getFileName().toString().startsWith("openblas-"));
    }

    /** The folder or jar that a class was loaded from. */
    private static Path location(Class<?> type) {
        try {
            return Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI());
        } catch (URISyntaxException e) {
            throw new AssertionError("class files come from a file", e);
        }
    }
}
