// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.cli;

import picocli.CommandLine.Option;

/** The options that say how large the model is. */
final class ModelOptions {
    @Option(
            names = "--context", paramLabel = "T", defaultValue = "64",
            description = "characters of a sequence" + TrainCommand.SHOW_DEFAULT)
    int context;

    @Option(
            names = "--layers", paramLabel = "L", defaultValue = "4",
            description = "transformer blocks" + TrainCommand.SHOW_DEFAULT)
    int layers;

    @Option(
            names = "--heads", paramLabel = "H", defaultValue = "4",
            description = "attention heads" + TrainCommand.SHOW_DEFAULT)
    int heads;

    @Option(
            names = "--width", paramLabel = "D", defaultValue = "128",
            description = "width, a multiple of the heads" + TrainCommand.SHOW_DEFAULT)
    int width;
}
