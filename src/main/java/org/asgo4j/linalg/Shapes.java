// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.linalg;

import java.lang.foreign.Arena;

/** The checks at the door of every operation: geometry, type, liveness, confinement and overlap of its arguments. */
final class Shapes {
    private Shapes() {}

    /** Checks that {@code m} may be read here and now. */
    static void readable(BackendName backend, String operation, String argument, Matrix m) {
        if (m.isOnDevice() && backend != BackendName.CUDA) {
            throw new IllegalArgumentException("%s: %s (%s) lies in device memory, which backend %s can't reach"
                    .formatted(operation, argument, m.shape(), backend.property()));
        }
        if (!m.segment().scope().isAlive()) {
            throw new IllegalStateException(
                    "%s: memory of %s (%s) is closed".formatted(operation, argument, m.shape()));
        }
        if (!m.segment().isAccessibleBy(Thread.currentThread())) {
            throw new WrongThreadException("%s: memory of %s (%s) is confined to another thread; this is '%s'"
                    .formatted(operation, argument, m.shape(), Thread.currentThread().getName()));
        }
    }

    /** Checks that {@code m} may be written here and now. */
    static void writable(BackendName backend, String operation, String argument, Matrix m) {
        readable(backend, operation, argument, m);
        if (m.segment().isReadOnly()) {
            throw new IllegalArgumentException(
                    "%s: memory of %s (%s) is read-only, but %s is written"
                            .formatted(operation, argument, m.shape(), argument));
        }
    }

    /** Checks a choice between two values: what is not the one must not be taken for the other if it is null. */
    static void given(String operation, String argument, Object choice) {
        if (choice == null) throw new IllegalArgumentException(operation + ": " + argument + " must not be null");
    }

    static void type(String operation, String argument, Matrix m, ElementType expected) {
        if (m.type() != expected) {
            throw new IllegalArgumentException("%s: %s (%s) holds %s, must hold %s"
                    .formatted(operation, argument, m.shape(), m.type(), expected));
        }
    }

    static void shape(String operation, String argument, Matrix m, int rows, int cols) {
        if (m.rows() != rows || m.cols() != cols) {
            throw new IllegalArgumentException(
                    "%s: %s is %s, must be %d×%d".formatted(operation, argument, m.shape(), rows, cols));
        }
    }

    static void square(String operation, String argument, Matrix m) {
        if (m.rows() != m.cols()) {
            throw new IllegalArgumentException(
                    "%s: %s is %s, must be square".formatted(operation, argument, m.shape()));
        }
    }

    /** Checks that no element of {@code output} is an element of {@code input}. */
    static void disjoint(String operation, String outputName, Matrix output, String inputName, Matrix input) {
        if (output.overlaps(input)) {
            throw new IllegalArgumentException("%s: output %s (%s at 0x%x) overlaps input %s (%s at 0x%x)"
                    .formatted(
                            operation,
                            outputName,
                            output.shape(),
                            output.segment().address(),
                            inputName,
                            input.shape(),
                            input.segment().address()));
        }
    }

    static int rows(Transpose transpose, Matrix m) {
        return transpose == Transpose.NONE ? m.rows() : m.cols();
    }

    static int cols(Transpose transpose, Matrix m) {
        return transpose == Transpose.NONE ? m.cols() : m.rows();
    }

    static void gemm(
            BackendName backend, Transpose transposeA, Transpose transposeB, Matrix a, Matrix b, Matrix c) {
        given("gemm", "transposeA", transposeA);
        given("gemm", "transposeB", transposeB);
        readable(backend, "gemm", "A", a);
        readable(backend, "gemm", "B", b);
        writable(backend, "gemm", "C", c);
        type("gemm", "A", a, c.type());
        type("gemm", "B", b, c.type());
        if (cols(transposeA, a) != rows(transposeB, b)) {
            throw new IllegalArgumentException("gemm: op(A) is %d×%d but op(B) is %d×%d; A's cols must equal B's rows"
                    .formatted(rows(transposeA, a), cols(transposeA, a), rows(transposeB, b), cols(transposeB, b)));
        }
        shape("gemm", "C", c, rows(transposeA, a), cols(transposeB, b));
        disjoint("gemm", "C", c, "A", a);
        disjoint("gemm", "C", c, "B", b);
    }

