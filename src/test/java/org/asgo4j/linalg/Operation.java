// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.linalg;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.stream.IntStream;
import org.asgo4j.testing.Matrices;

/**
 * One operation of {@link Backend} with arguments that fit, for tests that break one argument at a time.
 *
 * @param name the operation as messages name it
 * @param arguments its matrices in order
 * @param call calls it on matrices in this order
 */
record Operation(String name, List<Argument> arguments, BiConsumer<Backend, Matrix[]> call) {
    /**
     * A matrix argument: its name in messages, its shape, whether it is written, and the type it has whatever the
     * others have, or null.
     */
    record Argument(String name, int rows, int cols, boolean written, ElementType always) {

        /** Its type where the operation is called with {@code type}. */
        ElementType type(ElementType type) {
            return always != null ? always : type;
        }
    }

    /** Operations that take {@link ElementType#FLOAT64} too. */
    private static final Set<String> EITHER_TYPE = Set.of("gemm", "gemmBlocks", "syrk", "symm", "eigh", "eighBlocks",
            "orthonormalize", "addInverse",
            "scaleRows", "symmetrize", "copy", "gather", "fill", "divide", "multiplyLower", "addToDiagonal",
            "diagonal",
            "averageLower", "correctRoot", "rowDots", "trace", "sumOfSquaresOfSymmetric",
            "squaredDistanceFromIdentity", "firstNonFinite");

    /** Operations whose result has the same bits wherever they run, and however their matrices lie. */
    static final Set<String> ELEMENTWISE = Set.of("axpby", "lookAhead", "adamw", "scaleRows", "scaleCols",
            "symmetrize", "gramDiagonal", "addSquares", "divideByRoot", "lion", "gather", "copy", "fill", "divide",
            "addToDiagonal", "diagonal", "averageLower", "correctRoot");

    /** Operations whose input and output may be the same elements. */
    private static final Set<String> IN_PLACE = Set.of("axpby", "copy");

