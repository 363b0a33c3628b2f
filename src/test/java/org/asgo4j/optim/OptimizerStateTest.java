// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.optim;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import java.util.stream.Stream;
import org.asgo4j.io.DType;
import org.asgo4j.io.Safetensors;
import org.asgo4j.io.SafetensorsException;
import org.asgo4j.io.SafetensorsWriter;
import org.asgo4j.io.TensorInfo;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.BackendName;
import org.asgo4j.linalg.Backends;
import org.asgo4j.linalg.ElementType;
import org.asgo4j.linalg.Matrix;
import org.asgo4j.linalg.Workers;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A saved and loaded optimizer takes the steps that the saved one would have taken, or refuses the file. */
class OptimizerStateTest {
    private static final long SEED = 77;
    private static final int SAVED_AT = 7;
    private static final int STEPS = 15;

    /** The fields that are integers, in a state of the kind that the test damages. */
    private static final Set<String> COUNTS = Set.of("steps", "exponent", "scaled", "decomposed", "refreshes",
            "retries", "kept", "kept_in_a_row", "steps_since_renewal", "skipped_steps");

    private final Backend backend = Backends.open(BackendName.OPENBLAS);
    private final Arena arena = Arena.ofShared();
    private final Workers workers = new Workers(2);

    @TempDir
    private Path folder;

    @AfterEach
    void free() {
        workers.close();
        arena.close();
    }

    private static AsgoConfig damped() {
        return AsgoConfig.published().withDamping(Damping.relative(1e-4));
    }

    /** Every rule, and ASGO with whatever keeps something of its own between steps. */
    static Stream<Named> rules() {
        Map<String, Rule> rules = new TreeMap<>();
        rules.put("asgo", new Asgo(AsgoConfig.published()));
        rules.put("asgo every 4", new Asgo(damped().withRefreshInterval(4)));
        rules.put("asgo early", new Asgo(damped().withRefresh(new Refresh.EarlyThenEvery(3, 5))));
        rules.put("asgo float64", new Asgo(damped().withRootPrecision(ElementType.FLOAT64)));
        rules.put("asgo theory", new Asgo(AsgoConfig.theory(1e-3)));
        rules.put("asgo nesterov", new Asgo(damped().withNesterov(true).withGramSource(GramSource.MOMENTUM)));
        rules.put("asgo corrected", new Asgo(damped().withEigenvalueCorrection(true).withRefreshInterval(3)));
        rules.put("asgo adaptive", new Asgo(damped().withRefresh(new Refresh.Adaptive(0.3, 4))));
        rules.put("asgo in blocks", new Asgo(damped().withSizeLimit(new SizeLimit(5, SizeLimit.Beyond.SPLIT))));
        rules.put("asgo diagonal", new Asgo(damped().withSizeLimit(new SizeLimit(5, SizeLimit.Beyond.DIAGONAL))));
        for (RootMethod method : RootMethod.values()) {
            rules.put("asgo " + method, new Asgo(damped().withRootMethod(method).withBetas(0.9, 0.99)));
        }
        rules.put("adamw", new AdamW(AdamWConfig.published()));
        rules.put("dasgo", new Dasgo(DasgoConfig.published()));
        rules.put("muon", new Muon(MuonConfig.published()));
        rules.put("shampoo", new Shampoo(ShampooConfig.published()));
        rules.put("shampoo every 4", new Shampoo(ShampooConfig.published().withRefreshInterval(4)));
        rules.put("soap", new Soap(SoapConfig.published()));
        rules.put("soap every 2", new Soap(SoapConfig.published().withRefreshInterval(2).withMaxOrder(10)));
        rules.put("sgd", new Sgd(SgdConfig.common()));
        rules.put("lion", new Lion(LionConfig.published()));
        return rules.entrySet().stream().map(e -> new Named(e.getKey(), e.getValue()));
    }

