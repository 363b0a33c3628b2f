// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.asgo4j.io.Safetensors;
import org.asgo4j.io.SafetensorsWriter;
import org.asgo4j.kernel.Kernels;
import org.asgo4j.kernel.LayerKernels;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.BackendName;
import org.asgo4j.linalg.Backends;
import org.asgo4j.linalg.ElementType;
import org.asgo4j.linalg.Matrix;
import org.asgo4j.linalg.Workers;
import org.asgo4j.optim.FaultyBackend;
import org.asgo4j.testing.Seeds;
import org.asgo4j.testing.Tolerance;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What must hold of the model whatever its weights. */
class GptTest {
    private static final GptConfig TINY = new GptConfig(7, 2, 2, 8, 5);

    /** Has more than one tile, more than one block of queries, and chunks of one sequence. */
    private static final GptConfig CUT = new GptConfig(97, 2, 3, 48, 70);

    /** Time for the compiler to get there; interpreted vectors are objects. */
    private static final long DEADLINE_NANOS = 120_000_000_000L;

    @ParameterizedTest
    @ValueSource(ints = {2, 3})
    void anyNumberOfWorkersGivesTheSameBits(int workers) {
        long seed = Seeds.next();
        assertEquals(gradientBits(CUT, 1, seed), gradientBits(CUT, workers, seed), () -> "seed=" + seed);
        assertEquals(gradientBits(TINY, 1, seed), gradientBits(TINY, workers, seed), () -> "seed=" + seed);
    }

    /** Memory that was taken before there was no more is given back. */
    @Test
    void whatCannotBeAllocatedWholeIsFreed() {
        List<Arena> arenas = new ArrayList<>();
        int[] left = new int[1];
        try (Backend real = open(); var workers = new Workers(1); var parameters = new GptParameters(real, TINY)) {
            Backend scarce = FaultyBackend.around(real, (operation, arguments, done) -> {
                if (!operation.startsWith("allocate") || done) return;
                arenas.add((Arena) arguments[0]);
                if (left[0]-- == 0) throw new OutOfMemoryError("of the test");
            });
            for (int count : new int[] {0, 3, 12}) {
                left[0] = count;
                assertThrows(OutOfMemoryError.class, () -> new GptParameters(scarce, TINY));
                left[0] = count;
                assertThrows(OutOfMemoryError.class, () -> new Gpt(scarce, workers, parameters, 2));
                assertTrue(arenas.stream().noneMatch(each -> each.scope().isAlive()), count + " allocations");
            }
        }
    }

    /** The sizes in a file are claims, which may ask for any amount. */
    @Test
    void noMemoryIsTakenForAFileThatLacksATensor(@TempDir Path folder) throws IOException {
        Path whole = folder.resolve("whole");
        Path part = folder.resolve("part");
        try (Backend real = open(); var parameters = new GptParameters(real, TINY)) {
            GptFile.write(whole, parameters, CharTokenizer.of("abcdefg"), Map.of());
            Backend refusing = FaultyBackend.around(real, (operation, _, _) -> {
                if (operation.startsWith("allocate")) throw new AssertionError(operation);
            });
            for (GptParameter p : parameters.all()) {
                copyWithout(p.name(), whole, part);
                var refusal = assertThrows(IllegalArgumentException.class, () -> GptFile.read(part, refusing));
                assertTrue(refusal.getMessage().contains(p.name() + "' must be F32"), refusal::getMessage);
            }
        }
    }

    private static void copyWithout(String left, Path from, Path to) throws IOException {
        try (Safetensors source = Safetensors.open(from)) {
            var writer = new SafetensorsWriter();
            source.metadata().forEach(writer::metadata);
            for (String name : source.names()) {
                if (name.equals(left)) continue;
                writer.tensor(name, source.info(name).dtype(), source.info(name).shape(), source.tensor(name));
            }
            writer.write(to);
        }
    }