    /**
     * Every operation on matrices of m rows, n columns and, for products, k between them. All three differ, or a wrong
     * shape might fit.
     */
    static List<Operation> all(int m, int n, int k) {
        int[] rows = IntStream.range(0, m).map(i -> m - 1 - i).toArray();
        int[] cols = IntStream.range(0, n).map(j -> n - 1 - j).toArray();
        return List.of(
                new Operation("gemm", List.of(in("A", m, k), in("B", k, n), out("C", m, n)),
                        (b, x) -> b.gemm(Transpose.NONE, Transpose.NONE, 1, x[0], x[1], 1, x[2])),
                new Operation("gemm", List.of(in("A", k, m), in("B", n, k), out("C", m, n)),
                        (b, x) -> b.gemm(Transpose.TRANSPOSED, Transpose.TRANSPOSED, 1, x[0], x[1], 1, x[2])),
                new Operation("gemmBlocks", List.of(in("A", 2 * m, k), in("B", 2 * k, n), out("C", 2 * m, n)),
                        (b, x) -> b.gemmBlocks(2, 1, x[0], x[1], 1, x[2])),
                new Operation("syrk", List.of(in("A", m, n), out("C", m, m)),
                        (b, x) -> b.syrk(Transpose.NONE, 1, x[0], 1, x[1])),
                new Operation("syrk", List.of(in("A", n, m), out("C", m, m)),
                        (b, x) -> b.syrk(Transpose.TRANSPOSED, 1, x[0], 1, x[1])),
                new Operation("symm", List.of(in("A", m, m), in("B", m, n), out("C", m, n)),
                        (b, x) -> b.symm(Side.LEFT, x[0], x[1], x[2])),
                new Operation("symm", List.of(in("A", n, n), in("B", m, n), out("C", m, n)),
                        (b, x) -> b.symm(Side.RIGHT, x[0], x[1], x[2])),
                new Operation("eigh", List.of(out("A", m, m), out("eigenvalues", 1, m)), Operation::eigh),
                new Operation("eighBlocks", List.of(out("A", 2 * m, m), out("eigenvalues", 2, m)),
                        (b, x) -> b.eighBlocks(2, x[0], x[1])),
                new Operation("orthonormalize", List.of(out("A", m, m)), Operation::orthonormalize),
                new Operation("tridiagonalize", List.of(out("A", m, m), out("diagonal", 1, m),
                        out("offDiagonal", 1, m)), Operation::tridiagonalize),
                new Operation("addResolvent", List.of(in("diagonal", 1, m), in("offDiagonal", 1, m), out("C", m, m)),
                        Operation::addResolvent),
                new Operation("addInverse", List.of(in("A", m, m), out("C", m, m)), Operation::addInverse),
                new Operation("axpby", List.of(in("X", m, n), out("Y", m, n)), (b, x) -> b.axpby(1, x[0], 1, x[1])),
                new Operation("lookAhead", List.of(in("gradient", m, n), out("momentum", m, n), out("direction", m, n)),
                        (b, x) -> b.lookAhead(1, x[0], 1, x[1], x[2])),
                new Operation("adamw", List.of(in("gradient", m, n), out("firstMoment", m, n),
                        out("secondMoment", m, n), out("weight", m, n)),
                        (b, x) -> b.adamw(1, 0.9, 0.99, 1, 1, 1, 1, x[0], x[1], x[2], x[3])),
                new Operation("scaleRows", List.of(in("d", 1, m), out("A", m, n)), (b, x) -> b.scaleRows(x[0], x[1])),
                new Operation("scaleCols", List.of(in("d", 1, n), out("A", m, n)), (b, x) -> b.scaleCols(x[0], x[1])),
                new Operation("symmetrize", List.of(out("A", m, m)), (b, x) -> b.symmetrize(x[0])),
                new Operation("gramDiagonal", List.of(in("A", m, n), wideOut("d", 1, m)),
                        (b, x) -> b.gramDiagonal(Side.LEFT, 1, x[0], 1, x[1])),
                new Operation("gramDiagonal", List.of(in("A", m, n), wideOut("d", 1, n)),
                        (b, x) -> b.gramDiagonal(Side.RIGHT, 1, x[0], 1, x[1])),
                new Operation("addSquares", List.of(in("X", m, n), out("Y", m, n)),
                        (b, x) -> b.addSquares(1, x[0], 1, x[1])),
                new Operation("divideByRoot", List.of(in("X", m, n), in("V", m, n), out("Y", m, n)),
                        (b, x) -> b.divideByRoot(x[0], x[1], 1, 1, x[2])),
                new Operation("lion", List.of(in("gradient", m, n), out("momentum", m, n), out("weight", m, n)),
                        (b, x) -> b.lion(1, 0.9, 0.99, 1, 1, x[0], x[1], x[2])),
                new Operation("gather", List.of(in("X", m, n), out("Y", m, n)),
                        (b, x) -> b.gather(rows, cols, x[0], x[1])),
                new Operation("copy", List.of(in("X", m, n), out("Y", m, n)), (b, x) -> b.copy(x[0], x[1])),
                new Operation("fill", List.of(out("A", m, n)), (b, x) -> b.fill(2, x[0])),
                new Operation("divide", List.of(out("A", m, n)), (b, x) -> b.divide(3, x[0])),
                new Operation("multiplyLower", List.of(out("A", m, m)), (b, x) -> b.multiplyLower(3, x[0])),
                new Operation("addToDiagonal", List.of(out("A", m, m)), (b, x) -> b.addToDiagonal(0.5, x[0])),
                new Operation("diagonal", List.of(in("A", m, m), out("d", 1, m)), (b, x) -> b.diagonal(x[0], x[1])),
                new Operation("averageLower", List.of(in("X", m, m), narrowOut("Y", m, m)),
                        (b, x) -> b.averageLower(0.7, x[0], x[1])),
                new Operation("correctRoot", List.of(in("XBX", m, m), in("B", m, m), out("X", m, m)),
                        (b, x) -> b.correctRoot(x[0], x[1], x[2])),
                new Operation("rowDots", List.of(in("X", m, n), in("Y", m, n), out("d", 1, m)),
                        (b, x) -> b.rowDots(x[0], x[1], x[2])),
                new Operation("trace", List.of(in("A", m, m)), (b, x) -> b.trace(x[0])),
                new Operation("sumOfSquaresOfSymmetric", List.of(in("A", m, m)),
                        (b, x) -> b.sumOfSquaresOfSymmetric(x[0])),
                new Operation("squaredDistanceFromIdentity", List.of(in("A", m, m)),
                        (b, x) -> b.squaredDistanceFromIdentity(x[0])),
                new Operation("sumOfSquares", List.of(in("X", m, n)), (b, x) -> b.sumOfSquares(x[0])),
                new Operation("firstNonFinite", List.of(in("X", m, n)), (b, x) -> b.firstNonFinite(x[0])));
    }

