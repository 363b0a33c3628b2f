// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.train;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.foreign.Arena;
import java.lang.reflect.Proxy;
import java.util.concurrent.atomic.AtomicInteger;
import org.asgo4j.linalg.Backend;
import org.asgo4j.linalg.BackendName;
import org.asgo4j.linalg.Backends;
import org.asgo4j.linalg.ElementType;
import org.asgo4j.linalg.Matrix;
import org.asgo4j.testing.Matrices;
import org.asgo4j.testing.Seeds;
import org.asgo4j.testing.Tolerance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Cutting a product into tiles, where the backend says that it gains, changes nothing but the order of its sums. */
class ProductTest {

    @ParameterizedTest
    @CsvSource({"1, 1, 1", "64, 80, 128", "80, 65, 129", "81, 64, 256", "200, 130, 300", "3, 161, 5"})
    void tilesGiveTheWholeProduct(int m, int n, int k) {
        try (Backend backend = Backends.open(BackendName.OPENBLAS)) {
            var calls = new AtomicInteger();
            checkProducts(wrapped(backend, true, calls), m, n, k);
            assertEquals(m > 80 || n > 80 || k > 128, calls.get() > 3, () -> calls + " products");
            calls.set(0);
            checkProducts(wrapped(backend, false, calls), m, n, k);
            assertEquals(3, calls.get());
        }
    }

    private static void checkProducts(Backend backend, int m, int n, int k) {
        long seed = Seeds.next();
        double[][] a = Matrices.randomArray(m, k, seed);
        double[][] b = Matrices.randomArray(k, n, seed + 1);
        double[][] c = Matrices.randomArray(m, n, seed + 2);
        try (Arena arena = Arena.ofConfined()) {
            Matrix left = Matrices.of(arena, ElementType.FLOAT32, a);
            Matrix leftTransposed = Matrices.of(arena, ElementType.FLOAT32, transposed(a));
            Matrix right = Matrices.of(arena, ElementType.FLOAT32, b);
            Matrix rightTransposed = Matrices.of(arena, ElementType.FLOAT32, transposed(b));
            Matrix result = Matrices.of(arena, ElementType.FLOAT32, c);
            Product.of(backend, left, right, 1, result).run();
            check(a, b, c, result, seed);
            Product.ofTransposed(backend, leftTransposed, right, 0, result).run();
            check(a, b, new double[m][n], result, seed);
            Matrices.fill(result, c);
            Product.withTransposed(backend, left, rightTransposed, 1, result).run();
            check(a, b, c, result, seed);
        }
    }

    /** A backend that says whether it multiplies small arguments in place, and counts its products. */
    private static Backend wrapped(Backend backend, boolean inPlace, AtomicInteger calls) {
        return (Backend) Proxy.newProxyInstance(
                Backend.class.getClassLoader(), new Class<?>[] {Backend.class}, (self, method, arguments) -> {
                    if (method.getName().equals("multipliesSmallInPlace")) return inPlace;
                    if (method.getName().equals("gemm")) calls.incrementAndGet();
                    return method.invoke(backend, arguments);
                });
    }

    private static double[][] transposed(double[][] a) {
        double[][] result = new double[a[0].length][a.length];
        for (int i = 0; i < a.length; i++) {
            for (int j = 0; j < a[0].length; j++) result[j][i] = a[i][j];
        }
        return result;
    }

    private static void check(double[][] a, double[][] b, double[][] added, Matrix actual, long seed) {
        for (int i = 0; i < a.length; i++) {
            for (int j = 0; j < b[0].length; j++) {
                double expected = added[i][j];
                for (int l = 0; l < b.length; l++) expected += a[i][l] * b[l][j];
                String place = "(%d, %d), seed=%d".formatted(i, j, seed);
                assertEquals(expected, actual.get(i, j), Tolerance.product(b.length, ElementType.FLOAT32), place);
            }
        }
    }
}
