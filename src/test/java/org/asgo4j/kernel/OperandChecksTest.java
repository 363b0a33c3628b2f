// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.kernel;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every vector kernel refuses an operand that is an element short, or read-only where it writes, before it writes. */
class OperandChecksTest {
    private static final Kernels K = Kernels.vector();
    private static final LayerKernels L = LayerKernels.vector();

    private static final int N = 23;
    private static final int ROWS = 5;
    private static final int COLS = 19;
    private static final int STRIDE = 21;
    private static final int MATRIX = ROWS * COLS;
    private static final int STRIDED = (ROWS - 1) * STRIDE + COLS;
    private static final int SQUARE = (COLS - 1) * STRIDE + COLS;
    private static final int FACTOR = 7;
    private static final int SMALL = (FACTOR - 1) * STRIDE + FACTOR;

    /** An operand: how many elements of how many bytes a kernel touches, and whether it writes them. */
    private record Operand(int elements, int bytes, boolean written) {
        static Operand read(int elements) {
            return new Operand(elements, Float.BYTES, false);
        }

        static Operand written(int elements) {
            return new Operand(elements, Float.BYTES, true);
        }

        Operand doubles() {
            return new Operand(elements, Double.BYTES, written);
        }
    }

    private record Case(Consumer<MemorySegment[]> call, Operand... operands) {}

    private static Named<Case> kernel(String name, Consumer<MemorySegment[]> call, Operand... operands) {
        return Named.of(name, new Case(call, operands));
    }

    static Stream<Named<Case>> kernels() {
        Operand in = Operand.read(N);
        Operand out = Operand.written(N);
        return Stream.of(
                kernel("axpby", s -> K.axpby(2, s[0], 0, 3, s[1], 0, N), in, out),
                kernel("lookAhead", s -> K.lookAhead(2, s[0], 0, 3, s[1], 0, s[2], 0, N), in, out, out),
                kernel("scale", s -> K.scale(2, s[0], 0, N), out),
                kernel("scaleAndAdd", s -> K.scaleAndAdd(2, s[0], 0, s[1], 0, N), out, out),
                kernel("multiply", s -> K.multiply(s[0], 0, s[1], 0, N), in, out),
                kernel("addSquares", s -> K.addSquares(2, s[0], 0, 3, s[1], 0, N), in, out),
                kernel("addSquaresDouble", s -> K.addSquaresDouble(2, s[0], 0, 3, s[1], 0, N), in, out.doubles()),
                kernel("divideByRoot", s -> K.divideByRoot(s[0], 0, s[1], 0, 1, 1, s[2], 0, N), in, in, out),
                kernel("lion", s -> K.lion(s[0], 0, s[1], 0, s[2], 0, N, 1, 0.9, 0.9, 1, 1), out, in, out),
                kernel("adamw", s -> K.adamw(s[0], 0, s[1], 0, s[2], 0, s[3], 0, N, 1, 0.9, 0.9, 1, 1, 1, 1), out, in,
                        out, out),
                kernel("sumOfSquares", s -> K.sumOfSquares(s[0], 0, N), in),
                kernel("firstNonFinite", s -> K.firstNonFinite(s[0], 0, N), in),
                kernel("widen", s -> K.widen(s[0], 0, s[1], 0, N), in, out.doubles()),
                kernel("narrow", s -> K.narrow(s[0], 0, s[1], 0, N), in.doubles(), out),
                kernel("scaleDouble", s -> K.scaleDouble(2, s[0], 0, N), out.doubles()),
                kernel("invertFactor", s -> K.invertFactor(s[0], 0, STRIDE, s[1], 0, STRIDE, FACTOR, new float[256]),
                        Operand.read(SMALL), Operand.written(SMALL)),
                kernel("mirror", s -> K.mirror(s[0], 0, STRIDE, COLS), Operand.written(SQUARE)),
                kernel("transpose", s -> K.transpose(s[0], 0, STRIDE, s[1], 0, ROWS, ROWS, COLS),
                        Operand.read(STRIDED), Operand.written(MATRIX)),
                kernel("gelu", s -> L.gelu(s[0], 0, s[1], 0, N), in, out),
                kernel("geluBackward", s -> L.geluBackward(s[0], 0, s[1], 0, s[2], 0, N), in, in, out),
                kernel("layerNorm", s -> L.layerNorm(s[0], 0, s[1], 0, s[2], 0, s[3], 0, s[4], 0, ROWS, COLS, 1e-5f),
                        Operand.read(MATRIX), Operand.read(COLS), Operand.written(MATRIX), Operand.written(ROWS),
                        Operand.written(ROWS)),
                kernel("layerNormBackward",
                        s -> L.layerNormBackward(s[0], 0, s[1], 0, s[2], 0, s[3], 0, s[4], 0, s[5], 0, s[6], 0, s[7],
                                0, ROWS, COLS),
                        Operand.read(MATRIX), Operand.read(MATRIX), Operand.read(COLS), Operand.read(ROWS),
                        Operand.read(ROWS), Operand.read(MATRIX), Operand.written(MATRIX), Operand.written(COLS)),
                kernel("causalSoftmax", s -> L.causalSoftmax(s[0], 0, STRIDE, COLS, 1), Operand.written(SQUARE)),
                kernel("causalSoftmaxBackward", s -> L.causalSoftmaxBackward(s[0], 0, s[1], 0, STRIDE, COLS, 1),
                        Operand.read(SQUARE), Operand.written(SQUARE)),
                kernel("crossEntropy", s -> L.crossEntropy(s[0], 0, STRIDE, ROWS, COLS, s[1], 0, 1),
                        Operand.written(STRIDED), Operand.read(ROWS)),
                kernel("crossEntropyLoss", s -> L.crossEntropyLoss(s[0], 0, STRIDE, ROWS, COLS, s[1], 0),
                        Operand.read(STRIDED), Operand.read(ROWS)));
    }

