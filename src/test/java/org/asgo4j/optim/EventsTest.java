// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.optim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingStream;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.BackendName;
import org.asgo4j.linalg.Backends;
import org.asgo4j.linalg.Matrix;
import org.asgo4j.linalg.Workers;
import org.junit.jupiter.api.Test;

/** What a flight recording says about steps and roots agrees with the reports. */
class EventsTest {
    private static final long SEED = 5;

    private final Backend backend = Backends.open(BackendName.OPENBLAS);

    private List<RecordedEvent> record(String event, Runnable action) {
        List<RecordedEvent> events = Collections.synchronizedList(new ArrayList<>());
        try (var recording = new RecordingStream()) {
            recording.enable(event);
            recording.onEvent(event, e -> events.add(e));
            recording.setReuse(false);
            recording.startAsync();
            action.run();
            recording.stop(); // delivers what was committed
        }
        return events;
    }

    private List<StepReportCopy> train(int steps, RootMethod method) {
        return train(steps, AsgoConfig.published()
                .withDamping(Damping.relative(1e-6))
                .withRootMethod(method)
                .withRefreshInterval(2));
    }

    private List<StepReportCopy> train(int steps, AsgoConfig config) {
        return train(steps, new Asgo(config));
    }

    private List<StepReportCopy> train(int steps, Rule rule) {
        List<StepReportCopy> reports = new ArrayList<>();
        Random random = new Random(SEED);
        try (Arena arena = Arena.ofShared(); var workers = new Workers(1)) {
            Matrix weight = backend.allocate(arena, 6, 20);
            Matrix gradient = backend.allocate(arena, 6, 20);
            Dense.set(weight, Dense.random(6, 20, random));
            var group = new ParameterGroup("g", rule, Schedule.constant(0.01f), 0,
                    List.of(Parameter.of("layer.3", weight, gradient)));
            try (var optimizer = new Optimizer(
                    backend, workers, OptimizerConfig.published().withObserveEvery(2), List.of(group))) {
                for (int t = 0; t < steps; t++) {
                    Dense.set(gradient, Dense.random(6, 20, random));
                    StepReport r = optimizer.step();
                    reports.add(new StepReportCopy(
                            r.step(), r.gradientNorm(), r.clipFactor(), r.updateRatio(), r.condition(), r.refreshes()));
                }
            }
        }
        return reports;
    }

    private record StepReportCopy(
            long step, double gradientNorm, double clipFactor, double updateRatio, double condition, long refreshes) {}

    @Test
    void residualsMustBeAskedFor() {
        List<String> names = new CopyOnWriteArrayList<>();
        try (var recording = new RecordingStream()) {
            recording.onEvent(event -> names.add(event.getEventType().getName()));
            recording.startAsync();
            train(2, RootMethod.EIGEN);
            recording.stop();
        }
        assertEquals(2, Collections.frequency(names, "org.asgo4j.Step"), names::toString);
        assertEquals(0, Collections.frequency(names, "org.asgo4j.Refresh"), names::toString);
    }

    @Test
    void everyStepIsRecorded() {
        List<StepReportCopy> reports = new ArrayList<>();
        List<RecordedEvent> events = record("org.asgo4j.Step", () -> reports.addAll(train(4, RootMethod.EIGEN)));
        assertEquals(4, events.size());
        for (int i = 0; i < 4; i++) {
            RecordedEvent e = events.get(i);
            var read = new StepReportCopy(
                    e.getLong("step"), e.getDouble("gradientNorm"), e.getDouble("clipFactor"),
                    e.getDouble("updateRatio"), e.getDouble("condition"), e.getLong("refreshes"));
            assertEquals(reports.get(i), read);
            assertTrue(e.getDouble("milliseconds") > 0);
            assertEquals(i % 2 == 1, Double.isFinite(read.updateRatio()), "observed every second step");
        }
    }

    @Test
    void everyRootIsRecordedWithItsResidual() {
        List<RecordedEvent> events = record("org.asgo4j.Refresh", () -> train(5, RootMethod.EIGEN));
        assertEquals(3, events.size());
        for (int i = 0; i < 3; i++) {
            RecordedEvent e = events.get(i);
            assertEquals("layer.3", e.getString("parameter"));
            assertEquals(2 * i + 1, e.getLong("step"));
            assertEquals("LEFT", e.getString("side"));
            assertRootOfFullRank(e, 1e-6);
        }
    }

