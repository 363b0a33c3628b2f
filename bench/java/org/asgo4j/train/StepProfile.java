// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.train;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordedFrame;
import jdk.jfr.consumer.RecordingFile;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.Backends;
import org.asgo4j.linalg.Workers;

/**
 * Where a training step's time goes. The flight recorder samples the stacks of all threads by CPU time, native calls
 * included ({@code jdk.CPUTimeSample}, on Linux), and a sample counts for the part of the step that its stack names.
 * The share of samples, times the CPU time of the process, is a part's milliseconds per worker and step; what is left
 * of the step's time the workers slept.
 */
public final class StepProfile {
    private static final String EVENT = "jdk.CPUTimeSample";
    private static final String THROTTLE = "1ms";
    private static final int WORKERS = 2;
    private static final double NANOS_PER_SECOND = 1e9;
    private static final double NANOS_PER_MILLI = 1e6;

    /** What a step consists of; a sample belongs to the first whose frame is on its stack. */
    private enum Part {
        OPTIMIZER("optimizer", "org.asgo4j.optim."),
        /** Of all weights, the head's included. */
        WEIGHT_GRADIENTS("weight gradients", "Gpt.gradient"),
        /** Copies for the products. */
        TRANSPOSING("transposing weights", "Gpt.refresh"),
        /** Forward and backward. */
        SOFTMAX("attention: softmax", "LayerKernels.causal"),
        /** Scores, mixing, and their gradients. */
        ATTENTION("attention: products", "train.Attention."),
        /** Forward and backward. */
        NORMS("norms", "train.LayerNorm."),
        /** Forward and backward. */
        GELU("GELU", "LayerKernels.gelu"),
        /** Loss and gradient of the logits. */
        CROSS_ENTROPY("cross-entropy", "LayerKernels.crossEntropy"),
        /** Forward and input gradients. */
        LAYERS("products of the layers", "train.LayerPass."),
        /** Logits, their gradient, embedding. */
        HEAD("products of the head, embedding", "train.ChunkPass."),
        /** Asleep or spinning. */
        BARRIERS("waiting at barriers", "linalg.Workers."),
        /** Compiler, collector, recorder. */
        REST("the rest of the process", "");

        private final String label;
        private final String frame;

        Part(String label, String frame) {
            this.label = label;
            this.frame = frame;
        }

        private boolean isOn(List<RecordedFrame> stack) {
            return stack.stream().anyMatch(each -> name(each).contains(frame));
        }

        private static String name(RecordedFrame frame) {
            return frame.getMethod().getType().getName() + "." + frame.getMethod().getName();
        }

        private static Part of(RecordedEvent event) {
            if (event.getStackTrace() == null) return REST;
            for (Part part : values()) {
                if (part.isOn(event.getStackTrace().getFrames())) return part;
            }
            return REST;
        }
    }

    private StepProfile() {
    }

    /**
     * Prints the table.
     *
     * @param arguments a {@link SizedModel}, the optimizer, seconds to warm up, seconds to sample
     * @throws IOException if the recording can't be written or read
     */
    public static void main(String... arguments) throws IOException {
        System.out.print(table(
                SizedModel.valueOf(arguments[0]), OptimizerChoice.Algorithm.valueOf(arguments[1]),
                Double.parseDouble(arguments[2]), Double.parseDouble(arguments[3])));
    }

    /** Verifies the training, then samples it. */
    static String table(SizedModel model, OptimizerChoice.Algorithm algorithm, double warmUp, double time)
            throws IOException {
        Path file = Files.createTempFile("profile", ".jfr");
        try (Backend backend = Backends.open();
                Workers workers = new Workers(WORKERS);
                var training = new SizedTraining(backend, workers, model, algorithm);
                var recording = new Recording()) {
            training.verify();
            steps(training, warmUp);
            recording.enable(EVENT).with("throttle", THROTTLE);
            recording.start();
            long processor = processorNanos();
            long start = System.nanoTime();
            int count = steps(training, time);
            double wall = (System.nanoTime() - start) / NANOS_PER_MILLI / count;
            double busy = (processorNanos() - processor) / NANOS_PER_MILLI / count / WORKERS;
            recording.stop();
            recording.dump(file);
            return text("%s, %s".formatted(model, algorithm), count, wall, busy, RecordingFile.readAllEvents(file));
        } finally {
            Files.delete(file);
        }
    }

    private static long processorNanos() {
        return ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class).getProcessCpuTime();
    }

    private static int steps(SizedTraining training, double seconds) {
        int count = 0;
        long end = System.nanoTime() + (long) (seconds * NANOS_PER_SECOND);
        do {
            training.draw();
            training.stepOnBatch();
            count++;
        } while (System.nanoTime() < end);
        return count;
    }

    private static String text(String name, int count, double wall, double busy, List<RecordedEvent> events) {
        List<RecordedEvent> samples =
                events.stream().filter(each -> each.getEventType().getName().equals(EVENT)).toList();
        Map<Part, Integer> counts = new EnumMap<>(Part.class);
        for (RecordedEvent sample : samples) counts.merge(Part.of(sample), 1, Integer::sum);
        var text = new StringBuilder(String.format(
                Locale.ROOT, "%s: %.2f ms a step, %d steps, %d samples%n| | ms | share |%n| --- | --- | --- |%n",
                name, wall, count, samples.size()));
        counts.forEach((part, times) -> line(text, part.label, busy * times / samples.size(), wall));
        line(text, "asleep", wall - busy, wall);
        return text.toString();
    }

    private static void line(StringBuilder text, String label, double millis, double wall) {
        text.append(String.format(Locale.ROOT, "| %s | %.2f | %.1f %% |%n", label, millis, 100 * millis / wall));
    }
}
