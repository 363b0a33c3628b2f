// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.linalg;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.asgo4j.testing.Matrices;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Whatever is wrong with one argument is told before memory is touched, naming operation, argument and both sizes. */
class ArgumentErrorsTest {
    private static final int M = 3;
    private static final int N = 5;
    private static final int K = 4;
    private static final Pattern SHAPE = Pattern.compile("\\d+×\\d+");

    private static Stream<Arguments> operations() {
        return OpenBackends.names()
                .flatMap(name -> Operation.all(M, N, K).stream().map(each -> Arguments.of(name, each)));
    }

    @ParameterizedTest
    @MethodSource("operations")
    void fittingArgumentsAreTaken(BackendName name, Operation operation) {
        try (Backend backend = Backends.open(name); Arena arena = Arena.ofShared()) {
            for (ElementType type : operation.types()) operation.run(backend, operation.matrices(arena, type));
        }
    }

    @ParameterizedTest
    @MethodSource("operations")
    void closedMemory(BackendName name, Operation operation) {
        try (Backend backend = Backends.open(name); Arena arena = Arena.ofConfined()) {
            for (int i = 0; i < operation.arguments().size(); i++) {
                Matrix[] matrices = operation.matrices(arena, ElementType.FLOAT32);
                try (Arena shortLived = Arena.ofConfined()) {
                    matrices[i] = operation.matrices(shortLived, ElementType.FLOAT32)[i];
                }
                assertRefused(IllegalStateException.class, operation, i, () -> operation.run(backend, matrices),
                        "closed", matrices[i].shape());
            }
        }
    }

    @ParameterizedTest
    @MethodSource("operations")
    void memoryConfinedToAnotherThread(BackendName name, Operation operation) throws InterruptedException {
        try (Backend backend = Backends.open(name);
                Arena shared = Arena.ofShared();
                Arena confined = Arena.ofConfined()) {
            for (int i = 0; i < operation.arguments().size(); i++) {
                Matrix[] matrices = operation.matrices(shared, ElementType.FLOAT32);
                matrices[i] = operation.matrices(confined, ElementType.FLOAT32)[i];
                Throwable[] thrown = new Throwable[1];
                Thread other = Thread.ofPlatform().name("stranger").start(() -> {
                    try {
                        operation.run(backend, matrices);
                    } catch (WrongThreadException e) {
                        thrown[0] = e;
                    }
                });
                other.join();
                Operation.Argument argument = operation.arguments().get(i);
                assertTrue(thrown[0] != null, operation + " took " + argument + " of another thread");
                assertContains(thrown[0].getMessage(), operation.name() + ": ", argument.name(), "confined",
                        "stranger", matrices[i].shape());
            }
        }
    }

