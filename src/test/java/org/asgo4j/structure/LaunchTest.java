// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.structure;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import jdk.jfr.consumer.RecordingFile;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.BackendName;
import org.asgo4j.linalg.Backends;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Starts a program that uses the library on the class path and on the module path, with and without the options. */
class LaunchTest {
    private static final String VECTORS = "jdk.incubator.vector";
    private static final String NATIVE_ACCESS = "--enable-native-access=";
    private static final String DENY = "--illegal-native-access=deny";
    private static final String JVM_WARNING = "Use --enable-native-access=ALL-UNNAMED";

    @TempDir
    private Path folder;

    /** What a JVM printed, standard output and error apart. */
    private record Printed(List<String> out, List<String> err) {
        /** How many lines of standard error contain this. */
        long errors(String part) {
            return err.stream().filter(line -> line.contains(part)).count();
        }
    }

    /** Without the module, and with vectors of 64 bits, which a JVM prefers that compiles none for its CPU. */
    @Test
    void classPathWithoutVectorsRunsTheScalarTwinsToTheSameBitsAndSaysSoOnce() throws Exception {
        String vectors = "--add-modules=" + VECTORS;
        Printed with = classPath(vectors, NATIVE_ACCESS + "ALL-UNNAMED", DENY);
        Printed without = classPath(NATIVE_ACCESS + "ALL-UNNAMED", DENY);
        Printed narrow = classPath("-XX:MaxVectorSize=8", vectors, NATIVE_ACCESS + "ALL-UNNAMED", DENY);
        assertTrue(with.out().get(1).contains("vector, "), () -> "vector kernels expected: " + with);
        assertEquals(0, with.errors("scalar"), with::toString);
        assertEquals(1, without.errors("--add-modules " + VECTORS), without::toString);
        assertEquals(1, narrow.errors("only 64 bits"), narrow::toString);
        for (Printed each : List.of(without, narrow)) {
            assertTrue(each.out().get(1).endsWith("scalar"), () -> "scalar kernels expected: " + each);
            assertEquals(1, each.errors("scalar"), each::toString);
            assertEquals(with.out().getLast(), each.out().getLast(), "the weights' bits");
        }
    }

    @Test
    void classPathWithoutNativeAccessRunsAndTheJvmWarns() throws Exception {
        Printed printed = classPath();
        assertTrue(printed.out().getFirst().startsWith("unnamed module"), printed::toString);
        assertTrue(printed.errors(JVM_WARNING) > 0, printed::toString);
        assertTrue(printed.out().getLast().startsWith("weights "), printed::toString);
    }

    @Test
    void deniedNativeAccessNamesTheOptionOnTheClassPath() throws Exception {
        assertRefused(NATIVE_ACCESS + "ALL-UNNAMED", classPath(DENY));
    }

    @Test
    void deniedNativeAccessNamesTheOptionOnTheModulePath() throws Exception {
        assertRefused(NATIVE_ACCESS + "org.asgo4j", modulePath("org.asgo4j", DENY));
    }

    /** The backend in plain Java needs no native access; its vector kernels do. */
    @Test
    void deniedNativeAccessLeavesTheReferenceBackendTheScalarTwins() throws Exception {
        String reference = "-Dasgo4j.backend=reference";
        Printed granted = classPath(reference, "--add-modules=" + VECTORS, NATIVE_ACCESS + "ALL-UNNAMED", DENY);
        Printed denied = classPath(reference, "--add-modules=" + VECTORS, DENY);
        assertTrue(granted.out().get(1).contains("vector, "), granted::toString);
        assertTrue(denied.out().get(1).endsWith("scalar"), denied::toString);
        assertEquals(1, denied.errors(NATIVE_ACCESS + "ALL-UNNAMED"), denied::toString);
        assertEquals(granted.out().getLast(), denied.out().getLast(), "the weights' bits");
    }

    private static void assertRefused(String option, Printed printed) {
        String first = printed.out().getFirst();
        assertTrue(first.startsWith("refused asgo4j may not load a native library"), printed::toString);
        assertTrue(first.endsWith("start java with " + option), printed::toString);
    }

