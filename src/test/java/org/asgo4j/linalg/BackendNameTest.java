// SPDX-License-Identifier: Apache-2.0
package org.asgo4j.linalg;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.NullAndEmptySource;
import org.junit.jupiter.params.provider.ValueSource;

class BackendNameTest {
    @ParameterizedTest
    @EnumSource
    void everyNameIsReadInAnyCase(BackendName name) {
        assertEquals(name, BackendName.parse(name.property()));
        assertEquals(name, BackendName.parse("  " + name.name() + " "));
    }

    @Test
    void theCallersLanguageDoesNotMatter() {
        Locale before = Locale.getDefault();
        try {
            Locale.setDefault(Locale.of("tr"));
            for (BackendName name : BackendName.values()) {
                assertEquals(name, BackendName.parse(name.property()));
            }
        } finally {
            Locale.setDefault(before);
        }
    }

    @ParameterizedTest
    @NullAndEmptySource
    @ValueSource(strings = {"blas", "open blas", "openblas,mkl"})
    void anUnknownNameListsThoseThatExist(String text) {
        String message = assertThrows(IllegalArgumentException.class, () -> BackendName.parse(text)).getMessage();
        assertTrue(message.contains("'" + text + "'") && message.contains("reference, openblas, mkl"), message);
    }
}
