// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
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
        float[] result = firstResult(contender, operation, operands);
        Verification.check(operation, operands, result);
        if (operation != Operation.EIGH) { // signs of eigenvectors are free
            float[] ours = firstResult(Contenders.named("openblas"), operation, operands);
            Verification.check(operation, operands, ours);
            assertEquals(0, relativeDistance(result, ours), tolerance(operation, n));
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
                bfloat16(operands.symmetric()), bfloat16(operands.gradient()), operands.gram());
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