    /** With the vector module and without, which selects the scalar kernels. Native access is granted to one module. */
    @ParameterizedTest
    @ValueSource(strings = {"org.asgo4j,jdk.incubator.vector", "org.asgo4j"})
    void modulePathRuns(String modules) throws Exception {
        Printed printed = modulePath(modules, NATIVE_ACCESS + "org.asgo4j", DENY);
        assertEquals("module org.asgo4j", printed.out().getFirst(), printed::toString);
        assertEquals(modules.contains(VECTORS) ? 0 : 1, printed.errors("--add-modules"), printed::toString);
        assertTrue(printed.out().getLast().startsWith("weights "), printed::toString);
    }

    /** With the option as it stands in the documentation. */
    @Test
    void theFlightRecorderRecordsEveryRootWhereItIsAsked() throws Exception {
        Matcher option = Pattern.compile("-XX:StartFlightRecording:\\S+")
                .matcher(Sources.text(Path.of("docs", "embedding.md")));
        assertTrue(option.find(), "no option in docs/embedding.md");
        Path recording = folder.resolve("recording.jfr");
        Printed printed = classPath(option.group() + ",filename=" + recording, NATIVE_ACCESS + "ALL-UNNAMED");
        assertEquals(0, printed.errors("doesn't exist"), printed::toString);
        long roots = RecordingFile.readAllEvents(recording).stream()
                .filter(event -> event.getEventType().getName().equals("org.asgo4j.Refresh")).count();
        assertEquals(LaunchProbe.STEPS, roots, printed::toString);
    }

    /** As where two applications of one server bring the library each. */
    @Test
    void aSecondClassLoaderIsToldWhy() throws Exception {
        Backends.open(BackendName.OPENBLAS).close();
        URL[] own = Stream.concat(Stream.of(ModuleTest.location(Backend.class).toString()), natives())
                .map(LaunchTest::url)
                .toArray(URL[]::new);
        try (var second = new URLClassLoader(own, ClassLoader.getPlatformClassLoader())) {
            Method open = second.loadClass(Backends.class.getName()).getMethod("open");
            Throwable cause = assertThrows(InvocationTargetException.class, () -> open.invoke(null)).getCause();
            assertTrue(cause instanceof UnsatisfiedLinkError, cause::toString);
            assertTrue(cause.getMessage().contains("for one class loader only"), cause::getMessage);
        }
    }

    private static URL url(String entry) {
        try {
            return Path.of(entry).toUri().toURL();
        } catch (MalformedURLException e) {
            throw new AssertionError(entry, e);
        }
    }

    private Printed classPath(String... options) throws IOException, InterruptedException {
        List<String> arguments = new ArrayList<>(List.of(options));
        Stream<String> own = Stream.of(ModuleTest.location(Backend.class), ModuleTest.location(LaunchProbe.class))
                .map(Path::toString);
        arguments.addAll(List.of("--class-path", joined(Stream.concat(own, natives()))));
        return java(arguments);
    }

    /** The jar of the natives stays on the class path: its descriptor requires javacpp, which nothing here needs. */
    private Printed modulePath(String modules, String... options) throws IOException, InterruptedException {
        List<String> arguments = new ArrayList<>(List.of(options));
        arguments.addAll(List.of("--module-path", ModuleTest.location(Backend.class).toString(),
                "--add-modules", modules, "--class-path",
                joined(Stream.concat(Stream.of(ModuleTest.location(LaunchProbe.class).toString()), natives()))));
        return java(arguments);
    }

    private Printed java(List<String> arguments) throws IOException, InterruptedException {
        Path out = folder.resolve("out");
        Path err = folder.resolve("err");
        List<String> command = new ArrayList<>(arguments);
        command.addFirst(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.add(LaunchProbe.class.getName());
        int status = new ProcessBuilder(command).redirectOutput(out.toFile()).redirectError(err.toFile()).start()
                .waitFor();
        var printed = new Printed(Sources.text(out).lines().toList(), Sources.text(err).lines().toList());
        assertEquals(0, status, () -> String.join(" ", command) + " printed:\n" + printed);
        return printed;
    }

    private static Stream<String> natives() {
        return Stream.of(System.getProperty("java.class.path").split(File.pathSeparator))
                .filter(entry -> Path.of(entry).getFileName().toString().startsWith("openblas-"));
    }

    private static String joined(Stream<String> entries) {
        return entries.collect(Collectors.joining(File.pathSeparator));
    }
}