    @ParameterizedTest
    @MethodSource("operations")
    void readOnlyMemoryIsForInputs(BackendName name, Operation operation) {
        try (Backend backend = Backends.open(name); Arena arena = Arena.ofConfined()) {
            for (int i = 0; i < operation.arguments().size(); i++) {
                Matrix[] matrices = operation.matrices(arena, ElementType.FLOAT32);
                Matrix m = matrices[i];
                matrices[i] = new Matrix(m.segment().asReadOnly(), m.type(), m.rows(), m.cols(), m.cols());
                if (operation.arguments().get(i).written()) {
                    assertRefused(IllegalArgumentException.class, operation, i, () -> operation.run(backend, matrices),
                            "read-only", m.shape());
                } else {
                    assertDoesNotThrow(() -> operation.run(backend, matrices));
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("operations")
    void wrongShape(BackendName name, Operation operation) {
        try (Backend backend = Backends.open(name); Arena arena = Arena.ofConfined()) {
            for (int i = 0; operation.arguments().size() > 1 && i < operation.arguments().size(); i++) {
                int rows = operation.arguments().get(i).rows() + 1;
                int cols = operation.arguments().get(i).cols() + 2;
                Matrix[] matrices = operation.matrices(arena, ElementType.FLOAT32);
                matrices[i] = Matrices.zeros(arena, matrices[i].type(), rows, cols);
                String message = assertThrows(IllegalArgumentException.class, () -> operation.run(backend, matrices),
                        () -> operation + " took " + rows + "×" + cols).getMessage();
                assertContains(message, operation.name() + ": ");
                assertTrue(message.contains("square") || SHAPE.matcher(message).results().count() == 2,
                        message + " does not name both shapes");
                // A wrong input may show as an output that no longer fits; a size of the wrong shape is in any case
                // told.
                List<String> sizes = SHAPE.matcher(message).results()
                        .flatMap(shape -> Stream.of(shape.group().split("×"))).toList();
                assertTrue(sizes.contains("" + rows) || sizes.contains("" + cols), message);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("operations")
    void wrongElementType(BackendName name, Operation operation) {
        try (Backend backend = Backends.open(name); Arena arena = Arena.ofConfined()) {
            for (int i = 0; i < operation.arguments().size(); i++) {
                Matrix[] matrices = operation.matrices(arena, ElementType.FLOAT32);
                ElementType other = matrices[i].type() == ElementType.FLOAT32 ? ElementType.FLOAT64
                        : ElementType.FLOAT32;
                matrices[i] = Matrices.zeros(arena, other, matrices[i].rows(), matrices[i].cols());
                boolean fits = operation.converts(i) || matrices.length == 1 && operation.types().size() > 1;
                if (fits) {
                    assertDoesNotThrow(() -> operation.run(backend, matrices));
                } else {
                    String message = assertThrows(IllegalArgumentException.class,
                            () -> operation.run(backend, matrices), () -> operation + " took two types").getMessage();
                    assertContains(message, operation.name() + ": ", "FLOAT32", "FLOAT64");
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("operations")
    void outputOverAnotherArgument(BackendName name, Operation operation) {
        try (Backend backend = Backends.open(name); Arena arena = Arena.ofConfined()) {
            for (int i = 0; i < operation.arguments().size(); i++) {
                if (!operation.arguments().get(i).written()) continue;
                for (int j = 0; j < operation.arguments().size(); j++) {
                    if (i == j) continue;
                    if (!operation.inPlace()) assertOverlap(backend, operation, arena, i, j, 0);
                    assertOverlap(backend, operation, arena, i, j, 1);
                    assertOverlap(backend, operation, arena, i, j, -1);
                }
            }
        }
    }

    /** Argument {@code other} begins {@code shift} elements after argument {@code output}. */
    private static void assertOverlap(
            Backend backend, Operation operation, Arena arena, int output, int other, int shift) {
        Matrix[] matrices = operation.matrices(arena, ElementType.FLOAT32);
        int bytes = Math.max(matrices[output].type().byteSize(), matrices[other].type().byteSize());
        long elements = 2 + Math.max(matrices[output].size(), matrices[other].size());
        MemorySegment memory = arena.allocate(bytes * elements, bytes);
        matrices[output] = moved(matrices[output], memory.asSlice(bytes));
        matrices[other] = moved(matrices[other], memory.asSlice(bytes + (long) bytes * shift));
        String message = assertThrows(IllegalArgumentException.class, () -> operation.run(backend, matrices),
                () -> operation + " wrote over an argument").getMessage();
        assertContains(message, operation.name() + ": ", "overlaps", operation.arguments().get(output).name(),
                operation.arguments().get(other).name(), matrices[output].shape(), matrices[other].shape());
    }

    private static Matrix moved(Matrix m, MemorySegment memory) {
        return new Matrix(memory, m.type(), m.rows(), m.cols(), m.cols());
    }

    @ParameterizedTest
    @MethodSource("operations")
    void closedBackend(BackendName name, Operation operation) {
        Backend backend = Backends.open(name);
        backend.close();
        backend.close();
        try (Arena arena = Arena.ofConfined()) {
            Matrix[] matrices = operation.matrices(arena, ElementType.FLOAT32);
            String message =
                    assertThrows(IllegalStateException.class, () -> operation.run(backend, matrices)).getMessage();
            String refusing = operation.usesWorkspace() ? "eighWorkspace" : operation.name();
            assertContains(message, refusing, "closed", name.toString());
        }
    }

    @ParameterizedTest
    @MethodSource("org.asgo4j.linalg.OpenBackends#names")
    void allocation(BackendName name) {
        Backend backend = Backends.open(name);
        try (Arena arena = Arena.ofConfined()) {
            assertMessage(IllegalArgumentException.class, () -> backend.allocate(arena, 0, 4), "allocate", "0×4");
            assertMessage(IllegalArgumentException.class, () -> backend.allocate(arena, 3, -4), "allocate", "3×-4");
            int max = Integer.MAX_VALUE;
            assertMessage(IllegalArgumentException.class, () -> backend.allocate(arena, max, max),
                    "allocate", max + "×" + max, "FLOAT32");
            for (ElementType type : ElementType.values()) {
                Matrix m = backend.allocate(arena, type, 3, 5);
                assertEquals("3×5 " + type, m.shape() + " " + m.type());
                assertEquals(5, m.rowStride());
                assertEquals(0, m.segment().address() % 64);
                assertEquals(3 * 5 * type.byteSize(), m.segment().byteSize() + m.deviceBytes());
                assertEquals(name == BackendName.CUDA, m.isOnDevice());
            }
        }
        Arena closed = Arena.ofConfined();
        closed.close();
        assertMessage(IllegalStateException.class, () -> backend.allocate(closed, 3, 4), "allocate", "arena is closed");
        assertMessage(IllegalStateException.class, () -> backend.eighWorkspace(closed, ElementType.FLOAT32, 4),
                "eighWorkspace", "arena is closed");
        backend.close();
        assertMessage(IllegalStateException.class, () -> backend.allocate(Arena.ofAuto(), 3, 4),
                "allocate", "is closed");
        assertMessage(IllegalStateException.class, () -> backend.eighWorkspace(Arena.ofAuto(), ElementType.FLOAT32, 4),
                "eighWorkspace", "is closed");
    }

    @ParameterizedTest
    @MethodSource("org.asgo4j.linalg.OpenBackends#names")
    void workspace(BackendName name) throws InterruptedException {
        try (Backend backend = Backends.open(name); Arena arena = Arena.ofShared()) {
            Matrix a = backend.allocate(arena, 4, 4);
            Matrix w = backend.allocate(arena, 1, 4);
            EighWorkspace small = backend.eighWorkspace(arena, ElementType.FLOAT32, 3);
            assertMessage(IllegalArgumentException.class, () -> backend.eigh(a, w, small),
                    "eigh", "workspace", "order 3", "4×4");
            assertMessage(IllegalArgumentException.class, () -> backend.orthonormalize(a, small),
                    "orthonormalize", "workspace", "order 3", "4×4");
            assertMessage(IllegalArgumentException.class,
                    () -> backend.tridiagonalize(a, w, backend.allocate(arena, 1, 4), small),
                    "tridiagonalize", "workspace", "order 3", "4×4");
            EighWorkspace wide = backend.eighWorkspace(arena, ElementType.FLOAT64, 4);
            assertMessage(IllegalArgumentException.class, () -> backend.eigh(a, w, wide),
                    "eigh", "workspace", "FLOAT64", "FLOAT32");
            EighWorkspace closed;
            try (Arena shortLived = Arena.ofConfined()) {
                closed = backend.eighWorkspace(shortLived, ElementType.FLOAT32, 4);
            }
            assertMessage(IllegalStateException.class, () -> backend.eigh(a, w, closed), "eigh", "workspace", "closed");
            EighWorkspace[] strangers = new EighWorkspace[1];
            Arena[] held = new Arena[1];
            Thread other = Thread.ofPlatform().start(() -> {
                held[0] = Arena.ofConfined();
                strangers[0] = backend.eighWorkspace(held[0], ElementType.FLOAT32, 4);
            });
            other.join();
            assertMessage(WrongThreadException.class, () -> backend.eigh(a, w, strangers[0]),
                    "eigh", "workspace", "confined");
            for (int order : new int[] {0, -1}) {
                assertMessage(IllegalArgumentException.class,
                        () -> backend.eighWorkspace(arena, ElementType.FLOAT32, order),
                        "eighWorkspace", "order", "got " + order);
            }
            // 2·46341² leaves 32 bits with a small positive remainder: unchecked, LAPACK would write far past its end.
            for (int order : new int[] {32_767, 46_341, Integer.MAX_VALUE}) {
                assertMessage(IllegalArgumentException.class,
                        () -> backend.eighWorkspace(arena, ElementType.FLOAT64, order),
                        "eighWorkspace", "order", "at most 32766", "got " + order);
            }
        }
    }

    /** Not the second of two values, because it is not the first. */
    @ParameterizedTest
    @MethodSource("org.asgo4j.linalg.OpenBackends#names")
    void choiceThatIsMissing(BackendName name) {
        try (Backend backend = Backends.open(name); Arena arena = Arena.ofConfined()) {
            Matrix a = backend.allocate(arena, 4, 4);
            Matrix b = backend.allocate(arena, 4, 4);
            Matrix c = backend.allocate(arena, 4, 4);
            Matrix d = backend.allocate(arena, ElementType.FLOAT64, 1, 4);
            assertMessage(IllegalArgumentException.class, () -> backend.gemm(null, Transpose.NONE, 1, a, b, 0, c),
                    "gemm: transposeA must not be null");
            assertMessage(IllegalArgumentException.class, () -> backend.gemm(Transpose.NONE, null, 1, a, b, 0, c),
                    "gemm: transposeB must not be null");
            assertMessage(IllegalArgumentException.class, () -> backend.syrk(null, 1, a, 0, c),
                    "syrk: transposeA must not be null");
            assertMessage(IllegalArgumentException.class, () -> backend.symm(null, a, b, c),
                    "symm: side must not be null");
            assertMessage(IllegalArgumentException.class, () -> backend.gramDiagonal(null, 1, a, 0, d),
                    "gramDiagonal: side must not be null");
        }
    }

    /** Blocks that would have more rows than an int can count are of the wrong shape like any others. */
    @ParameterizedTest
    @MethodSource("org.asgo4j.linalg.OpenBackends#cpuNames")
    void moreRowsOfBlocksThanThereCanBe(BackendName name) {
        int many = 1 << 16;
        try (Backend backend = Backends.open(name); Arena arena = Arena.ofConfined()) {
            Matrix c = backend.allocate(arena, many, 1);
            // Nobody looks at its elements: the shapes are checked before.
            Matrix a = Matrix.of(1L << 40, (long) many * many * Float.BYTES, many, many, many, arena);
            assertMessage(IllegalArgumentException.class, () -> backend.gemmBlocks(many, 1, a, c, 0, c),
                    "gemmBlocks: B is 65536×1, must be 4294967296×1");
        }
    }

    @ParameterizedTest
    @MethodSource("org.asgo4j.linalg.OpenBackends#names")
    void orderThatIsNone(BackendName name) {
        int[] rows = {1, 0};
        int[] cols = {2, 0, 1};
        try (Backend backend = Backends.open(name); Arena arena = Arena.ofConfined()) {
            Matrix x = backend.allocate(arena, 2, 3);
            Matrix y = backend.allocate(arena, 2, 3);
            assertMessage(IllegalArgumentException.class, () -> backend.gather(cols, cols, x, y),
                    "gather", "rows has 3 indices, must have 2");
            assertMessage(IllegalArgumentException.class, () -> backend.gather(rows, rows, x, y),
                    "gather", "cols has 2 indices, must have 3");
            for (int wrong : new int[] {-1, 3, Integer.MAX_VALUE}) {
                int[] outside = {2, wrong, 1};
                assertMessage(IllegalArgumentException.class, () -> backend.gather(rows, outside, x, y),
                        "gather", "cols[1] is " + wrong, "below 3");
            }
        }
    }

    @ParameterizedTest
    @MethodSource("org.asgo4j.linalg.OpenBackends#names")
    void workspaceOfAnotherBackend(BackendName name) {
        BackendName otherName = name == BackendName.REFERENCE ? OpenBackends.BLAS : BackendName.REFERENCE;
        try (Backend backend = Backends.open(name);
                Backend other = Backends.open(otherName);
                Arena arena = Arena.ofConfined()) {
            EighWorkspace foreign = other.eighWorkspace(arena, ElementType.FLOAT32, 4);
            assertMessage(IllegalArgumentException.class,
                    () -> backend.eigh(backend.allocate(arena, 4, 4), backend.allocate(arena, 1, 4), foreign),
                    "eigh", "workspace", name.name(), otherName.name());
        }
    }

    private static void assertRefused(Class<? extends Exception> type, Operation operation, int index, Executable call,
            String... parts) {
        Operation.Argument argument = operation.arguments().get(index);
        String message = assertThrows(type, call, () -> operation + " took " + argument).getMessage();
        assertContains(message, operation.name() + ": ", argument.name());
        assertContains(message, parts);
    }

    private static void assertMessage(Class<? extends Exception> type, Executable call, String... parts) {
        assertContains(assertThrows(type, call).getMessage(), parts);
    }

    private static void assertContains(String message, String... parts) {
        for (String part : parts) assertTrue(message.contains(part), () -> "'" + message + "' lacks '" + part + "'");
    }
}