    record Named(String name, Rule rule) {
        @Override
        public String toString() {
            return name;
        }
    }

    private List<ParameterGroup> groups(Rule rule) {
        List<Parameter> matrices = new ArrayList<>();
        Random random = new Random(SEED);
        for (int[] shape : new int[][] {{6, 14}, {9, 9}, {13, 4}}) {
            matrices.add(Parameter.of("w." + shape[0] + "x" + shape[1], matrix(shape, random), matrix(shape, random)));
        }
        int[] heads = {8, 8};
        matrices.add(new Parameter("heads", matrix(heads, random), matrix(heads, random), RowBlocks.heads(8, 2)));
        int[] vector = {1, 11};
        var gain = Parameter.of("gain", matrix(vector, random), matrix(vector, random));
        return List.of(
                new ParameterGroup("matrices", rule, Schedule.published(0.02f, STEPS), 0.1f, matrices),
                new ParameterGroup("others", new AdamW(AdamWConfig.published()), Schedule.constant(0.01f), 0,
                        List.of(gain)));
    }

    private Matrix matrix(int[] shape, Random random) {
        Matrix m = backend.allocate(arena, shape[0], shape[1]);
        Dense.set(m, Dense.random(shape[0], shape[1], random));
        return m;
    }

    private static List<Parameter> parameters(List<ParameterGroup> groups) {
        return groups.stream().flatMap(g -> g.parameters().stream()).toList();
    }

    private Optimizer optimizer(List<ParameterGroup> groups) {
        return new Optimizer(backend, workers, OptimizerConfig.published(), groups);
    }

    /** Takes the steps {@code from … to}, whose gradients depend on the step alone. */
    private void run(Optimizer optimizer, List<ParameterGroup> groups, int from, int to) {
        for (int t = from; t <= to; t++) {
            Random random = new Random(SEED + t);
            for (Parameter p : parameters(groups)) {
                Dense.set(p.gradient(), Dense.random(p.gradient().rows(), p.gradient().cols(), random));
            }
            optimizer.step();
        }
    }

    private static List<double[][]> weights(List<ParameterGroup> groups) {
        return parameters(groups).stream().map(p -> Dense.of(p.weight())).toList();
    }

    private static void assertSameBits(List<double[][]> expected, List<double[][]> actual, String what) {
        for (int i = 0; i < expected.size(); i++) {
            assertArrayEquals(expected.get(i), actual.get(i), what + " weight " + i);
        }
    }

    @ParameterizedTest
    @MethodSource("rules")
    void loadedStateContinuesBitForBit(Named named) throws IOException {
        Path file = folder.resolve("state.safetensors");
        List<ParameterGroup> whole = groups(named.rule());
        List<ParameterGroup> resumed = groups(named.rule());
        try (Optimizer optimizer = optimizer(whole)) {
            run(optimizer, whole, 1, SAVED_AT);
            optimizer.save(file);
            for (int i = 0; i < parameters(whole).size(); i++) {
                Dense.set(parameters(resumed).get(i).weight(), weights(whole).get(i));
            }
            run(optimizer, whole, SAVED_AT + 1, STEPS);
        }
        try (Optimizer optimizer = optimizer(resumed)) {
            run(optimizer, groups(named.rule()), 1, 0);
            optimizer.load(file);
            assertEquals(SAVED_AT, optimizer.steps());
            run(optimizer, resumed, SAVED_AT + 1, STEPS);
            assertEquals(STEPS, optimizer.steps());
        }
        assertSameBits(weights(whole), weights(resumed), named + " seed=" + SEED);
    }

