// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.OptionalDouble;
import java.util.stream.Stream;
import org.asgo4j.train.TrainResult;
import org.junit.jupiter.api.Test;

/** What is on the screen in the end, with a terminal and without. */
class ProgressLineTest {
    private static final int STEPS = 100;

    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private final PrintStream stream = new PrintStream(bytes, true, StandardCharsets.UTF_8);

    private void train(boolean live, int evalEvery) {
        try (ProgressLine progress = new ProgressLine(new Screen(stream, stream, live))) {
            progress.begun("asgo", 0.5f);
            for (int step = 1; step <= STEPS; step++) {
                boolean evaluate = step % evalEvery == 0;
                if (evaluate) progress.validating(step, STEPS);
                OptionalDouble loss = evaluate ? OptionalDouble.of(1.5) : OptionalDouble.empty();
                progress.progress(step, STEPS, 2, loss, 1000, 4000 - 40 * step);
            }
            progress.finished(new TrainResult("asgo", STEPS, 1.5, 1, 1, 1));
        }
    }

    /** The lines as a terminal shows them: after a carriage return the new text covers the old. */
    private List<String> screen() {
        return Stream.of(bytes.toString(StandardCharsets.UTF_8).split(System.lineSeparator()))
                .map(line -> {
                    String shown = "";
                    for (String part : line.split("\r")) {
                        shown = part + (part.length() < shown.length() ? shown.substring(part.length()) : "");
                    }
                    return shown.stripTrailing();
                })
                .toList();
    }

    @Test
    void onATerminalOnlyValidationsStay() {
        train(true, 50);
        assertEquals(
                List.of(
                        "training with asgo, learning rate 0.5",
                        "asgo  step 50/100  loss 2.0000  val_loss 1.5000  1000 tokens/s  33:20 left",
                        "asgo  step 100/100  loss 2.0000  val_loss 1.5000  1000 tokens/s  0:00 left"),
                screen());
    }

    @Test
    void aLiveLineIsEndedWhenTheTrainingFails() {
        try (ProgressLine progress = new ProgressLine(new Screen(stream, stream, true))) {
            progress.begun("asgo", 0.5f);
            progress.progress(1, STEPS, 2, OptionalDouble.empty(), 1000, 4000);
        }
        stream.println("asgo4j: failed");
        assertEquals(
                List.of(
                        "training with asgo, learning rate 0.5",
                        "asgo  step 1/100  loss 2.0000  1000 tokens/s  1:06:40 left",
                        "asgo4j: failed"),
                screen());
    }

    @Test
    void withoutATerminalThereIsALineForEveryTenth() {
        train(false, STEPS);
        List<String> lines = screen();
        assertEquals(11, lines.size(), lines::toString);
        assertEquals("asgo  step 10/100  loss 2.0000  1000 tokens/s  1:00:00 left", lines.get(1));
        assertEquals("asgo  step 100/100  loss 2.0000  val_loss 1.5000  1000 tokens/s  0:00 left", lines.getLast());
        assertEquals(-1, bytes.toString(StandardCharsets.UTF_8).indexOf('\r'));
    }
}
