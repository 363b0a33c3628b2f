// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.structure;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs the optimizer as part of the named module, with DJL as a module beside it. */
class DjlModuleTest {
    private static final List<String> CLASS_PATH =
            Arrays.asList(System.getProperty("java.class.path").split(Pattern.quote(File.pathSeparator)));

    /** What is on the module path: the library and DJL's interface with what that needs. */
    private static final Pattern MODULE =
            Pattern.compile("(classes|(api|gson|jna|commons-compress|commons-io|commons-codec|slf4j-api)-[0-9.]+jar)");

    @Test
    void anOptimizerIsBuiltInTheNamedModule(@TempDir Path folder) throws IOException, InterruptedException {
        Path output = folder.resolve("output");
        List<String> command = List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--module-path", entries(MODULE.asMatchPredicate()),
                "--add-modules", "org.asgo4j,ai.djl.api,jdk.incubator.vector",
                // The natives' descriptor requires javacpp, which nothing here needs.
                "--class-path", entries(name -> name.equals("test-classes") || name.startsWith("openblas-")),
                "--enable-native-access=org.asgo4j", DjlModuleProbe.class.getName());
        int exitCode = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(output.toFile()).start()
                .waitFor();
        String text = Files.readString(output);
        assertEquals(0, exitCode, text);
        assertTrue(text.contains("org.asgo4j reads ai.djl.api"), text);
    }

    @Test
    void aModuleThatDoesWithoutDjlIsCompiledWithoutIt(@TempDir Path folder) throws IOException {
        Path source = Files.writeString(folder.resolve("module-info.java"), "module user { requires org.asgo4j; }");
        var messages = new ByteArrayOutputStream();
        int exitCode = ToolProvider.getSystemJavaCompiler().run(null, messages, messages, "--module-path",
                entries("classes"::equals), "-d", folder.toString(), source.toString());
        assertEquals(0, exitCode, messages::toString);
    }

    private static String entries(Predicate<String> name) {
        return CLASS_PATH.stream()
                .filter(entry -> name.test(Path.of(entry).getFileName().toString()))
                .collect(Collectors.joining(File.pathSeparator));
    }
}