    @ParameterizedTest
    @MethodSource("rules")
    void savingTwiceGivesTheSameBytesAndChangesNothing(Named named) throws IOException {
        List<ParameterGroup> groups = groups(named.rule());
        try (Optimizer optimizer = optimizer(groups)) {
            run(optimizer, groups, 1, SAVED_AT);
            optimizer.save(folder.resolve("a"));
            optimizer.save(folder.resolve("b"));
            optimizer.load(folder.resolve("a"));
            optimizer.save(folder.resolve("c"));
        }
        assertEquals(-1, Files.mismatch(folder.resolve("a"), folder.resolve("b")));
        assertEquals(-1, Files.mismatch(folder.resolve("a"), folder.resolve("c")));
    }

    static Stream<Rule> rooted() {
        return Stream.of(new Asgo(damped()), new Shampoo(ShampooConfig.published()));
    }

    @ParameterizedTest
    @MethodSource("rooted")
    void rootsAreComputedAnewWhereTheFileLacksThem(Rule rule) throws IOException {
        Path file = folder.resolve("state.safetensors");
        List<ParameterGroup> whole = groups(rule);
        List<ParameterGroup> resumed = groups(rule);
        try (Optimizer optimizer = optimizer(whole); Arena scratch = Arena.ofConfined()) {
            run(optimizer, whole, 1, SAVED_AT);
            var writer = new SafetensorsWriter();
            optimizer.addTo(writer, "state.", false, scratch);
            writer.write(file);
            for (int i = 0; i < parameters(whole).size(); i++) {
                Dense.set(parameters(resumed).get(i).weight(), weights(whole).get(i));
            }
            run(optimizer, whole, SAVED_AT + 1, STEPS);
        }
        try (Optimizer optimizer = optimizer(resumed); Safetensors source = Safetensors.open(file)) {
            assertFalse(source.names().stream().anyMatch(name -> name.endsWith("root")));
            optimizer.load(source, "state.");
            run(optimizer, resumed, SAVED_AT + 1, STEPS);
        }
        // With a root at every step the missing one is due anyway.
        assertSameBits(weights(whole), weights(resumed), "seed=" + SEED);
    }

    /** As Flax and TensorFlow name weights, with and without a prefix, and metadata of the weights' own. */
    @ParameterizedTest
    @ValueSource(strings = {"", "state.", "state/"})
    void stateLiesBesideWeightsOfAnyName(String prefix) throws IOException {
        Path file = folder.resolve("both.safetensors");
        List<ParameterGroup> groups = groups(new Asgo(AsgoConfig.published()));
        try (Optimizer optimizer = optimizer(groups); Arena scratch = Arena.ofConfined()) {
            run(optimizer, groups, 1, 3);
            var writer = new SafetensorsWriter();
            for (String name : List.of("dense/kernel", "dense_1/bias/0", "heads")) {
                writer.tensor(name, DType.F32, List.of(1L), scratch.allocate(Float.BYTES));
            }
            writer.metadata("dense", "a layer of 3×4");
            optimizer.addTo(writer, prefix, true, scratch);
            writer.write(file);
        }
        try (Optimizer optimizer = optimizer(groups); Safetensors source = Safetensors.open(file)) {
            optimizer.load(source, prefix);
            assertEquals(3, optimizer.steps());
        }
        List<ParameterGroup> fewer = List.of(groups.getLast());
        try (Optimizer optimizer = optimizer(fewer); Safetensors source = Safetensors.open(file)) {
            String message = assertThrows(StateMismatchException.class, () -> optimizer.load(source, prefix))
                    .getMessage();
            assertTrue(message.contains("which this optimizer has not"), message);
        }
    }

    /** Names would begin with the word null. */
    @Test
    void noPrefixIsAnEmptyOne() throws IOException {
        Path file = folder.resolve("state.safetensors");
        List<ParameterGroup> groups = groups(new Asgo(AsgoConfig.published()));
        try (Optimizer optimizer = optimizer(groups); Arena scratch = Arena.ofConfined()) {
            optimizer.save(file);
            var writer = new SafetensorsWriter();
            assertThrows(IllegalArgumentException.class, () -> optimizer.addTo(writer, null, true, scratch));
            try (Safetensors source = Safetensors.open(file)) {
                assertThrows(IllegalArgumentException.class, () -> optimizer.load(source, null));
            }
        }
    }

