package org.asgo4j.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Runs the command line in a process of its own, as a user does. */
final class CliProcess {
    /** What the JVM says of the vector module, before anything of ours runs. */
    private static final String INCUBATOR_WARNING = "WARNING: Using incubator modules";

    private final Path folder;
    private final List<String> jvmOptions = new ArrayList<>(List.of(
            "--enable-native-access=ALL-UNNAMED", "-XX:+UseSerialGC", "-Djava.awt.headless=true"));

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

    /** Hands options to the JVM. */
    CliProcess with(String... options) {
        jvmOptions.addAll(List.of(options));
        return this;
    }

    /** Has the vector kernels, as the start script does. They are slow to start: what needs no kernel does without. */
    CliProcess withVectors() {
        return with("--add-modules=jdk.incubator.vector");
    }

    /** Runs {@code asgo4j} to its end. */
    Result run(String... arguments) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(jvmOptions);
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), Main.class.getName()));
        command.addAll(List.of(arguments));
        try {
            Path out = Files.createTempFile(folder, "stdout", ".txt");
            Path err = Files.createTempFile(folder, "stderr", ".txt");
            int status = new ProcessBuilder(command)
                    .directory(folder.toFile())
                    .redirectOutput(out.toFile())
                    .redirectError(err.toFile())
                    .start()
                    .waitFor();
            List<String> complaints = Files.readAllLines(err).stream()
                    .filter(line -> !line.startsWith(INCUBATOR_WARNING))
                    .toList();
            return new Result(status, Files.readAllLines(out), complaints);
        } catch (IOException | InterruptedException e) {
            throw new AssertionError("can't run " + command, e);
        }
    }
}
