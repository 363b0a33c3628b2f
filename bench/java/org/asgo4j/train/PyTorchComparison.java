// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.train;

import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.Backends;
import org.asgo4j.linalg.Matrix;
import org.asgo4j.linalg.Workers;

/**
 * A whole training step beside PyTorch's, on the same cores and in turn in one JVM: the same GPT, weights and batches,
 * by libtorch ({@link TorchTraining}) and by asgo4j. Loss, every gradient, and what some steps change in every weight,
 * are compared before anything is timed.
 */
public final class PyTorchComparison {
    private static final int THREADS = 2;

    /** ‖G − G_PyTorch‖ / ‖G_PyTorch‖ of each weight: products of 768 tokens and four layers in float32 leave 1e-6. */
    private static final double GRADIENT_TOLERANCE = 1e-4;

    /** Of losses, before each step of both. */
    private static final double LOSS_TOLERANCE = 1e-5;

    /**
     * ‖ΔW − ΔW_PyTorch‖ / ‖ΔW_PyTorch‖ of each weight after some steps: rounding leaves 3e-5 at four layers of 128, and
     * weight decay is 2e-3 of a step.
     */
    private static final double CHANGE_TOLERANCE = 5e-4;

    private static final int VERIFIED_STEPS = 3;

    /** Long enough for threads that slept through the turns of others to be awake for most of it. */
    private static final double TURN_SECONDS = 0.3;

    private static final double NANOS_PER_SECOND = 1e9;
    private static final double MILLIS_PER_SECOND = 1e3;

    /** What is measured in turn. */
    private enum Part {
        PYTORCH("PyTorch, AdamW"), ADAMW("asgo4j, AdamW"), ASGO("asgo4j, ASGO");

        private final String label;

        Part(String label) {
            this.label = label;
        }
    }

    private final SizedModel model;
    private final SizedTraining ours;
    private final TorchTraining torch;

    /** Seconds of a step, of each turn. */
    private final Map<Part, List<Double>> seconds = new EnumMap<>(Part.class);

    private PyTorchComparison(SizedModel model, SizedTraining ours, TorchTraining torch) {
        this.model = model;
        this.ours = ours;
        this.torch = torch;
        for (Part part : Part.values()) seconds.put(part, new ArrayList<>());
    }

    /**
     * Prints the table.
     *
     * @param arguments a {@link SizedModel}, seconds to warm up, seconds to measure
     */
    public static void main(String... arguments) {
        System.out.print(table(
                SizedModel.valueOf(arguments[0]), Double.parseDouble(arguments[1]), Double.parseDouble(arguments[2])));
    }

    /** Verifies, then measures. */
    static String table(SizedModel model, double warmUp, double time) {
        try (Backend backend = Backends.open();
                Workers workers = new Workers(THREADS);
                var ours = new SizedTraining(backend, workers, model, OptimizerChoice.Algorithm.ADAMW,
                        OptimizerChoice.Algorithm.ASGO);
                var torch = new TorchTraining(ours.parameters(), model.batch(), THREADS,
                        SizedTraining.learningRate(OptimizerChoice.Algorithm.ADAMW),
                        OptimizerChoice.ADAMW_WEIGHT_DECAY)) {
            var comparison = new PyTorchComparison(model, ours, torch);
            comparison.verify();
            comparison.measure(warmUp);
            for (List<Double> each : comparison.seconds.values()) each.clear();
            comparison.measure(time);
            return comparison.text(backend);
        }
    }

