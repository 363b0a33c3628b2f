// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.optim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The quadrature for x^(−1/2) on [m, M] keeps its error, for every ratio and every error asked for. */
class EllipticTest {
    /** Points per decade of [1, M/m]; the error oscillates once per node or so, of which there are a few a decade. */
    private static final int POINTS = 20;

    @ParameterizedTest
    @ValueSource(doubles = {1, 1.5, 4, 10, 1e2, 1e3, 1e4, 1e6, 1e8, 1e10, 1e12})
    void errorIsKeptOnTheWholeInterval(double ratio) {
        var elliptic = new Elliptic();
        int before = 0;
        for (double error = 1e-4; error > 0.5e-12; error /= 10) {
            double[] node = elliptic.begin(1 / ratio, error);
            double worst = 0;
            int points = 1 + (int) Math.ceil(POINTS * Math.log10(ratio));
            for (int i = 0; i <= points; i++) {
                double x = Math.pow(ratio, (double) i / points);
                double sum = 0;
                for (int j = 0; j < elliptic.count(); j++) {
                    elliptic.node(j, node);
                    assertTrue(node[0] > 0 && node[1] > 0, "node " + j + ": " + node[0] + ", " + node[1]);
                    sum += node[1] / (x + node[0]);
                }
                worst = Math.max(worst, Math.abs(sum * Math.sqrt(x) - 1));
            }
            double found = worst;
            // The last node's cosine is about √(m/M), computed to 2⁻⁵³ absolutely.
            double asked = error + 2 * 0x1p-53 * Math.sqrt(ratio);
            assertTrue(found <= asked, () -> "M/m = %.1e: error %.2e, asked for %.0e".formatted(ratio, found, asked));
            assertTrue(elliptic.count() >= before, "a smaller error takes more nodes");
            before = elliptic.count();
        }
    }

    /** Nodes grow from small to large, and the sum of resolvents is the one of the class comment. */
    @Test
    void nodesAscend() {
        var elliptic = new Elliptic();
        double[] node = elliptic.begin(1e-5, 1e-7);
        double last = 0;
        for (int j = 0; j < elliptic.count(); j++) {
            elliptic.node(j, node);
            assertTrue(node[0] > last, "node " + j);
            last = node[0];
        }
        assertEquals(13, elliptic.count(), "at κ = 1e5 to 1e-7");
    }
}
