package org.asgo4j.cli;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.asgo4j.optim.RootMethod;
import org.asgo4j.train.Choice;
import org.asgo4j.train.OptimizerChoice;
import org.asgo4j.train.RefreshChoice;
import org.asgo4j.train.ScheduleShape;
import picocli.CommandLine.Option;

/** The options that say which optimizers train, and how. */
final class OptimizerOptions {
    @Option(
            names = "--optimizer", paramLabel = "NAMES", defaultValue = "asgo,adamw",
            description = "one or several of asgo, asgo-published, adamw, dasgo, muon, muon-nesterov, shampoo, soap, "
                    + "sgd, lion" + TrainCommand.SHOW_DEFAULT)
    private String names;

    @Option(
            names = "--learning-rate",
            paramLabel = "X",
            description = "one number, or asgo=0.01,adamw=0.006 (default: 0.01 for asgo, dasgo and muon, 0.006 for "
                    + "adamw, 0.005 for shampoo, 0.003 for soap, 0.1 for sgd, 0.0006 for lion)")
    private String learningRates;

    @Option(
            names = "--root", paramLabel = "METHOD",
            description = "how asgo takes its roots: eigen, tridiagonal, polar-express, newton or qr (default: as "
                    + "configured)")
    private String root;

    @Option(
            names = "--refresh", paramLabel = "WHEN",
            description = "when asgo takes its roots: N (every N steps), early:N (every step in the first tenth, then "
                    + "every N), adaptive (roots by eigen or qr), or async:N (in the background; not reproducible to "
                    + "the bit) (default: as configured)")
    private String refresh;

    @Option(
            names = "--schedule", paramLabel = "NAME", defaultValue = "cosine",
            description = "of the learning rates: cosine, constant, wsd, one-cycle or inverse-sqrt"
                    + TrainCommand.SHOW_DEFAULT)
    private String schedule;

    /** The optimizers in the order named. */
    List<OptimizerChoice> choices() {
        return Optimizers.parse(names, learningRates, root(), refresh());
    }

    ScheduleShape schedule() {
        return Choice.parse("--schedule", schedule, Arrays.asList(ScheduleShape.values()));
    }

    private Optional<RootMethod> root() {
        return Optional.ofNullable(root)
                .map(name -> Choice.parse("--root", name, Arrays.asList(RootMethod.values())));
    }

    private Optional<RefreshChoice> refresh() {
        return Optional.ofNullable(refresh).map(RefreshChoice::parse);
    }
}
