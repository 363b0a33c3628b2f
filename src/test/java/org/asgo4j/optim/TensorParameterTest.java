// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.optim;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.BackendName;
import org.asgo4j.linalg.Backends;
import org.asgo4j.linalg.Matrix;
import org.asgo4j.linalg.Workers;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Tensors of other ranks than two, seen as matrices. */
class TensorParameterTest {
    private static final long SEED = 17;
    private static final long MEBI = 1 << 20;

    private final Backend backend = Backends.open(BackendName.OPENBLAS);
    private final Arena arena = Arena.ofShared();
    private final Random random = new Random(SEED);

    @AfterEach
    void freeMemory() {
        arena.close();
    }

    static Stream<Arguments> shapes() {
        return Stream.of(
                arguments(new long[] {7}, "1×7"),
                arguments(new long[] {1}, "1×1"),
                arguments(new long[] {5, 3}, "5×3"),
                arguments(new long[] {4, 3, 5}, "4×15"),
                arguments(new long[] {8, 3, 2, 5}, "8×30"),
                arguments(new long[] {8, 1, 1, 1}, "8×1"),
                arguments(new long[] {1, 2, 3, 4, 5}, "1×120"));
    }

    @ParameterizedTest
    @MethodSource("shapes")
    void allButTheFirstDimensionAreColumns(long[] shape, String matrix) {
        MemorySegment weight = floats(elements(shape));
        MemorySegment gradient = floats(elements(shape));
        Parameter p = Parameter.ofTensor("w", weight, gradient, shape);
        assertEquals(matrix, p.weight().shape());
        assertEquals(matrix, p.gradient().shape());
        assertSame(weight, p.weight().segment());
        assertSame(gradient, p.gradient().segment());
        assertEquals(RowBlocks.whole(p.weight().rows()), p.blocks());
        // Row-major: element i of the segment is element (i / cols, i % cols).
        for (int i = 0; i < elements(shape); i++) {
            assertEquals(weight.getAtIndex(ValueLayout.JAVA_FLOAT, i),
                    p.weight().get(i / p.weight().cols(), i % p.weight().cols()));
        }
    }

    @Test
    void convolutionStepsExactlyAsItsMatrix() {
        MemorySegment weight = floats(8 * 3 * 3 * 5);
        MemorySegment gradient = floats(8 * 3 * 3 * 5);
        Matrix sameWeight = Matrix.of(copy(weight), 8, 45);
        Matrix sameGradient = Matrix.of(copy(gradient), 8, 45);
        Parameter tensor = Parameter.ofTensor("conv", weight, gradient, 8, 3, 3, 5);
        for (RowBlocks blocks : List.of(RowBlocks.whole(8), RowBlocks.heads(8, 2))) {
            for (Parameter p : List.of(
                    tensor.withBlocks(blocks), new Parameter("matrix", sameWeight, sameGradient, blocks))) {
                step(p);
            }
            for (int i = 0; i < 8; i++) {
                assertArrayEquals(Dense.of(sameWeight)[i], Dense.of(tensor.weight())[i], "row " + i + " seed=" + SEED);
            }
        }
    }

    private void step(Parameter p) {
        var group = new ParameterGroup(
                "g", new Asgo(AsgoConfig.published()), Schedule.constant(0.1f), 0.1f, List.of(p));
        try (var workers = new Workers(1);
                var optimizer = new Optimizer(backend, workers, OptimizerConfig.published(), List.of(group))) {
            optimizer.step();
            optimizer.step();
        }
    }

    @Test
    void withBlocksChecksThem() {
        Parameter p = Parameter.ofTensor("conv", floats(24), floats(24), 4, 3, 2);
        assertEquals(List.of(2, 2), p.withBlocks(RowBlocks.heads(4, 2)).blocks().sizes());
        refused("parameter 'conv': row blocks [3] have 3 rows, the weight has 4",
                () -> p.withBlocks(RowBlocks.whole(3)));
    }

    @Test
    void badShapesAreNamed() {
        MemorySegment some = floats(12);
        refused("parameter 'w' of shape []: at least one dimension is needed",
                () -> Parameter.ofTensor("w", some, some));
        refused("parameter 'w' of shape [3, 0, 2]: every dimension must be at least 1",
                () -> Parameter.ofTensor("w", some, some, 3, 0, 2));
        refused("parameter 'w' of shape [-3]: every dimension must be at least 1",
                () -> Parameter.ofTensor("w", some, some, -3));
        refused("parameter 'w' of shape [2147483648, 1]: the first dimension is 2147483648",
                () -> Parameter.ofTensor("w", some, some, 1L << 31, 1));
        refused("parameter 'w' of shape [2147483648]: it is one row of 2147483648, a matrix holds at most 2147483647",
                () -> Parameter.ofTensor("w", some, some, 1L << 31));
        refused("all dimensions but the first make rows of 1152921504606846976",
                () -> Parameter.ofTensor("w", some, some, 2, MEBI, MEBI, MEBI));
        refused("make rows of 1208925819614629174706176", // beyond a long
                () -> Parameter.ofTensor("w", some, some, 2, MEBI, MEBI, MEBI, MEBI));
        refused("segment holds 12 FLOAT32 elements, needs 4611686014132420609", // beyond what a segment can hold
                () -> Parameter.ofTensor("w", some, some, Integer.MAX_VALUE, Integer.MAX_VALUE));
    }

    @Test
    void badSegmentsAreNamed() {
        MemorySegment fits = floats(12);
        refused("parameter 'w' of shape [2, 3, 2]: weight: ",
                () -> Parameter.ofTensor("w", floats(11), fits, 2, 3, 2));
        refused("segment holds 11 FLOAT32 elements, needs 12",
                () -> Parameter.ofTensor("w", floats(11), fits, 2, 3, 2));
        refused("parameter 'w' of shape [12]: gradient: ", () -> Parameter.ofTensor("w", fits, floats(11), 12));
        refused("segment is on the heap", () -> Parameter.ofTensor("w", fits, MemorySegment.ofArray(new float[12]),
                12));
        refused("must be a multiple of 4 bytes",
                () -> Parameter.ofTensor("w", floats(13).asSlice(2, 12 * Float.BYTES), fits, 12));
        refused("parameter 'w' of shape [12]: gradient: matrix 1×12: segment and type must not be null",
                () -> Parameter.ofTensor("w", fits, null, 12));
        refused("name must not be blank", () -> Parameter.ofTensor(" ", fits, fits, 12));
    }

    private static int elements(long[] shape) {
        int product = 1;
        for (long dimension : shape) product *= (int) dimension;
        return product;
    }

    private MemorySegment floats(int count) {
        MemorySegment segment = arena.allocate(ValueLayout.JAVA_FLOAT, count);
        for (int i = 0; i < count; i++) segment.setAtIndex(ValueLayout.JAVA_FLOAT, i, random.nextFloat() - 0.5f);
        return segment;
    }

    private MemorySegment copy(MemorySegment from) {
        return arena.allocate(from.byteSize(), Float.BYTES).copyFrom(from);
    }

    private static void refused(String part, Runnable action) {
        var thrown = assertThrows(IllegalArgumentException.class, action::run);
        assertTrue(thrown.getMessage().contains(part), () -> "'" + thrown.getMessage() + "' lacks '" + part + "'");
    }
}