    private void verify() {
        torch.read(ours.inputs(), ours.targets());
        double loss = ours.forwardBackward();
        List<float[]> results = torch.lossAndGradients();
        verifyLoss(loss, results.getFirst()[0]);
        List<GptParameter> weights = TorchGptScript.weights(ours.parameters());
        for (int i = 0; i < weights.size(); i++) {
            GptParameter each = weights.get(i);
            float[] expected = results.get(i + 1);
            verify("gradient of " + each.name(), each.gradient(), expected, new float[expected.length],
                    GRADIENT_TOLERANCE);
        }
        List<float[]> start = torch.weights();
        for (int i = 0; i < VERIFIED_STEPS; i++) {
            draw();
            verifyLoss(ours.stepOnBatch(), torch.step());
        }
        List<float[]> end = torch.weights();
        for (int i = 0; i < weights.size(); i++) {
            GptParameter each = weights.get(i);
            verify("change of " + each.name(), each.weight(), end.get(i), start.get(i), CHANGE_TOLERANCE);
        }
    }

    private void draw() {
        ours.draw();
        torch.read(ours.inputs(), ours.targets());
    }

    private static void verifyLoss(double loss, double expected) {
        if (!(Math.abs(loss - expected) <= LOSS_TOLERANCE * expected)) {
            throw new IllegalStateException("loss %.7f, of PyTorch's %.7f".formatted(loss, expected));
        }
    }

    /** That ‖A − E‖ ≤ tolerance·‖E − O‖, of what is, is expected, and it was before. */
    private static void verify(String what, Matrix actual, float[] expected, float[] origin, double tolerance) {
        double difference = 0;
        double squares = 0;
        for (int i = 0; i < expected.length; i++) {
            double element = actual.get(i / actual.cols(), i % actual.cols());
            double distance = (double) expected[i] - origin[i];
            difference += (element - expected[i]) * (element - expected[i]);
            squares += distance * distance;
        }
        double relative = Math.sqrt(difference / squares);
        if (!(relative <= tolerance)) {
            throw new IllegalStateException("%s differs from PyTorch's by %.1e, expected at most %.1e"
                    .formatted(what, relative, tolerance));
        }
    }

    private void measure(double time) {
        long end = System.nanoTime() + (long) (time * NANOS_PER_SECOND);
        do { // at least once
            for (Part part : Part.values()) seconds.get(part).add(turn(part, Math.min(time, TURN_SECONDS)));
        } while (System.nanoTime() < end);
    }

    /** Seconds of a step, the first of a turn not counted. */
    private double turn(Part part, double time) {
        step(part);
        long start = System.nanoTime();
        double passed;
        int count = 0;
        do {
            step(part);
            count++;
            passed = (System.nanoTime() - start) / NANOS_PER_SECOND;
        } while (passed < time);
        return passed / count;
    }

    private void step(Part part) {
        ours.draw();
        if (part == Part.PYTORCH) {
            torch.read(ours.inputs(), ours.targets());
            torch.step();
        } else {
            ours.forwardBackward();
            ours.optimizerStep(part == Part.ADAMW ? 0 : 1);
        }
    }

    private String text(Backend backend) {
        var text = new StringBuilder(String.format(Locale.ROOT, """
                %s, %d rounds, %d threads, PyTorch %s, %s
                | | ms a step | tokens/s | PyTorch's time over it |
                | --- | --- | --- | --- |
                """, model, seconds.get(Part.PYTORCH).size(), THREADS, TorchTraining.version(), backend.describe()));
        for (Part part : Part.values()) {
            double step = median(seconds.get(part));
            text.append(String.format(Locale.ROOT, "| %s | %.2f | %.0f | %.2f |%n", part.label,
                    step * MILLIS_PER_SECOND, model.tokens() / step, median(quotients(part))));
        }
        return text.toString();
    }

    private List<Double> quotients(Part part) {
        List<Double> all = new ArrayList<>();
        for (int i = 0; i < seconds.get(part).size(); i++) {
            all.add(seconds.get(Part.PYTORCH).get(i) / seconds.get(part).get(i));
        }
        return all;
    }

    private static double median(List<Double> values) {
        List<Double> sorted = new ArrayList<>(values);
        Collections.sort(sorted);
        int middle = sorted.size() / 2;
        return sorted.size() % 2 == 1 ? sorted.get(middle) : (sorted.get(middle - 1) + sorted.get(middle)) / 2;
    }
}
