// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.optim;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.BackendName;
import org.asgo4j.linalg.Backends;
import org.asgo4j.linalg.ElementType;
import org.asgo4j.linalg.FakeCuda;
import org.asgo4j.linalg.Matrix;
import org.asgo4j.linalg.Workers;
import org.asgo4j.testing.Tolerance;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Every rule on a GPU's backend against the CPU's: weights on the device, and in the computer's memory. */
class CudaRulesTest {
    private static final long SEED = 90_125;
    private static final float LEARNING_RATE = 0.125f;
    private static final int STEPS = 6;

    /** κ of what a root is taken of is at most the inverse of this. */
    private static final double DAMPING = 1e-2;

    @TempDir
    Path folder;

    @BeforeAll
    static void cudaIsThere() {
        assumeTrue(FakeCuda.prepare(), FakeCuda.whyNot());
    }

    static Stream<Named<Rule>> rules() {
        AsgoConfig asgo = AsgoConfig.defaults().withDamping(Damping.relative(DAMPING)).withRefreshInterval(2);
        Stream<Named<Rule>> roots = Stream.of(RootMethod.values())
                .map(method -> Named.of("asgo " + method, new Asgo(asgo.withRootMethod(method))));
        Stream<Named<Rule>> wide = Stream.of(
                RootMethod.EIGEN, RootMethod.ZOLOTAREV, RootMethod.POLAR_EXPRESS, RootMethod.NEWTON)
                .map(method -> Named.of("asgo float64 " + method,
                        new Asgo(asgo.withRootMethod(method).withRootPrecision(ElementType.FLOAT64))));
        // Of 6×14 gradients the larger gram matrix is singular: what SOAP finds in its null space is left to chance.
        Stream<Named<Rule>> others = RuleFamilyTest.all()
                .filter(rule -> !(rule.getPayload() instanceof Shampoo) && !rule.getName().equals("soap"));
        ShampooConfig shampoo = ShampooConfig.published().withDamping(Damping.relative(DAMPING));
        return Stream.of(roots, wide, others, Stream.of(
                Named.<Rule>of("shampoo", new Shampoo(shampoo)),
                Named.<Rule>of("shampoo eigen", new Shampoo(shampoo.withRoot(FourthRoot.EIGEN))),
                Named.<Rule>of("asgo corrected", new Asgo(asgo.withRootMethod(RootMethod.EIGEN)
                        .withEigenvalueCorrection(true))),
                Named.<Rule>of("adamw", new AdamW(new AdamWConfig(0.9, 0.95, 1e-8))))).flatMap(each -> each);
    }

    private static List<double[][]> gradients(int rows, int cols) {
        var random = new Random(SEED);
        return IntStream.range(0, STEPS).mapToObj(i -> Dense.random(rows, cols, random)).toList();
    }

    /** The weight after all gradients, both in the computer's memory or both on the device. */
    private static double[][] weight(BackendName name, Rule rule, List<double[][]> gradients, boolean onDevice) {
        int rows = gradients.getFirst().length;
        int cols = gradients.getFirst()[0].length;
        try (Backend backend = Backends.open(name); Arena arena = Arena.ofShared()) {
            Matrix inJava = backend.allocateHost(arena, rows, cols);
            Matrix weight = onDevice ? backend.allocate(arena, rows, cols) : backend.allocateHost(arena, rows, cols);
            Matrix gradient = onDevice ? backend.allocate(arena, rows, cols) : inJava;
            RuleState state = rule.newState(backend, arena, rows, cols);
            for (double[][] g : gradients) {
                Dense.set(inJava, g);
                if (onDevice) backend.copy(inJava, gradient);
                state.step(weight, gradient, LEARNING_RATE, 0.01f);
            }
            backend.copy(weight, inJava);
            return Dense.of(inJava);
        }
    }

    /**
     * Sums of k products in another order are off by k·u; a root multiplies that by at most κ = 1/damping, and an
     * orthogonalization of random 6×14 gradients by as much. Twice: the CPU's are off as well.
     */
    @ParameterizedTest
    @MethodSource("rules")
    void aGpuFollowsTheCpu(Rule rule) {
        for (int[] shape : new int[][] {{6, 14}, {14, 6}, {9, 9}}) {
            List<double[][]> gradients = gradients(shape[0], shape[1]);
            double[][] expected = weight(BackendName.OPENBLAS, rule, gradients, false);
            double[][] onDevice = weight(BackendName.CUDA, rule, gradients, true);
            double[][] fromHost = weight(BackendName.CUDA, rule, gradients, false);
            double difference = Dense.relativeDifference(onDevice, expected);
            double bound = 2 * STEPS * Tolerance.gamma(14, ElementType.FLOAT32) / DAMPING;
            assertTrue(difference < bound, () -> difference + " is not below " + bound + " seed=" + SEED);
            for (int i = 0; i < shape[0]; i++) assertArrayEquals(onDevice[i], fromHost[i], "where the memory is");
        }
    }