    /** A file that another process cuts while it is read, which Java reports as an error. */
    @Test
    void aFileThatShrinksWhileItIsReadLeavesNothing(@TempDir Path folder) throws IOException {
        Path file = folder.resolve("model.safetensors");
        var config = new GptConfig(3, 2, 3, 48, 70);
        List<Arena> arenas = new ArrayList<>();
        try (Backend real = open()) {
            try (var parameters = new GptParameters(real, config)) {
                GptFile.write(file, parameters, CharTokenizer.of("abc"), Map.of());
            }
            Backend cutting = FaultyBackend.around(real, (operation, arguments, done) -> {
                if (!operation.startsWith("allocate") || done) return;
                arenas.add((Arena) arguments[0]);
                try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
                    channel.truncate(1);
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
            assertThrows(InternalError.class, () -> GptFile.read(file, cutting));
            assertTrue(!arenas.isEmpty() && arenas.stream().noneMatch(each -> each.scope().isAlive()), "memory left");
        }
    }

    @Test
    void scalarAndVectorKernelsGiveTheSameBits() {
        long seed = Seeds.next();
        try (Backend backend = open();
                var fixture = new GptFixture(backend, CUT, 2, 1, seed);
                Gpt vector = fixture.gpt(1);
                Gpt scalar = fixture.gpt(1, Kernels.scalar(), LayerKernels.scalar())) {
            vector.forwardBackward(fixture.inputs, fixture.targets);
            List<Integer> bits = gradientBits(fixture);
            scalar.forwardBackward(fixture.inputs, fixture.targets);
            assertEquals(bits, gradientBits(fixture), () -> "seed=" + seed);
        }
    }

    @Test
    void gradientsAreOverwritten() {
        long seed = Seeds.next();
        try (Backend backend = open();
                var fixture = new GptFixture(backend, TINY, 6, 2, seed);
                Gpt gpt = fixture.gpt(2)) {
            gpt.forwardBackward(fixture.inputs, fixture.targets);
            List<Integer> first = gradientBits(fixture);
            for (GptParameter parameter : fixture.parameters.all()) parameter.gradient().set(0, 0, Double.NaN);
            gpt.forwardBackward(fixture.targets, fixture.inputs);
            gpt.forwardBackward(fixture.inputs, fixture.targets);
            assertEquals(first, gradientBits(fixture), () -> "seed=" + seed);
        }
    }

    @Test
    void forwardAloneGivesTheSameLoss() {
        long seed = Seeds.next();
        try (Backend backend = open();
                var fixture = new GptFixture(backend, CUT, 6, 2, seed);
                Gpt gpt = fixture.gpt(2)) {
            double loss = gpt.forwardBackward(fixture.inputs, fixture.targets);
            int count = fixture.inputs.length;
            assertEquals(loss, gpt.loss(fixture.inputs, fixture.targets, count), () -> "seed=" + seed);
            assertEquals(loss, gpt.lossOfSameWeights(fixture.inputs, fixture.targets, count), () -> "seed=" + seed);
        }
    }

    /** Full sequences, a chunk that is not full, a sequence cut short, and a single token. */
    @ParameterizedTest
    @ValueSource(ints = {20, 15, 10, 7, 1})
    void theLossOfAPartIsTheMeanOverItsTokens(int count) {
        long seed = Seeds.next();
        try (Backend backend = open();
                var fixture = new GptFixture(backend, TINY, 4, 2, seed);
                Gpt gpt = fixture.gpt(2)) {
            var exact = new Float64Gpt(fixture.parameters);
            double expected = 0;
            for (int i = 0; i < count; i++) {
                double[][] logits = exact.logits(fixture.inputs, i - i % TINY.context());
                expected += Float64Gpt.crossEntropy(logits[i % TINY.context()], fixture.targets[i]) / count;
            }
            // About ten stages a layer, each with sums of up to 4C terms.
            double tolerance = Tolerance.gamma(10 * TINY.layers() * TINY.hidden(), ElementType.FLOAT32) * expected;
            assertEquals(expected, gpt.loss(fixture.inputs, fixture.targets, count), tolerance, () -> "seed=" + seed);
        }
    }

    /** Each prediction weighs the same: in whole batches, in a last one that is not full, and in a window cut short. */
    @Test
    void theLossOfAnEvaluationIsTheMeanOverAllPredictions() {
        long seed = Seeds.next();
        int batch = 2;
        int context = TINY.context();
        var random = new SplittableRandom(seed);
        short[] text = new short[2 * batch * context + 4];
        for (int i = 0; i < text.length; i++) text[i] = (short) random.nextInt(TINY.vocabulary());
        try (Backend backend = open();
                var fixture = new GptFixture(backend, TINY, batch, 1, seed);
                Gpt gpt = fixture.gpt()) {
            var exact = new Float64Gpt(fixture.parameters);
            int[] padded = new int[text.length + context];
            for (int i = 0; i < text.length; i++) padded[i] = text[i];
            double expected = 0;
            for (int i = 0; i < text.length - 1; i++) {
                double[] logits = exact.logits(padded, i - i % context)[i % context];
                expected += Float64Gpt.crossEntropy(logits, text[i + 1]) / (text.length - 1);
            }
            double tolerance = Tolerance.gamma(10 * TINY.layers() * TINY.hidden(), ElementType.FLOAT32) * expected;
            var evaluation = new Evaluation(text, batch, context);
            assertEquals(expected, evaluation.loss(gpt), tolerance, () -> "seed=" + seed);
            backend.fill(0, fixture.parameters.tokenEmbedding().weight()); // equal logits
            double uniform = Math.log(TINY.vocabulary());
            assertEquals(uniform, evaluation.loss(gpt), tolerance, "weights that changed in between are seen");
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 35, 64, 69})
    void laterTokensChangeNothing(int length) {
        long seed = Seeds.next();
        try (Backend backend = open();
                var fixture = new GptFixture(backend, CUT, 1, 1, seed);
                Gpt gpt = fixture.gpt()) {
            double before = gpt.loss(fixture.inputs, fixture.targets, length);
            double whole = gpt.loss(fixture.inputs, fixture.targets, CUT.context());
            List<Double> logits = row(gpt.logits(fixture.inputs, length));
            for (int i = length; i < CUT.context(); i++) fixture.inputs[i] = (fixture.inputs[i] + 1) % CUT.vocabulary();
            assertEquals(before, gpt.loss(fixture.inputs, fixture.targets, length), () -> "seed=" + seed);
            assertEquals(logits, row(gpt.logits(fixture.inputs, length)), () -> "seed=" + seed);
            assertNotEquals(whole, gpt.loss(fixture.inputs, fixture.targets, CUT.context()), () -> "seed=" + seed);
        }
    }

    /** Logits are then nearly equal: their deviation is about 0.02·√C, and the loss grows by half its square. */
    @Test
    void theInitialLossIsThatOfGuessing() {
        var config = new GptConfig(65, 4, 4, 64, 16);
        long seed = Seeds.next();
        try (Backend backend = open();
                var fixture = new GptFixture(backend, config, 4, 1, seed);
                Gpt gpt = fixture.gpt()) {
            fixture.parameters.initialize(seed);
            double loss = gpt.loss(fixture.inputs, fixture.targets, fixture.inputs.length);
            assertEquals(Math.log(config.vocabulary()), loss, 0.02 * Math.sqrt(config.width()), () -> "seed=" + seed);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"OPENBLAS", "REFERENCE"})
    void oneBatchIsLearntByHeart(BackendName name) {
        var config = new GptConfig(7, 2, 2, 16, 6);
        int batch = 4;
        long seed = Seeds.next();
        try (Backend backend = Backends.open(name);
                var fixture = new GptFixture(backend, config, batch, 2, seed);
                Gpt gpt = fixture.gpt(2);
                var optimizer = new PlainAdam(backend, fixture.parameters)) {
            fixture.parameters.initialize(seed);
            // Different first tokens, so that no two positions with the same past ask for different futures.
            for (int i = 0; i < batch; i++) fixture.inputs[i * config.context()] = i;
            double loss = Double.POSITIVE_INFINITY;
            for (int step = 1; step <= 200; step++) {
                // The least: at a constant rate Adam leaps now and then, and 12 of 500 seeds ended in a leap.
                loss = Math.min(loss, gpt.forwardBackward(fixture.inputs, fixture.targets));
                optimizer.step(step);
            }
            double least = loss; // at most 0.0011 with 1500 seeds
            assertTrue(least < 0.01, () -> "loss is still " + least + ", seed=" + seed);
        }
    }

    /** With scalar kernels, so that it is about the passes alone; vectors that become objects are the kernels' test. */
    @Test
    @Tag("allocation")
    void aStepAllocatesNothingOnceCompiled() {
        var threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long seed = Seeds.next();
        try (Backend backend = open();
                var fixture = new GptFixture(backend, new GptConfig(7, 1, 2, 8, 5), 2, 1, seed);
                Gpt gpt = fixture.gpt(1, Kernels.scalar(), LayerKernels.scalar())) {
            long start = System.nanoTime();
            long bytes;
            do {
                long before = threads.getCurrentThreadAllocatedBytes();
                gpt.forwardBackward(fixture.inputs, fixture.targets);
                gpt.loss(fixture.inputs, fixture.targets, 1);
                bytes = threads.getCurrentThreadAllocatedBytes() - before;
            } while (bytes > 0 && System.nanoTime() - start < DEADLINE_NANOS);
            assertEquals(0, bytes, "bytes allocated by the last step");
        }
    }

    @Test
    void badArgumentsAreNamed() {
        try (Backend backend = open();
                var workers = new Workers(1);
                var parameters = new GptParameters(backend, TINY);
                Gpt gpt = new Gpt(backend, workers, parameters, 2)) {
            int[] good = new int[10];
            int[] wrong = {0, 0, 7, 0, 0, 0, 0, 0, 0, 0};
            int[] negative = {0, 0, 0, 0, 0, 0, 0, 0, 0, -1};
            assertMessage("inputs[2] is token 7, must be in [0, 7)", () -> gpt.forwardBackward(wrong, good));
            assertMessage("targets[9] is token -1, must be in [0, 7)", () -> gpt.forwardBackward(good, negative));
            assertMessage("inputs: 9 tokens given, must be at least 10", () -> gpt.forwardBackward(new int[9], good));
            assertMessage("tokens must be in [1, 10], got 0", () -> gpt.loss(good, good, 0));
            assertMessage("tokens must be in [1, 10], got 11", () -> gpt.loss(good, good, 11));
            assertMessage("length must be in [1, 5], got 6", () -> gpt.logits(good, 6));
            assertMessage("batch must be at least 1, got 0", () -> new Gpt(backend, workers, parameters, 0));
        }
    }

    private static void assertMessage(String expected, org.junit.jupiter.api.function.Executable call) {
        assertEquals(expected, assertThrows(IllegalArgumentException.class, call).getMessage());
    }

    private static Backend open() {
        return Backends.open(BackendName.OPENBLAS);
    }

    private static List<Integer> gradientBits(GptConfig config, int workers, long seed) {
        try (Backend backend = open();
                var fixture = new GptFixture(backend, config, 4, workers, seed);
                Gpt gpt = fixture.gpt(1)) {
            double loss = gpt.forwardBackward(fixture.inputs, fixture.targets);
            List<Integer> bits = gradientBits(fixture);
            bits.add(Double.hashCode(loss));
            return bits;
        }
    }

    private static List<Integer> gradientBits(GptFixture fixture) {
        List<Integer> bits = new ArrayList<>();
        for (GptParameter parameter : fixture.parameters.all()) {
            Matrix gradient = parameter.gradient();
            for (int i = 0; i < gradient.size(); i++) {
                bits.add(Float.floatToIntBits(gradient.segment().getAtIndex(ValueLayout.JAVA_FLOAT, i)));
            }
        }
        return bits;
    }

    private static List<Double> row(Matrix logits) {
        List<Double> values = new ArrayList<>();
        for (int j = 0; j < logits.cols(); j++) values.add(logits.get(0, j));
        return values;
    }

    /** Adam without decay on every parameter, straight on the backend. */
    private static final class PlainAdam implements AutoCloseable {
        private final Arena arena = Arena.ofConfined();
        private final Backend backend;
        private final List<GptParameter> parameters;
        private final List<Matrix> moments = new ArrayList<>();

        PlainAdam(Backend backend, GptParameters parameters) {
            this.backend = backend;
            this.parameters = parameters.all();
            for (GptParameter parameter : this.parameters) {
                for (int i = 0; i < 2; i++) {
                    moments.add(backend.allocate(arena, parameter.weight().rows(), parameter.weight().cols()));
                }
            }
        }

        void step(int step) {
            float stepSize = (float) (0.01 / (1 - Math.pow(0.9, step)));
            float correction = (float) (1 / Math.sqrt(1 - Math.pow(0.95, step)));
            for (int i = 0; i < parameters.size(); i++) {
                backend.adamw(1, 0.9f, 0.95f, 1e-8f, stepSize, correction, 1, parameters.get(i).gradient(),
                        moments.get(2 * i), moments.get(2 * i + 1), parameters.get(i).weight());
            }
        }

        @Override
        public void close() {
            arena.close();
        }
    }
}
