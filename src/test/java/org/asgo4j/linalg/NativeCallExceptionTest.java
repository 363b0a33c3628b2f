// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.linalg;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class NativeCallExceptionTest {
    @Test
    void negativeInfoNamesTheArgument() {
        String message = NativeCallException.lapack("ssyevd", -5).getMessage();
        assertTrue(message.startsWith("ssyevd: argument 5 ") && message.contains("illegal"), message);
    }

    @Test
    void positiveInfoSaysThatItDidNotConverge() {
        String message = NativeCallException.lapack("dsyevd", 7).getMessage();
        assertTrue(message.startsWith("dsyevd: ") && message.contains("did not converge (info = 7)"), message);
    }

    @Test
    void successIsNoFailure() {
        assertThrows(IllegalArgumentException.class, () -> NativeCallException.lapack("ssyevd", 0));
    }

    @Test
    void usedUpSweepsAreNamed() {
        String message = NativeCallException.notConverged("Jacobi", 40).getMessage();
        assertTrue(message.startsWith("Jacobi: ") && message.contains("40 sweeps"), message);
    }
}
