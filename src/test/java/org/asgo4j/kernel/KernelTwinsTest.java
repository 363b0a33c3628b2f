// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.asgo4j.testing.Seeds;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Scalar and vector kernels agree bit for bit, over every tail and misalignment, and write nowhere else. */
class KernelTwinsTest {
    private static final int MISALIGNMENTS = 4;

    private final Kernels scalar = Kernels.scalar();
    private final Kernels vector = Kernels.vector();

    /** Elements written by a kernel: four strips in, some of them changed; the result of a reduction out. */
    private interface Call {
        double run(Kernels kernels, Strip x, Strip y, Strip m, Strip v, int count);
    }

    static Stream<Named<Call>> floatKernels() {
        return Stream.of(
                Named.of("axpby", (k, x, y, m, v, n) -> {
                    k.axpby(1.7f, x.segment(), x.from(), -0.3f, y.segment(), y.from(), n);
                    return 0;
                }),
                Named.of("axpby with beta 0", (k, x, y, m, v, n) -> {
                    k.axpby(1.7f, x.segment(), x.from(), 0, y.segment(), y.from(), n);
                    return 0;
                }),
                Named.of("axpby of itself", (k, x, y, m, v, n) -> {
                    k.axpby(1.7f, x.segment(), x.from(), 0.7f, x.segment(), x.from(), n);
                    return 0;
                }),
                Named.of("lookAhead", (k, x, y, m, v, n) -> {
                    k.lookAhead(0.3f, x.segment(), x.from(), 0.9f, y.segment(), y.from(), m.segment(), m.from(), n);
                    return 0;
                }),
                Named.of("scale", (k, x, y, m, v, n) -> {
                    k.scale(0.3f, x.segment(), x.from(), n);
                    return 0;
                }),
                Named.of("adamw", (k, x, y, m, v, n) -> {
                    k.adamw(x.segment(), x.from(), y.segment(), y.from(), m.segment(), m.from(), v.segment(), v.from(),
                            n, 0.7f, 0.9, 0.999, 1e-8f, 1e-2f, 1.3f, 0.99f);
                    return 0;
                }),
                Named.of("multiply", (k, x, y, m, v, n) -> {
                    k.multiply(x.segment(), x.from(), y.segment(), y.from(), n);
                    return 0;
                }),
                Named.of("scaleAndAdd", (k, x, y, m, v, n) -> {
                    k.scaleAndAdd(0.3f, x.segment(), x.from(), y.segment(), y.from(), n);
                    return 0;
                }),
                Named.of("addSquares", (k, x, y, m, v, n) -> {
                    k.addSquares(0.3f, x.segment(), x.from(), 0.7f, y.segment(), y.from(), n);
                    return 0;
                }),
                Named.of("divideByRoot", (k, x, y, m, v, n) -> {
                    k.divideByRoot(x.segment(), x.from(), y.segment(), y.from(), 0, 0, m.segment(), m.from(), n);
                    k.divideByRoot(x.segment(), x.from(), y.segment(), y.from(), 0.1f, 0.2f, v.segment(), v.from(), n);
                    return 0;
                }),
                Named.of("lion", (k, x, y, m, v, n) -> {
                    k.lion(x.segment(), x.from(), y.segment(), y.from(), m.segment(), m.from(), n, 0.7f, 0.9, 0.99,
                            1e-2f, 0.99f);
                    return 0;
                }),
                Named.of("sumOfSquares", (k, x, y, m, v, n) -> k.sumOfSquares(x.segment(), x.from(), n)),
                Named.of("firstNonFinite", (k, x, y, m, v, n) -> k.firstNonFinite(x.segment(), x.from(), n)));
    }

    static IntStream counts() {
        int lanes = Lanes.FLOATS.length();
        return IntStream.concat(IntStream.rangeClosed(0, 4 * lanes + 3), IntStream.of(101, 127, 1000, 4097, 8233,
                4 * ScalarKernels.SQUARES_BLOCK, 6 * ScalarKernels.SQUARES_BLOCK + 77));
    }

    @ParameterizedTest
    @MethodSource("floatKernels")
    void agreeOnFiniteNumbers(Call call) {
        compare(call, false);
    }

    @ParameterizedTest
    @MethodSource("floatKernels")
    void agreeOnSpecialNumbers(Call call) {
        compare(call, true);
    }

    private void compare(Call call, boolean special) {
        long seed = Seeds.next();
        var random = new SplittableRandom(seed);
        counts().forEach(count -> {
            for (int misalignment = 0; misalignment < MISALIGNMENTS; misalignment++) {
                try (Arena arena = Arena.ofConfined()) {
                    Strip[] mine = new Strip[4];
                    Strip[] theirs = new Strip[4];
                    for (int s = 0; s < mine.length; s++) {
                        int shift = (misalignment * (s + 1)) % MISALIGNMENTS;
                        mine[s] = special ? Strip.special(arena, count, shift, random)
                                : Strip.floats(arena, count, shift, random);
                        theirs[s] = mine[s].copy(arena);
                    }
                    double expected = call.run(scalar, mine[0], mine[1], mine[2], mine[3], count);
                    double actual = call.run(vector, theirs[0], theirs[1], theirs[2], theirs[3], count);
                    String where = "count=%d misalignment=%d seed=%d".formatted(count, misalignment, seed);
                    assertEquals(Double.doubleToLongBits(expected), Double.doubleToLongBits(actual), where);
                    for (int s = 0; s < mine.length; s++) {
                        assertNull(mine[s].firstDifference(theirs[s]), "strip " + s + " " + where);
                        assertTrue(mine[s].canariesAlive(Float.BYTES), "strip " + s + " " + where);
                    }
                }
            }
        });
    }

    static Stream<Named<Call>> doubleKernels() {
        return Stream.of(
                Named.of("widen", (k, x, y, m, v, n) -> {
                    k.widen(x.segment(), x.from(), y.segment(), y.from(), n);
                    return 0;
                }),
                Named.of("narrow", (k, x, y, m, v, n) -> {
                    k.narrow(y.segment(), y.from(), x.segment(), x.from(), n);
                    return 0;
                }),
                Named.of("addSquaresDouble", (k, x, y, m, v, n) -> {
                    k.addSquaresDouble(0.3, x.segment(), x.from(), 0.7, y.segment(), y.from(), n);
                    return 0;
                }),
                Named.of("scaleDouble", (k, x, y, m, v, n) -> {
                    k.scaleDouble(0.3, y.segment(), y.from(), n);
                    return 0;
                }));
    }

    @ParameterizedTest
    @MethodSource("doubleKernels")
    void agreeOnDoubles(Call call) {
        long seed = Seeds.next();
        var random = new SplittableRandom(seed);
        counts().forEach(count -> {
            for (int misalignment = 0; misalignment < MISALIGNMENTS; misalignment++) {
                try (Arena arena = Arena.ofConfined()) {
                    Strip x = Strip.special(arena, count, misalignment, random);
                    Strip y = Strip.doubles(arena, count, MISALIGNMENTS - misalignment, random);
                    Strip otherX = x.copy(arena);
                    Strip otherY = y.copy(arena);
                    call.run(scalar, x, y, null, null, count);
                    call.run(vector, otherX, otherY, null, null, count);
                    String where = "count=%d misalignment=%d seed=%d".formatted(count, misalignment, seed);
                    assertNull(x.firstDifference(otherX), where);
                    assertEquals(-1, y.segment().mismatch(otherY.segment()), where);
                    assertTrue(x.canariesAlive(Float.BYTES), where);
                    assertTrue(y.canariesAlive(Double.BYTES), where);
                }
            }
        });
    }
}
