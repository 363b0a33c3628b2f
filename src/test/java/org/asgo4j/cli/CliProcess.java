// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.cli;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Runs the command line in a process of its own, as a user does. */
final class CliProcess {
    /** What the JVM says of the vector module, before anything of ours runs. */
    private static final String INCUBATOR_WARNING = "WARNING: Using incubator modules";

    /** Starts in half the time; the vector kernels would make an object of every vector. */
    private static final String FIRST_COMPILER_ONLY = "-XX:TieredStopAtLevel=1";

    private final Path folder;
    private final Map<String, String> environment = new HashMap<>();
    private String classPath = System.getProperty("java.class.path");
    private final List<String> jvmOptions = new ArrayList<>(List.of(
            "--enable-native-access=ALL-UNNAMED", "-XX:+UseSerialGC", "-Djava.awt.headless=true", FIRST_COMPILER_ONLY));

    /**
     * What a process left.
     *
     * @param status its exit status
     * @param out the lines of its standard output
     * @param err the lines of its standard error without the JVM's warning of the vector module
     */
    record Result(int status, List<String> out, List<String> err) {
        /** The last lines of standard output. */
        List<String> end(int lines) {
            return out.subList(Math.max(0, out.size() - lines), out.size());
        }
    }

    /** Processes start in {@code folder}. */
    CliProcess(Path folder) {
        this.folder = folder;
    }

    /** Sets a variable of the process's environment. */
    CliProcess withVariable(String name, String value) {
        environment.put(name, value);
        return this;
    }

    /** Hands options to the JVM. */
    CliProcess with(String... options) {
        jvmOptions.addAll(List.of(options));
        return this;
    }

    /** Has the vector kernels, as the start script does. They are slow to start: what needs no kernel does without. */
    CliProcess withVectors() {
        jvmOptions.remove(FIRST_COMPILER_ONLY);
        return with("--add-modules=jdk.incubator.vector");
    }

    /** Leaves out the library that draws, which takes longer than a tiny training; that it is missing is a warning. */
    CliProcess withoutPlots() {
        classPath = Stream.of(classPath.split(File.pathSeparator))
                .filter(entry -> !entry.contains("xchart"))
                .collect(Collectors.joining(File.pathSeparator));
        return this;
    }

    /** A process that runs; its output goes to files. */
    record Running(Process process, Path out, Path err) {
        /** Ends it as a failing machine would: {@code kill -9} where there is such a thing. */
        void kill() {
            process.destroyForcibly();
            await();
        }

        private int await() {
            try {
                return process.waitFor();
            } catch (InterruptedException e) {
                process.destroyForcibly();
                throw new AssertionError("interrupted", e);
            }
        }

        /** Waits for its end. */
        Result result() {
            int status = await();
            try {
                List<String> complaints = Files.readAllLines(err).stream()
                        .filter(line -> !line.startsWith(INCUBATOR_WARNING))
                        .toList();
                return new Result(status, Files.readAllLines(out), complaints);
            } catch (IOException e) {
                throw new AssertionError("can't read what the process printed", e);
            }
        }
    }

    /** Starts {@code asgo4j}. */
    Running start(String... arguments) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(jvmOptions);
        command.addAll(List.of("-cp", classPath, Main.class.getName()));
        command.addAll(List.of(arguments));
        try {
            Path out = Files.createTempFile(folder, "stdout", ".txt");
            Path err = Files.createTempFile(folder, "stderr", ".txt");
            ProcessBuilder builder = new ProcessBuilder(command)
                    .directory(folder.toFile())
                    .redirectOutput(out.toFile())
                    .redirectError(err.toFile());
            builder.environment().putAll(environment);
            return new Running(builder.start(), out, err);
        } catch (IOException e) {
            throw new AssertionError("can't run " + command, e);
        }
    }

    /** Runs {@code asgo4j} to its end. */
    Result run(String... arguments) {
        return start(arguments).result();
    }
}
