// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.djl;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import ai.djl.Model;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;
import ai.djl.nn.SequentialBlock;
import ai.djl.nn.core.Linear;
import ai.djl.training.DefaultTrainingConfig;
import ai.djl.training.GradientCollector;
import ai.djl.training.Trainer;
import ai.djl.training.loss.Loss;
import ai.djl.training.optimizer.Optimizer;
import ai.djl.training.tracker.ParameterTracker;
import ai.djl.training.tracker.Tracker;
import java.lang.foreign.Arena;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.BackendName;
import org.asgo4j.linalg.Backends;
import org.asgo4j.linalg.Matrix;
import org.asgo4j.optim.AdamW;
import org.asgo4j.optim.AdamWConfig;
import org.asgo4j.optim.Asgo;
import org.asgo4j.optim.AsgoConfig;
import org.asgo4j.optim.NonFiniteGradientException;
import org.asgo4j.optim.Rule;
import org.asgo4j.optim.RuleState;
import org.asgo4j.optim.Sgd;
import org.asgo4j.optim.SgdConfig;
import org.asgo4j.testing.Seeds;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Updates of PyTorch's tensors against the rules on memory of our own, and against DJL's optimizers. */
@NeedsPyTorch
class AsgoOptimizerTest {
    private static final float RATE = 0.125f;
    private static final float DECAY = 0.25f;
    private static final Shape KERNEL = new Shape(4, 3, 3, 3);
    private static final Rule SGD = new Sgd(new SgdConfig(0, false));
    private final long seed = Seeds.next();
    private final Random random = new Random(seed);
    private final Backend backend = Backends.open(BackendName.OPENBLAS);
    private final NDManager manager = PyTorch.newManager();

    @AfterEach
    void free() {
        manager.close();
        backend.close();
    }

    private NDArray tensor(Shape shape) {
        return manager.create(values(shape), shape);
    }

    private float[] values(Shape shape) {
        float[] values = new float[(int) shape.size()];
        for (int i = 0; i < values.length; i++) values[i] = (float) random.nextGaussian();
        return values;
    }

    private AsgoOptimizer.Builder builder(Rule rule) {
        return AsgoOptimizer.builder().optLearningRateTracker(Tracker.fixed(RATE)).optBackend(backend).optRule(rule);
    }

    /** A convolution's kernel is out×(in·height·width). */
    @ParameterizedTest
    @MethodSource("org.asgo4j.optim.RuleFamilyTest#all")
    void updatesAreTheRulesBitForBitAndWithoutACopy(Rule rule) {
        NDArray weight = tensor(KERNEL);
        try (Arena arena = Arena.ofConfined();
                AsgoOptimizer optimizer = builder(rule).optWeightDecays(DECAY).build()) {
            Matrix expected = matrix(arena, 4, 27, weight.toFloatArray());
            RuleState state = rule.newState(backend, arena, 4, 27);
            for (int step = 0; step < 5; step++) {
                NDArray gradient = tensor(KERNEL);
                float[] before = gradient.toFloatArray();
                optimizer.update("id", weight, gradient);
                state.step(expected, matrix(arena, 4, 27, before), RATE, DECAY);
                assertArrayEquals(before, gradient.toFloatArray(), "the gradient is only read");
            }
            assertArrayEquals(floats(expected), weight.toFloatArray(), () -> "seed=" + seed);
            assertEquals(0, optimizer.copies());
        }
    }

