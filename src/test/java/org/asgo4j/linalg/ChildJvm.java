// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.linalg;

import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Runs a main class of the tests in a process of its own, as a JVM can load one BLAS and only once. */
public final class ChildJvm {
    private ChildJvm() {}

    /** What a process printed, both streams, and its exit status. */
    public record Result(int status, String output) {}

    /** Starts {@code main} with the tests' classes, and with the natives jar if {@code withNatives}. */
    static Process start(Class<?> main, boolean withNatives, Map<String, String> environment, String... arguments)
            throws IOException {
        Set<String> classPath = new LinkedHashSet<>(List.of(root(main), root(NativeLibraries.class)));
        if (withNatives) {
            Platform platform = Platform.current();
            classPath.add(jarOf(platform.resource(platform.embedded().getLast())));
        }
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-cp", String.join(System.getProperty("path.separator"), classPath), main.getName()));
        command.addAll(Arrays.asList(arguments));
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().putAll(environment);
        return builder.start();
    }

    /** Starts {@code main} and waits for its end. */
    public static Result run(Class<?> main, boolean withNatives, Map<String, String> environment, String... arguments)
            throws IOException, InterruptedException {
        Process process = start(main, withNatives, environment, arguments);
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return new Result(process.waitFor(), output);
    }

    /** The folder or jar that holds this class file; the code source would name the patched module instead. */
    private static String root(Class<?> type) {
        String file = type.getName().replace('.', '/') + ".class";
        String url = type.getResource("/" + file).toString();
        if (url.startsWith("jar:")) {
            return jarPath(url);
        }
        return Path.of(URI.create(url.substring(0, url.length() - file.length()))).toString();
    }

    private static String jarOf(String resource) {
        var url = NativeLibraries.class.getClassLoader().getResource(resource);
        if (url == null) {
            throw new AssertionError("the tests need the OpenBLAS natives jar: no " + resource);
        }
        return jarPath(url.toString());
    }

    private static String jarPath(String url) {
        return Path.of(URI.create(url.substring("jar:".length(), url.indexOf("!/")))).toString();
    }
}
