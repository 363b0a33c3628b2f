// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.optim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** √x·h(x) equioscillates about 1, which characterizes the best rational function (Chebyshev, de la Vallée Poussin). */
class ZolotarevTest {
    private static final int POINTS = 20_000;

    @ParameterizedTest
    @CsvSource({"1e-6,0.25,2", "1e-6,0.1,3", "1e-6,0.02,4", "1e-12,0.25,4", "1e-2,0.25,1", "0.5,0.25,1",
        "1e-15,0.01,11"})
    void equioscillates(double ratio, double most, int poles) {
        var zolotarev = new Zolotarev();
        zolotarev.fit(ratio, most);
        assertEquals(poles, zolotarev.count());
        assertTrue(zolotarev.error() <= most, "error " + zolotarev.error());
        int touched = 0; // points where the error is reached, with alternating sign
        int last = 0;
        for (int i = 0; i <= POINTS; i++) {
            double x = Math.pow(ratio, 1 - (double) i / POINTS);
            double error = Math.sqrt(x) * zolotarev.at(x) - 1;
            assertTrue(Math.abs(error) <= zolotarev.error() * (1 + 1e-6), "at " + x + ": " + error);
            int sign = Math.abs(error) > zolotarev.error() * 0.999 ? (int) Math.signum(error) : 0;
            if (sign != 0 && sign != last) {
                touched++;
                last = sign;
            }
        }
        assertEquals(2 * poles + 2, touched, "alternations");
    }

    /** Terms are positive, so that a sum of inverses is positive definite, and small x are damped, not blown up. */
    @Test
    void isPositiveAndBounded() {
        var zolotarev = new Zolotarev();
        for (double ratio = 1; ratio > 1e-13; ratio /= 3) {
            zolotarev.fit(ratio, 0.25);
            assertTrue(zolotarev.constant() > 0);
            for (int j = 0; j < zolotarev.count(); j++) {
                assertTrue(zolotarev.shift(j) > 0 && zolotarev.weight(j) > 0, "term " + j + " at " + ratio);
            }
            assertTrue(zolotarev.at(0) < (2 * zolotarev.count() + 1.001) / Math.sqrt(ratio), "h(0) at " + ratio);
        }
    }

    @Test
    void fitsAnew() {
        var zolotarev = new Zolotarev();
        zolotarev.fit(1e-4, 0.25);
        double first = zolotarev.at(0.3);
        zolotarev.fit(1e-4, 0.001);
        assertTrue(zolotarev.error() <= 0.001);
        zolotarev.fit(1e-6, 0.25);
        var fresh = new Zolotarev();
        fresh.fit(1e-4, 0.25);
        zolotarev.fit(1e-4, 0.25);
        assertEquals(first, fresh.at(0.3));
        assertEquals(first, zolotarev.at(0.3));
    }
}
