package org.asgo4j.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.OptionalDouble;
import org.asgo4j.io.Safetensors;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.BackendName;
import org.asgo4j.linalg.Backends;
import org.asgo4j.linalg.ElementType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Recorded trajectories of the published code and of an exact float64 one; see the README beside them. */
class GoldenTest {
    private static final Path FOLDER = Path.of("src/test/resources/golden");

    /** The project's goal; what is reached is some hundred times better. */
    private static final double EXACT_TOLERANCE = 1e-4;

    private static final double ADAMW_TOLERANCE = 1e-5;

    private final Backend backend = Backends.open(BackendName.OPENBLAS);

    @TempDir
    Path temporary;

    private Replay.Result replay(String name, ElementType precision, OptionalDouble weightDecay) throws IOException {
        return new Replay(backend, precision, weightDecay)
                .run(FOLDER.resolve(name + ".safetensors"), temporary.resolve("out.safetensors"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"asgo-16x48", "asgo-48x16", "asgo-17x67-lowrank"})
    void asgoWithFloat64RootsFollowsTheExactTrajectory(String name) throws IOException {
        double difference = replay(name, ElementType.FLOAT64, OptionalDouble.empty()).exact().orElseThrow();
        assertTrue(difference < EXACT_TOLERANCE, () -> name + ": " + difference);
    }

    /**
     * The exact trajectory of this file was made with weight decay 0.1, though its metadata says 0.0 (which its
     * published trajectory follows): the difference after one step is 0.1·η·W_0 to rounding. κ(V) is 2.9e6 here.
     */
    @Test
    void illConditionedSquareWeightFollowsTheExactTrajectory() throws IOException {
        var result = replay("asgo-24x24", ElementType.FLOAT64, OptionalDouble.of(0.1));
        assertTrue(result.exact().orElseThrow() < EXACT_TOLERANCE, result::toString);
        var asRecorded = replay("asgo-24x24", ElementType.FLOAT64, OptionalDouble.empty());
        // The published code's float32 PolarExpress is that far off at this condition number.
        assertTrue(asRecorded.published().orElseThrow() < 1e-3, asRecorded::toString);
    }

    /**
     * A float32 V is off by u·λ_max in each eigenvalue, and so the smallest one's root by u·κ/2 of itself; that is one
     * direction of k, 1/√k of the update. Twice that for the many steps, and k·u for everything well conditioned.
     */
    @ParameterizedTest
    @CsvSource({"asgo-16x48,16,94", "asgo-48x16,16,62", "asgo-17x67-lowrank,17,1.1e4", "asgo-24x24,24,2.9e6"})
    void float32RootsAreOffInProportionToTheCondition(String name, int order, double condition) throws IOException {
        OptionalDouble decay = name.equals("asgo-24x24") ? OptionalDouble.of(0.1) : OptionalDouble.empty();
        double difference = replay(name, ElementType.FLOAT32, decay).exact().orElseThrow();
        double u = ElementType.FLOAT32.unitRoundoff();
        double tolerance = u * condition / Math.sqrt(order) + order * u;
        assertTrue(difference < tolerance, () -> name + ": " + difference + ", tolerance " + tolerance);
    }

    @ParameterizedTest
    @ValueSource(strings = {"adamw-16x48", "adamw-1x48"})
    void adamwFollowsTorch(String name) throws IOException {
        double difference = replay(name, ElementType.FLOAT64, OptionalDouble.empty()).published().orElseThrow();
        assertTrue(difference < ADAMW_TOLERANCE, () -> name + ": " + difference);
    }

    @Test
    void replayWritesEveryWeightAndTheMetadata() throws IOException {
        var result = replay("asgo-16x48", ElementType.FLOAT64, OptionalDouble.empty());
        assertEquals(12, result.steps());
        try (Safetensors in = Safetensors.open(FOLDER.resolve("asgo-16x48.safetensors"));
                Safetensors out = Safetensors.open(temporary.resolve("out.safetensors"))) {
            assertEquals(in.metadata(), out.metadata());
            assertEquals(13, out.names().size());
            assertEquals(-1, in.tensor("weight.0").mismatch(out.tensor("weight.0")));
            float recorded = in.tensor("weight.12").get(ValueLayout.JAVA_FLOAT_UNALIGNED, 0);
            float replayed = out.tensor("weight.12").get(ValueLayout.JAVA_FLOAT_UNALIGNED, 0);
            assertEquals(recorded, replayed, 1e-5f * Math.abs(recorded));
        }
    }

    @Test
    void trajectoriesOfOtherOptimizersAreRefused() {
        var thrown = assertThrows(
                IllegalArgumentException.class, () -> replay("muon-16x48", ElementType.FLOAT64,
                        OptionalDouble.empty()));
        assertTrue(thrown.getMessage().contains("'muon'") && thrown.getMessage().contains("asgo and adamw"));
    }
}