    static void gemmBlocks(BackendName backend, int count, Matrix a, Matrix b, Matrix c) {
        readable(backend, "gemmBlocks", "A", a);
        readable(backend, "gemmBlocks", "B", b);
        writable(backend, "gemmBlocks", "C", c);
        type("gemmBlocks", "A", a, c.type());
        type("gemmBlocks", "B", b, c.type());
        if (count < 1 || c.rows() % count != 0) {
            throw new IllegalArgumentException(
                    "gemmBlocks: C is %s and A is %s; count must be at least 1 and divide their rows, got %d"
                            .formatted(c.shape(), a.shape(), count));
        }
        shape("gemmBlocks", "A", a, c.rows(), a.cols());
        long rows = (long) count * a.cols(); // may be more than a matrix has
        if (b.rows() != rows || b.cols() != c.cols()) {
            throw new IllegalArgumentException(
                    "gemmBlocks: B is %s, must be %d×%d".formatted(b.shape(), rows, c.cols()));
        }
        disjoint("gemmBlocks", "C", c, "A", a);
        disjoint("gemmBlocks", "C", c, "B", b);
    }

    static void syrk(BackendName backend, Transpose transposeA, Matrix a, Matrix c) {
        given("syrk", "transposeA", transposeA);
        readable(backend, "syrk", "A", a);
        writable(backend, "syrk", "C", c);
        type("syrk", "A", a, c.type());
        int order = rows(transposeA, a);
        shape("syrk", "C", c, order, order);
        disjoint("syrk", "C", c, "A", a);
    }

    static void symm(BackendName backend, Side side, Matrix a, Matrix b, Matrix c) {
        given("symm", "side", side);
        readable(backend, "symm", "A", a);
        readable(backend, "symm", "B", b);
        writable(backend, "symm", "C", c);
        type("symm", "A", a, c.type());
        type("symm", "B", b, c.type());
        square("symm", "A", a);
        int order = side == Side.LEFT ? b.rows() : b.cols();
        if (a.rows() != order) {
            throw new IllegalArgumentException("symm: A is %s but B is %s; A's order must equal B's %s"
                    .formatted(a.shape(), b.shape(), side == Side.LEFT ? "rows" : "cols"));
        }
        shape("symm", "C", c, b.rows(), b.cols());
        disjoint("symm", "C", c, "A", a);
        disjoint("symm", "C", c, "B", b);
    }

    /** Checks what a workspace for eigh is asked for. */
    static void eighWorkspace(Arena arena, int order) {
        if (order < 1 || order > EighWorkspace.MAX_ORDER) {
            throw new IllegalArgumentException("eighWorkspace: order must be at least 1 and at most %d, got %d"
                    .formatted(EighWorkspace.MAX_ORDER, order));
        }
        usable("eighWorkspace", arena);
    }

    /** Checks that {@code arena} can give memory here and now. */
    static void usable(String operation, Arena arena) {
        if (!arena.scope().isAlive()) throw new IllegalStateException(operation + ": arena is closed");
    }

    /** Checks what {@link Backend#allocate} is asked for, and says how many bytes that is. */
    static long allocate(Arena arena, ElementType type, int rows, int cols) {
        if (rows < 1 || cols < 1) {
            throw new IllegalArgumentException("allocate: rows and cols must be at least 1, got " + rows + "×" + cols);
        }
        usable("allocate", arena);
        long elements = (long) rows * cols;
        if (elements > Long.MAX_VALUE / type.byteSize()) {
            throw new IllegalArgumentException("allocate: %d×%d %s is %d elements of %d bytes, more than 2^63 − 1 bytes"
                    .formatted(rows, cols, type, elements, type.byteSize()));
        }
        return elements * type.byteSize();
    }

    static void eigh(BackendName backend, Matrix a, Matrix eigenvalues, EighWorkspace workspace) {
        writable(backend, "eigh", "A", a);
        writable(backend, "eigh", "eigenvalues", eigenvalues);
        square("eigh", "A", a);
        type("eigh", "eigenvalues", eigenvalues, a.type());
        shape("eigh", "eigenvalues", eigenvalues, 1, a.rows());
        disjoint("eigh", "eigenvalues", eigenvalues, "A", a);
        workspace("eigh", backend, a, workspace);
    }

    static void orthonormalize(BackendName backend, Matrix a, EighWorkspace workspace) {
        writable(backend, "orthonormalize", "A", a);
        square("orthonormalize", "A", a);
        workspace("orthonormalize", backend, a, workspace);
    }

