// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.cli;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.BackendName;
import org.asgo4j.linalg.Workers;
import org.asgo4j.train.Choice;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;

/** Looks at this machine: what is there, what is loaded, whether it computes correctly and how fast. */
@Command(
        name = "doctor",
        description = "Says what this machine has, which library is loaded, and how fast it computes; fails if the "
                + "backend can't run.",
        sortOptions = false)
final class DoctorCommand implements Callable<Integer> {
    /** Under a line's first word. */
    private static final String INDENT = "         ";

    @Mixin
    private BackendOption backendOption;

    private final Screen screen;

    DoctorCommand(Screen screen) {
        this.screen = screen;
    }

    @Override
    public Integer call() {
        int processors = Runtime.getRuntime().availableProcessors();
        PrintStream out = screen.out();
        out.println("asgo4j   " + Version.number());
        out.println("java     %s, %s (%s)".formatted(
                Runtime.version(), System.getProperty("java.vm.name"), System.getProperty("java.vendor")));
        out.println("system   %s %s, %s, %d processors".formatted(
                System.getProperty("os.name"),
                System.getProperty("os.version"),
                System.getProperty("os.arch"),
                processors));
        try (Backend backend = backendOption.open();
                Workers workers = new Workers(processors)) {
            out.println("backend  " + backend.describe().replace("; ", System.lineSeparator() + INDENT));
            String each = backend.name() == BackendName.CUDA ? "a stream of its own" : "one BLAS thread";
            out.println("workers  %d, each with %s".formatted(workers.count(), each));
            out.println("others   " + String.join(System.lineSeparator() + INDENT, others(backend.name())));
            out.println("check    " + AgreementCheck.run(backend));
            try (Measurements measurements = new Measurements(backend, workers)) {
                measurements.print(out);
            }
        }
        return ExitCode.OK;
    }

    /** The backends that were not opened, and how to try them. */
    private static List<String> others(BackendName opened) {
        List<String> lines = new ArrayList<>();
        for (BackendName name : BackendName.values()) {
            if (name == opened) continue;
            String state = switch (name) {
                case REFERENCE -> "pure Java, always there";
                case CUDA -> "an NVIDIA GPU, not tried; --backend cuda tries it";
                case OPENBLAS, MKL -> "not tried, as a JVM loads one BLAS only; --backend %s tries it"
                        .formatted(Choice.name(name));
            };
            lines.add(Choice.name(name) + ": " + state);
        }
        lines.add("a BLAS of the system: ASGO4J_OPTS=-Dasgo4j.library=PATH (or its soname) tries it");
        return lines;
    }
}