    /** The arithmetic is that of the CPU, so the bits are. */
    @Test
    void updatesOfTensorsOnAGpuAreTheSameBits() {
        try (NDManager gpu = PyTorch.newGpuManager();
                AsgoOptimizer onGpu = builder(new Asgo(AsgoConfig.defaults())).build();
                AsgoOptimizer onCpu = builder(new Asgo(AsgoConfig.defaults())).build()) {
            NDArray expected = tensor(KERNEL);
            NDArray weight = gpu.create(expected.toFloatArray(), KERNEL);
            for (int step = 1; step <= 5; step++) {
                NDArray gradient = tensor(KERNEL);
                onCpu.update("id", expected, gradient);
                onGpu.update("id", weight, gpu.create(gradient.toFloatArray(), KERNEL));
                assertEquals(3L * step, onGpu.copies(), "the gradient there, the weight there and back");
            }
            assertArrayEquals(expected.toFloatArray(), weight.toFloatArray(), () -> "seed=" + seed);
            assertTrue(weight.getDevice().isGpu());
        }
    }

    @Test
    void vectorsAndEmbeddingsGetAdamW() {
        List<Shape> shapes = List.of(new Shape(7), new Shape(5, 4));
        List<String> names = List.of("bias", "embedding");
        for (int i = 0; i < 2; i++) {
            NDArray weight = tensor(shapes.get(i));
            weight.setName(names.get(i));
            int rows = RoutedParameter.rows(shapes.get(i));
            int cols = RoutedParameter.cols(shapes.get(i));
            NDArray gradient = tensor(shapes.get(i));
            try (Arena arena = Arena.ofConfined();
                    AsgoOptimizer optimizer = builder(new Asgo(AsgoConfig.defaults())).build()) {
                Matrix expected = matrix(arena, rows, cols, weight.toFloatArray());
                new AdamW(AdamWConfig.published()).newState(backend, arena, rows, cols)
                        .step(expected, matrix(arena, rows, cols, gradient.toFloatArray()), RATE, 0);
                optimizer.update("id", weight, gradient);
                assertArrayEquals(floats(expected), weight.toFloatArray(), () -> "seed=" + seed);
            }
        }
    }

    @Test
    void aRoutingReplacesNameAndShape() {
        List<String> asked = new ArrayList<>();
        NDArray weight = tensor(new Shape(3, 4));
        weight.setName("weight");
        NDArray gradient = tensor(new Shape(3, 4));
        float[] expected = weight.sub(gradient.mul(RATE)).toFloatArray();
        try (AsgoOptimizer optimizer = builder(new Asgo(AsgoConfig.defaults())).optRouting((name, shape) -> {
            asked.add(name + shape);
            return SGD;
        }).build()) {
            optimizer.update("id-1", weight, gradient);
            assertClose(expected, weight.toFloatArray());
            optimizer.update("id-1", weight, gradient);
        }
        assertEquals(List.of("weight#id-1(3, 4)"), asked, "asked once");
    }

    /** Plain gradient descent. DJL's own clips above only, whatever it documents, so there gradients are positive. */
    @Test
    void rescalingAndClippingAreWhatDjlDocuments() {
        Shape shape = new Shape(6, 5);
        NDArray ours = tensor(shape);
        NDArray theirs = ours.duplicate();
        Optimizer djl = Optimizer.sgd().setLearningRateTracker(Tracker.fixed(RATE)).setRescaleGrad(0.5f)
                .optClipGrad(0.25f).build();
        try (AsgoOptimizer optimizer = builder(SGD).setRescaleGrad(0.5f).optClipGrad(0.25f).build()) {
            NDArray gradient = tensor(shape).abs();
            optimizer.update("id", ours, gradient);
            djl.update("id", theirs, gradient.duplicate());
            assertClose(theirs.toFloatArray(), ours.toFloatArray());

            NDArray signed = tensor(shape);
            float[] expected = ours.sub(signed.mul(0.5f).clip(-0.25f, 0.25f).mul(RATE)).toFloatArray();
            optimizer.update("id", ours, signed);
            assertClose(expected, ours.toFloatArray());
        }
    }