    @ParameterizedTest
    @MethodSource("kernels")
    void anElementShort(Case kernel) {
        for (int k = 0; k < kernel.operands().length; k++) {
            int bytes = kernel.operands()[k].bytes();
            assertRefused(kernel, k, IndexOutOfBoundsException.class, s -> s.asSlice(0, s.byteSize() - bytes));
        }
    }

    @ParameterizedTest
    @MethodSource("kernels")
    void readOnly(Case kernel) {
        for (int k = 0; k < kernel.operands().length; k++) {
            if (kernel.operands()[k].written()) {
                assertRefused(kernel, k, IllegalArgumentException.class, MemorySegment::asReadOnly);
            } else {
                int input = k;
                assertDoesNotThrow(() -> {
                    try (Arena arena = Arena.ofConfined()) {
                        MemorySegment[] segments = memory(arena, kernel);
                        segments[input] = segments[input].asReadOnly();
                        kernel.call().accept(segments);
                    }
                });
            }
        }
    }

    private static void assertRefused(
            Case kernel, int operand, Class<? extends RuntimeException> type,
            UnaryOperator<MemorySegment> spoil) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment[] segments = memory(arena, kernel);
            byte[][] before = contents(segments);
            MemorySegment[] spoilt = segments.clone();
            spoilt[operand] = spoil.apply(segments[operand]);
            assertThrows(type, () -> kernel.call().accept(spoilt), "operand " + operand);
            assertArrayEquals(before, contents(segments), "operand " + operand);
        }
    }

    /**
     * Exactly as much as the kernel touches; the bits are a number of a token, and of a float that any pass changes.
     */
    private static MemorySegment[] memory(Arena arena, Case kernel) {
        return Arrays.stream(kernel.operands()).map(each -> {
            MemorySegment segment = arena.allocate((long) each.elements() * each.bytes(), each.bytes());
            for (long i = 0; i < segment.byteSize() / Integer.BYTES; i++) segment.setAtIndex(JAVA_INT, i, 1);
            return segment;
        }).toArray(MemorySegment[]::new);
    }

    private static byte[][] contents(MemorySegment[] segments) {
        return Arrays.stream(segments).map(each -> each.toArray(JAVA_BYTE)).toArray(byte[][]::new);
    }
}
