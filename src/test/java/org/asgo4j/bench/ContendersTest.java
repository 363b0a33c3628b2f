// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.bench;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.BackendName;
import org.asgo4j.linalg.Backends;
import org.asgo4j.linalg.Matrix;
import org.asgo4j.optim.Asgo;
import org.asgo4j.optim.AsgoConfig;
import org.asgo4j.optim.RuleState;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Does every operation with every contender there is; the profile {@code bench} adds the peers. */
class ContendersTest {
    private static final int EVEN = 64;
    private static final int ODD = 37;

    static Stream<Arguments> calls() {
        List<String> names = Contenders.all().stream().map(Contender::name).toList();
        return names.stream().flatMap(name -> Arrays.stream(Operation.values())
                .flatMap(operation -> Stream.of(EVEN, ODD).map(n -> Arguments.of(name, operation, n))));
    }

    @ParameterizedTest
    @MethodSource("calls")
    void everyResultIsVerifiedAndAgreesWithOurs(String name, Operation operation, int n) {
        Contender contender = Contenders.named(name);
        assumeTrue(contender.available(), () -> name + " can't be had in this JVM");
        Operands operands = Operands.random(n);
        Verification.check(operation, operands, contender.prepare(operation, operands, 1));
        if (operation != Operation.EIGH) { // signs of eigenvectors are free
            float[] result = result(contender, operation, operands);
            float[] ours = result(Contenders.named("openblas"), operation, operands);
            assertEquals(0, relativeDistance(result, ours), tolerance(operation, n));
        }
    }

    /** With both triangles, which the check fills; of a step the second update. */
    private static float[] result(Contender contender, Operation operation, Operands operands) {
        Call call = contender.prepare(operation, operands, 1);
        call.run();
        float[] before = call.result();
        Verification.check(operation, operands, before);
        if (operation != Operation.STEP) return before;
        call.run();
        return Verification.update(before, call.result());
    }

    /** Whatever a second step forgets of the first is found, at large orders too. */
    @ParameterizedTest
    @CsvSource({"0, 0.8, 0.1", "0.5, 0.8, 0.1", "0.9, 0, 0.1", "0.9, 0.5, 0.1", "0.9, 0.8, 0"})
    void aStepOfOtherHyperparametersIsFound(double beta1, double beta2, float decay) {
        for (int n : new int[] {ODD, 256}) {
            Operands operands = Operands.random(n);
            assertThrows(IllegalStateException.class, () -> checkSteps(operands, beta1, beta2, decay));
            assertDoesNotThrow(() -> checkSteps(operands, 0.9, 0.8, 0.1f));
        }
    }

    private static void checkSteps(Operands operands, double beta1, double beta2, float decay) {
        int n = operands.n();
        int cols = operands.cols();
        try (Backend backend = Backends.open(BackendName.OPENBLAS); Arena arena = Arena.ofConfined()) {
            var rule = new Asgo(AsgoConfig.published().withBetas(beta1, beta2));
            RuleState state = rule.newState(backend, arena, n, cols);
            Matrix weight = backend.allocate(arena, n, cols);
            Matrix gradient = backend.allocate(arena, n, cols);
            MemorySegment.copy(operands.weight(), 0, weight.segment(), JAVA_FLOAT, 0, n * cols);
            List<float[]> after = new ArrayList<>();
            for (float[] each : List.of(operands.gradient(), operands.nextGradient())) {
                MemorySegment.copy(each, 0, gradient.segment(), JAVA_FLOAT, 0, n * cols);
                state.step(weight, gradient, AsgoConfig.PUBLISHED_LEARNING_RATE, decay);
                after.add(weight.segment().toArray(JAVA_FLOAT));
            }
            Verification.checkSecondStep(operands, after.getFirst(), after.getLast());
        }
    }

    @ParameterizedTest
    @EnumSource
    void aWrongElementIsFound(Operation operation) {
        Operands operands = Operands.random(ODD);
        float[] result = firstResult(Contenders.named("openblas"), operation, operands);
        result[ODD + 1] += 0.01f * Math.max(1, Math.abs(result[ODD + 1]));
        assertThrows(IllegalStateException.class, () -> Verification.check(operation, operands, result));
        result[ODD + 1] = Float.NaN;
        assertThrows(IllegalStateException.class, () -> Verification.check(operation, operands, result));
    }

    /** What a library would give that computes in a shorter format without saying so. */
    @ParameterizedTest
    @EnumSource(names = {"GEMM", "SYRK", "SYMM"})
    void productsOfShorterNumbersAreRefused(Operation operation) {
        Operands operands = Operands.random(EVEN);
        var shorter = new Operands(EVEN, bfloat16(operands.a()), bfloat16(operands.b()),
                bfloat16(operands.symmetric()), bfloat16(operands.gradient()), operands.nextGradient(),
                operands.weight(), operands.gram());
        float[] result = firstResult(Contenders.named("openblas"), operation, shorter);
        Verification.check(operation, shorter, result);
        assertThrows(IllegalStateException.class, () -> Verification.check(operation, operands, result));
    }

    private static float[] bfloat16(float[] values) {
        float[] shorter = values.clone();
        int upperHalf = 0xffff0000;
        for (int i = 0; i < shorter.length; i++) {
            shorter[i] = Float.intBitsToFloat(Float.floatToRawIntBits(shorter[i]) & upperHalf);
        }
        return shorter;
    }

    @Test
    void anUnknownNameIsRefusedWithTheKnownOnes() {
        String message = assertThrows(IllegalArgumentException.class, () -> Contenders.named("blas")).getMessage();
        assertEquals(true, message.contains("'blas'") && message.contains("openblas"), message);
    }

    private static float[] firstResult(Contender contender, Operation operation, Operands operands) {
        Call call = contender.prepare(operation, operands, 1);
        call.run();
        return call.result();
    }

    /** Twice what {@link Verification} allows one of them, relative to the result's norm. */
    private static double tolerance(Operation operation, int n) {
        return switch (operation) {
            case GEMM, SYRK, SYMM -> 16 * Math.sqrt(Operands.COLS_PER_ROW * n) * Math.sqrt(n) * 0x1p-24;
            default -> 20 * n * 0x1p-24 * Operands.CONDITION;
        };
    }

    private static double relativeDistance(float[] a, float[] b) {
        double difference = 0;
        double norm = 0;
        for (int i = 0; i < a.length; i++) {
            difference += ((double) a[i] - b[i]) * ((double) a[i] - b[i]);
            norm += (double) b[i] * b[i];
        }
        return Math.sqrt(difference / norm);
    }
}