    /** The second parameter comes late, and DJL then asks for the step of the whole run. */
    @Test
    void trackersAreAskedAsDjlAsks() {
        List<String> ours = new ArrayList<>();
        List<String> theirs = new ArrayList<>();
        Optimizer djl = Optimizer.adam().optLearningRateTracker(recording(theirs)).optBeginNumUpdate(100).build();
        try (AsgoOptimizer optimizer = AsgoOptimizer.builder().optBackend(backend)
                .optLearningRateTracker(recording(ours)).optBeginNumUpdate(100).build()) {
            for (String id : List.of("a", "a", "a", "b", "a", "b", "b", "b", "b", "a")) {
                for (Optimizer each : List.of(optimizer, djl)) {
                    each.update(id, tensor(new Shape(2, 3)), tensor(new Shape(2, 3)));
                }
            }
        }
        assertEquals(theirs, ours);
        assertEquals("a 101", ours.getFirst());
    }

    private static ParameterTracker recording(List<String> asked) {
        return (id, step) -> {
            asked.add(id + " " + step);
            return RATE;
        };
    }

    @Test
    void theLearningRateOfAStepIsTheTrackers() {
        NDArray weight = tensor(new Shape(2, 3));
        try (AsgoOptimizer optimizer = AsgoOptimizer.builder().optBackend(backend).optRule(SGD)
                .optLearningRateTracker((Tracker) step -> step == 2 ? RATE : 0).build()) {
            for (int step = 1; step <= 3; step++) {
                float[] before = weight.toFloatArray();
                NDArray gradient = tensor(new Shape(2, 3));
                float[] expected = step == 2 ? weight.sub(gradient.mul(RATE)).toFloatArray() : before;
                optimizer.update("id", weight, gradient);
                assertClose(expected, weight.toFloatArray());
            }
        }
    }

    @Test
    void tensorsWithoutAViewAreCopiedAndCounted() {
        NDArray memory = tensor(new Shape(4, 3));
        NDArray weight = memory.transpose();
        NDArray gradient = tensor(new Shape(3, 4));
        float[] expected = weight.sub(gradient.mul(RATE)).toFloatArray();
        try (AsgoOptimizer optimizer = builder(SGD).build()) {
            optimizer.update("id", weight, gradient);
            assertEquals(2, optimizer.copies());
            assertClose(expected, weight.toFloatArray());
            assertClose(expected, memory.transpose().toFloatArray());
            optimizer.update("id", weight, tensor(new Shape(4, 3)).transpose());
            assertEquals(5, optimizer.copies());
            int before = manager.getManagedArrays().size();
            optimizer.update("id", weight, gradient);
            assertEquals(before, manager.getManagedArrays().size(), "nothing stays with the model's manager");
        }
    }

    /** PyTorch adds up gradients; DJL counts on the optimizer to clear them. */
    @Test
    void theGatheredGradientIsClearedAlsoIfItIsRefused() {
        NDArray weight = tensor(new Shape(2, 3));
        weight.setRequiresGradient(true);
        float[] before = weight.toFloatArray();
        try (AsgoOptimizer optimizer = builder(SGD).build()) {
            for (float value : new float[] {1, Float.NaN, Float.POSITIVE_INFINITY}) {
                try (var collector = PyTorch.engine().newGradientCollector()) {
                    collector.backward(weight.mul(value).sum());
                }
                assertEquals(value, weight.getGradient().getFloat(1, 2));
                if (value == 1) {
                    optimizer.update("id", weight, weight.getGradient());
                } else {
                    assertThrows(NonFiniteGradientException.class,
                            () -> optimizer.update("id", weight, weight.getGradient()));
                }
                assertArrayEquals(new float[6], weight.getGradient().toFloatArray());
            }
        }
        for (int i = 0; i < 6; i++) assertEquals(before[i] - RATE, weight.toFloatArray()[i]);
    }

