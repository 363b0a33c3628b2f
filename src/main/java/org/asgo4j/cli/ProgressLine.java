// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.cli;

import java.nio.file.Path;
import java.util.OptionalDouble;
import org.asgo4j.train.TrainFailure;
import org.asgo4j.train.TrainListener;
import org.asgo4j.train.TrainResult;

/**
 * Shows how a training goes. On a terminal one line is written over and over, and stays where the validation loss was
 * taken; elsewhere only those lines are written, and some between if they are far apart.
 */
final class ProgressLine implements TrainListener, AutoCloseable {
    /** Without a terminal there is a line at least every tenth of the steps. */
    private static final int PARTS = 10;

    private static final int SECONDS_PER_MINUTE = 60;
    private static final int SECONDS_PER_HOUR = 3600;

    private final Screen screen;
    private String optimizer;
    private long partsShown;
    private int liveLength;

    ProgressLine(Screen screen) {
        this.screen = screen;
    }

    @Override
    public void prepared(String corpus, String model, String backend) {
        screen.out().println("corpus   " + corpus);
        screen.out().println("model    " + model);
        screen.out().println("backend  " + backend);
    }

    @Override
    public void begun(String optimizer, float learningRate) {
        this.optimizer = optimizer;
        partsShown = 0;
        screen.out().println("training with %s, learning rate %s".formatted(optimizer, learningRate));
    }

    @Override
    public void resumed(String optimizer, int step, Path checkpoint) {
        screen.out().println("resumed  after step %d, from %s".formatted(step, checkpoint));
    }

    @Override
    public void validating(int step, int steps) {
        if (screen.live()) show("%s  step %d/%d  validating".formatted(optimizer, step, steps));
    }

    @Override
    public void progress(
            int step,
            int steps,
            double trainLoss,
            OptionalDouble validationLoss,
            double tokensPerSecond,
            double secondsLeft) {
        String validation =
                validationLoss.isPresent() ? "  val_loss %.4f".formatted(validationLoss.getAsDouble()) : "";
        String line = "%s  step %d/%d  loss %.4f%s  %.0f tokens/s  %s left"
                .formatted(optimizer, step, steps, trainLoss, validation, tokensPerSecond, time(secondsLeft));
        long parts = (long) step * PARTS / steps;
        boolean stays = validationLoss.isPresent() || (!screen.live() && parts > partsShown);
        if (stays || screen.live()) show(line);
        if (stays) {
            endLine();
            partsShown = parts;
        }
    }

    @Override
    public void finished(TrainResult result) {
        endLine();
    }

    @Override
    public void failed(TrainFailure failure) {
        endLine();
        screen.err().println("asgo4j: step %d: %s".formatted(failure.step(), failure.reason()));
    }

    @Override
    public void complete() {
        screen.out().println("complete: this training ended before, nothing is left to do");
    }

    /** Leaves the cursor on an empty line. */
    @Override
    public void close() {
        endLine();
    }

    /** Writes over the live line; blanks cover what is left of a longer one. */
    private void show(String line) {
        String start = liveLength > 0 ? "\r" : "";
        screen.out().print(start + line + " ".repeat(Math.max(0, liveLength - line.length())));
        screen.out().flush();
        liveLength = line.length();
    }

    private void endLine() {
        if (liveLength > 0) screen.out().println();
        liveLength = 0;
    }

    /** Such as 0:42, 12:05 or 3:00:00. */
    private static String time(double seconds) {
        long s = Math.round(seconds);
        long minutes = s / SECONDS_PER_MINUTE % SECONDS_PER_MINUTE;
        return s < SECONDS_PER_HOUR
                ? "%d:%02d".formatted(minutes, s % SECONDS_PER_MINUTE)
                : "%d:%02d:%02d".formatted(s / SECONDS_PER_HOUR, minutes, s % SECONDS_PER_MINUTE);
    }
}
