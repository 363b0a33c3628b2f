// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.djl;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.index.NDIndex;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.asgo4j.linalg.Matrix;

/**
 * The elements of a dense float32 tensor as a matrix, for one step: the engine's own memory where the engine hands that
 * out, otherwise a copy.
 *
 * <p>An engine may answer {@code toByteBuffer(true)} with a copy (PyTorch's does for a tensor that is not contiguous or
 * not on the CPU) and does not say so. But two copies, both alive, lie at different addresses; so memory that comes
 * twice at the same address is the tensor's own.
 *
 * @param matrix the elements, row-major
 * @param view whether they are the tensor's own
 */
record TensorMemory(Matrix matrix, boolean view) {
    private static final NDIndex EVERYTHING = new NDIndex("...");

    /**
     * @param tensor dense, float32, of {@code rows·cols} elements
     * @param scratch for a copy; must outlive the step
     */
    static TensorMemory of(NDArray tensor, int rows, int cols, SegmentAllocator scratch) {
        ByteBuffer buffer = tensor.toByteBuffer(true);
        MemorySegment memory = MemorySegment.ofBuffer(buffer);
        boolean usable = buffer.isDirect() && memory.address() % Float.BYTES == 0;
        if (!usable) {
            MemorySegment copy = scratch.allocate(memory.byteSize(), Float.BYTES).copyFrom(memory);
            return new TensorMemory(Matrix.of(copy, rows, cols), false);
        }
        boolean view = isOnCpu(tensor)
                && MemorySegment.ofBuffer(tensor.toByteBuffer(true)).address() == memory.address();
        return new TensorMemory(Matrix.of(memory, rows, cols), view);
    }

    private static boolean isOnCpu(NDArray tensor) {
        return Device.Type.CPU.equals(tensor.getDevice().getDeviceType());
    }

    /**
     * Whether the engine sees what is written here: the lowest bit of the first element is changed, read through the
     * engine, and changed back.
     */
    boolean isSeenBy(NDArray tensor) {
        MemorySegment memory = matrix.segment();
        int bits = memory.get(ValueLayout.JAVA_INT, 0);
        memory.set(ValueLayout.JAVA_INT, 0, bits ^ 1);
        try {
            return tensor.toByteBuffer(false).order(ByteOrder.nativeOrder()).getInt(0) == (bits ^ 1);
        } finally {
            memory.set(ValueLayout.JAVA_INT, 0, bits);
        }
    }

    /** Writes a copy's elements into the tensor, in place. */
    void writeTo(NDArray tensor) {
        var elements = matrix.segment().asByteBuffer().order(ByteOrder.nativeOrder()).asFloatBuffer();
        // Detached, it is the same memory: PyTorch refuses to write to one that gathers gradients.
        tensor.stopGradient().set(EVERYTHING, tensor.getManager().create(elements, tensor.getShape()));
    }

    /** Sets to 0 what the engine has gathered in a weight; nothing where it gathers none, as in a frozen one. */
    static void clearGradient(NDArray weight) {
        if (weight.hasGradient()) zero(weight.getGradient());
    }

    /** Sets every element of a tensor to 0, whatever it was. */
    static void zero(NDArray tensor) {
        tensor.set(EVERYTHING, 0f);
    }
}