    /** A root by eigendecomposition, of a gram matrix of order 6 and full rank, damped relative to λ_max. */
    private static void assertRootOfFullRank(RecordedEvent e, double delta) {
        assertEquals("EIGEN", e.getString("method"));
        double smallest = e.getDouble("smallestEigenvalue");
        double largest = e.getDouble("largestEigenvalue");
        assertTrue(0 < smallest && smallest < largest);
        double condition = (largest + delta * largest) / (smallest + delta * largest);
        assertEquals(condition, e.getDouble("condition"), 1e-6 * condition);
        // float32's k·u·κ, and what damping leaves of the identity, δ·κ at most.
        double bound = (6 * 0x1p-24 + delta) * condition;
        assertTrue(e.getDouble("residual") < bound, () -> "residual " + e.getDouble("residual"));
        assertEquals(0, e.getLong("failuresInARow"));
    }

    @Test
    void bothRootsOfShampooAreRecorded() {
        double delta = 1e-3;
        ShampooConfig config = ShampooConfig.published().withDamping(Damping.relative(delta)).withRefreshInterval(2);
        List<StepReportCopy> reports = new ArrayList<>();
        List<RecordedEvent> events = record("org.asgo4j.Refresh",
                () -> reports.addAll(train(3, new Shampoo(config.withRoot(FourthRoot.EIGEN)))));
        assertSides(events, 1, 1, 3, 3);
        assertRootOfFullRank(events.get(0), delta);
        assertRootOfFullRank(events.get(2), delta);
        double condition = events.get(3).getDouble("condition"); // of a singular matrix: damping and k·u of rounding
        assertEquals((1 + delta) / delta, condition, 20 * 0x1p-24 / delta * condition);
        assertEquals(condition, reports.get(2).condition(), "the largest of both");
        List<RecordedEvent> newton = record("org.asgo4j.Refresh", () -> train(1, new Shampoo(config)));
        assertEquals("COUPLED_NEWTON", newton.getFirst().getString("method"));
    }

    @Test
    void bothBasesOfSoapAreRecorded() {
        SoapConfig config = SoapConfig.published().withRefreshInterval(2);
        List<StepReportCopy> reports = new ArrayList<>();
        List<RecordedEvent> events = record("org.asgo4j.Refresh", () -> reports.addAll(train(5, new Soap(config))));
        assertSides(events, 1, 1, 3, 3, 5, 5);
        for (int i = 0; i < 6; i++) {
            RecordedEvent e = events.get(i);
            assertEquals(i < 2 ? "EIGEN" : "QR", e.getString("method"));
            assertTrue(e.getDouble("smallestEigenvalue") < e.getDouble("largestEigenvalue"));
            assertTrue(Double.isNaN(e.getDouble("residual")));
        }
        double condition = events.getFirst().getDouble("condition");
        double expected =
                events.getFirst().getDouble("largestEigenvalue") / events.getFirst().getDouble("smallestEigenvalue");
        assertEquals(expected, condition, 1e-6 * expected);
        // Rounding level is as far down as the singular one is seen.
        assertEquals(1 / (20 * 0x1p-24), reports.getFirst().condition(), 1e-6 / (20 * 0x1p-24));
    }

    /** Left and right in turn, at these steps. */
    private static void assertSides(List<RecordedEvent> events, long... steps) {
        assertEquals(steps.length, events.size());
        for (int i = 0; i < steps.length; i++) {
            assertEquals("layer.3", events.get(i).getString("parameter"));
            assertEquals(steps[i], events.get(i).getLong("step"));
            assertEquals(i % 2 == 0 ? "LEFT" : "RIGHT", events.get(i).getString("side"));
        }
    }

    /** The first root is the foreground's; each later one is recorded where a step takes it over. */
    @Test
    void rootsTakenOverFromTheBackgroundAreRecorded() {
        AsgoConfig config = AsgoConfig.published()
                .withDamping(Damping.relative(1e-6))
                .withRefresh(Refresh.asynchronous(1, 1));
        List<StepReportCopy> reports = new ArrayList<>();
        List<RecordedEvent> events = record("org.asgo4j.Refresh", () -> reports.addAll(train(6, config)));
        assertEquals(reports.stream().mapToLong(StepReportCopy::refreshes).sum(), events.size());
        assertTrue(events.size() > 1, "a staleness of at most 1 needs roots from the background");
    }

    @Test
    void theMethodIsTheOneThatGaveTheRoot() {
        List<RecordedEvent> events = record("org.asgo4j.Refresh", () -> train(1, RootMethod.POLAR_EXPRESS));
        assertEquals("POLAR_EXPRESS", events.getFirst().getString("method"));
        List<RecordedEvent> warm = record("org.asgo4j.Refresh", () -> train(1, RootMethod.QR));
        assertEquals("EIGEN", warm.getFirst().getString("method"), "the first basis is decomposed");
    }
}