    /** As a gradient that is not finite: of another type or shape, or for a parameter of no rule. */
    @Test
    void theGatheredGradientIsClearedAlsoIfItIsRefusedUnread() {
        NDArray weight = tensor(new Shape(2, 3));
        weight.setRequiresGradient(true);
        try (AsgoOptimizer optimizer = builder(SGD)
                .optRouting((name, _) -> name.endsWith("#none") ? null : SGD).build()) {
            weight.setName("weight");
            Map<NDArray, String> refused = Map.of(
                    tensor(new Shape(2, 3)).toType(DataType.FLOAT64, true), "id",
                    tensor(new Shape(3, 2)), "id",
                    tensor(new Shape(2, 3)), "none");
            refused.forEach((gradient, id) -> {
                try (var collector = PyTorch.engine().newGradientCollector()) {
                    collector.backward(weight.sum());
                }
                assertEquals(1, weight.getGradient().getFloat(1, 2));
                assertThrows(RuntimeException.class, () -> optimizer.update(id, weight, gradient));
                assertArrayEquals(new float[6], weight.getGradient().toFloatArray());
            });
        }
    }

    /** PyTorch refuses to write to it, which is too late after the state was stepped. */
    @Test
    void aBroadcastWeightIsRefusedBeforeItsStateChanges() {
        NDArray row = tensor(new Shape(1, 3));
        float[] before = row.toFloatArray();
        NDArray gradient = tensor(new Shape(2, 3));
        Rule momentum = new Sgd(new SgdConfig(0.5f, false));
        try (AsgoOptimizer optimizer = builder(momentum).build(); AsgoOptimizer fresh = builder(momentum).build()) {
            refused("weight of 'id' can't be written, must be an array whose elements have memory of their own",
                    () -> optimizer.update("id", row.broadcast(new Shape(2, 3)), gradient));
            assertArrayEquals(before, row.toFloatArray());
            NDArray weight = tensor(new Shape(2, 3));
            NDArray expected = weight.duplicate();
            fresh.update("id", expected, gradient);
            optimizer.update("id", weight, gradient);
            assertArrayEquals(expected.toFloatArray(), weight.toFloatArray(), "the momentum is not yet one");
        }
    }

    /** DJL's loop over parameters ends at the one that threw. One of them is frozen and gathers nothing. */
    @Test
    void aRefusedBatchIsAsIfItHadNotBeen() {
        List<float[]> without = weightsAfter(1, 1, 1);
        List<float[]> with = weightsAfter(1, Float.NaN, 1, Float.POSITIVE_INFINITY, 1);
        for (int i = 0; i < 4; i++) assertArrayEquals(without.get(i), with.get(i), "parameter " + i);
    }

    /** Two layers' parameters after steps on constant batches, those of batches that are not finite being refused. */
    private List<float[]> weightsAfter(float... batches) {
        Block block = new SequentialBlock().add(Linear.builder().setUnits(4).build())
                .add(Linear.builder().setUnits(3).build());
        PyTorch.engine().setRandomSeed(1);
        try (Model model = Model.newInstance("layers", Device.cpu(), "PyTorch");
                AsgoOptimizer optimizer = builder(new Asgo(AsgoConfig.defaults())).optBlock(block).build()) {
            model.setBlock(block);
            var config = new DefaultTrainingConfig(Loss.l2Loss()).optOptimizer(optimizer)
                    .optDevices(new Device[] {Device.cpu()});
            try (Trainer trainer = model.newTrainer(config)) {
                trainer.initialize(new Shape(2, 5));
                block.getParameters().valueAt(1).freeze(true);
                for (float batch : batches) {
                    NDArray data = manager.full(new Shape(2, 5), batch);
                    try (GradientCollector collector = trainer.newGradientCollector()) {
                        collector.backward(trainer.getLoss().evaluate(new NDList(manager.ones(new Shape(2, 3))),
                                trainer.forward(new NDList(data))));
                    }
                    if (Float.isFinite(batch)) {
                        trainer.step();
                    } else {
                        assertThrows(NonFiniteGradientException.class, trainer::step);
                    }
                }
                return block.getParameters().values().stream().map(each -> each.getArray().toFloatArray()).toList();
            }
        }
    }