    /** As a trainer does it: several workers, parameters of both kinds, state saved and loaded. */
    @ParameterizedTest
    @MethodSource("rules")
    void anOptimizerResumesOnAGpuAsItWouldHaveGoneOn(Rule rule) throws IOException {
        try (Backend backend = Backends.open(BackendName.CUDA);
                Arena arena = Arena.ofShared();
                Workers workers = new Workers(2)) {
            var random = new Random(SEED);
            Parameter onDevice = parameter(backend, arena, "device", true);
            Parameter onHost = parameter(backend, arena, "host", false);
            var group = new ParameterGroup("all", rule, Schedule.constant(LEARNING_RATE), 0, List.of(onDevice, onHost));
            Path file = folder.resolve("state.safetensors");
            double[][] saved;
            double[][] last;
            try (Optimizer optimizer = new Optimizer(backend, workers, OptimizerConfig.published(), List.of(group))) {
                for (int i = 0; i < 3; i++) step(backend, optimizer, random);
                optimizer.save(file);
                saved = Dense.read(backend, onDevice.weight());
                step(backend, optimizer, new Random(1));
                last = Dense.read(backend, onDevice.weight());
            }
            Dense.write(backend, saved, onDevice.weight());
            Dense.write(backend, saved, onHost.weight());
            try (Optimizer optimizer = new Optimizer(backend, workers, OptimizerConfig.published(), List.of(group))) {
                optimizer.load(file);
                step(backend, optimizer, new Random(1));
            }
            double[][] device = Dense.read(backend, onDevice.weight());
            double[][] host = Dense.of(onHost.weight());
            for (int i = 0; i < last.length; i++) {
                assertArrayEquals(last[i], device[i]);
                assertArrayEquals(last[i], host[i]);
            }
        }
    }

    /** The same gradient for all. */
    private static void step(Backend backend, Optimizer optimizer, Random random) {
        double[][] g = Dense.random(8, 5, random);
        for (Parameter p : optimizer.groups().getFirst().parameters()) Dense.write(backend, g, p.gradient());
        optimizer.step();
    }

    private static Parameter parameter(Backend backend, Arena arena, String name, boolean onDevice) {
        return onDevice
                ? Parameter.of(name, backend.allocate(arena, 8, 5), backend.allocate(arena, 8, 5))
                : Parameter.of(name, backend.allocateHost(arena, 8, 5), backend.allocateHost(arena, 8, 5));
    }

    /** Weights and gradients on the device: nothing longer than a vector of order k goes to it or comes from it. */
    @ParameterizedTest
    @EnumSource(RootMethod.class)
    void weightsOnTheDeviceAreSteppedWithoutTransfersAndWithoutLeaks(RootMethod method) {
        assumeTrue(FakeCuda.isUsed(), "a real CUDA is tested, which does not count");
        int k = 20;
        Rule rule = new Asgo(AsgoConfig.defaults().withDamping(Damping.relative(DAMPING)).withRootMethod(method));
        try (Backend backend = Backends.open(BackendName.CUDA); Arena arena = Arena.ofShared()) {
            Parameter p = Parameter.of("w", backend.allocate(arena, 24, k), backend.allocate(arena, 24, k));
            Dense.write(backend, Dense.random(24, k, new Random(SEED)), p.gradient());
            RuleState state = rule.newState(backend, arena, 24, k);
            for (int i = 0; i < 3; i++) state.step(p.weight(), p.gradient(), LEARNING_RATE, 0);
            assertTrue(FakeCuda.largestTransfer() > 0, "the fake does not count");
            long bytes = FakeCuda.liveBytes();
            long objects = FakeCuda.liveObjects();
            for (int i = 0; i < 1000; i++) state.step(p.weight(), p.gradient(), LEARNING_RATE, 0);
            long largest = FakeCuda.largestTransfer();
            assertTrue(largest > 0 && largest <= (long) k * Double.BYTES, "bytes of the largest copy: " + largest);
            assertEquals(bytes, FakeCuda.liveBytes());
            assertEquals(objects, FakeCuda.liveObjects());
            assertEquals("", FakeCuda.misuse());
        }
    }

    /** Found where the weight is written, it would be too late: the momentum has taken the gradient in by then. */
    @Test
    void theCpusStatesRefuseAWeightOnTheGpuBeforeTheyChange() {
        try (Backend cuda = Backends.open(BackendName.CUDA);
                Backend cpu = Backends.open(BackendName.OPENBLAS);
                Arena arena = Arena.ofShared()) {
            Matrix gradient = cpu.allocate(arena, 2, 3);
            cpu.fill(1, gradient);
            Rule rule = new Sgd(SgdConfig.common());
            RuleState refused = rule.newState(cpu, arena, 2, 3);
            RuleState fresh = rule.newState(cpu, arena, 2, 3);
            Matrix onDevice = cuda.allocate(arena, 2, 3);
            String message = assertThrows(IllegalArgumentException.class,
                    () -> refused.step(onDevice, gradient, LEARNING_RATE, 0)).getMessage();
            assertTrue(message.contains("weight (2×3) lies in device memory"), message);
            Matrix first = cpu.allocate(arena, 2, 3);
            Matrix second = cpu.allocate(arena, 2, 3);
            refused.step(first, gradient, LEARNING_RATE, 0);
            fresh.step(second, gradient, LEARNING_RATE, 0);
            assertEquals(-1, first.segment().mismatch(second.segment()), "the refused step left something behind");
        }
    }
}