    private static Argument in(String name, int rows, int cols) {
        return new Argument(name, rows, cols, false, null);
    }

    private static Argument out(String name, int rows, int cols) {
        return new Argument(name, rows, cols, true, null);
    }

    private static Argument wideOut(String name, int rows, int cols) {
        return new Argument(name, rows, cols, true, ElementType.FLOAT64);
    }

    private static Argument narrowOut(String name, int rows, int cols) {
        return new Argument(name, rows, cols, true, ElementType.FLOAT32);
    }

    private static void eigh(Backend backend, Matrix[] x) {
        try (Arena arena = Arena.ofConfined()) {
            backend.eigh(x[0], x[1], backend.eighWorkspace(arena, x[0].type(), x[0].rows()));
        }
    }

    private static void orthonormalize(Backend backend, Matrix[] x) {
        try (Arena arena = Arena.ofConfined()) {
            backend.orthonormalize(x[0], backend.eighWorkspace(arena, x[0].type(), x[0].rows()));
        }
    }

    private static void tridiagonalize(Backend backend, Matrix[] x) {
        try (Arena arena = Arena.ofConfined()) {
            backend.tridiagonalize(x[0], x[1], x[2], backend.eighWorkspace(arena, x[0].type(), x[0].rows()));
        }
    }

    /** The shift makes T + σI diagonally dominant for elements in [−1, 1). */
    private static void addResolvent(Backend backend, Matrix[] x) {
        try (Arena arena = Arena.ofConfined()) {
            backend.addResolvent(1, 4, x[0], x[1], x[2],
                    backend.eighWorkspace(arena, ElementType.FLOAT32, x[2].rows()));
        }
    }

    /** The shift is more than the sum of a row of elements in [−1, 1). */
    private static void addInverse(Backend backend, Matrix[] x) {
        try (Arena arena = Arena.ofConfined()) {
            backend.addInverse(1, 2 * x[1].rows(), x[0], x[1],
                    backend.eighWorkspace(arena, x[1].type(), x[1].rows()));
        }
    }

    /** New zero matrices that fit. */
    Matrix[] matrices(Arena arena, ElementType type) {
        List<Matrix> result = new ArrayList<>();
        for (Argument each : arguments) {
            result.add(Matrices.zeros(arena, each.type(type), each.rows, each.cols));
        }
        return result.toArray(Matrix[]::new);
    }

    /** Entries of one argument, in [0.5, 1), since some are second moments, or under a root. */
    double[][] values(int argument, long seed) {
        double[][] values = Matrices.randomArray(arguments.get(argument).rows, arguments.get(argument).cols,
                seed + argument);
        for (double[] row : values) {
            for (int j = 0; j < row.length; j++) row[j] = (3 + row[j]) / 4;
        }
        return values;
    }

    /** The element types that it takes. */
    List<ElementType> types() {
        return EITHER_TYPE.contains(name) ? List.of(ElementType.values()) : List.of(ElementType.FLOAT32);
    }

    /** Whether it takes another type in this argument alone. */
    boolean converts(int argument) {
        return name.equals("copy") || name.equals("averageLower") && arguments.get(argument).always() == null;
    }

    /** Whether the call first makes a workspace of this backend. */
    boolean usesWorkspace() {
        return Set.of("eigh", "orthonormalize", "tridiagonalize", "addResolvent", "addInverse").contains(name);
    }

    /** Whether its output may be its input. */
    boolean inPlace() {
        return IN_PLACE.contains(name);
    }

    void run(Backend backend, Matrix... matrices) {
        call.accept(backend, matrices);
    }

    @Override
    public String toString() {
        return name + arguments.stream().map(each -> " " + each.rows + "×" + each.cols).toList();
    }
}
