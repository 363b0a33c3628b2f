// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.optim;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import org.asgo4j.io.SafetensorsWriter;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.BackendName;
import org.asgo4j.linalg.Backends;
import org.asgo4j.linalg.Matrix;
import org.asgo4j.linalg.Workers;
import org.asgo4j.optim.OptimizerConfig.NonFinitePolicy;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Uses that would spoil a training unseen are refused, or done as they are meant. */
class GuardsTest {
    private static final int ROWS = 4;
    private static final int COLS = 7;

    private final Backend backend = Backends.open(BackendName.OPENBLAS);
    private final Arena arena = Arena.ofShared();
    private final Workers workers = new Workers(1);
    private final Random random = new Random(5);

    @TempDir
    private Path folder;

    @AfterEach
    void close() {
        workers.close();
        arena.close();
        backend.close();
    }

    private Parameter parameter(String name) {
        return Parameter.of(name, randomMatrix(), randomMatrix());
    }

    private Matrix randomMatrix() {
        Matrix m = backend.allocate(arena, ROWS, COLS);
        Dense.set(m, Dense.random(ROWS, COLS, random));
        return m;
    }

    private Optimizer optimizer(Rule rule, OptimizerConfig config, Parameter... parameters) {
        return new Optimizer(backend, workers, config,
                List.of(new ParameterGroup("all", rule, Schedule.constant(0.1f), 0.1f, List.of(parameters))));
    }

    private Optimizer optimizer(Parameter... parameters) {
        return optimizer(new Asgo(AsgoConfig.defaults()), OptimizerConfig.published(), parameters);
    }

    /** The state that follows is that of a training that was not interrupted. */
    @Test
    void anInterruptedThreadSavesAndLoadsAndStaysInterrupted() throws IOException {
        Path file = folder.resolve("state");
        try (Optimizer optimizer = optimizer(parameter("w"))) {
            optimizer.step();
            Thread.currentThread().interrupt();
            optimizer.save(file);
            assertTrue(Thread.interrupted());
        }
        try (Optimizer optimizer = optimizer(parameter("w"))) {
            Thread.currentThread().interrupt();
            optimizer.load(file);
            assertTrue(Thread.interrupted());
            assertEquals(1, optimizer.steps());
        }
    }

    @Test
    void aStateThatHasMovedOnIsNotWritten() throws IOException {
        Path file = folder.resolve("state");
        try (Optimizer optimizer = optimizer(parameter("w")); Arena scratch = Arena.ofConfined()) {
            var writer = new SafetensorsWriter();
            optimizer.step();
            optimizer.addTo(writer, "", true, scratch);
            optimizer.step();
            String message = assertThrows(IllegalStateException.class, () -> writer.write(file)).getMessage();
            assertTrue(message.contains("after its state of step 1 was added"), message);
            assertFalse(Files.exists(file));
            optimizer.save(file);
            assertTrue(Files.exists(file));
        }
    }

    /** What is stepped while the file is being written is noticed at the end. */
    @Test
    void aStepDuringTheWritingIsNoticed() throws IOException {
        Path file = Files.writeString(folder.resolve("state"), "before");
        try (Optimizer optimizer = optimizer(parameter("w")); Arena scratch = Arena.ofConfined()) {
            var writer = new SafetensorsWriter();
            var runs = new int[1];
            optimizer.addTo(writer, "", true, scratch);
            writer.guard(() -> {
                if (runs[0]++ == 0) optimizer.step();
            });
            assertThrows(IllegalStateException.class, () -> writer.write(file));
            assertEquals("before", Files.readString(file));
            assertEquals(1, Files.list(folder).count(), "a temporary file is left");
        }
    }

