// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.asgo4j.linalg.Backend;
import org.asgo4j.train.TextSample;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Writes text with a trained model. */
@Command(name = "sample", description = "Writes text with a model that train left.", sortOptions = false)
final class SampleCommand implements Callable<Integer> {
    /** What a model writes from if nothing is given: the beginning of a line. */
    private static final String LINE_BREAK = "\n";

    @Option(names = "--model", paramLabel = "FILE", required = true, description = "a model.safetensors")
    private Path model;

    @Option(
            names = "--prompt", paramLabel = "TEXT", defaultValue = "",
            description = "text to continue (default: none)")
    private String prompt;

    @Option(
            names = "--length", paramLabel = "N", defaultValue = "600",
            description = "characters to write (default ${DEFAULT-VALUE})")
    private int length;

    @Option(
            names = "--temperature",
            paramLabel = "X",
            defaultValue = "0.8",
            description = "0 takes the likeliest character, 1 the model as it is (default ${DEFAULT-VALUE})")
    private double temperature;

    @Option(
            names = "--seed", paramLabel = "S", defaultValue = "1337",
            description = "the same seed writes the same (default ${DEFAULT-VALUE})")
    private long seed;

    @Mixin
    private BackendOption backendOption;

    private final Screen screen;

    SampleCommand(Screen screen) {
        this.screen = screen;
    }

    @Override
    public Integer call() throws IOException {
        FileOption.checkReadable("--model", model);
        if (length < 0 || length > TextSample.MAX_LENGTH) {
            throw new IllegalArgumentException(
                    "--length must be from 0 to %d, got %d".formatted(TextSample.MAX_LENGTH, length));
        }
        try (Backend backend = backendOption.open()) {
            String start = prompt.isEmpty() ? LINE_BREAK : prompt;
            String text = TextSample.of(backend, model, start, length, temperature, seed);
            screen.out().println(prompt.isEmpty() ? text.substring(LINE_BREAK.length()) : text);
        }
        return ExitCode.OK;
    }
}
