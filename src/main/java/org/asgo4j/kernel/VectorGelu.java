// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.kernel;

import static jdk.incubator.vector.FloatVector.fromMemorySegment;
import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.LT;
import static org.asgo4j.kernel.Lanes.FLOATS;
import static org.asgo4j.kernel.Lanes.ORDER;
import static org.asgo4j.kernel.OffHeap.ALL;
import static org.asgo4j.kernel.VectorElementary.HALF;
import static org.asgo4j.kernel.VectorElementary.MINUS_NORMAL_END;
import static org.asgo4j.kernel.VectorElementary.MINUS_SLOPE_END;
import static org.asgo4j.kernel.VectorElementary.NORMAL_END;
import static org.asgo4j.kernel.VectorElementary.ONE;
import static org.asgo4j.kernel.VectorElementary.P0;
import static org.asgo4j.kernel.VectorElementary.P1;
import static org.asgo4j.kernel.VectorElementary.P2;
import static org.asgo4j.kernel.VectorElementary.P3;
import static org.asgo4j.kernel.VectorElementary.P4;
import static org.asgo4j.kernel.VectorElementary.P5;
import static org.asgo4j.kernel.VectorElementary.Q1;
import static org.asgo4j.kernel.VectorElementary.Q2;
import static org.asgo4j.kernel.VectorElementary.Q3;
import static org.asgo4j.kernel.VectorElementary.Q4;
import static org.asgo4j.kernel.VectorElementary.Q5;
import static org.asgo4j.kernel.VectorElementary.S0;
import static org.asgo4j.kernel.VectorElementary.S1;
import static org.asgo4j.kernel.VectorElementary.S2;
import static org.asgo4j.kernel.VectorElementary.S3;
import static org.asgo4j.kernel.VectorElementary.S4;
import static org.asgo4j.kernel.VectorElementary.S5;
import static org.asgo4j.kernel.VectorElementary.SLOPE_END;
import static org.asgo4j.kernel.VectorElementary.T1;
import static org.asgo4j.kernel.VectorElementary.T2;
import static org.asgo4j.kernel.VectorElementary.T3;
import static org.asgo4j.kernel.VectorElementary.T4;
import static org.asgo4j.kernel.VectorElementary.T5;
import static org.asgo4j.kernel.VectorElementary.ZERO;

import jdk.incubator.vector.FloatVector;

/**
 * GELU and its gradient, one vector at a time; the tail of every loop is {@link ScalarLayerKernels}, and so is the
 * arithmetic, bit for bit. Operands are numbers of elements of {@link OffHeap#ALL}.
 */
final class VectorGelu {

    private static final ScalarLayerKernels TAIL = ScalarLayerKernels.INSTANCE;

    private VectorGelu() {
    }

    /** {@link Elementary#gelu} in full, for the reason given in {@link VectorLoops}. */
    static void gelu(long x, long y, long count) {
        long end = FLOATS.loopBound(count);
        for (long i = 0; i < end; i += FLOATS.length()) {
            FloatVector values = fromMemorySegment(FLOATS, ALL, (x + i) * Float.BYTES, ORDER);
            FloatVector z = values.mul(values);
            FloatVector p = P5.fma(z, P4).fma(z, P3).fma(z, P2).fma(z, P1).fma(z, P0);
            FloatVector q = Q5.fma(z, Q4).fma(z, Q3).fma(z, Q2).fma(z, Q1).fma(z, ONE);
            FloatVector normal = values.fma(p.div(q), HALF).blend(ONE, values.compare(GT, NORMAL_END))
                    .blend(ZERO, values.compare(LT, MINUS_NORMAL_END));
            values.mul(normal).intoMemorySegment(ALL, (y + i) * Float.BYTES, ORDER);
        }
        TAIL.gelu(ALL, x + end, ALL, y + end, count - end);
    }

    /** {@link Elementary#geluSlope} in full, for the reason given in {@link VectorLoops}. */
    static void geluBackward(long x, long dy, long dx, long count) {
        long end = FLOATS.loopBound(count);
        for (long i = 0; i < end; i += FLOATS.length()) {
            FloatVector values = fromMemorySegment(FLOATS, ALL, (x + i) * Float.BYTES, ORDER);
            FloatVector z = values.mul(values);
            FloatVector s = S5.fma(z, S4).fma(z, S3).fma(z, S2).fma(z, S1).fma(z, S0);
            FloatVector t = T5.fma(z, T4).fma(z, T3).fma(z, T2).fma(z, T1).fma(z, ONE);
            FloatVector slope = values.fma(s.div(t), HALF).blend(ONE, values.compare(GT, SLOPE_END))
                    .blend(ZERO, values.compare(LT, MINUS_SLOPE_END));
            FloatVector outer = fromMemorySegment(FLOATS, ALL, (dy + i) * Float.BYTES, ORDER);
            outer.mul(slope).intoMemorySegment(ALL, (dx + i) * Float.BYTES, ORDER);
        }
        TAIL.geluBackward(ALL, x + end, ALL, dy + end, ALL, dx + end, count - end);
    }
}
