// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.SplittableRandom;
import jdk.incubator.vector.FloatVector;
import org.asgo4j.testing.Seeds;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The lane width asked for is the lane width used, and sums across lanes have the stated order. */
class LanesTest {

    @Test
    void widthIsTheOneAskedFor() {
        assertEquals(LaneWidth.bits(), Lanes.FLOATS.vectorBitSize());
        assertEquals(LaneWidth.bits(), Lanes.DOUBLES.vectorBitSize());
        assertEquals(Lanes.DOUBLES.length(), Lanes.HALF.length());
        assertTrue(Kernels.vector().description().contains(LaneWidth.bits() + " bits"), Kernels.vector().description());
    }

    @Test
    void widthDefaultsToTheCpusUpTo512() {
        assertEquals(256, LaneWidth.choose(null, 256));
        assertEquals(512, LaneWidth.choose(null, 2048));
    }

    @ParameterizedTest
    @ValueSource(ints = {128, 256, 512})
    void widthCanBeAskedFor(int bits) {
        assertEquals(bits, LaneWidth.choose(Integer.toString(bits), 512));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "64", "1024", "-128", "wide", "256.0"})
    void unknownWidthsAreRefused(String value) {
        var error = assertThrows(IllegalArgumentException.class, () -> LaneWidth.choose(value, 512));
        assertTrue(error.getMessage().contains("'" + value + "'") && error.getMessage().contains("128, 256 or 512"),
                error.getMessage());
    }

    @Test
    void widthsTheCpuLacksAreRefused() {
        var error = assertThrows(IllegalArgumentException.class, () -> LaneWidth.choose("512", 256));
        assertTrue(error.getMessage().contains("512") && error.getMessage().contains("256"), error.getMessage());
    }

    @Test
    void bestIsTheVectorTwinWhereTheModuleIs() {
        assertSame(Kernels.vector(), Kernels.best());
        assertSame(LayerKernels.vector(), LayerKernels.best());
    }

    @Test
    void sumsAddNeighboursFirst() {
        long seed = Seeds.next();
        var random = new SplittableRandom(seed);
        float[] floats = new float[Lanes.FLOATS.length()];
        for (int round = 0; round < 100; round++) {
            for (int i = 0; i < floats.length; i++) {
                floats[i] = (float) random.nextDouble(-1, 1);
            }
            float floatSum = 0.3f;
            for (int i = 0; i < floats.length; i += 4) {
                floatSum += (floats[i] + floats[i + 1]) + (floats[i + 2] + floats[i + 3]);
            }
            String message = "seed=" + seed;
            assertEquals(floatSum, Lanes.add(0.3f, FloatVector.fromArray(Lanes.FLOATS, floats, 0)), message);
        }
    }
}