    @Test
    void stateOfAnotherRuleModelOrVersionIsRefused() throws IOException {
        List<ParameterGroup> saved = groups(new Asgo(AsgoConfig.published()));
        Path file = stateAfterThreeSteps(saved);
        refused(groups(new Muon(MuonConfig.published())), file,
                "parameter 'w.6x14' is asgo 6×14, averaged left gram of gradients in the file, but muon 6×14 in this "
                        + "optimizer");
        refused(groups(new Asgo(AsgoConfig.published().withRootPrecision(ElementType.FLOAT64))), file,
                "'w.6x14/gram' is F32 [21] in the file, must be F64 [21]");
        refused(groups(new Asgo(AsgoConfig.published().withSide(PreconditionerSide.LEFT))), file,
                "parameter 'w.9x9' is asgo 9×9, averaged right gram of gradients in the file, but asgo 9×9, "
                        + "averaged left gram of gradients in this optimizer");
        refused(groups(new Asgo(AsgoConfig.published().withGramSource(GramSource.MOMENTUM))), file,
                "but asgo 6×14, averaged left gram of directions in this optimizer");
        refused(groups(new Asgo(AsgoConfig.published().withAccumulation(Accumulation.SUM))), file,
                "but asgo 6×14, summed left gram of gradients in this optimizer");
        List<ParameterGroup> fewer = List.of(saved.getLast());
        refused(fewer, file, "which this optimizer has not");
        var renamed = new ParameterGroup("g", new Asgo(AsgoConfig.published()), Schedule.constant(1), 0,
                List.of(Parameter.of("other", matrix(new int[] {3, 4}, new Random(1)),
                        matrix(new int[] {3, 4}, new Random(1)))));
        refused(List.of(renamed), file,
                "parameter 'other' is missing in the file, but asgo 3×4, averaged left gram of gradients");
        rewrite(file, folder.resolve("version"), (name, value) -> {}, metadata -> metadata.replace(
                "/optimizer", "asgo4j-optimizer-9"));
        refused(saved, folder.resolve("version"), "is 'asgo4j-optimizer-9', must be 'asgo4j-optimizer-1'");
        Files.writeString(folder.resolve("text"), "not safetensors at all");
        try (Optimizer optimizer = optimizer(saved)) {
            assertThrows(SafetensorsException.class, () -> optimizer.load(folder.resolve("text")));
        }
    }

    /** It says so itself: a square weight's diagonals have one length. */
    @Test
    void dasgosDiagonalOfTheOtherSideIsRefused() throws IOException {
        Path file = stateAfterThreeSteps(groups(new Dasgo(DasgoConfig.published())));
        refused(groups(new Dasgo(DasgoConfig.published().withSide(PreconditionerSide.LEFT))), file,
                "dasgo 6×14, right gram diagonal in the file, but dasgo 6×14, left gram diagonal in this optimizer");
    }

    @Test
    void filesAreTheSameInEveryLanguage() throws IOException {
        Locale before = Locale.getDefault();
        List<ParameterGroup> groups = groups(new Asgo(AsgoConfig.published()));
        try (Optimizer here = optimizer(groups)) {
            run(here, groups, 1, 3);
            here.save(folder.resolve("here"));
            Locale.setDefault(Locale.forLanguageTag("ar-EG-u-nu-arab"));
            try (Optimizer there = optimizer(groups)) {
                there.load(folder.resolve("here"));
                there.save(folder.resolve("there"));
            }
        } finally {
            Locale.setDefault(before);
        }
        assertEquals(-1, Files.mismatch(folder.resolve("here"), folder.resolve("there")));
    }

