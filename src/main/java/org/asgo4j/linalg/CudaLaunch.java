// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.linalg;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.asgo4j.bindings.cuda.Cuda;

/** The arguments of one kernel at a time, in off-heap memory, and its launch on one stream. */
final class CudaLaunch {
    /** More than any kernel has. */
    private static final int MAX_ARGUMENTS = 32;

    /** Threads of a block: a multiple of the 32 of a warp, enough of them to hide the latency of memory. */
    static final int BLOCK = 256;

    /** Blocks side by side, more than a GPU runs at once: the kernels stride over what is left. */
    private static final int MAX_BLOCKS = 4096;

    /** CUDA's limit of a grid's second dimension. */
    private static final int MAX_ROWS = 65_535;

    /** Rows and columns of a tile that a block transposes at a time. */
    private static final int TILE = 32;

    /** Tiles side by side, and one above the other, more than a GPU works on at once. */
    private static final int MAX_TILES = 1024;

    private final CudaModule module;
    private final MemorySegment stream;
    private final MemorySegment values;
    private final MemorySegment pointers; // to the values, as cuLaunchKernel wants them
    private int count;
    private boolean flat;
    private CudaKernel kernel;
    private ElementType type;

    CudaLaunch(Arena arena, CudaModule module, MemorySegment stream) {
        this.module = module;
        this.stream = stream;
        this.values = arena.allocate(ValueLayout.JAVA_LONG, MAX_ARGUMENTS);
        this.pointers = arena.allocate(ValueLayout.JAVA_LONG, MAX_ARGUMENTS);
        for (int i = 0; i < MAX_ARGUMENTS; i++) {
            pointers.setAtIndex(ValueLayout.JAVA_LONG, i, values.address() + (long) i * Long.BYTES);
        }
    }

    /** Begins the list of arguments of a kernel for float32 matrices. */
    CudaLaunch of(CudaKernel kernel) {
        return of(kernel, ElementType.FLOAT32);
    }

    /** Begins the list of arguments of a kernel for matrices of this type. */
    CudaLaunch of(CudaKernel kernel, ElementType type) {
        this.kernel = kernel;
        this.type = type;
        flat = false;
        count = 0;
        return this;
    }

    /** Has the matrices, added after this, taken as one row each if none of them has gaps. */
    CudaLaunch flat(boolean noGaps) {
        flat = noGaps;
        return this;
    }

    CudaLaunch add(float value) {
        values.set(ValueLayout.JAVA_FLOAT, (long) count++ * Long.BYTES, value);
        return this;
    }

    CudaLaunch add(double value) {
        values.setAtIndex(ValueLayout.JAVA_DOUBLE, count++, value);
        return this;
    }

    CudaLaunch add(long value) {
        values.setAtIndex(ValueLayout.JAVA_LONG, count++, value);
        return this;
    }

    /** Adds a device pointer. */
    CudaLaunch add(MemorySegment memory) {
        return add(memory.address());
    }

    /** Adds where a matrix lies on the device, and its row stride. */
    CudaLaunch add(MemorySegment memory, Matrix m) {
        return add(memory.address()).add(flat ? m.size() : m.rowStride());
    }

    /** Adds the shape of {@code m}, and launches on blocks that stride over its elements. */
    void overElements(Matrix m) {
        if (flat) overElements(1, m.size());
        else overElements(m.rows(), m.cols());
    }

    /** Adds rows and columns, and launches on blocks that stride over them. */
    void overElements(long rows, long cols) {
        add(rows).add(cols);
        launch((int) Math.min(Math.ceilDiv(cols, BLOCK), MAX_BLOCKS), (int) Math.min(rows, MAX_ROWS), BLOCK);
    }

    /** Adds an order, and launches on blocks that stride over the tiles of a square matrix. */
    void overTiles(long order) {
        add(order);
        int tiles = (int) Math.min(Math.ceilDiv(order, TILE), MAX_TILES);
        launch(tiles, tiles, BLOCK);
    }

    /** Adds an order, and launches on blocks that stride over the elements of a square matrix. */
    void overSquare(long order) {
        add(order);
        launch((int) Math.min(Math.ceilDiv(order, BLOCK), MAX_BLOCKS), (int) Math.min(order, MAX_ROWS), BLOCK);
    }

    /** Launches on blocks that stride over {@code things}, one each thread. */
    void over(long things) {
        launch((int) Math.min(Math.ceilDiv(things, BLOCK), MAX_BLOCKS), 1, BLOCK);
    }

    /** Launches on {@code blocksX × blocksY} blocks of {@code threads}. */
    void launch(int blocksX, int blocksY, int threads) {
        int status = Cuda.cuLaunchKernel(module.function(kernel, type), blocksX, blocksY, 1, threads, 1, 1, 0, stream,
                pointers, MemorySegment.NULL);
        if (status != Cuda.CUDA_SUCCESS()) CudaErrors.driver("cuLaunchKernel of " + kernel.symbol(type), status);
    }
}
