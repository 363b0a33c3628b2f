// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.concurrent.Callable;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.ElementType;
import org.asgo4j.optim.RootMethod;
import org.asgo4j.train.Choice;
import org.asgo4j.train.Replay;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Steps through the gradients of a recorded trajectory. */
@Command(
        name = "replay",
        description = "Steps one weight through the gradients of a recorded trajectory, writes the weights, and says "
                + "how far they end from the recorded ones, relative to the distance travelled.",
        sortOptions = false)
final class ReplayCommand implements Callable<Integer> {
    private static final String RESULT =
            "replay optimizer=%s steps=%d relative_difference_published=%s relative_difference_exact=%s";

    @Parameters(paramLabel = "IN", description = "trajectory, a safetensors file")
    private Path in;

    @Option(names = "--out", paramLabel = "OUT", required = true, description = "safetensors file to write")
    private Path out;

    @Option(
            names = "--root", paramLabel = "METHOD",
            description = "of ASGO only: eigen, tridiagonal, zolotarev, polar-express, newton or qr (default eigen)")
    private String root;

    @Option(
            names = "--precision",
            paramLabel = "TYPE",
            description = "of ASGO's root only: float32 or float64 (default float64)")
    private String precision;

    @Option(names = "--weight-decay", paramLabel = "X", description = "instead of the trajectory's own")
    private Double weightDecay;

    @Mixin
    private BackendOption backendOption;

    private final Screen screen;

    ReplayCommand(Screen screen) {
        this.screen = screen;
    }

    @Override
    public Integer call() throws IOException {
        Optional<RootMethod> method = Optional.ofNullable(root)
                .map(name -> Choice.parse("--root", name, List.of(RootMethod.values())));
        Optional<ElementType> type = Optional.ofNullable(precision)
                .map(name -> Choice.parse("--precision", name, List.of(ElementType.values())));
        checkWeightDecay();
        FileOption.checkReadable("IN", in);
        FileOption.checkWritable("--out", out);
        if (Files.exists(out) && Files.isSameFile(in, out)) {
            throw new IllegalArgumentException("--out: %s is the trajectory itself".formatted(out));
        }
        try (Backend backend = backendOption.open()) {
            OptionalDouble decay = weightDecay == null ? OptionalDouble.empty() : OptionalDouble.of(weightDecay);
            Replay.Result result = new Replay(backend, method, type, decay).run(in, out);
            screen.out().println(RESULT.formatted(
                    result.optimizer(), result.steps(), shown(result.published()), shown(result.exact())));
        }
        return ExitCode.OK;
    }

    private void checkWeightDecay() {
        if (weightDecay != null && !(weightDecay >= 0 && weightDecay <= Float.MAX_VALUE)) {
            throw new IllegalArgumentException("--weight-decay must be finite and at least 0, got " + weightDecay);
        }
    }

    private static String shown(OptionalDouble difference) {
        return difference.isPresent() ? "%.1e".formatted(difference.getAsDouble()) : "none";
    }
}
