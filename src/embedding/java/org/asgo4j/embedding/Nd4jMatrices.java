// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.embedding;

import java.lang.foreign.Arena;
import org.asgo4j.linalg.Matrix;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** ND4J's arrays as matrices. */
final class Nd4jMatrices {
    private Nd4jMatrices() {}

    /**
     * An array of rank 2 as a matrix: the same memory. An array in Fortran order ('f', what ND4J's own products return)
     * is seen as its transpose: a step of a transposed weight by a transposed gradient is the transposed step, as long
     * as both are seen the same way round.
     *
     * @param array float32; rows or columns without gaps between their elements
     * @param lifetime until when the array's memory may be used: ND4J frees it when the array is unreachable or its
     *     workspace closes, so keep the array itself as long
     */
    static Matrix of(INDArray array, Arena lifetime) {
        if (array.rank() != 2 || array.dataType() != DataType.FLOAT) {
            throw new IllegalArgumentException("array must be float32 of rank 2, is " + array.shapeInfoToString());
        }
        boolean byRows = array.stride(1) == 1;
        if (!byRows && array.stride(0) != 1) {
            throw new IllegalArgumentException("neither rows nor columns are contiguous in "
                    + array.shapeInfoToString() + "; use dup('c')");
        }
        int rows = Math.toIntExact(byRows ? array.rows() : array.columns());
        int cols = Math.toIntExact(byRows ? array.columns() : array.rows());
        int rowStride = Math.max(cols, Math.toIntExact(byRows ? array.stride(0) : array.stride(1)));
        long byteSize = ((rows - 1L) * rowStride + cols) * Float.BYTES;
        return Matrix.of(address(array), byteSize, rows, cols, rowStride, lifetime);
    }

    /** Where element (0, 0) of an array lies. A view's pointer is that of the whole; the view begins at an offset. */
    private static long address(INDArray array) {
        return array.data().pointer().address() + array.offset() * Float.BYTES;
    }
}
