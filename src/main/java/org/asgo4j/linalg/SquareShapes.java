// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.linalg;

/** The checks at the door of the operations on square matrices, for every backend. */
final class SquareShapes {

    private SquareShapes() {}

    /** An operation that changes a square matrix. */
    static void inPlace(BackendName backend, String operation, Matrix a) {
        Shapes.writable(backend, operation, "A", a);
        Shapes.square(operation, "A", a);
    }

    /** An operation from a square matrix to a number. */
    static void reduction(BackendName backend, String operation, Matrix a) {
        Shapes.readable(backend, operation, "A", a);
        Shapes.square(operation, "A", a);
    }

    static void diagonal(BackendName backend, Matrix a, Matrix d) {
        Shapes.readable(backend, "diagonal", "A", a);
        Shapes.writable(backend, "diagonal", "d", d);
        Shapes.square("diagonal", "A", a);
        Shapes.type("diagonal", "d", d, a.type());
        if (d.cols() == 1 && d.isContiguous()) Shapes.shape("diagonal", "d", d, a.rows(), 1);
        else Shapes.shape("diagonal", "d", d, 1, a.rows());
        Shapes.disjoint("diagonal", "d", d, "A", a);
    }

    static void averageLower(BackendName backend, Matrix x, Matrix y) {
        Shapes.readable(backend, "averageLower", "X", x);
        Shapes.writable(backend, "averageLower", "Y", y);
        Shapes.square("averageLower", "Y", y);
        Shapes.shape("averageLower", "X", x, y.rows(), y.rows());
        Shapes.type("averageLower", "Y", y, ElementType.FLOAT32);
        Shapes.disjoint("averageLower", "Y", y, "X", x);
    }

    static void correctRoot(BackendName backend, Matrix product, Matrix b, Matrix x) {
        Shapes.readable(backend, "correctRoot", "XBX", product);
        Shapes.readable(backend, "correctRoot", "B", b);
        Shapes.writable(backend, "correctRoot", "X", x);
        Shapes.square("correctRoot", "X", x);
        Shapes.shape("correctRoot", "XBX", product, x.rows(), x.rows());
        Shapes.shape("correctRoot", "B", b, x.rows(), x.rows());
        Shapes.type("correctRoot", "XBX", product, x.type());
        Shapes.type("correctRoot", "B", b, x.type());
        Shapes.disjoint("correctRoot", "X", x, "XBX", product);
        Shapes.disjoint("correctRoot", "X", x, "B", b);
    }

    static void rowDots(BackendName backend, Matrix x, Matrix y, Matrix d) {
        Shapes.readable(backend, "rowDots", "X", x);
        Shapes.readable(backend, "rowDots", "Y", y);
        Shapes.writable(backend, "rowDots", "d", d);
        Shapes.shape("rowDots", "Y", y, x.rows(), x.cols());
        Shapes.shape("rowDots", "d", d, 1, x.rows());
        Shapes.type("rowDots", "Y", y, x.type());
        Shapes.type("rowDots", "d", d, x.type());
        Shapes.disjoint("rowDots", "d", d, "X", x);
        Shapes.disjoint("rowDots", "d", d, "Y", y);
    }

    static void addInverse(BackendName backend, Matrix a, Matrix c, EighWorkspace workspace) {
        Shapes.readable(backend, "addInverse", "A", a);
        Shapes.writable(backend, "addInverse", "C", c);
        Shapes.square("addInverse", "C", c);
        Shapes.shape("addInverse", "A", a, c.rows(), c.rows());
        Shapes.type("addInverse", "A", a, c.type());
        Shapes.disjoint("addInverse", "C", c, "A", a);
        Shapes.workspace("addInverse", backend, c, workspace);
    }

    static void eighBlocks(BackendName backend, int count, Matrix a, Matrix eigenvalues) {
        Shapes.writable(backend, "eighBlocks", "A", a);
        Shapes.writable(backend, "eighBlocks", "eigenvalues", eigenvalues);
        if (count < 1 || a.rows() != (long) count * a.cols()) {
            throw new IllegalArgumentException(
                    "eighBlocks: A is %s; it must be count square matrices one below the other, count is %d"
                            .formatted(a.shape(), count));
        }
        Shapes.type("eighBlocks", "eigenvalues", eigenvalues, a.type());
        Shapes.shape("eighBlocks", "eigenvalues", eigenvalues, count, a.cols());
        Shapes.disjoint("eighBlocks", "eigenvalues", eigenvalues, "A", a);
    }
}
