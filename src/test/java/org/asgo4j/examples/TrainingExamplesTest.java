// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import org.asgo4j.io.Safetensors;
import org.asgo4j.io.SafetensorsWriter;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.Backends;
import org.asgo4j.linalg.Matrix;
import org.asgo4j.linalg.Workers;
import org.asgo4j.optim.AdamW;
import org.asgo4j.optim.AdamWConfig;
import org.asgo4j.optim.Asgo;
import org.asgo4j.optim.AsgoConfig;
import org.asgo4j.optim.Optimizer;
import org.asgo4j.optim.OptimizerConfig;
import org.asgo4j.optim.OptimizerConfig.NonFinitePolicy;
import org.asgo4j.optim.OptimizerConfig.ZeroGradientPolicy;
import org.asgo4j.optim.Parameter;
import org.asgo4j.optim.ParameterGroup;
import org.asgo4j.optim.Schedule;
import org.asgo4j.optim.Schedule.WarmupStableDecay.Decay;
import org.asgo4j.optim.StateMismatchException;
import org.asgo4j.optim.StepReport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Training loops, what they report, and their state, as in the documentation. */
class TrainingExamplesTest {
    private final Backend backend = Backends.open();
    private final Arena arena = Arena.ofShared();
    private final Workers workers = new Workers(2);
    private final Model model = new Model(backend, arena, 24, 64);
    private final Matrix bias = backend.allocate(arena, 1, 64);
    private final Matrix biasGradient = backend.allocate(arena, 1, 64);

    @AfterEach
    void close() {
        workers.close();
        arena.close();
        backend.close();
    }

    @Test
    void loop() {
        double before = model.loss();
        // @start region="loop"
        var matrices = new ParameterGroup("matrices", new Asgo(AsgoConfig.defaults()),
                Schedule.published(0.01f, 200), 0.1f,
                List.of(Parameter.of("mlp.weight", model.weight, model.gradient)));
        var vectors = new ParameterGroup("vectors", new AdamW(AdamWConfig.published()),
                Schedule.published(6e-3f, 200), 0,
                List.of(Parameter.of("mlp.bias", bias, biasGradient)));
        try (var optimizer = new Optimizer(backend, workers, OptimizerConfig.published(), List.of(matrices, vectors))) {
            for (int step = 0; step < 200; step++) {
                model.backward(); //                          yours: writes the gradients
                optimizer.step(); //                          reads them, writes the weights
            }
        }
        // @end
        assertTrue(model.loss() < before, "seed=" + model.seed);
    }

    @Test
    void tensor() {
        // @start region="tensor"
        int floats = 16 * 3 * 3 * 3;
        MemorySegment kernel = arena.allocate(ValueLayout.JAVA_FLOAT, floats); // or another engine's memory
        MemorySegment gradient = arena.allocate(ValueLayout.JAVA_FLOAT, floats);
        Parameter conv = Parameter.ofTensor("conv1.weight", kernel, gradient, 16, 3, 3, 3);
        assertEquals(16, conv.weight().rows()); //            one row per output channel
        assertEquals(27, conv.weight().cols());
        // @end
    }

    @Test
    void vectors() {
        var kernel = Parameter.of("mlp.weight", model.weight, model.gradient);
        var shift = Parameter.of("mlp.bias", bias, biasGradient);
        List<Parameter> parameters = List.of(kernel, shift);
        // @start region="vectors"
        var byKind = parameters.stream().collect(Collectors.partitioningBy(Parameter::isVector));
        var matrices = new ParameterGroup("matrices", new Asgo(AsgoConfig.defaults()), Schedule.constant(0.01f), 0.1f,
                byKind.get(false));
        var vectors = new ParameterGroup("vectors", new AdamW(AdamWConfig.published()), Schedule.constant(6e-3f), 0,
                byKind.get(true));
        // @end
        assertEquals(List.of(kernel), matrices.parameters());
        assertEquals(List.of(shift), vectors.parameters());
    }

    @Test
    void schedules() {
        // @start region="schedules"
        Schedule published = Schedule.published(0.01f, 2000); // warm-up over 200 steps, cosine to 0.0002
        Schedule plateau = Schedule.warmupStableDecay(0.01f, 100, 2000, 0.2f, Decay.LINEAR);
        Schedule own = step -> 0.01f / (1 + step / 1000); //  steps count from 1
        // @end
        for (long step : new long[] {1, 2000}) {
            assertTrue(published.learningRate(step) < own.learningRate(1));
            assertTrue(plateau.learningRate(step) < own.learningRate(1));
        }
    }