    static void tridiagonalize(
            BackendName backend, Matrix a, Matrix diagonal, Matrix offDiagonal, EighWorkspace workspace) {
        writable(backend, "tridiagonalize", "A", a);
        writable(backend, "tridiagonalize", "diagonal", diagonal);
        writable(backend, "tridiagonalize", "offDiagonal", offDiagonal);
        square("tridiagonalize", "A", a);
        type("tridiagonalize", "A", a, ElementType.FLOAT32);
        type("tridiagonalize", "diagonal", diagonal, ElementType.FLOAT32);
        type("tridiagonalize", "offDiagonal", offDiagonal, ElementType.FLOAT32);
        shape("tridiagonalize", "diagonal", diagonal, 1, a.rows());
        shape("tridiagonalize", "offDiagonal", offDiagonal, 1, a.rows());
        disjoint("tridiagonalize", "diagonal", diagonal, "A", a);
        disjoint("tridiagonalize", "offDiagonal", offDiagonal, "A", a);
        disjoint("tridiagonalize", "offDiagonal", offDiagonal, "diagonal", diagonal);
        workspace("tridiagonalize", backend, a, workspace);
    }

    static void addResolvent(
            BackendName backend, Matrix diagonal, Matrix offDiagonal, Matrix c, EighWorkspace workspace) {
        readable(backend, "addResolvent", "diagonal", diagonal);
        readable(backend, "addResolvent", "offDiagonal", offDiagonal);
        writable(backend, "addResolvent", "C", c);
        square("addResolvent", "C", c);
        type("addResolvent", "C", c, ElementType.FLOAT32);
        type("addResolvent", "diagonal", diagonal, ElementType.FLOAT32);
        type("addResolvent", "offDiagonal", offDiagonal, ElementType.FLOAT32);
        shape("addResolvent", "diagonal", diagonal, 1, c.rows());
        shape("addResolvent", "offDiagonal", offDiagonal, 1, c.rows());
        disjoint("addResolvent", "C", c, "diagonal", diagonal);
        disjoint("addResolvent", "C", c, "offDiagonal", offDiagonal);
        workspace("addResolvent", backend, c, workspace);
    }

    static void workspace(String operation, BackendName backend, Matrix a, EighWorkspace workspace) {
        if (workspace.backend() != backend) {
            throw new IllegalArgumentException("%s: workspace was made by backend %s, must be made by %s"
                    .formatted(operation, workspace.backend(), backend));
        }
        if (workspace.type() != a.type() || workspace.order() < a.rows()) {
            throw new IllegalArgumentException("%s: workspace is for %s up to order %d, A is %s %s"
                    .formatted(operation, workspace.type(), workspace.order(), a.shape(), a.type()));
        }
        if (!workspace.checkedWork().scope().isAlive()) {
            throw new IllegalStateException(
                    "%s: memory of workspace (order %d) is closed".formatted(operation, workspace.order()));
        }
        if (!workspace.checkedWork().isAccessibleBy(Thread.currentThread())) {
            throw new WrongThreadException(
                    "%s: memory of workspace (order %d) is confined to another thread; this is '%s'"
                            .formatted(operation, workspace.order(), Thread.currentThread().getName()));
        }
    }

    /** A copy whose elements keep their type, so that it is no work for the processor or the GPU. */
    static void transfer(BackendName backend, String operation, Matrix x, Matrix y) {
        elementwise(backend, operation, "X", x, "Y", y);
        type(operation, "X", x, y.type());
    }

    /** Checks on which side of the bus a matrix lies. */
    static void placed(String operation, String name, Matrix m, boolean onDevice) {
        if (m.isOnDevice() == onDevice) return;
        String here = "this computer's";
        throw new IllegalArgumentException("%s: %s (%s) is in %s memory, must be in %s memory".formatted(
                operation, name, m.shape(), onDevice ? here : "device", onDevice ? "device" : here));
    }

    /** An elementwise operation from one matrix to another of the same shape; they may be the same elements. */
    static void elementwise(
            BackendName backend, String operation, String inputName, Matrix input, String outputName, Matrix output) {
        readable(backend, operation, inputName, input);
        writable(backend, operation, outputName, output);
        shape(operation, inputName, input, output.rows(), output.cols());
        boolean same = input.segment().address() == output.segment().address()
                && (input.rowStride() == output.rowStride() || output.rows() == 1)
                && input.type() == output.type();
        if (!same) disjoint(operation, outputName, output, inputName, input);
    }
}
