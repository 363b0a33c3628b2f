// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.cli;

import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.asgo4j.train.Choice;
import org.asgo4j.train.GroupChanges;
import org.asgo4j.train.OptimizerChoice;
import org.asgo4j.train.ScheduleShape;
import picocli.CommandLine.Mixin;
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
            names = "--weight-decay",
            paramLabel = "X",
            description = "of the weights that are matrices, one number, or asgo=0.1,adamw=0.05 (default: 0.1, but "
                    + "0.01 for soap, 0.0005 for sgd, 1 for lion)")
    private String weightDecays;

    @Option(
            names = "--others-learning-rate", paramLabel = "X",
            description = "of the AdamW that takes embeddings and vectors beside a rule for matrices (default: that "
                    + "of the matrices)")
    private String othersLearningRate;

    @Option(
            names = "--others-beta2", paramLabel = "X",
            description = "decay of its second moment, in [0, 1) (default: 0.99 beside asgo, else 0.95)")
    private String othersBeta2;

    @Mixin
    private AsgoOptions asgo;

    @Option(
            names = "--schedule", paramLabel = "NAME", defaultValue = "cosine",
            description = "of the learning rates: cosine, constant, wsd, one-cycle or inverse-sqrt"
                    + TrainCommand.SHOW_DEFAULT)
    private String schedule;

    /** The optimizers in the order named. */
    List<OptimizerChoice> choices() {
        return Optimizers.parse(names, learningRates, weightDecays, asgo.changes(), others());
    }

    ScheduleShape schedule() {
        return Choice.parse("--schedule", schedule, Arrays.asList(ScheduleShape.values()));
    }

    private GroupChanges others() {
        Map<String, String> given = new HashMap<>();
        given.put("others-learning-rate", othersLearningRate);
        given.put("others-beta2", othersBeta2);
        return GroupChanges.parse(given);
    }
}