    @Test
    void report() {
        try (Optimizer optimizer = optimizer(OptimizerConfig.published())) {
            model.backward();
            // @start region="report"
            StepReport report = optimizer.step(); //          one object, filled anew at each step
            double norm = report.gradientNorm(); //           before clipping
            boolean clipped = report.clipFactor() < 1;
            long roots = report.refreshes();
            String line = report.toString(); //               everything, for a log
            // @end
            assertTrue(norm > 1 && clipped && roots == 1 && line.contains("step"), line);
        }
    }

    @Test
    void config() {
        // @start region="config"
        OptimizerConfig config = OptimizerConfig.published() //        clips at a global norm of 1
                .withClipNorm(Double.POSITIVE_INFINITY) //             never clips
                .withNonFinite(NonFinitePolicy.SKIP) //                leaves out a step with a NaN, and counts it
                .withZeroGradients(ZeroGradientPolicy.SKIP) //         leaves out an expert without tokens
                .withObserveEvery(100); //                             measures ‖ΔW‖/‖W‖ every 100 steps
        // @end
        try (Optimizer optimizer = optimizer(config)) {
            model.backward();
            model.gradient.set(0, 0, Double.NaN);
            assertTrue(optimizer.step().skipped());
        }
    }

    @Test
    void save(@TempDir Path folder) throws IOException {
        Optimizer optimizer = optimizer(OptimizerConfig.published());
        model.backward();
        optimizer.step();
        // @start region="save"
        Path file = folder.resolve("optimizer.safetensors");
        optimizer.save(file); //                              momenta, gram matrices, counts; weights are yours
        optimizer.close();

        Optimizer resumed = optimizer(OptimizerConfig.published()); // the same groups as before
        resumed.load(file); //                                from here on the same bits as if never stopped
        // @end
        assertEquals(1, resumed.steps());
        resumed.close();
    }

    @Test
    void together(@TempDir Path folder) throws IOException {
        Optimizer optimizer = optimizer(OptimizerConfig.published());
        model.backward();
        optimizer.step();
        double before = model.weight.get(3, 5);
        // @start region="together"
        Path file = folder.resolve("checkpoint.safetensors");
        try (Arena scratch = Arena.ofShared()) { //            of what the writer borrows
            var writer = new SafetensorsWriter();
            writer.matrix("mlp.weight", model.weight.segment(), 24, 64, 64);
            optimizer.addTo(writer, "optimizer.", true, scratch);
            writer.write(file); //                             before the next step, which it would refuse to follow
        }

        try (Safetensors source = Safetensors.open(file)) { // later, with the same groups
            MemorySegment.copy(source.tensor("mlp.weight"), 0, model.weight.segment(), 0, 24 * 64 * Float.BYTES);
            optimizer.load(source, "optimizer.");
        }
        // @end
        assertEquals(before, model.weight.get(3, 5));
        assertEquals(1, optimizer.steps());
        optimizer.close();
    }

    @Test
    void mismatch(@TempDir Path folder) throws IOException {
        Path file = folder.resolve("optimizer.safetensors");
        try (Optimizer other = new Optimizer(backend, workers, OptimizerConfig.published(),
                List.of(new ParameterGroup("vectors", new AdamW(AdamWConfig.published()), Schedule.constant(1e-3f), 0,
                        List.of(Parameter.of("mlp.bias", bias, biasGradient)))))) {
            other.save(file);
        }
        boolean resumed;
        Optimizer optimizer = optimizer(OptimizerConfig.published());
        // @start region="mismatch"
        try {
            optimizer.load(file);
            resumed = true;
        } catch (StateMismatchException e) { //               of another model or rule: nothing has been changed,
            resumed = false; //                               so training can begin anew
        }
        // @end
        assertFalse(resumed);
        optimizer.close();
    }

    private Optimizer optimizer(OptimizerConfig config) {
        var group = new ParameterGroup("matrices", new Asgo(AsgoConfig.defaults()), Schedule.constant(0.01f), 0,
                List.of(Parameter.of("mlp.weight", model.weight, model.gradient)));
        return new Optimizer(backend, workers, config, List.of(group));
    }
}
