// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.kernel;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.asgo4j.testing.Seeds;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Scalar and vector layers agree bit for bit, over every tail and misalignment, and write nowhere else. */
class LayerTwinsTest {
    private static final int MISALIGNMENTS = 4;
    private static final int ROWS = 3;

    /** Columns that a row has beyond the live ones where there is a stride. */
    private static final int PADDING = 5;

    private static final float EPSILON = 1e-5f;

    private final LayerKernels scalar = LayerKernels.scalar();
    private final LayerKernels vector = LayerKernels.vector();

    /** One layer on strips of rows·(cols + padding) elements at least; the loss, if it has one. */
    private interface Call {
        double run(LayerKernels kernels, Strip[] s, MemorySegment targets, int cols);
    }

    static Stream<Named<Call>> layers() {
        return Stream.of(
                Named.of("gelu", (k, s, t, n) -> {
                    k.gelu(s[0].segment(), s[0].from(), s[1].segment(), s[1].from(), ROWS * n);
                    return 0;
                }),
                Named.of("gelu in place", (k, s, t, n) -> {
                    k.gelu(s[0].segment(), s[0].from(), s[0].segment(), s[0].from(), ROWS * n);
                    return 0;
                }),
                Named.of("geluBackward", (k, s, t, n) -> {
                    k.geluBackward(s[0].segment(), s[0].from(), s[1].segment(), s[1].from(), s[1].segment(),
                            s[1].from(), ROWS * n);
                    return 0;
                }),
                Named.of("layerNorm", (k, s, t, n) -> {
                    k.layerNorm(s[0].segment(), s[0].from(), s[1].segment(), s[1].from(), s[2].segment(), s[2].from(),
                            s[3].segment(), s[3].from(), s[4].segment(), s[4].from(), ROWS, n, EPSILON);
                    return 0;
                }),
                Named.of("layerNormBackward", (k, s, t, n) -> {
                    k.layerNormBackward(s[0].segment(), s[0].from(), s[1].segment(), s[1].from(), s[2].segment(),
                            s[2].from(), s[3].segment(), s[3].from(), s[4].segment(), s[4].from(), s[5].segment(),
                            s[5].from(), s[5].segment(), s[5].from(), s[6].segment(), s[6].from(), ROWS, n);
                    return 0;
                }),
                Named.of("layerNormBackward onto another base", (k, s, t, n) -> {
                    k.layerNormBackward(s[0].segment(), s[0].from(), s[1].segment(), s[1].from(), s[2].segment(),
                            s[2].from(), s[3].segment(), s[3].from(), s[4].segment(), s[4].from(), s[7].segment(),
                            s[7].from(), s[5].segment(), s[5].from(), s[6].segment(), s[6].from(), ROWS, n);
                    return 0;
                }),
                Named.of("crossEntropy", (k, s, t, n) -> k.crossEntropy(s[0].segment(), s[0].from(), n + PADDING,
                        ROWS, n, t, 1, 0.1f)),
                Named.of("crossEntropyLoss", (k, s, t, n) -> k.crossEntropyLoss(s[0].segment(), s[0].from(),
                        n + PADDING, ROWS, n, t, 1)));
    }

    static Stream<Named<Call>> attention() {
        return Stream.of(
                Named.of("causalSoftmax", (k, s, t, n) -> {
                    k.causalSoftmax(s[0].segment(), s[0].from(), n + PADDING, n, 0.3f);
                    return 0;
                }),
                Named.of("causalSoftmaxBackward", (k, s, t, n) -> {
                    k.causalSoftmaxBackward(s[0].segment(), s[0].from(), s[1].segment(), s[1].from(), n + PADDING, n,
                            0.3f);
                    return 0;
                }));
    }

    static IntStream columns() {
        int lanes = Lanes.FLOATS.length();
        return IntStream.concat(IntStream.rangeClosed(1, 4 * lanes + 3), IntStream.of(96, 127, 128, 1000));
    }

    @ParameterizedTest
    @MethodSource("layers")
    void agreeOnFiniteNumbers(Call call) {
        columns().forEach(cols -> compare(call, cols, ROWS * (cols + PADDING), false));
    }

    @ParameterizedTest
    @MethodSource("layers")
    void agreeOnSpecialNumbers(Call call) {
        columns().forEach(cols -> compare(call, cols, ROWS * (cols + PADDING), true));
    }

    @ParameterizedTest
    @MethodSource("attention")
    void attentionAgreesOnFiniteNumbers(Call call) {
        columns().filter(size -> size < 256).forEach(size -> compare(call, size, size * (size + PADDING), false));
    }

    @ParameterizedTest
    @MethodSource("attention")
    void attentionAgreesOnSpecialNumbers(Call call) {
        columns().filter(size -> size < 256).forEach(size -> compare(call, size, size * (size + PADDING), true));
    }

    private void compare(Call call, int cols, int elements, boolean special) {
        long seed = Seeds.next();
        var random = new SplittableRandom(seed);
        int misalignment = cols % MISALIGNMENTS;
        try (Arena arena = Arena.ofConfined()) {
            Strip[] mine = new Strip[8];
            Strip[] theirs = new Strip[8];
            for (int s = 0; s < mine.length; s++) {
                int shift = (misalignment + s) % MISALIGNMENTS;
                mine[s] = special ? Strip.special(arena, elements, shift, random)
                        : Strip.floats(arena, elements, shift, random);
                theirs[s] = mine[s].copy(arena);
            }
            MemorySegment targets = arena.allocate(JAVA_INT, ROWS + 1);
            targets.setAtIndex(JAVA_INT, 0, -1);
            for (int row = 1; row <= ROWS; row++) {
                targets.setAtIndex(JAVA_INT, row, random.nextInt(cols));
            }
            double expected = call.run(scalar, mine, targets, cols);
            double actual = call.run(vector, theirs, targets, cols);
            String where = "cols=%d misalignment=%d seed=%d".formatted(cols, misalignment, seed);
            assertEquals(Double.doubleToLongBits(expected), Double.doubleToLongBits(actual), where);
            for (int s = 0; s < mine.length; s++) {
                assertNull(mine[s].firstDifference(theirs[s]), "strip " + s + " " + where);
                assertTrue(mine[s].canariesAlive(Float.BYTES), "strip " + s + " " + where);
            }
        }
    }
}
