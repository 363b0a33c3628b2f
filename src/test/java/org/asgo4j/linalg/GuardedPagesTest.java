// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.linalg;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.asgo4j.testing.Matrices;
import org.asgo4j.testing.Seeds;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * No operation touches one element before or after its matrices: each lies in memory of exactly its size, against a
 * page that may not be read. A failure of this test is the end of the process.
 */
@EnabledOnOs(OS.LINUX)
class GuardedPagesTest {
    /** Columns that reach every tail of vectors up to 16 elements, unrolled up to 8 times, and the blocks of a BLAS. */
    private static final int[] COLS = {1, 2, 3, 4, 5, 7, 8, 9, 13, 15, 16, 17, 31, 32, 33, 61, 64, 65, 127, 129};

    private static final int[] ROWS = {1, 2, 3, 6, 17};

    /** Elements between rows; there are none after the last. */
    private static final int[] GAPS = {0, 1, 3};

    private static Stream<Arguments> names() {
        return OpenBackends.names().flatMap(name -> Stream.of(false, true).map(atEnd -> Arguments.of(name, atEnd)));
    }

    @ParameterizedTest
    @MethodSource("names")
    void operationsStayInsideTheirMatrices(BackendName name, boolean atEnd) throws Throwable {
        long seed = Seeds.next();
        List<GuardedPages> pages = new ArrayList<>();
        try (Backend backend = Backends.open(name)) {
            for (int i = 0; i < 4; i++) pages.add(new GuardedPages(1 << 20)); // 129·132 float64 elements and more
            for (int rows : ROWS) {
                for (int cols : COLS) {
                    for (Operation operation : Operation.all(rows, cols, rows + 2)) {
                        for (ElementType type : operation.types()) {
                            for (int gap : GAPS) {
                                operation.run(backend, matrices(pages, operation, type, gap, atEnd, seed));
                            }
                        }
                    }
                }
            }
        } finally {
            pages.forEach(GuardedPages::close);
        }
    }

    private static Matrix[] matrices(List<GuardedPages> pages, Operation operation, ElementType type, int gap,
            boolean atEnd, long seed) {
        Matrix[] result = new Matrix[operation.arguments().size()];
        for (int i = 0; i < result.length; i++) {
            int rows = operation.arguments().get(i).rows();
            int cols = operation.arguments().get(i).cols();
            ElementType own = operation.arguments().get(i).type(type);
            long bytes = ((rows - 1L) * (cols + gap) + cols) * own.byteSize();
            GuardedPages page = pages.get(i);
            result[i] = new Matrix(atEnd ? page.end(bytes) : page.start(bytes), own, rows, cols, cols + gap);
            Matrices.fill(result[i], Matrices.randomArray(rows, cols, seed + i));
        }
        return result;
    }
}
