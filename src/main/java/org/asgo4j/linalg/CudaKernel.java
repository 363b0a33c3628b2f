// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.linalg;

/**
 * The kernels of {@code native/cuda} by the names they have there, which follow those of {@link Backend}'s operations.
 */
enum CudaKernel {
    /** Backend.axpby. */
    AXPBY("axpby", false),
    /** Backend.adamw. */
    ADAMW("adamw", false),
    /** Backend.lion. */
    LION("lion", false),
    /** Backend.scaleRows. */
    SCALE_ROWS("scaleRows", true),
    /** Backend.scaleCols. */
    SCALE_COLS("scaleCols", false),
    /** Backend.symmetrize. */
    SYMMETRIZE("symmetrize", true),
    /** Backend.addSquares. */
    ADD_SQUARES("addSquares", false),
    /** Backend.divideByRoot. */
    DIVIDE_BY_ROOT("divideByRoot", false),
    /** Backend.gather. */
    GATHER("gather", true),
    /** Backend.copy from float32 to float64. */
    WIDEN("widen", false),
    /** Backend.copy from float64 to float32. */
    NARROW("narrow", false),
    /** Sums of squares of blocks of each row. */
    SQUARES_OF_BLOCKS("squaresOfBlocks", false),
    /** Their sum, in the CPU's order. */
    SUM_OF_PARTIALS("sumOfPartials", false),
    /** Backend.gramDiagonal on the left, after squaresOfBlocks. */
    GRAM_DIAGONAL_ROWS("gramDiagonalRows", false),
    /** Backend.gramDiagonal on the right. */
    GRAM_DIAGONAL_COLS("gramDiagonalCols", false),
    /** Backend.firstNonFinite. */
    FIRST_NON_FINITE("firstNonFinite", true),
    /** −1 where a diagonal element is negative, else 1. */
    SIGNS_OF_DIAGONAL("signsOfDiagonal", true),
    /** Backend.fill. */
    FILL("fill", true),
    /** Backend.divide. */
    DIVIDE("divide", true),
    /** All elements times a factor. */
    MULTIPLY("multiply", true),
    /** Backend.addToDiagonal. */
    ADD_TO_DIAGONAL("addToDiagonal", true),
    /** Backend.diagonal. */
    DIAGONAL("diagonal", true),
    /** Backend.averageLower. */
    AVERAGE_LOWER("averageLower", true),
    /** A copy of a lower triangle with a number added to its diagonal, and zeros above. */
    SHIFTED_LOWER("shiftedLower", true),
    /** A multiple of a lower triangle added to another. */
    ADD_LOWER("addLower", true),
    /** Backend.correctRoot. */
    NEWTON_CORRECT("newtonCorrect", true),
    /** Backend.rowDots, in float64. */
    ROW_DOTS("rowDots", true),
    /** Backend.trace. */
    TRACE("trace", true),
    /** The rows' parts of Backend.sumOfSquaresOfSymmetric. */
    SQUARES_OF_LOWER("squaresOfLower", true),
    /** The rows' parts of Backend.squaredDistanceFromIdentity. */
    SQUARES_FROM_IDENTITY("squaresFromIdentity", true),
    /** The pivots that Backend.addResolvent takes, from both ends. */
    RESOLVENT_PIVOTS("resolventPivots", false),
    /** Backend.addResolvent with them. */
    ADD_RESOLVENT("addResolvent", false);

    private final String symbol;
    private final boolean eitherType;

    CudaKernel(String symbol, boolean eitherType) {
        this.symbol = symbol;
        this.eitherType = eitherType;
    }

    /** Whether there is one for matrices of this type. */
    boolean takes(ElementType type) {
        return type == ElementType.FLOAT32 || eitherType;
    }

    /** Its name in the module. */
    String symbol(ElementType type) {
        return type == ElementType.FLOAT32 ? symbol : symbol + "Double";
    }
}