    @Test
    void twoThreadsInOneScratchMemoryAreRefused() throws InterruptedException {
        var inside = new CountDownLatch(1);
        var refused = new CountDownLatch(1);
        Backend slow = FaultyBackend.around(backend, (operation, arguments, done) -> {
            if (!operation.equals("syrk") || done || Thread.currentThread().getName().equals("second")) return;
            inside.countDown();
            await(refused);
        });
        try (var states = new WeightStates(slow)) {
            RuleState first = states.add("a", new Asgo(AsgoConfig.published()), ROWS, COLS);
            RuleState second = states.add("b", new Asgo(AsgoConfig.published()), ROWS, COLS); // an equal rule
            Parameter a = parameter("a");
            Parameter b = parameter("b");
            double[][] before = Dense.of(b.weight());
            Thread thread = Thread.ofPlatform().start(() -> first.step(a.weight(), a.gradient(), 0.1f, 0));
            await(inside);
            String message = assertThrows(IllegalStateException.class,
                    () -> second.step(b.weight(), b.gradient(), 0.1f, 0)).getMessage();
            assertTrue(message.contains("another thread"), message);
            assertEquals(0, second.steps());
            for (int i = 0; i < ROWS; i++) assertArrayEquals(before[i], Dense.of(b.weight())[i]);
            refused.countDown();
            thread.join();
            second.step(b.weight(), b.gradient(), 0.1f, 0);
            assertEquals(1, first.steps() * second.steps());
        }
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /** Known from the gradients' norms, so before the first weight is stepped. */
    @Test
    void aGradientTooLargeForItsRuleLeavesEverythingAsItWas() {
        Parameter good = parameter("a");
        Parameter large = parameter("b");
        double[][] before = Dense.of(good.weight());
        large.gradient().set(1, 2, 1e20);
        Rule adamW = new AdamW(AdamWConfig.published());
        OptimizerConfig unclipped = OptimizerConfig.published().withClipNorm(Double.POSITIVE_INFINITY);
        try (Optimizer optimizer = optimizer(adamW, unclipped, good, large)) {
            String message = assertThrows(ArithmeticException.class, optimizer::step).getMessage();
            assertTrue(message.startsWith("parameter 'b', step 1: norm of the gradient is 1.0"), message);
            assertEquals(0, optimizer.steps());
        }
        try (Optimizer optimizer = optimizer(adamW, unclipped.withNonFinite(NonFinitePolicy.SKIP), good, large)) {
            assertTrue(optimizer.step().skipped());
            assertEquals(0, optimizer.steps());
            for (int i = 0; i < ROWS; i++) assertArrayEquals(before[i], Dense.of(good.weight())[i]);
            large.gradient().set(1, 2, 1);
            assertFalse(optimizer.step().skipped());
        }
        large.gradient().set(1, 2, 1e20);
        try (Optimizer optimizer = optimizer(adamW, OptimizerConfig.published(), good, large)) {
            assertFalse(optimizer.step().skipped(), "clipping makes it small enough");
        }
    }

    @Test
    void memoryThatCanNotBeSteppedIsRefusedAtOnce() {
        Parameter p = parameter("w");
        Matrix readOnly = Matrix.of(p.weight().segment().asReadOnly(), ROWS, COLS);
        String message = assertThrows(IllegalArgumentException.class,
                () -> optimizer(Parameter.of("w", readOnly, p.gradient()))).getMessage();
        assertTrue(message.contains("weight 'w' is read-only"), message);
        Matrix closed;
        try (Arena brief = Arena.ofShared()) {
            closed = backend.allocate(brief, ROWS, COLS);
        }
        message = assertThrows(IllegalStateException.class,
                () -> optimizer(Parameter.of("w", p.weight(), closed))).getMessage();
        assertTrue(message.contains("gradient 'w' is closed"), message);
        assertThrows(IllegalStateException.class, () -> Matrix.of(closed.segment(), ROWS, COLS));
    }

    @Test
    void rulesAreValues() {
        assertEquals(new Asgo(AsgoConfig.defaults()), new Asgo(AsgoConfig.defaults()));
        assertNotEquals(new Asgo(AsgoConfig.defaults()), new Asgo(AsgoConfig.published()));
        assertNotEquals(new Lion(LionConfig.published()), new Muon(MuonConfig.published()));
        assertEquals("muon " + MuonConfig.published(), new Muon(MuonConfig.published()).toString());
    }

    @Test
    void reportsAreTheSameInEveryLanguageAndLeaveOutWhatWasNotMeasured() {
        Locale before = Locale.getDefault();
        Locale.setDefault(Locale.forLanguageTag("ar-EG-u-nu-arab"));
        try (Optimizer optimizer = optimizer(parameter("w"))) {
            String line = optimizer.step().toString();
            assertTrue(line.matches("step 1: gradient norm \\d+\\.\\d+, clip factor 0\\.\\d+, 1 roots .*"), line);
        } finally {
            Locale.setDefault(before);
        }
    }
}
