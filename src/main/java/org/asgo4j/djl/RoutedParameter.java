// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.djl;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import org.asgo4j.optim.RuleState;

/** A parameter with its state, and as what it is seen: a matrix with the first dimension as its rows. */
final class RoutedParameter {
    /** What a buffer of DJL's can hold. */
    private static final long MOST_ELEMENTS = Integer.MAX_VALUE / Float.BYTES;

    final String name;
    final RuleState state;
    final int rows;
    final int cols;
    private final Shape shape;
    private final Device device;
    private long provenAddress; // where the engine was seen to see what is written
    private boolean written; //    a copy, back into the weight

    RoutedParameter(String name, NDArray array, RuleState state) {
        this.name = name;
        this.state = state;
        this.shape = array.getShape();
        this.device = array.getDevice();
        this.rows = rows(shape);
        this.cols = cols(shape);
    }

    /** A vector is one row, a scalar one element. */
    static int rows(Shape shape) {
        return shape.dimension() < 2 ? 1 : Math.toIntExact(shape.get(0));
    }

    static int cols(Shape shape) {
        return Math.toIntExact(shape.size() / rows(shape));
    }

    /** Throws unless this array can be stepped. */
    static void check(String name, String role, NDArray array) {
        Shape shape = array.getShape();
        if (array.getDataType() != DataType.FLOAT32) {
            throw new IllegalArgumentException("%s of '%s' holds %s, must hold FLOAT32: convert the model"
                    .formatted(role, name, array.getDataType()));
        }
        if (array.isSparse()) {
            throw new IllegalArgumentException("%s of '%s' is sparse (%s), must be dense: build its embedding with "
                    .formatted(role, name, array.getSparseFormat()) + "optSparseFormat(SparseFormat.DENSE)");
        }
        if (shape.size() < 1 || shape.size() > MOST_ELEMENTS) {
            throw new IllegalArgumentException("%s of '%s' is %s: %d elements, must be 1 to %d"
                    .formatted(role, name, shape, shape.size(), MOST_ELEMENTS));
        }
    }

    /** Throws unless weight and gradient are those of this parameter. */
    void check(NDArray weight, NDArray gradient) {
        check(name, "weight", weight);
        check(name, "gradient", gradient);
        if (!shape.equals(weight.getShape()) || !shape.equals(gradient.getShape())) {
            throw new IllegalArgumentException("'%s' is %s, but its weight is now %s and its gradient %s"
                    .formatted(name, shape, weight.getShape(), gradient.getShape()));
        }
        if (!device.equals(weight.getDevice())) {
            throw new IllegalArgumentException("'%s' is on %s and was on %s: training on several devices at once is "
                    .formatted(name, weight.getDevice(), device) + "not supported");
        }
    }

    /** Throws unless what is stepped in a weight's memory will reach the weight. */
    void prove(TensorMemory memory, NDArray weight) {
        if (memory.view()) proveSeen(memory, weight);
        else if (!written) proveWritable(memory, weight);
    }

    /** Writes a copy back once as it is, since a state that has been stepped can't go back. */
    private void proveWritable(TensorMemory copy, NDArray weight) {
        try {
            copy.writeTo(weight);
        } catch (RuntimeException refused) {
            throw new IllegalArgumentException("weight of '%s' can't be written, must be an array whose elements have "
                    .formatted(name) + "memory of their own, not broadcast: " + refused.getMessage(), refused);
        }
        written = true;
    }

    /** Looked at once for each address. */
    private void proveSeen(TensorMemory memory, NDArray weight) {
        long address = memory.matrix().segment().address();
        if (address == provenAddress) return;
        if (!memory.isSeenBy(weight)) {
            throw new IllegalStateException("weight of '%s': what is written to toByteBuffer(true) is not seen by the "
                    .formatted(name) + "engine, which gave it twice at the same address");
        }
        provenAddress = address;
    }
}
