// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.embedding;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.Backends;
import org.asgo4j.linalg.Matrix;
import org.asgo4j.optim.Asgo;
import org.asgo4j.optim.AsgoConfig;
import org.asgo4j.optim.RuleState;
import org.asgo4j.testing.Seeds;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/** ND4J computes loss and gradient; ASGO steps the weight in ND4J's own memory, through its address. */
class Nd4jTest {
    private static final int EXAMPLES = 64;
    private static final int IN = 24;
    private static final int OUT = 16;
    private static final int STEPS = 200;
    private static final float LEARNING_RATE = 0.2f;

    /** Before ND4J loads its OpenBLAS, whose functions this class loader would find instead of asgo4j's own. */
    @BeforeAll
    static void loadFirst() {
        Backends.open().close();
    }

    @Test
    void learnsALinearMapInNd4jsMemory() {
        long seed = Seeds.next();
        Nd4j.getRandom().setSeed(seed);
        INDArray inputs = Nd4j.randn(DataType.FLOAT, EXAMPLES, IN);
        INDArray targets = inputs.mmul(Nd4j.randn(DataType.FLOAT, IN, OUT));
        INDArray weight = Nd4j.create(DataType.FLOAT, new long[] {IN, OUT}, 'c');
        INDArray gradient = Nd4j.create(DataType.FLOAT, new long[] {IN, OUT}, 'c');
        try (Backend backend = Backends.open(); Arena arena = Arena.ofConfined()) {
            RuleState asgo = new Asgo(AsgoConfig.defaults()).newState(backend, arena, IN, OUT);
            Matrix w = Nd4jMatrices.of(weight, arena);
            Matrix g = Nd4jMatrices.of(gradient, arena);
            double first = Double.NaN;
            double last = Double.NaN;
            for (int step = 0; step < STEPS; step++) {
                INDArray error = inputs.mmul(weight).subi(targets);
                last = error.norm2Number().doubleValue();
                if (step == 0) first = last;
                gradient.assign(inputs.transpose().mmul(error)); // in place: g sees it
                asgo.step(w, g, LEARNING_RATE * (STEPS - step) / STEPS, 0);
            }
            String losses = first + " → " + last + ", seed=" + seed;
            assertTrue(last < first / 10, losses);
        }
    }

    @Test
    void viewsAndFortranOrderAreSeenWhereTheyLie() {
        INDArray whole = Nd4j.arange(60).castTo(DataType.FLOAT).reshape('c', 6, 10);
        INDArray block = whole.get(NDArrayIndex.interval(2, 5), NDArrayIndex.interval(3, 7));
        try (Arena arena = Arena.ofConfined()) {
            assertSame(block, Nd4jMatrices.of(block, arena), false);
            INDArray fortran = block.dup('f');
            assertSame(fortran, Nd4jMatrices.of(fortran, arena), true);
            Matrix m = Nd4jMatrices.of(block, arena);
            assertEquals(10, m.rowStride());
            m.set(2, 3, -1);
            assertEquals(-1, whole.getFloat(4, 6));
            INDArray within = block.get(NDArrayIndex.interval(1, 3), NDArrayIndex.interval(1, 4));
            assertSame(within, Nd4jMatrices.of(within, arena), false);
            INDArray everySecond = whole.get(NDArrayIndex.all(), NDArrayIndex.interval(0, 2, 10));
            assertThrows(IllegalArgumentException.class, () -> Nd4jMatrices.of(everySecond, arena));
        }
    }

    private static void assertSame(INDArray array, Matrix m, boolean transposed) {
        for (int i = 0; i < array.rows(); i++) {
            for (int j = 0; j < array.columns(); j++) {
                assertEquals(array.getFloat(i, j), transposed ? m.get(j, i) : m.get(i, j));
            }
        }
    }
}