    /** Each tensor in turn gets a value that no state has. */
    @Test
    void valuesThatNoStateHasAreRefused() throws IOException {
        Path file = folder.resolve("state.safetensors");
        List<ParameterGroup> groups = groups(new Asgo(damped().withRefresh(new Refresh.Adaptive(0.3, 4))));
        List<String> names;
        try (Optimizer optimizer = optimizer(groups)) {
            run(optimizer, groups, 1, 3);
            optimizer.save(file);
        }
        try (Safetensors source = Safetensors.open(file)) {
            names = List.copyOf(source.names());
        }
        for (String name : names) {
            if (name.endsWith("condition")) continue; // for reports alone, and any value is one
            Path damaged = folder.resolve("damaged");
            rewrite(file, damaged, (tensor, values) -> {
                if (!tensor.equals(name)) return;
                boolean integer = COUNTS.contains(tensor.substring(Math.max(tensor.lastIndexOf('/'),
                        tensor.lastIndexOf('.')) + 1));
                if (integer) values.set(ValueLayout.JAVA_LONG, 0, -1000);
                else values.set(ValueLayout.JAVA_FLOAT, values.byteSize() - Float.BYTES, Float.NaN);
            }, metadata -> {});
            refused(groups, damaged, "'" + name + "'");
        }
    }

    @Test
    void truncatedFilesAreRefused() throws IOException {
        Path file = folder.resolve("state.safetensors");
        List<ParameterGroup> groups = groups(new Asgo(AsgoConfig.published()));
        try (Optimizer optimizer = optimizer(groups)) {
            run(optimizer, groups, 1, 2);
            optimizer.save(file);
            long size = Files.size(file);
            for (long length : new long[] {0, 7, 100, size / 2, size - 1}) {
                Path cut = Files.copy(file, folder.resolve("cut-" + length));
                try (var access = new RandomAccessFile(cut.toFile(), "rw")) {
                    access.setLength(length);
                }
                assertThrows(SafetensorsException.class, () -> optimizer.load(cut), "length " + length);
            }
            assertEquals(2, optimizer.steps());
        }
    }

    private Path stateAfterThreeSteps(List<ParameterGroup> groups) throws IOException {
        Path file = folder.resolve("state.safetensors");
        try (Optimizer optimizer = optimizer(groups)) {
            run(optimizer, groups, 1, 3);
            optimizer.save(file);
        }
        return file;
    }

    /** What {@code groups} would do next is the same with and without the refused file. */
    private void refused(List<ParameterGroup> groups, Path file, String part) throws IOException {
        try (Optimizer optimizer = optimizer(groups)) {
            run(optimizer, groups, 1, 2);
            Path before = folder.resolve("before");
            optimizer.save(before);
            List<double[][]> weights = weights(groups);
            var thrown = assertThrows(StateMismatchException.class, () -> optimizer.load(file));
            assertTrue(thrown.getMessage().contains(part), () -> thrown.getMessage() + " lacks " + part);
            Path after = folder.resolve("after");
            optimizer.save(after);
            assertEquals(-1, Files.mismatch(before, after), "the refused file changed the state");
            assertSameBits(weights, weights(groups), "weights");
        }
    }

    /** Copies a file with its values and metadata changed. */
    private static void rewrite(
            Path from, Path to, BiConsumer<String, MemorySegment> values,
            java.util.function.Consumer<Map<String, String>> metadata) throws IOException {
        try (Safetensors source = Safetensors.open(from); Arena memory = Arena.ofConfined()) {
            var writer = new SafetensorsWriter();
            Map<String, String> notes = new TreeMap<>(source.metadata());
            metadata.accept(notes);
            notes.forEach(writer::metadata);
            for (String name : source.names()) {
                TensorInfo info = source.info(name);
                MemorySegment copy = memory.allocate(info.byteLength(), DType.F64.bits() / Byte.SIZE);
                copy.copyFrom(source.tensor(name));
                values.accept(name, copy);
                writer.tensor(name, info.dtype(), info.shape(), copy);
            }
            writer.write(to);
        }
    }
}