    @Test
    void whatCannotBeSteppedIsRefusedByName() {
        NDArray weight = tensor(new Shape(2, 2));
        weight.setName("weight");
        NDArray sparse = manager.createCoo(FloatBuffer.wrap(new float[] {1, 2}), new long[][] {{0, 1}, {1, 0}},
                new Shape(2, 2));
        float[] before = weight.toFloatArray();
        try (AsgoOptimizer optimizer = builder(SGD).build()) {
            for (DataType type : List.of(DataType.FLOAT16, DataType.FLOAT64)) {
                refused("weight of 'other' holds %s, must hold FLOAT32".formatted(type),
                        () -> optimizer.update("other", tensor(new Shape(2, 2)).toType(type, true), weight));
                refused("gradient of 'weight#id' holds " + type,
                        () -> optimizer.update("id", weight, weight.toType(type, true)));
            }
            refused("gradient of 'weight#id' is sparse (COO), must be dense",
                    () -> optimizer.update("id", weight, sparse));
            refused("'weight#id' is (2, 2), but its weight is now (2, 2) and its gradient (2, 3)",
                    () -> optimizer.update("id", weight, tensor(new Shape(2, 3))));
            refused("'weight#id' is (2, 2), but its weight is now (2, 3) and its gradient (2, 2)",
                    () -> optimizer.update("id", tensor(new Shape(2, 3)), tensor(new Shape(2, 2))));
            refused("is (0, 3): 0 elements", () -> optimizer.update("empty", manager.create(new Shape(0, 3)),
                    manager.create(new Shape(0, 3))));
        }
        try (AsgoOptimizer optimizer = builder(SGD).optLearningRateTracker(Tracker.fixed(-1)).build()) {
            refused("learningRate must be finite and at least 0, got -1.0",
                    () -> optimizer.update("id", weight, tensor(new Shape(2, 2))));
        }
        assertArrayEquals(before, weight.toFloatArray());
    }

    @Test
    void nothingWorksAfterClose() {
        AsgoOptimizer optimizer = builder(SGD).build();
        NDArray weight = tensor(new Shape(2, 2));
        optimizer.update("id", weight, tensor(new Shape(2, 2)));
        optimizer.close();
        optimizer.close();
        var thrown = assertThrows(IllegalStateException.class, () -> optimizer.update("id", weight, weight));
        assertEquals("optimizer is closed", thrown.getMessage());
        assertThrows(IllegalStateException.class, () -> optimizer.save(Path.of("never")));
        assertThrows(IllegalStateException.class, () -> optimizer.load(Path.of("never")));
    }

    private Matrix matrix(Arena arena, int rows, int cols, float[] values) {
        Matrix m = backend.allocate(arena, rows, cols);
        for (int i = 0; i < values.length; i++) m.set(i / cols, i % cols, values[i]);
        return m;
    }

    private static float[] floats(Matrix m) {
        float[] values = new float[(int) m.size()];
        for (int i = 0; i < values.length; i++) values[i] = (float) m.get(i / m.cols(), i % m.cols());
        return values;
    }

    /** To two roundings of values up to 1 more, as ηG is rounded or, in a fused multiply-add, not. */
    private void assertClose(float[] expected, float[] actual) {
        assertEquals(expected.length, actual.length);
        for (int i = 0; i < expected.length; i++) {
            assertEquals(expected[i], actual[i], 2 * Math.ulp(1 + Math.abs(expected[i])), () -> "seed=" + seed);
        }
    }

    private static void refused(String part, Runnable action) {
        var thrown = assertThrows(IllegalArgumentException.class, action::run);
        assertTrue(thrown.getMessage().contains(part), () -> "'" + thrown.getMessage() + "' lacks '" + part + "'");
    }
}
