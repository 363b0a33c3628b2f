// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.linalg;

/** The checks at the door of the elementwise operations and reductions, for every backend. */
final class ElementwiseShapes {

    private ElementwiseShapes() {}

    static void axpby(BackendName backend, Matrix x, Matrix y) {
        Shapes.elementwise(backend, "axpby", "X", x, "Y", y);
        float32("axpby", "X", x, "Y", y);
    }

    static void lookAhead(BackendName backend, Matrix gradient, Matrix momentum, Matrix direction) {
        Shapes.readable(backend, "lookAhead", "gradient", gradient);
        Shapes.writable(backend, "lookAhead", "momentum", momentum);
        Shapes.writable(backend, "lookAhead", "direction", direction);
        Shapes.shape("lookAhead", "gradient", gradient, direction.rows(), direction.cols());
        Shapes.shape("lookAhead", "momentum", momentum, direction.rows(), direction.cols());
        float32("lookAhead", "gradient", gradient, "momentum", momentum);
        Shapes.type("lookAhead", "direction", direction, ElementType.FLOAT32);
        Shapes.disjoint("lookAhead", "momentum", momentum, "gradient", gradient);
        Shapes.disjoint("lookAhead", "direction", direction, "gradient", gradient);
        Shapes.disjoint("lookAhead", "direction", direction, "momentum", momentum);
    }

    static void adamw(
            BackendName backend, Matrix gradient, Matrix firstMoment, Matrix secondMoment, Matrix weight) {
        Shapes.readable(backend, "adamw", "gradient", gradient);
        Shapes.writable(backend, "adamw", "firstMoment", firstMoment);
        Shapes.writable(backend, "adamw", "secondMoment", secondMoment);
        Shapes.writable(backend, "adamw", "weight", weight);
        Shapes.shape("adamw", "gradient", gradient, weight.rows(), weight.cols());
        Shapes.shape("adamw", "firstMoment", firstMoment, weight.rows(), weight.cols());
        Shapes.shape("adamw", "secondMoment", secondMoment, weight.rows(), weight.cols());
        float32("adamw", "gradient", gradient, "firstMoment", firstMoment);
        float32("adamw", "secondMoment", secondMoment, "weight", weight);
        Shapes.disjoint("adamw", "weight", weight, "gradient", gradient);
        Shapes.disjoint("adamw", "firstMoment", firstMoment, "gradient", gradient);
        Shapes.disjoint("adamw", "secondMoment", secondMoment, "gradient", gradient);
        Shapes.disjoint("adamw", "weight", weight, "firstMoment", firstMoment);
        Shapes.disjoint("adamw", "weight", weight, "secondMoment", secondMoment);
        Shapes.disjoint("adamw", "firstMoment", firstMoment, "secondMoment", secondMoment);
    }

    static void lion(BackendName backend, Matrix gradient, Matrix momentum, Matrix weight) {
        Shapes.readable(backend, "lion", "gradient", gradient);
        Shapes.writable(backend, "lion", "momentum", momentum);
        Shapes.writable(backend, "lion", "weight", weight);
        Shapes.shape("lion", "gradient", gradient, weight.rows(), weight.cols());
        Shapes.shape("lion", "momentum", momentum, weight.rows(), weight.cols());
        float32("lion", "gradient", gradient, "momentum", momentum);
        Shapes.type("lion", "weight", weight, ElementType.FLOAT32);
        Shapes.disjoint("lion", "weight", weight, "gradient", gradient);
        Shapes.disjoint("lion", "momentum", momentum, "gradient", gradient);
        Shapes.disjoint("lion", "weight", weight, "momentum", momentum);
    }

    static void scaleRows(BackendName backend, Matrix d, Matrix a) {
        Shapes.readable(backend, "scaleRows", "d", d);
        Shapes.writable(backend, "scaleRows", "A", a);
        Shapes.shape("scaleRows", "d", d, 1, a.rows());
        Shapes.type("scaleRows", "d", d, a.type());
        Shapes.disjoint("scaleRows", "A", a, "d", d);
    }

    static void scaleCols(BackendName backend, Matrix d, Matrix a) {
        Shapes.readable(backend, "scaleCols", "d", d);
        Shapes.writable(backend, "scaleCols", "A", a);
        Shapes.shape("scaleCols", "d", d, 1, a.cols());
        float32("scaleCols", "d", d, "A", a);
        Shapes.disjoint("scaleCols", "A", a, "d", d);
    }

    static void symmetrize(BackendName backend, Matrix a) {
        Shapes.writable(backend, "symmetrize", "A", a);
        Shapes.square("symmetrize", "A", a);
    }

    static void gramDiagonal(BackendName backend, Side side, Matrix a, Matrix d) {
        Shapes.given("gramDiagonal", "side", side);
        Shapes.readable(backend, "gramDiagonal", "A", a);
        Shapes.writable(backend, "gramDiagonal", "d", d);
        Shapes.shape("gramDiagonal", "d", d, 1, side == Side.LEFT ? a.rows() : a.cols());
        Shapes.type("gramDiagonal", "A", a, ElementType.FLOAT32);
        Shapes.type("gramDiagonal", "d", d, ElementType.FLOAT64);
        Shapes.disjoint("gramDiagonal", "d", d, "A", a);
    }

    static void addSquares(BackendName backend, Matrix x, Matrix y) {
        Shapes.elementwise(backend, "addSquares", "X", x, "Y", y);
        Shapes.disjoint("addSquares", "Y", y, "X", x);
        float32("addSquares", "X", x, "Y", y);
    }

    static void divideByRoot(BackendName backend, Matrix x, Matrix v, Matrix y) {
        Shapes.readable(backend, "divideByRoot", "V", v);
        Shapes.elementwise(backend, "divideByRoot", "X", x, "Y", y);
        Shapes.shape("divideByRoot", "V", v, y.rows(), y.cols());
        float32("divideByRoot", "X", x, "Y", y);
        Shapes.type("divideByRoot", "V", v, ElementType.FLOAT32);
        Shapes.disjoint("divideByRoot", "Y", y, "X", x);
        Shapes.disjoint("divideByRoot", "Y", y, "V", v);
    }

    static void gather(BackendName backend, int[] rows, int[] cols, Matrix x, Matrix y) {
        Shapes.readable(backend, "gather", "X", x);
        Shapes.writable(backend, "gather", "Y", y);
        Shapes.shape("gather", "X", x, y.rows(), y.cols());
        Shapes.type("gather", "X", x, y.type());
        Shapes.disjoint("gather", "Y", y, "X", x);
        Rearrangement.check("gather", "rows", rows, y.rows());
        Rearrangement.check("gather", "cols", cols, y.cols());
    }

    static void sumOfSquares(BackendName backend, Matrix x) {
        Shapes.readable(backend, "sumOfSquares", "X", x);
        Shapes.type("sumOfSquares", "X", x, ElementType.FLOAT32);
    }

    private static void float32(String operation, String firstName, Matrix first, String secondName, Matrix second) {
        Shapes.type(operation, firstName, first, ElementType.FLOAT32);
        Shapes.type(operation, secondName, second, ElementType.FLOAT32);
    }
}
