// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.embedding;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.SplittableRandom;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.Backends;
import org.asgo4j.linalg.Matrix;
import org.asgo4j.optim.Asgo;
import org.asgo4j.optim.AsgoConfig;
import org.asgo4j.optim.RuleState;
import org.asgo4j.testing.Seeds;
import org.junit.jupiter.api.Test;
import org.tensorflow.Graph;
import org.tensorflow.Output;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.StdArrays;
import org.tensorflow.ndarray.buffer.DataStorageVisitor;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.types.TFloat32;

/** A TensorFlow graph computes loss and gradient; ASGO steps the weight in TensorFlow's own memory. */
class TensorFlowTest {
    private static final int EXAMPLES = 64;
    private static final int IN = 24;
    private static final int OUT = 16;
    private static final int STEPS = 200;
    private static final float LEARNING_RATE = 0.05f;

    @Test
    void learnsALinearMapInTensorFlowsMemory() {
        long seed = Seeds.next();
        var random = new SplittableRandom(seed);
        float[][] inputs = random(random, EXAMPLES, IN);
        float[][] targets = product(inputs, random(random, IN, OUT));
        try (Graph graph = new Graph(); Session session = new Session(graph);
                Backend backend = Backends.open(); Arena arena = Arena.ofConfined();
                TFloat32 weight = TFloat32.tensorOf(StdArrays.ndCopyOf(new float[IN][OUT]))) {
            Ops tf = Ops.create(graph);
            Placeholder<TFloat32> w = tf.placeholder(TFloat32.class, Placeholder.shape(Shape.of(IN, OUT)));
            var error = tf.math.sub(tf.linalg.matMul(tf.constant(inputs), w), tf.constant(targets));
            var loss = tf.nn.l2Loss(error);
            Output<TFloat32> gradient = tf.gradients(loss, List.of(w)).dy(0);
            RuleState asgo = new Asgo(AsgoConfig.defaults()).newState(backend, arena, IN, OUT);
            double first = Double.NaN;
            double last = Double.NaN;
            for (int step = 0; step < STEPS; step++) {
                try (Result result = session.runner().feed(w, weight).fetch(loss).fetch(gradient).run();
                        Arena untilResultIsClosed = Arena.ofConfined()) {
                    last = ((TFloat32) result.get(0)).getFloat();
                    if (step == 0) first = last;
                    asgo.step(matrix(weight, untilResultIsClosed),
                            matrix((TFloat32) result.get(1), untilResultIsClosed),
                            LEARNING_RATE * (STEPS - step) / STEPS, 0);
                }
            }
            String losses = first + " → " + last + ", seed=" + seed;
            assertTrue(last < first / 100, losses);
            assertEquals(weight.getFloat(3, 5), (float) matrix(weight, arena).get(3, 5), "a view, not a copy");
        }
    }

    /** A float32 tensor of rank 2 as a matrix: the same memory, until the arena closes; close it before the tensor. */
    static Matrix matrix(TFloat32 tensor, Arena lifetime) {
        Shape shape = tensor.shape();
        long address = tensor.asRawTensor().data().accept(new DataStorageVisitor<Long>() {
            @Override
            public Long visit(ByteBuffer buffer) {
                return MemorySegment.ofBuffer(buffer).address();
            }

            @Override
            public Long visit(long start, long length, long scale) {
                return start;
            }

            @Override
            public Long fallback() {
                throw new IllegalArgumentException("tensor of shape " + shape + " is not in native memory");
            }
        });
        int rows = Math.toIntExact(shape.get(0));
        int cols = Math.toIntExact(shape.get(1));
        return Matrix.of(address, tensor.numBytes(), rows, cols, cols, lifetime);
    }

    private static float[][] random(SplittableRandom random, int rows, int cols) {
        float[][] values = new float[rows][cols];
        for (float[] row : values) {
            for (int j = 0; j < cols; j++) row[j] = (float) random.nextDouble(-1, 1);
        }
        return values;
    }

    private static float[][] product(float[][] a, float[][] b) {
        float[][] result = new float[a.length][b[0].length];
        for (int i = 0; i < a.length; i++) {
            for (int l = 0; l < b.length; l++) {
                for (int j = 0; j < b[0].length; j++) result[i][j] += a[i][l] * b[l][j];
            }
        }
        return result;
    }
}
