// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.train;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalDouble;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.BackendName;
import org.asgo4j.linalg.Backends;
import org.asgo4j.linalg.ElementType;
import org.asgo4j.linalg.FakeCuda;
import org.asgo4j.optim.RootMethod;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The recorded trajectories of {@link GoldenTest}, stepped on a GPU's backend. */
class CudaGoldenTest {
    private static final Path FOLDER = Path.of("src/test/resources/golden");

    /** As on a CPU: the project's goal for ASGO, and for AdamW. */
    private static final double EXACT_TOLERANCE = 1e-4;

    private static final double ADAMW_TOLERANCE = 1e-5;

    @TempDir
    Path temporary;

    private Replay.Result replay(String name, Optional<RootMethod> method) throws IOException {
        assumeTrue(FakeCuda.prepare(), FakeCuda.whyNot());
        try (Backend backend = Backends.open(BackendName.CUDA)) {
            Optional<ElementType> precision = method.map(_ -> ElementType.FLOAT64);
            return new Replay(backend, method, precision, OptionalDouble.empty())
                    .run(FOLDER.resolve(name + ".safetensors"), temporary.resolve("out.safetensors"));
        }
    }

    @ParameterizedTest
    @CsvSource({
        "asgo-16x48,EIGEN",
        "asgo-48x16,EIGEN",
        "asgo-17x67-lowrank,EIGEN",
        "asgo-16x48,POLAR_EXPRESS",
        "asgo-48x16,NEWTON"
    })
    void asgoWithFloat64RootsFollowsTheExactTrajectory(String name, RootMethod method) throws IOException {
        double difference = replay(name, Optional.of(method)).exact().orElseThrow();
        assertTrue(difference < EXACT_TOLERANCE, () -> name + ": " + difference);
    }

    @ParameterizedTest
    @ValueSource(strings = {"adamw-16x48", "adamw-1x48"})
    void adamwFollowsTheExactTrajectory(String name) throws IOException {
        var result = replay(name, Optional.empty());
        double difference = result.exact().orElseGet(() -> result.published().orElseThrow());
        assertTrue(difference < ADAMW_TOLERANCE, () -> name + ": " + difference);
    }
}
