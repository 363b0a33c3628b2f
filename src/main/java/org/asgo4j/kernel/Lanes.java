// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.kernel;

import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/**
 * The vector species of the vector twins, and sums across lanes in one order for every width.
 *
 * <p>Everything is a static final constant, which is what the JIT compiler needs to turn vector calls into
 * instructions. The width is the CPU's preferred one, at most 512 bits, or the system property {@code asgo4j.lanes}
 * (128, 256 or 512).
 */
final class Lanes {

    /** Lanes of a float vector: 4, 8 or 16. */
    static final VectorSpecies<Float> FLOATS = FloatVector.SPECIES_PREFERRED.withShape(shape(LaneWidth.bits()));

    /** As many bits as {@link #FLOATS}: 2, 4 or 8 doubles. */
    static final VectorSpecies<Double> DOUBLES = FLOATS.withLanes(double.class);

    /** As many floats as {@link #DOUBLES} has doubles, in half the bits: the other side of a conversion. */
    static final VectorSpecies<Float> HALF = FLOATS.withShape(shape(FLOATS.vectorBitSize() / 2));

    /** Order of the bytes of a float in a segment. */
    static final ByteOrder ORDER = ByteOrder.nativeOrder();

    /** 0, 1, 2, … as floats. */
    static final FloatVector INDEX = FloatVector.zero(FLOATS).addIndex(1);

    /** Each lane takes its neighbour's value. */
    static final VectorShuffle<Float> SWAP_1 = swap(1);

    /** Each pair of lanes takes its neighbouring pair's values. */
    static final VectorShuffle<Float> SWAP_2 = swap(2);

    private Lanes() {
    }

    /** sum + ((l0 + l1) + (l2 + l3)) + ((l4 + l5) + (l6 + l7)) + …, left to right, over the lanes l. */
    static float add(float sum, FloatVector lanes) {
        FloatVector pairs = lanes.add(lanes.rearrange(SWAP_1));
        FloatVector quads = pairs.add(pairs.rearrange(SWAP_2));
        float result = sum + quads.lane(0);
        if (FLOATS.length() > 4) {
            result += quads.lane(4);
        }
        if (FLOATS.length() > 8) {
            result += quads.lane(8);
            result += quads.lane(12);
        }
        return result;
    }

    /** Each lane i takes lane i xor {@code distance}. */
    private static VectorShuffle<Float> swap(int distance) {
        return VectorShuffle.fromOp(FLOATS, lane -> lane ^ distance);
    }

    private static VectorShape shape(int bits) {
        return VectorShape.forBitSize(bits);
    }
}
